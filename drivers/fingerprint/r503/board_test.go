package r503

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"umbral/drivers/fingerprint/fingerprinttest"
)

// TestBoardConforms runs the suite on a serial port of the kernel's, behind which a module is emulated on another machine.
// UMBRAL_R503 names the port and UMBRAL_R503_HAND where fingers are laid on it; make device-test has both.
func TestBoardConforms(t *testing.T) {
	port, hand := os.Getenv("UMBRAL_R503"), os.Getenv("UMBRAL_R503_HAND")
	if port == "" {
		t.Skip("no serial port with a module (make device-test has one)")
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // the suite looks for goroutines left
	move := func(finger int) {
		r, err := client.Get(fmt.Sprintf("%s?finger=%d", hand, finger))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
	fingerprinttest.Conform(t, func(t *testing.T) fingerprinttest.Bench {
		move(0)
		o := DefaultOpts()
		o.Port = port
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		return fingerprinttest.Bench{Sensor: s, Put: move, Lift: func() { move(0) }, Close: func() { s.Halt() }}
	})
}
