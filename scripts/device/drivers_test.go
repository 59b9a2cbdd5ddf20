package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/scripts/device/control"
	"umbral/scripts/device/image"
	"umbral/scripts/device/machine"
)

// tries is how often a package's tests may be run in the device: they keep to real time, which an emulated processor on a
// busy machine does not. Elsewhere the first failure counts.
const tries = 3

// inside builds the tests of a package for the device and runs there those that match; those that match skip are
// left out, unless it is empty.
func inside(t *testing.T, m *machine.Machine, pkg, match, skip string, env ...string) {
	t.Helper()
	name := filepath.Base(pkg) + ".test"
	local := filepath.Join(t.TempDir(), name)
	if err := image.Cross(t.Context(), local, "test", "-c", pkg); err != nil {
		t.Fatal(err)
	}
	if err := m.PutProgram(t.Context(), "/tmp/"+name, local); err != nil {
		t.Fatal(err)
	}
	for try := 1; ; try++ {
		r, passed := attempt(t, m, "/tmp/"+name, match, skip, env)
		if r.Exit == 0 && passed > 0 && !strings.Contains(string(r.Output), "--- SKIP") {
			return
		}
		b := busy()
		if try == tries || b <= 1.5 {
			t.Errorf("exit %d %s, %d passed", r.Exit, r.Error, passed)
			return
		}
		t.Logf("try %d of %d failed and is not judged, because this machine has %.1f times as much to do as it can", try, tries, b)
	}
}

// attempt runs the tests once and says how many passed.
func attempt(t *testing.T, m *machine.Machine, program, match, skip string, env []string) (control.Result, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := m.Do(ctx, control.Command{
		Args: []string{program, "-test.v", "-test.run", match, "-test.skip", skip, "-test.timeout", "280s"}, Env: env, Limit: 5 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	passed := strings.Count(string(r.Output), "\n--- PASS") + strings.Count(string(r.Output), "\n    --- PASS")
	t.Logf("%d tests passed in the device, %.1f s of which %.1f s of processor:\n%s", passed, r.Took.Seconds(), r.CPU.Seconds(), r.Output)
	return r, passed
}

const (
	fifty     = "VividFiftyTimes"
	loadVivid = "UMBRAL_VIVID=guest modprobe vivid"
)

// TestBoard runs what needs no more of a device than its drivers, in one device: the tests touch different ones of them.
func TestBoard(t *testing.T) {
	onPCI, onUSB := newSensor(t), newSensor(t)
	m := booted(t, func(o *machine.Opts) {
		o.Args = slices.Concat(onPCI.args("pci-serial"), []string{"-device", "qemu-xhci"}, onUSB.args("usb-serial"))
	})
	// One after the other: the sensors' lines and the camera keep to real time.
	t.Run("virtual camera", func(t *testing.T) {
		inside(t, m, "umbral/drivers/camera/v4l2", "Vivid|OtherNodes", fifty, loadVivid)
	})
	t.Run("fingerprint sensor over pci-serial", func(t *testing.T) { onPCI.conforms(t, m, "/dev/ttyS0") })
	t.Run("fingerprint sensor over usb-serial", func(t *testing.T) {
		for _, module := range []string{"xhci-pci", "ftdi_sio"} {
			run(t, m, "guest", "modprobe", module)
		}
		onUSB.conforms(t, m, "/dev/ttyUSB0")
	})
	t.Run("virtual camera, fifty times", func(t *testing.T) {
		full(t, "a camera opened fifty times; unplugged fifty times, of which make test has three")
		inside(t, m, "umbral/drivers/camera/v4l2", fifty, "", loadVivid)
	})
	t.Run("door's lines", func(t *testing.T) { doorLines(t, m) })
}
