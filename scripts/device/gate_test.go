package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/scripts/device/control"
	"umbral/scripts/device/footage"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/usbip"
)

// The lines of the board's GPIO chip that config names. Line 3 is the board's power button.
const (
	relayLine   = 0
	contactLine = 1
	exitLine    = 2
)

// passGrace is how long after its pulse a door may still be opened (daemon/passage), and a little more.
const passGrace = 6 * time.Second

// steadySlower is how many times less often a camera sends frames to a device whose clock counts instructions. While it
// computes, a second of it takes five to ten here, and 15 frames a second of this machine would be a hundred of its own.
const steadySlower = 4

// gateConfig is the terminal in the device, with the thresholds and counts of frames that a gate has by default.
const gateConfig = `
[terminal]
id = "device"
state_dir = "/var/lib/umbral"

[camera]
source = "v4l2:"
formats = ["MJPG"]

[passage]
lost_after = "3s"
decide_timeout = "20s"
show_verdict = "500ms"
cooldown = "1s"
regrant_after = "1s"

[door]
kind = "gpio"
chip = "/dev/gpiochip0"
relay_line = 0
contact_line = 1
exit_line = 2
contact_active_low = false
exit_active_low = false
pulse = "1s"
held_open = "2s"

[local]
http = "127.0.0.1:8600"
socket = "/run/umbral.sock"

[clock]
command_trust = "unknown"
`

// site is a device with a camera behind uvcvideo, a door on its GPIO chip and a broker.
type site struct {
	*machine.Machine
	t      *testing.T
	gpio   string
	camera *usbip.Camera
	fleet  *subscriber
}

func newSite(t *testing.T, change func(*machine.Opts)) *site {
	t.Helper()
	s := &site{t: t, Machine: booted(t, change), fleet: subscribed(t)}
	var err error
	if s.gpio, err = s.QMP.Find("pl061"); err != nil {
		t.Fatal(err)
	}
	if err := s.QTest.Watch(s.gpio); err != nil {
		t.Fatal(err)
	}
	s.drive(contactLine, true) // the door is closed
	if s.camera, err = usbip.NewCamera(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.camera.Close() })
	run(t, s.Machine, "guest", "modprobe", "uvcvideo")
	s.plug()
	put(t, s.Machine, "/etc/umbral/umbral.toml", gateConfig+s.fleet.config())
	return s
}

// sub runs a subtest: what fails in it is told of it, not of its parent.
func (s *site) sub(name string, f func(t *testing.T)) {
	s.t.Helper()
	parent := s.t
	parent.Run(name, func(t *testing.T) {
		s.t = t
		defer func() { s.t = parent }()
		f(t)
	})
}

// plug plugs the camera in and waits for its node.
func (s *site) plug() {
	s.t.Helper()
	run(s.t, s.Machine, "guest", "attach", host(s.camera.Port()))
	until(s.t, 10*time.Second, "camera", func() (string, bool) {
		out, err := s.Run(s.t.Context(), "ls", "/dev/v4l", "/dev")
		return out, err == nil || strings.Contains(out, "video")
	})
}

// drive sets an input of the GPIO chip from outside.
func (s *site) drive(line int, high bool) {
	s.t.Helper()
	if err := s.QTest.Drive(s.gpio, line, high); err != nil {
		s.t.Fatal(err)
	}
}

// enrol enrols the second face from the left of the demo's group picture.
func (s *site) enrol() {
	s.t.Helper()
	photo, err := os.ReadFile(filepath.Join(paths.Pictures(), "sample3.jpg"))
	if err != nil {
		s.t.Fatal(err)
	}
	put(s.t, s.Machine, "/tmp/group.jpg", string(photo))
	r, err := s.Do(s.t.Context(), control.Command{
		Args:  []string{"umbral", "enroll", "--id", "ana", "--name", "Ana", "--face", "2", "/tmp/group.jpg"},
		Limit: 3 * time.Minute,
	})
	if err != nil || r.Exit != 0 {
		s.t.Fatalf("enrol: %v %s", err, r.Output)
	}
}

// unitEnvironment is what the unit sets, but for the place of the models, which is another here.
func unitEnvironment(t *testing.T) (env []string) {
	t.Helper()
	unit, err := os.ReadFile("../../systemd/umbrald.service")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(unit)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "Environment="); ok && !strings.HasPrefix(value, "UMBRAL_MODELS=") {
			env = append(env, value)
		}
	}
	return env
}

