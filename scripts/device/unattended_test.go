package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"umbral/drivers/fingerprint/emulated"
	"umbral/scripts/device/control"
	"umbral/scripts/device/footage"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/usbip"
)

// patience is how long a person stands before the camera: a processor that is emulated beside other work is slow.
const patience = 2 * time.Minute

// unattendedFor is how long the gate is left alone; UMBRAL_DEVICE_MINUTES says otherwise.
func unattendedFor() time.Duration {
	if n, err := strconv.Atoi(os.Getenv("UMBRAL_DEVICE_MINUTES")); err == nil && n > 0 {
		return time.Duration(n) * time.Minute
	}
	return 30 * time.Minute
}

// sensorBaud is the sensor's fastest speed: a picture is 18 kB.
const sensorBaud = 115200

// withSensor is a site with a disk and a fingerprint sensor whose gate wants face and finger.
func withSensor(t *testing.T, sensor *sensor) *site {
	t.Helper()
	sensor.shows(t)
	sensor.module.SetBaud(sensorBaud)
	return withDisk(t, func(o *machine.Opts) {
		o.Steady, o.Cores, o.Args = true, 1, sensor.args("pci-serial")
	}, "[passage]\n", "[passage]\npolicy = \"face and live and finger\"\n",
		"[door]\n", fmt.Sprintf("[finger]\nsensor = \"r503\"\ndevice = \"/dev/ttyS0\"\nbaud = %d\n\n[door]\n", sensorBaud))
}

// enrolFinger adds a finger to whom enrol has enrolled.
func (s *site) enrolFinger(sensor *sensor) {
	s.t.Helper()
	defer sensor.touches()()
	r, err := s.Do(s.t.Context(), control.Command{
		Args: []string{"umbral", "enroll", "--id", "ana", "--finger", "right-index"}, Limit: 10 * time.Minute,
	})
	if err != nil || r.Exit != 0 {
		s.t.Fatalf("enrol a finger: %v %s", err, r.Output)
	}
}

