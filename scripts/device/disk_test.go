package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/daemon/local"
	"umbral/scripts/device/control"
	"umbral/scripts/device/machine"
)

// withDisk is a site whose store lies on a disk behind dm-flakey, mounted at /mnt. edits are pairs of what gateConfig says and
// what stands in its place.
func withDisk(t *testing.T, change func(*machine.Opts), edits ...string) *site {
	t.Helper()
	disk := filepath.Join(t.TempDir(), "disk")
	newDisk(t, disk)
	s := newSite(t, func(o *machine.Opts) {
		if change != nil {
			change(o)
		}
		o.Args = append(o.Args, "-drive", "if=none,id=disk,format=raw,file="+disk, "-device", "virtio-blk-pci,drive=disk")
	})
	run(t, s.Machine, "guest", "flakey", "make", "/dev/vda")
	run(t, s.Machine, "mount", "-t", "ext4", "/dev/dm-0", "/mnt")
	edits = append(edits, "/var/lib/umbral", "/mnt/state")
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(gateConfig, edits[i]) {
			t.Fatalf("the gate's configuration says nothing of %q", edits[i])
		}
	}
	config := strings.NewReplacer(edits...).Replace(gateConfig)
	put(t, s.Machine, "/etc/umbral/umbral.toml", config+"\n[store]\nfile_mib = 8\njournal_mib = 1\n"+s.fleet.config())
	return s
}

// press holds the exit button as people do, for a second, and longer while the terminal has not seen it: a moment here may
// be none for a device that is emulated on a busy machine.
func (s *site) press() {
	s.t.Helper()
	s.drive(exitLine, true)
	time.Sleep(time.Second)
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		if d, err := s.door(); err == nil && d.Button {
			break
		}
	}
	s.drive(exitLine, false)
}

// ready waits until another press of the exit button is a press of its own: the relay is at rest (while the door is released
// for an exit, a press is the same press; daemon/passage) and the terminal has seen the button released.
func (s *site) ready() {
	s.t.Helper()
	until(s.t, time.Minute, "relay at rest and button up", func() (string, bool) {
		d, err := s.door()
		return fmt.Sprintf("%+v %v", d, err), err == nil && d.Fault == "" && !d.Relay && !d.Button
	})
}

// opens presses the exit button and waits for the pulse and for the event at the subscriber.
func (s *site) opens(when string) {
	s.t.Helper()
	s.ready()
	before := s.exits()
	s.press()
	s.pulse(10 * time.Second)
	until(s.t, 10*time.Second, "the exit at the subscriber "+when, func() (string, bool) {
		n := s.exits()
		return fmt.Sprint(n), n == before+1
	})
}

// exits is how many openings for the exit button the subscriber knows of.
func (s *site) exits() int { return len(s.fleet.with("exit", "verdict", "grant")) }

// door is what the terminal knows of the door's lines.
func (s *site) door() (local.Door, error) {
	text, err := s.Run(s.t.Context(), "wget", "-q", "-O", "-", "http://127.0.0.1:8600/api/v1/state")
	if err != nil {
		return local.Door{}, err
	}
	var state local.State
	err = json.Unmarshal([]byte(text), &state)
	return state.Door, err
}

// status is what the tool shows.
func (s *site) status() string {
	out, err := s.Run(s.t.Context(), "umbral", "status")
	if err != nil {
		return err.Error()
	}
	return out
}