// start starts the daemon and waits until the tool reaches it.
func (s *site) start() control.Process {
	s.t.Helper()
	p, err := s.Start(s.t.Context(), "gate", control.Command{Args: []string{"umbrald"}, Env: unitEnvironment(s.t)})
	if err != nil {
		s.t.Fatal(err)
	}
	until(s.t, time.Minute, "umbrald", func() (string, bool) {
		out, err := s.Run(s.t.Context(), "umbral", "status")
		if p, e := s.Process(s.t.Context(), "gate", 0); e == nil && !p.Running {
			s.t.Fatalf("umbrald ended: %s", s.log())
		}
		return fmt.Sprint(out, err), err == nil && strings.Contains(out, "camera")
	})
	return p
}

func (s *site) log() string {
	text, err := s.Get(s.t.Context(), "/run/gate.log")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// signal sends a signal to the daemon and waits for its end.
func (s *site) signal(name string, p control.Process) (took time.Duration) {
	s.t.Helper()
	begin := time.Now()
	run(s.t, s.Machine, "kill", "-"+name, fmt.Sprint(p.PID))
	p, err := s.Process(s.t.Context(), "gate", 10*time.Second)
	if err != nil || p.Running {
		s.t.Fatalf("umbrald after %s: %+v, %v", name, p, err)
	}
	return time.Since(begin)
}

// quiet fails the test when the relay moved since the last look.
func (s *site) quiet(when string) {
	s.t.Helper()
	for _, e := range s.QTest.Edges() {
		if e.Line == relayLine {
			s.t.Errorf("the relay moved %s: %+v", when, e)
		}
	}
}

// pulse waits for one pulse of the relay and returns its length.
func (s *site) pulse(limit time.Duration) (begin, end time.Time) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Duration(float64(limit)*busy()))
	defer cancel()
	// Both are awaited before any is taken: the pulse may be over before anybody looks.
	for _, high := range []bool{true, false} {
		if _, err := s.QTest.Await(ctx, relayLine, high); err != nil {
			status, _ := s.Run(s.t.Context(), "umbral", "status")
			s.t.Fatalf("%v\n%s\n%s", err, status, s.log())
		}
	}
	var edges []machine.Edge
	for _, e := range s.QTest.Edges() {
		if e.Line == relayLine {
			edges = append(edges, e)
		}
	}
	if len(edges) != 2 || !edges[0].High || edges[1].High {
		s.t.Fatalf("edges of the relay: %+v", edges)
	}
	return edges[0].At, edges[1].At
}