// TestUnattended lets people pass while camera, sensor, broker and disk fail at random, and touches nothing.
func TestUnattended(t *testing.T) {
	full(t, "half an hour of passages with faults")
	nobody, enrolled := people(t)
	sensor := newSensor(t)
	s := withSensor(t, sensor)
	s.camera.Slow(steadySlower)
	s.camera.Show(footage.Loop(nobody))
	s.enrol()
	daemon := s.start()
	s.enrolFinger(sensor)
	r := rand.New(rand.NewPCG(2026, 1125))
	do := func(args ...string) func() { return func() { run(t, s.Machine, args...) } }
	disk := func(what string) func() { return do("guest", "flakey", what, "/dev/vda") }
	mendSensor := func() { sensor.module.Break(0, 0) }
	faults := []struct {
		name       string
		begin, end func()
	}{
		{"camera unplugged", s.camera.Unplug, s.plug},
		{"camera stalled", func() { s.camera.Fail(usbip.Stalled) }, func() { s.camera.Fail(usbip.None) }},
		{"camera sends garbage", func() { s.camera.Fail(usbip.Garbage) }, func() { s.camera.Fail(usbip.None) }},
		{"camera answers with errors", func() { s.camera.Fail(usbip.Stalling) }, func() { s.camera.Fail(usbip.None) }},
		{"sensor answers damaged", func() { sensor.module.Break(emulated.BadChecksum, 20) }, mendSensor},
		{"sensor stops in the middle", func() { sensor.module.Break(emulated.Short, 20) }, mendSensor},
		{"sensor is silent", func() { sensor.module.Break(emulated.Busy, math.MaxInt) }, mendSensor},
		{"sensor at another speed", func() { sensor.module.SetBaud(9600) }, func() { sensor.module.SetBaud(sensorBaud) }},
		{"broker away", func() { s.fleet.stop() }, s.fleet.up},
		{"disk full", do("sh", "-c", "! dd if=/dev/zero of=/mnt/fill bs=64k 2>/dev/null"), do("rm", "/mnt/fill")},
		{"disk hangs", disk("hang"), disk("wake")},
		{"clock set back", do("date", "-s", "2021-01-01 00:00:00"), do("date", "-s", "2026-11-25 17:00:00")},
	}
	relay, seen := 0, map[string]int{}
	count := func(edges []machine.Edge) {
		for _, e := range edges {
			if e.Line == relayLine && e.High {
				relay++
			}
		}
	}
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
		count(edges)
		return true
	}
	var samples []sample
	missed, people, exits, shut, inFault := 0, 0, 0, 0, 0
	begin := time.Now()
	for time.Since(begin) < unattendedFor() {
		if r.IntN(4) > 0 {
			f := faults[r.IntN(len(faults))]
			seen[f.name]++
			t.Logf("%5.1f min: %s", time.Since(begin).Minutes(), f.name)
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
		for n := range 3 {
			// No pulse is left over, as of a person who passed twice, and it is held until the terminal has seen it and the door
			// opens: on a busy machine the device's time passes slowly.
			s.ready()
			count(s.QTest.Edges())
			before := s.exits()
			s.drive(exitLine, true)
			exits++
			until(t, time.Minute, "the terminal sees the button", func() (string, bool) {
				d, err := s.door()
				return fmt.Sprintf("%+v %v", d, err), err == nil && d.Button
			})
			opens := pulse(time.Minute)
			if !opens {
				shut++
				d, err := s.door()
				t.Logf("%.1f min: the exit button did not open, press %d of 3; %d events of exits, %d before; door %+v %v\n%s",
					time.Since(begin).Minutes(), n+1, s.exits(), before, d, err, firstLines(s.status(), 4))
			}
			s.drive(exitLine, false)
		}
		s.camera.Show(footage.Loop(enrolled))
		people++
		lift := sensor.touches()
		passed := pulse(patience)
		lift()
		if !passed {
			missed++
			t.Logf("%.1f min: nobody passed within %v\n%s", time.Since(begin).Minutes(), patience, firstLines(s.status(), 5))
		}
		s.camera.Show(footage.Loop(nobody))
		now := s.sampled(daemon.PID, time.Since(begin).Minutes())
		samples = append(samples, now)
		t.Log(now)
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
	events, again, broken := s.fleet.state()
	t.Logf("%.0f minutes: %d times the exit button, %d in vain, and %d times more in a fault; %d people came, %d did not pass in time; faults %v", time.Since(begin).Minutes(), exits, shut, inFault, people, missed, seen)
	t.Logf("%d pulses of the relay, %d grants (%d for the exit button) and %d events at the subscriber, %d delivered again, chain: %v",
		relay, opened(), s.exits(), len(events), again, broken)
	if broken != nil || opened() < relay {
		t.Errorf("%d grants for %d pulses, chain %v", opened(), relay, broken)
	}
	if s.exits() < exits-shut {
		t.Errorf("%d exits at the subscriber, %d times the button opened without a fault", s.exits(), exits-shut)
	}
	flat(t, samples)
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

// warmUp is how much of the time says nothing of leaks: caches fill and the heap finds its size.
const warmUp = 3.0 // minutes

// flat judges memory, goroutines and descriptors after the warm-up. What lives on the heap is seen in the goal of the
// collector, which follows it; resident memory also rises while garbage fills the heap up to that goal for the first time,
// which the device reaches late because its own time is short.
func flat(t *testing.T, samples []sample) {
	t.Helper()
	for len(samples) > 3 && samples[0].minute < warmUp {
		samples = samples[1:]
	}
	const least = 3 // of which a straight line can be told from noise
	if len(samples) < least {
		t.Fatalf("%d samples after the first %.0f minutes, at least %d wanted: too short a time to judge memory by", len(samples), warmUp, least)
	}
	first, last := samples[0], samples[len(samples)-1]
	minute := func(s sample) float64 { return s.minute }
	device := func(s sample) float64 { return s.device }
	own := func(s sample) float64 { return s.own }
	resident := trendIn(samples, minute, own)
	t.Logf("after the warm-up, %d samples in %.1f min, %.2f min of the device's own time; slopes with their 95 %% bounds:", len(samples), last.minute-first.minute, last.device-first.device)
	t.Logf("  resident of its own  %.2f to %.2f MiB, %v MiB a minute here, %v a minute of the device", first.own, last.own, resident, trendIn(samples, device, own))
	if resident.slope > 0.2 && resident.low > 0 {
		t.Errorf("resident memory grows by %v MiB a minute, limit 0.20", resident)
	}
	for _, c := range []struct {
		name    string
		of      func(sample) float64
		allowed float64 // what it may have grown at the end; 0: not judged by itself
	}{
		{"resident of files", func(s sample) float64 { return s.mapped }, 0},
		{"heap", func(s sample) float64 { return s.heap }, 0},
		{"goal of the collector", func(s sample) float64 { return s.goal }, 1},
		{"heap with its reserve", func(s sample) float64 { return s.heapSys }, 0},
		{"stacks", func(s sample) float64 { return s.stacks }, 0},
		{"all that Go took", func(s sample) float64 { return s.sys }, 0}, // addresses, in steps of 4 MiB
		{"goroutines", func(s sample) float64 { return s.goroutines }, 4},
		{"threads", func(s sample) float64 { return s.threads }, 0},
		{"descriptors", func(s sample) float64 { return s.open }, 4},
	} {
		slope := trendIn(samples, minute, c.of)
		t.Logf("  %-20s %.2f to %.2f, %v a minute here", c.name, c.of(first), c.of(last), slope)
		if c.allowed > 0 && slope.low > 0 && c.of(last)-c.of(first) > c.allowed {
			t.Errorf("%s: from %.2f to %.2f, %v a minute", c.name, c.of(first), c.of(last), slope)
		}
	}
	// Beside what Go counts there are the program's variables and the kernel's rounding.
	const beside = 4
	if last.own > last.sys+beside {
		t.Errorf("%.2f MiB are resident of its own, Go took %.2f: something else grows", last.own, last.sys)
	}
}
