package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"umbral/scripts/device/control"
	"umbral/scripts/device/footage"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/usbip"
)

// full skips what takes longer than a test may (make device-test-full).
func full(t *testing.T) {
	t.Helper()
	if os.Getenv("UMBRAL_DEVICE_FULL") == "" {
		t.Skip("the emulated device: only in make device-test-full")
	}
}

// patience is how long a person stands before the camera: a processor that is emulated beside other work is slow.
const patience = 2 * time.Minute

// unattendedFor is how long the gate is left alone; UMBRAL_DEVICE_MINUTES says otherwise.
func unattendedFor() time.Duration {
	if n, err := strconv.Atoi(os.Getenv("UMBRAL_DEVICE_MINUTES")); err == nil && n > 0 {
		return time.Duration(n) * time.Minute
	}
	return 30 * time.Minute
}

// TestUnattended lets people pass while camera, broker and disk fail at random, and touches nothing.
func TestUnattended(t *testing.T) {
	full(t)
	nobody, enrolled := people(t)
	s := withDisk(t, func(o *machine.Opts) { o.Steady, o.Cores = true, 1 })
	s.camera.Show(footage.Loop(nobody))
	s.enrol()
	daemon := s.start()
	r := rand.New(rand.NewPCG(2026, 1125))
	// memory is what the process has of its own and what it has mapped of files, in MiB. Of the store's file it maps more
	// and more, up to the file's size, which is no leak.
	memory := func() (own, mapped float64) {
		text := run(t, s.Machine, "cat", fmt.Sprintf("/proc/%d/status", daemon.PID))
		kib := func(key string) float64 {
			_, after, found := strings.Cut(text, key+":")
			fields := strings.Fields(after)
			if !found || len(fields) == 0 {
				t.Fatalf("no %s in %s", key, text)
			}
			n, _ := strconv.ParseFloat(fields[0], 64)
			return n / 1024
		}
		return kib("RssAnon"), kib("RssFile")
	}
	shell := func(text string) func() {
		return func() { s.Do(t.Context(), control.Command{Args: []string{"sh", "-c", text}}) }
	}
	faults := []struct {
		name       string
		begin, end func()
	}{
		{"camera unplugged", s.camera.Unplug, s.plug},
		{"camera stalled", func() { s.camera.Fail(usbip.Stalled) }, func() { s.camera.Fail(usbip.None) }},
		{"camera sends garbage", func() { s.camera.Fail(usbip.Garbage) }, func() { s.camera.Fail(usbip.None) }},
		{"camera answers with errors", func() { s.camera.Fail(usbip.Stalling) }, func() { s.camera.Fail(usbip.None) }},
		{"broker away", func() { s.fleet.stop() }, s.fleet.up},
		{"disk full", shell("dd if=/dev/zero of=/mnt/fill bs=64k; true"), shell("rm -f /mnt/fill")},
		{"clock set back", shell("date -s '2021-01-01 00:00:00'"), shell("date -s '2026-11-25 17:00:00'")},
	}
	relay, seen := 0, map[string]int{}
	// pulse counts one pulse of the relay, if it begins before the limit. The next may begin only after its end: one that is
	// prolonged has two causes and one edge.
	pulse := func(limit time.Duration) bool {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		if _, err := s.QTest.Await(ctx, relayLine, true); err != nil {
			return false
		}
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		edges, err := s.QTest.Wait(ctx, relayLine, false)
		if err != nil {
			t.Fatalf("the relay stays energised: %v", err)
		}
		for _, e := range edges {
			if e.Line == relayLine && e.High {
				relay++
			}
		}
		return true
	}
	var minutes, resident, files []float64
	missed, people, exits, shut, inFault := 0, 0, 0, 0, 0
	begin := time.Now()
	for time.Since(begin) < unattendedFor() {
		if r.IntN(4) > 0 {
			f := faults[r.IntN(len(faults))]
			seen[f.name]++
			f.begin()
			time.Sleep(time.Duration(1+r.IntN(8)) * time.Second)
			if r.IntN(3) == 0 { // somebody wants to leave meanwhile; whether the door opens is the fault's business
				s.press()
				inFault++
				pulse(5 * time.Second)
			}
			f.end()
			time.Sleep(4 * time.Second)
		}
		for range 3 {
			// Held until it opens: on a busy machine the device's time passes slowly.
			s.drive(exitLine, true)
			exits++
			opens := pulse(time.Minute)
			s.drive(exitLine, false)
			time.Sleep(2 * time.Second) // a release that the device sees
			if !opens {
				shut++
				t.Logf("%.1f min: the exit button did not open\n%s", time.Since(begin).Minutes(), firstLines(s.status(), 4))
			}
		}
		s.camera.Show(footage.Loop(enrolled))
		people++
		if !pulse(patience) {
			missed++
			t.Logf("%.1f min: nobody passed within %v\n%s", time.Since(begin).Minutes(), patience, firstLines(s.status(), 5))
		}
		s.camera.Show(footage.Loop(nobody))
		own, mapped := memory()
		minutes, resident, files = append(minutes, time.Since(begin).Minutes()), append(resident, own), append(files, mapped)
		if p, err := s.Process(t.Context(), "gate", 0); err != nil || !p.Running {
			t.Fatalf("umbrald ended after %v: %+v %v\n%s", time.Since(begin), p, err, s.log())
		}
	}
	for pulse(12 * time.Second) { // whoever was still before the camera
	}
	opened := func() int {
		return len(s.fleet.with("passage", "verdict", "grant")) + len(s.fleet.with("exit", "verdict", "grant"))
	}
	until(t, time.Minute, "as many grants at the subscriber as pulses", func() (string, bool) {
		return fmt.Sprintf("%d grants, %d pulses", opened(), relay), opened() >= relay
	})
	// After the first minutes, in which it warms up.
	warm := 0
	for warm < len(minutes)-2 && minutes[warm] < 3 {
		warm++
	}
	_, slope := stat.LinearRegression(minutes[warm:], resident[warm:], nil, false)
	events, again, broken := s.fleet.state()
	t.Logf("%.0f minutes: %d times the exit button, %d in vain, and %d times more in a fault; %d people came, %d did not pass in time; faults %v", time.Since(begin).Minutes(), exits, shut, inFault, people, missed, seen)
	t.Logf("%d pulses of the relay, %d grants and %d events at the subscriber, %d delivered again, chain: %v", relay, opened(), len(events), again, broken)
	last := len(resident) - 1
	t.Logf("resident memory of its own %.1f MiB at first, %.1f at last, slope %+.3f MiB a minute; mapped of files %.1f MiB, then %.1f", resident[warm], resident[last], slope, files[warm], files[last])
	if broken != nil || opened() < relay {
		t.Errorf("%d grants for %d pulses, chain %v", opened(), relay, broken)
	}
	if slope > 0.2 {
		t.Errorf("memory grows by %.2f MiB a minute", slope)
	}
	if people > 0 && missed*5 > people {
		t.Errorf("%d of %d people did not pass", missed, people)
	}
	if shut > 0 {
		t.Errorf("the exit button opened nothing %d times, without a fault", shut)
	}
	s.signal("TERM", daemon)
	run(t, s.Machine, "umbral", "store", "check")
	out := run(t, s.Machine, "umbral", "replay")
	t.Log(out[max(0, len(out)-300):])
}
