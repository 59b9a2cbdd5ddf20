package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"umbral/scripts/device/control"
)

// Lines that "guest door" uses beside the relay's.
const (
	tamperLine = 4
	lampLine   = 5
	buzzerLine = 6
)

// TestDoorLines sees lamp and buzzer from outside and drives the inputs.
func TestDoorLines(t *testing.T) {
	m := booted(t, nil)
	chip, err := m.QMP.Find("pl061")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.QTest.Watch(chip); err != nil {
		t.Fatal(err)
	}
	p, err := m.Start(t.Context(), "door", control.Command{Args: []string{"guest", "door", "granted", "denied", "alarm", "rest", "busy"}})
	if err != nil {
		t.Fatal(err)
	}
	log := func() string {
		text, err := m.Get(t.Context(), "/run/door.log")
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	until(t, 10*time.Second, "the door", func() (string, bool) { return log(), strings.Contains(log(), "ready") })
	for _, in := range []struct {
		line      int
		high, low string
	}{{1, "contact closed", "contact opened"}, {2, "button pressed", "button released"}, {tamperLine, "tampered", "tamper closed"}} {
		for _, high := range []bool{true, false} {
			want := in.low
			if high {
				want = in.high
			}
			until(t, 10*time.Second, want, func() (string, bool) {
				if err := m.QTest.Drive(chip, in.line, high); err != nil {
					t.Fatal(err)
				}
				text := log()
				return text, strings.Contains(text, "event "+want)
			})
		}
	}
	next := func() { run(t, m, "kill", "-USR1", fmt.Sprint(p.PID)) }
	// rises counts how often lamp and buzzer go on within that time, and says how long the first light was.
	rises := func(d time.Duration) (lamp, buzzer int, first time.Duration) {
		time.Sleep(time.Duration(float64(d) * busy()))
		var on time.Time
		for _, e := range m.QTest.Edges() {
			switch {
			case e.Line == relayLine && e.High:
				t.Error("a sign energised the relay")
			case e.Line == lampLine && e.High:
				if lamp++; lamp == 1 {
					on = e.At
				}
			case e.Line == lampLine && lamp == 1 && first == 0:
				first = e.At.Sub(on)
			case e.Line == buzzerLine && e.High:
				buzzer++
			}
		}
		return lamp, buzzer, first
	}
	m.QTest.Edges()
	next()
	if lamp, buzzer, first := rises(3 * time.Second); lamp != 1 || buzzer != 1 || first < 1500*time.Millisecond {
		t.Errorf("granted: lamp %d, buzzer %d, the light for %v; wanted once each, 2 s", lamp, buzzer, first)
	}
	next()
	if lamp, buzzer, _ := rises(2 * time.Second); lamp != 3 || buzzer != 3 {
		t.Errorf("denied: lamp %d, buzzer %d, wanted 3 each", lamp, buzzer)
	}
	next()
	if lamp, buzzer, _ := rises(2 * time.Second); lamp < 5 || buzzer < 5 {
		t.Errorf("alarm: lamp %d, buzzer %d in 2 s", lamp, buzzer)
	}
	next() // rest
	time.Sleep(500 * time.Millisecond)
	m.QTest.Edges()
	if lamp, buzzer, _ := rises(time.Second); lamp+buzzer > 0 {
		t.Errorf("rest: lamp %d, buzzer %d", lamp, buzzer)
	}
	next()
	if lamp, buzzer, _ := rises(3 * time.Second); lamp < 2 || buzzer > 0 {
		t.Errorf("busy: lamp %d, buzzer %d in 3 s", lamp, buzzer)
	}
	run(t, m, "kill", "-TERM", fmt.Sprint(p.PID))
	if p, err := m.Process(t.Context(), "door", 5*time.Second); err != nil || p.Running || p.Exit != 0 {
		t.Errorf("%+v %v: %s", p, err, log())
	}
}
