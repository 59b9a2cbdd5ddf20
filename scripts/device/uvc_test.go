package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"umbral/scripts/device/control"
	"umbral/scripts/device/footage"
	"umbral/scripts/device/usbip"
)

// recovery is how soon frames must come again after a camera is back.
const recovery = 2 * time.Second

// watcher reads what "guest watch" writes.
type watcher struct {
	*site
	control.Process
}

func watched(s *site, args ...string) *watcher {
	s.t.Helper()
	p, err := s.Start(s.t.Context(), "watch", control.Command{Args: append([]string{"guest", "watch"}, args...)})
	if err != nil {
		s.t.Fatal(err)
	}
	return &watcher{s, p}
}

// stop ends it and waits for its end, also after a failure: the next needs its name.
func (w *watcher) stop() {
	w.t.Helper()
	run(w.t, w.Machine, "kill", fmt.Sprint(w.PID))
	if p, err := w.site.Process(w.t.Context(), "watch", 10*time.Second); err != nil || p.Running {
		w.t.Errorf("guest watch after its signal: %+v, %v", p, err)
	}
}

// last is the newest report.
func (w *watcher) last() (r control.CameraReport) {
	w.t.Helper()
	text, err := w.Run(w.t.Context(), "tail", "-n", "2", "/run/watch.log")
	if err != nil {
		w.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if json.Unmarshal([]byte(lines[i]), &r) == nil {
			return r
		}
	}
	return r
}

// wait waits for a report that is right and returns how long it took.
func (w *watcher) wait(limit time.Duration, what string, right func(control.CameraReport) bool) (control.CameraReport, time.Duration) {
	w.t.Helper()
	begin := time.Now()
	var r control.CameraReport
	until(w.t, limit, what, func() (string, bool) {
		r = w.last()
		return fmt.Sprintf("%+v", r), right(r)
	})
	return r, time.Since(begin)
}

// flows says that frames came after a report.
func flows(before control.CameraReport) func(control.CameraReport) bool {
	return func(r control.CameraReport) bool { return r.State == "streaming" && r.Captured > before.Captured+2 }
}

// share is how much of a core the program takes in a time.
func (w *watcher) share(d time.Duration) float64 {
	w.t.Helper()
	was, begin := w.last(), time.Now()
	time.Sleep(d)
	return (w.last().CPU - was.CPU).Seconds() / time.Since(begin).Seconds()
}

// waiting is the share of a core that waiting for frames may take.
const waiting = 0.25

// idle fails a test whose program takes more than a share of a core, as one that loops instead of waiting. A busy machine
// counts its own delays as the program's time.
func idle(t *testing.T, share, limit float64) {
	t.Helper()
	if limit = min(limit*busy(), 0.8); share > limit {
		t.Errorf("%.0f %% of a core without good frames, limit %.0f %%: a busy loop", 100*share, 100*limit)
	}
}

