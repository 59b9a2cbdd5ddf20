package main

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/drivers/fingerprint/emulated"
	"umbral/scripts/device/machine"
)

// sensor is an emulated R503 at a serial line of a device, and the hand that lays fingers on it.
type sensor struct {
	path   string // of the pseudo terminal
	hand   string // address of the hand, seen from the device
	module *emulated.Module
}

// newSensor starts a sensor that works until the test ends.
func newSensor(t *testing.T) *sensor {
	t.Helper()
	theImage(t) // skips before anything is started
	pty, err := emulated.OpenPTY()
	if err != nil {
		t.Fatal(err)
	}
	module := emulated.New()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- module.Run(ctx, pty) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hand := http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n, _ := strconv.Atoi(r.FormValue("finger")); n > 0 {
			module.Put(n)
		} else {
			module.Lift()
		}
	})}
	go hand.Serve(l)
	t.Cleanup(func() { hand.Close() })
	return &sensor{path: pty.Path, hand: "http://" + host(l.Addr().(*net.TCPAddr).Port), module: module}
}

// impressions are how many of a finger there are.
const impressions = 8

// shows gives the sensor a person's finger: what lies on it is finger n's impression n.
func (s *sensor) shows(t *testing.T) {
	t.Helper()
	var prints [impressions + 1][]byte
	for n := range prints {
		prints[n] = pathstest.Fingerprint(t, 101, max(1, n), emulated.Width, emulated.Height)
	}
	s.module.SetPicture(func(n int) []byte { return prints[n] })
}

// touches lays a finger on the sensor and lifts it, again and again, until the function that it returns is called. Each time
// it is another of the finger's impressions.
func (s *sensor) touches() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer s.module.Lift()
		for n := 1; ; n = n%impressions + 1 {
			s.module.Put(n)
			wait(ctx, 5*time.Second)
			s.module.Lift()
			wait(ctx, 3*time.Second)
			if ctx.Err() != nil {
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// args are QEMU's for a serial port of that kind with the sensor at it.
func (s *sensor) args(kind string) []string {
	return []string{"-chardev", "serial,id=" + kind + ",path=" + s.path, "-device", kind + ",chardev=" + kind}
}

// conforms runs the driver's conformance suite in the device, but for power dips: the serial ports here have no power to take away.
func (s *sensor) conforms(t *testing.T, m *machine.Machine, port string) {
	t.Helper()
	until(t, 10*time.Second, port, func() (string, bool) {
		out, err := m.Run(t.Context(), "ls", "-l", port)
		return out, err == nil
	})
	inside(t, m, "umbral/drivers/fingerprint/r503", "TestBoardConforms", "/Dip", "UMBRAL_R503="+port, "UMBRAL_R503_HAND="+s.hand)
}
