package main

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"umbral/drivers/fingerprint/emulated"
	"umbral/scripts/device/machine"
)

// sensor is an emulated R503 at a serial line of a device, and the hand that lays fingers on it.
type sensor struct {
	path string // of the pseudo terminal
	hand string // address of the hand, seen from the device
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
	return &sensor{path: pty.Path, hand: "http://" + host(l.Addr().(*net.TCPAddr).Port)}
}

// args are QEMU's for a serial port of that kind with the sensor at it.
func (s *sensor) args(device string) []string {
	return []string{"-chardev", "serial,id=sensor,path=" + s.path, "-device", device}
}

// conforms runs the driver's conformance suite in the device.
func (s *sensor) conforms(t *testing.T, m *machine.Machine, port string) {
	t.Helper()
	until(t, 10*time.Second, port, func() (string, bool) {
		out, err := m.Run(t.Context(), "ls", "-l", port)
		return out, err == nil
	})
	inside(t, m, "umbral/drivers/fingerprint/r503", "TestBoardConforms", "", "UMBRAL_R503="+port, "UMBRAL_R503_HAND="+s.hand)
}

// TestFingerprintSensorOverUSB is the sensor at the kernel's other kind of serial port; TestBoard has the one on PCI.
func TestFingerprintSensorOverUSB(t *testing.T) {
	full(t, "the fingerprint sensor over usb-serial; make test has it over pci-serial")
	sensor := newSensor(t)
	m := booted(t, func(o *machine.Opts) {
		o.Args = append([]string{"-device", "qemu-xhci"}, sensor.args("usb-serial,chardev=sensor")...)
	})
	for _, module := range []string{"xhci-pci", "ftdi_sio"} {
		run(t, m, "guest", "modprobe", module)
	}
	sensor.conforms(t, m, "/dev/ttyUSB0")
}