// TestUSBCamera breaks a USB camera in each way that one breaks, behind the kernel's uvcvideo.
func TestUSBCamera(t *testing.T) {
	nobody, _ := people(t)
	s := newSite(t, nil)
	s.camera.Show(footage.Loop(nobody))
	w := watched(s, "MJPG", "gain=99", "auto_exposure=1", "exposure_time_absolute=333")
	r, _ := w.wait(20*time.Second, "frames", func(r control.CameraReport) bool { return r.Captured > 60 })
	t.Logf("%s: %s, %.1f frames/s", r.Device, r.Format, r.FPS)
	if r.FPS < 10/busy() || r.Unset != "" {
		t.Errorf("%+v", r)
	}
	s.sub("controls", func(t *testing.T) {
		for name, want := range map[string]int{"gain": 99, "exposure mode": 1, "exposure time": 333} {
			if got, err := s.camera.Control(name); err != nil || got != want {
				t.Errorf("%s is %d in the camera, wanted %d; %v", name, got, want, err)
			}
		}
		out := run(t, s.Machine, "umbral", "camera", "info")
		t.Log("umbral camera info\n" + out)
		for _, want := range []string{"focus_absolute", "white_balance_temperature", "power_line_frequency", "exposure_time_absolute", "MJPG  640×480, 1280×720"} {
			if !strings.Contains(out, want) {
				t.Errorf("info lacks %q", want)
			}
		}
		run(t, s.Machine, "umbral", "camera", "set", "/dev/video0", "white_balance_automatic=off", "white_balance_temperature=4600",
			"power_line_frequency=1", "focus_automatic_continuous=off", "focus_absolute=50")
		for name, want := range map[string]int{"automatic white balance": 0, "white balance": 4600, "power line": 1, "automatic focus": 0, "focus": 50} {
			if got, err := s.camera.Control(name); err != nil || got != want {
				t.Errorf("%s is %d in the camera, wanted %d; %v", name, got, want, err)
			}
		}
		if out, err := s.Run(t.Context(), "umbral", "camera", "set", "/dev/video0", "gain=1000"); err == nil || !strings.Contains(out, "limit 0 to 255") {
			t.Errorf("gain=1000: %v %s", err, out)
		}
	})
	// Frames that are no pictures come as often as good ones, and may cost half as much again as these at most.
	flowing := w.share(3 * time.Second)
	t.Logf("%.1f %% of a core with frames", 100*flowing)
	for _, c := range []struct {
		name  string
		fault usbip.Fault
		limit float64 // of a core
		seen  func(before, now control.CameraReport) bool
	}{
		{"stalled", usbip.Stalled, waiting, func(b, n control.CameraReport) bool { return n.Faults["stall"] > b.Faults["stall"] }},
		{"garbage", usbip.Garbage, 1.5 * flowing, func(b, n control.CameraReport) bool { return n.Faults["length"] > b.Faults["length"] }},
		{"errors", usbip.Stalling, waiting, func(b, n control.CameraReport) bool { return n.State != "streaming" }},
	} {
		s.sub(c.name, func(t *testing.T) {
			before := w.last()
			s.camera.Fail(c.fault)
			_, noticed := w.wait(10*time.Second, "notice", func(r control.CameraReport) bool { return c.seen(before, r) })
			share := w.share(3 * time.Second)
			now := w.last()
			s.camera.Fail(usbip.None)
			r, took := w.wait(10*time.Second, "recovery", flows(w.last()))
			t.Logf("noticed after %.2f s (%s: %s), %.1f %% of a core meanwhile, frames %.2f s after its end; faults %v",
				noticed.Seconds(), now.State, now.Text, 100*share, took.Seconds(), r.Faults)
			within(t, "recovery", took, recovery)
			idle(t, share, c.limit)
		})
	}
	s.sub("unplugged", func(t *testing.T) {
		var first control.CameraReport
		cycles := 3
		if inFull() {
			cycles = 50
		}
		t.Logf("%d cycles (make test 3, make device-test-full 50)", cycles)
		for i := range cycles {
			s.camera.Unplug()
			_, noticed := w.wait(10*time.Second, "notice", func(r control.CameraReport) bool { return r.State == "absent" })
			share := w.share(time.Second)
			s.plug()
			r, took := w.wait(10*time.Second, "recovery", flows(w.last()))
			t.Logf("noticed after %.2f s, %.1f %% of a core meanwhile, frames %.2f s after the node; %d descriptors, %d mappings", noticed.Seconds(), 100*share, took.Seconds(), r.Descriptors, r.Mappings)
			within(t, "recovery", took, recovery)
			idle(t, share, waiting)
			if i == 0 {
				first = r
			} else if r.Descriptors > first.Descriptors || r.Mappings > first.Mappings {
				t.Errorf("%d descriptors and %d mappings, %d and %d before", r.Descriptors, r.Mappings, first.Descriptors, first.Mappings)
			}
		}
	})
	w.stop()
	// As it comes, uvcvideo drops broken frames itself, so they look like none; told not to, it delivers them.
	for _, c := range []struct{ name, nodrop, fault string }{{"wrong length, dropped", "0", "stall"}, {"wrong length, delivered", "1", "length"}} {
		s.sub(c.name, func(t *testing.T) {
			run(t, s.Machine, "sh", "-c", "rm -f /run/watch.log; echo "+c.nodrop+" > /sys/module/uvcvideo/parameters/nodrop")
			s.camera.Unplug()
			until(t, 5*time.Second, "unplugged", func() (string, bool) {
				out, err := s.Run(t.Context(), "ls", "/dev/video0")
				return out, err != nil
			})
			s.plug()
			w := watched(s, "YUYV")
			defer w.stop()
			r, _ := w.wait(20*time.Second, "frames", func(r control.CameraReport) bool { return r.Captured > 5 })
			t.Logf("%s, %.1f frames/s", r.Format, r.FPS)
			s.camera.Fail(usbip.Truncated)
			before := w.last()
			w.wait(10*time.Second, "notice", func(r control.CameraReport) bool { return r.Faults[c.fault] > before.Faults[c.fault] })
			s.camera.Fail(usbip.None)
			r, took := w.wait(10*time.Second, "recovery", flows(w.last()))
			t.Logf("frames %.2f s after it; faults %v", took.Seconds(), r.Faults)
			within(t, "recovery", took, recovery)
		})
	}
	if log, err := s.Run(t.Context(), "dmesg"); err == nil && bytes.Contains([]byte(log), []byte("Call trace")) {
		t.Errorf("the kernel complains:\n%s", log)
	}
}
