package main

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"testing"

	"umbral/drivers/fingerprint/emulated"
	"umbral/scripts/device/machine"
)

// TestFingerprintSensor runs the sensor's conformance suite in the device, over a serial port on PCI and one on USB.
func TestFingerprintSensor(t *testing.T) {
	for _, c := range []struct {
		name, port string
		args       []string
	}{
		{"pci-serial", "/dev/ttyS0", []string{"-device", "pci-serial,chardev=sensor"}},
		{"usb-serial", "/dev/ttyUSB0", []string{"-device", "qemu-xhci", "-device", "usb-serial,chardev=sensor"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			theImage(t)
			pty, err := emulated.OpenPTY()
			if err != nil {
				t.Fatal(err)
			}
			module := emulated.New()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- module.Run(ctx, pty) }()
			defer func() {
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			}()
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
			defer hand.Close()
			m := booted(t, func(o *machine.Opts) {
				o.Args = append([]string{"-chardev", "serial,id=sensor,path=" + pty.Path}, c.args...)
			})
			for _, module := range []string{"xhci-pci", "ftdi_sio"} {
				run(t, m, "guest", "modprobe", module)
			}
			until(t, 10e9, c.port, func() (string, bool) {
				out, err := m.Run(t.Context(), "ls", "-l", c.port)
				return out, err == nil
			})
			inside(t, m, "umbral/drivers/fingerprint/r503", "TestBoardConforms",
				"UMBRAL_R503="+c.port, "UMBRAL_R503_HAND=http://"+host(l.Addr().(*net.TCPAddr).Port))
		})
	}
}