func put(t *testing.T, m *machine.Machine, path, text string) {
	t.Helper()
	if err := m.Put(t.Context(), path, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// TestMainJob lets an enrolled person walk up to a camera behind uvcvideo, and sees the door open from outside.
func TestMainJob(t *testing.T) {
	nobody, enrolled := people(t)
	s := newSite(t, func(o *machine.Opts) { o.Steady, o.Cores = true, 1 })
	s.camera.Slow(steadySlower)
	s.camera.Show(footage.Loop(nobody))
	s.enrol()
	daemon := s.start()
	time.Sleep(2 * time.Second)
	s.quiet("before anybody came")
	seen := time.Now()
	s.camera.Show(footage.Loop(enrolled))
	begin, end := s.pulse(4 * time.Minute)
	s.camera.Show(footage.Loop(nobody))
	t.Logf("the relay moved %.1f s after the person came, for %v of this machine's time", begin.Sub(seen).Seconds(), end.Sub(begin).Round(time.Millisecond))
	until(t, 30*time.Second, "the passage at the subscriber", func() (string, bool) {
		events, _, broken := s.fleet.state()
		return fmt.Sprint(len(events), broken), len(s.fleet.with("passage", "verdict", "grant")) == 1
	})
	t.Log(s.status())
	s.signal("TERM", daemon)
	run(t, s.Machine, "umbral", "store", "check")
	t.Log(run(t, s.Machine, "umbral", "replay"))
}

// TestGate is the door, and all that must not move its relay; and then, in the same device, a disk that fails and a clock
// that jumps.
func TestGate(t *testing.T) {
	s := withDisk(t, nil)
	s.camera.Unplug() // leaves the processor to the rest
	daemon := s.start()
	time.Sleep(2 * time.Second)
	s.quiet("at the first start")
	s.sub("exit button", func(t *testing.T) {
		s.press()
		begin, end := s.pulse(10 * time.Second)
		d := end.Sub(begin)
		t.Logf("a pulse of %v, 1 s is configured", d.Round(time.Millisecond))
		lasts(t, "a pulse of 1 s", d, 900*time.Millisecond)
		within(t, "a pulse of 1 s", d, 1200*time.Millisecond)
	})
	s.sub("door held open and forced", func(t *testing.T) {
		alert := func(reason string) {
			t.Helper()
			until(t, 20*time.Second, reason, func() (string, bool) {
				events, _, _ := s.fleet.state()
				return fmt.Sprint(len(events)), len(s.fleet.with("alert", "reason", reason)) > 0
			})
		}
		s.drive(contactLine, false) // allowed still, after the exit button
		alert("door-held-open")
		s.drive(contactLine, true)
		alert("door-closed")
		time.Sleep(passGrace)
		s.drive(contactLine, false)
		alert("door-forced")
		s.drive(contactLine, true)
		s.quiet("when the door was forced")
	})
	s.sub("restart", func(t *testing.T) {
		took := s.signal("TERM", daemon)
		t.Logf("a clean stop took %v", took.Round(time.Millisecond))
		within(t, "a clean stop", took, 3*time.Second)
		s.quiet("at a stop")
		daemon = s.start()
		s.quiet("at a start")
	})
	s.sub("crash", func(t *testing.T) {
		s.signal("KILL", daemon)
		s.quiet("at a crash")
		daemon = s.start()
		s.quiet("at the start after a crash")
	})
	s.sub("crash in a pulse", func(t *testing.T) {
		// On a busy machine the pulse may be over before the signal arrives; then it is tried again.
		before, try := s.exits(), 1
		for ; ; try++ {
			s.drive(exitLine, true)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20*float64(time.Second)*busy()))
			rose, err := s.QTest.Await(ctx, relayLine, true)
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			s.signal("KILL", daemon)
			died := time.Now()
			s.drive(exitLine, false)
			time.Sleep(500 * time.Millisecond)
			over := false
			for _, e := range s.QTest.Edges() {
				if e.Line != relayLine || e.High {
					continue
				}
				if over = e.At.Sub(rose.At) > 900*time.Millisecond && e.At.Before(died); !over {
					t.Logf("the kernel moved the relay at the program's death: %+v", e)
				}
			}
			daemon = s.start()
			if over {
				if try == 3 {
					t.Fatal("the program was not killed within a pulse in three tries: signals take more than a second to arrive here")
				}
				t.Logf("try %d: the pulse was over before the program died", try)
				s.quiet("at the start after a crash")
				continue
			}
			edges := s.QTest.Edges()
			if len(edges) != 1 || edges[0].Line != relayLine || edges[0].High {
				t.Fatalf("edges at the start after a crash in a pulse: %+v, wanted the relay's fall", edges)
			}
			t.Logf("the relay fell %v after the program died, %v after it was started again", edges[0].At.Sub(died).Round(time.Millisecond),
				(edges[0].At.Sub(died) - 500*time.Millisecond).Round(time.Millisecond))
			break
		}
		// What was committed before the program died is sent by the next one.
		until(t, 30*time.Second, "the exits at whose pulse the program died, at the subscriber", func() (string, bool) {
			n := s.exits() - before
			return fmt.Sprint(n), n == try
		})
	})
	daemon = s.diskAndClock(daemon)
	s.signal("TERM", daemon)
	if out, err := s.Run(t.Context(), "umbral", "store", "check"); err != nil {
		t.Errorf("store: %v %s", err, out)
	}
	if out, err := s.Run(t.Context(), "umbral", "replay"); err != nil {
		t.Errorf("replay: %v %s", err, out)
	}
	events, again, broken := s.fleet.state()
	t.Logf("%d events at the subscriber, %d delivered again", len(events), again)
	if broken != nil {
		t.Errorf("subscriber: %v", broken)
	}
	run(t, s.Machine, "umount", "/mnt")
}
