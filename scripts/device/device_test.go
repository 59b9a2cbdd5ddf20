package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/scripts/device/footage"
	"umbral/scripts/device/image"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/packages"
)

var built struct {
	sync.Once
	dir string
	im  *image.Image
	err error
}

func TestMain(m *testing.M) {
	if path := os.Getenv(readerRole); path != "" {
		os.Exit(reader(path))
	}
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// theImage is built once for all tests, and missing packages skip them all with the same line.
func theImage(t *testing.T) *image.Image {
	t.Helper()
	if err := machine.Installed(); err != nil {
		t.Skip("the emulated device: " + err.Error())
	}
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "umbral-device-"); built.err == nil {
			built.im, built.err = image.Build(context.Background(), built.dir)
		}
	})
	if errors.Is(built.err, packages.ErrUnavailable) {
		t.Skip("the emulated device: Debian's packages or the models can't be had here")
	}
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.im
}

// inFull says whether there is time for what takes longer than a part of make test may (make device-test-full).
func inFull() bool { return os.Getenv("UMBRAL_DEVICE_FULL") != "" }

// full skips such a test and says what is not seen.
func full(t *testing.T, what string) {
	t.Helper()
	if !inFull() {
		t.Skip("the emulated device: only in make device-test-full: " + what)
	}
}

// booted starts a device for a test.
func booted(t *testing.T, change func(*machine.Opts)) *machine.Machine {
	t.Helper()
	im := theImage(t)
	o := machine.DefaultOpts()
	if change != nil {
		change(&o)
	}
	begin := time.Now()
	m, err := machine.Boot(t.Context(), t.TempDir(), im, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(m.ConsoleFile()); err == nil && t.Failed() {
			t.Logf("console: %s", text[max(0, len(text)-2000):])
		}
		m.Kill()
	})
	t.Logf("the device answers after %.1f s", time.Since(begin).Seconds())
	return m
}

// run runs a program in the device and fails the test where it does not end with 0.
func run(t *testing.T, m *machine.Machine, args ...string) string {
	t.Helper()
	out, err := m.Run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// busy is how many times longer things take here than on a machine with nothing else to do, by its load; at least 1. The
// emulator wants two processors for itself.
func busy() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 1
	}
	var load float64
	fmt.Sscan(string(text), &load)
	return max(1, load/float64(runtime.NumCPU()))
}

// within fails a test that measured more than a limit; not on a machine so busy that the figure says nothing of the device.
func within(t *testing.T, what string, took, limit time.Duration) {
	t.Helper()
	if took <= limit {
		return
	}
	if b := busy(); b > 1.5 {
		t.Logf("%s took %v, limit %v: not judged, because this machine has %.1f times as much to do as it can", what, took, limit, b)
		return
	}
	t.Errorf("%s took %v, limit %v", what, took, limit)
}

// lasts fails a test that measured less than a limit, with the same exception: on a busy machine a beginning is read late.
func lasts(t *testing.T, what string, took, limit time.Duration) {
	t.Helper()
	if took >= limit {
		return
	}
	if b := busy(); b > 1.5 {
		t.Logf("%s lasted %v, at least %v wanted: not judged, because this machine has %.1f times as much to do as it can", what, took, limit, b)
		return
	}
	t.Errorf("%s lasted %v, at least %v wanted", what, took, limit)
}

// until asks again and again until an answer is right, and fails the test with the last one after that time, or longer on
// a busy machine.
func until(t *testing.T, limit time.Duration, what string, ask func() (answer string, right bool)) {
	t.Helper()
	var answer string
	for begin := time.Now(); time.Since(begin) < time.Duration(float64(limit)*busy()); time.Sleep(100 * time.Millisecond) {
		var right bool
		if answer, right = ask(); right {
			return
		}
	}
	t.Fatalf("%s: not within %v: %s", what, limit, answer)
}

// walkUp is somebody enrolled who comes nearer and stays, and then nobody.
const walkUp = `
fps = 15
loop = false
units = "pixels"
noise = 1.0

[[step]]
label = "nobody"
seconds = 0.2

[[step]]
label = "enrolled"
picture = "sample3.jpg"
seconds = 0.4
hold = 1.0
from = { x = 1186, y = 420, width = 1500 }
to = { x = 1170, y = 400, width = 1340 }
crop = [800, 0, 1490, 1350]
`

// people renders the scene once: frames without anybody, and frames of the enrolled person.
func people(t *testing.T) (nobody, enrolled []footage.Frame) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(paths.Pictures(), "sample3.jpg")); err != nil {
		t.Skip("the demo's photographs are not here (make models)")
	}
	frames, err := footage.Text(t.Context(), t.TempDir(), walkUp, 640, 480)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if strings.Contains(f.Label, "nobody") {
			nobody = append(nobody, f)
		} else {
			enrolled = append(enrolled, f)
		}
	}
	if len(nobody) == 0 || len(enrolled) < 15 {
		t.Fatalf("%d frames of nobody, %d of somebody", len(nobody), len(enrolled))
	}
	return nobody, enrolled
}

// host is this machine, seen from the device.
func host(port int) string { return fmt.Sprintf("10.0.2.2:%d", port) }