// diskAndClock lets the disk fail and fill up and the clock jump, while people use the exit button. It returns the daemon
// that runs at the end.
func (s *site) diskAndClock(daemon control.Process) control.Process {
	s.t.Helper()
	s.opens("at first")

	s.sub("full disk", func(t *testing.T) {
		if r, err := s.Do(t.Context(), control.Command{Args: []string{"dd", "if=/dev/zero", "of=/mnt/fill", "bs=64k"}}); err != nil || r.Exit == 0 {
			t.Fatalf("filling: %+v %v", r, err)
		}
		// Either an opening is in the journal or it does not happen; most fit into pages that are there.
		opened, refused := 0, 0
		for range 6 {
			s.ready()
			if late := s.QTest.Edges(); len(late) > 0 {
				t.Logf("an opening came so late that it was counted as refused: %+v", late)
				opened, refused = opened+1, refused-1
			}
			before := s.exits()
			s.press()
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(2*float64(time.Second)*busy()))
			_, err := s.QTest.Await(ctx, relayLine, true)
			cancel()
			if err != nil {
				refused++
				continue
			}
			opened++
			until(t, 10*time.Second, "the event of an opening on a full disk", func() (string, bool) {
				n := s.exits() - before
				return fmt.Sprint(n), n == 1
			})
			s.ready()
			rose := 0
			for _, e := range s.QTest.Edges() {
				if e.Line == relayLine && e.High {
					rose++
				}
			}
			if rose != 1 {
				t.Errorf("%d pulses for one event", rose)
			}
		}
		t.Logf("on a full disk: %d opened with their entry, %d refused; %s", opened, refused, firstLines(s.status(), 4))
		// The condition is over as soon as something fits again; the decision stays among the latest.
		if status := s.status(); refused > 0 && !strings.Contains(status, "journal can't be written") && !strings.Contains(status, "journal could not be written") {
			t.Errorf("the terminal does not say why nobody passes:\n%s", status)
		}
		run(t, s.Machine, "rm", "/mnt/fill")
		until(t, 30*time.Second, "the condition's end without anybody passing", func() (string, bool) {
			out := s.status()
			return out, !strings.Contains(out, "journal can't be written")
		})
		s.opens("after the disk has room again")
	})

	s.sub("clock", func(t *testing.T) {
		for _, to := range []string{"2020-01-01 00:00:00", "2035-06-01 12:00:00", "2026-11-25 16:00:00"} {
			run(t, s.Machine, "date", "-s", to)
			s.opens("at " + to)
			until(t, 5*time.Second, "doubt in the clock", func() (string, bool) {
				out := s.status()
				return out, strings.Contains(out, "trust unknown")
			})
		}
		events, _, broken := s.fleet.state()
		for i := 1; i < len(events); i++ {
			if events[i].Time.Before(events[i-1].Time) {
				t.Errorf("event %v at %v comes after one at %v", events[i].Position(), events[i].Time, events[i-1].Time)
			}
		}
		if broken != nil {
			t.Errorf("%v", broken)
		}
	})

	s.sub("writes fail", func(t *testing.T) {
		run(t, s.Machine, "guest", "flakey", "break", "/dev/vda")
		before := s.exits()
		s.QTest.Edges()
		s.press()
		time.Sleep(3 * time.Second)
		s.quiet("though nothing could be written")
		until(t, 5*time.Second, "what is wrong, by the terminal", func() (string, bool) {
			status := s.status()
			return status, strings.Contains(status, "journal")
		})
		t.Log(firstLines(s.status(), 6))
		if s.exits() != before {
			t.Error("an event that could not be written was sent")
		}
		if p, err := s.Process(t.Context(), "gate", 0); err != nil || !p.Running {
			t.Fatalf("umbrald ended: %+v %v\n%s", p, err, s.log())
		}
		run(t, s.Machine, "guest", "flakey", "mend", "/dev/vda")
		// The file system has given up; it is mounted anew, as a reboot does.
		s.signal("TERM", daemon)
		run(t, s.Machine, "umount", "/mnt")
		run(t, s.Machine, "mount", "-t", "ext4", "/dev/dm-0", "/mnt")
		daemon = s.start()
		s.opens("after the disk is well")
	})

	s.sub("killed at work", func(t *testing.T) {
		full(t, "three kills at the exit button; make test kills the writer six times in TestPowerCuts and the gate twice in TestGate")
		for i := range 3 {
			s.press()
			time.Sleep(time.Duration(i*37) * time.Millisecond)
			s.signal("KILL", daemon)
			daemon = s.start()
			s.pulseOver()
		}
		s.opens("after three kills")
	})
	return daemon
}

// pulseOver waits until the relay has been at rest for longer than a pulse.
func (s *site) pulseOver() {
	time.Sleep(1500 * time.Millisecond)
	s.QTest.Edges()
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(text, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
