package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"umbral/scripts/device/control"
	"umbral/scripts/device/machine"
)

// Lines that "guest door" uses beside the relay's.
const (
	tamperLine    = 4
	lampLine      = 5
	buzzerLine    = 6
	interlockLine = 7
)

// doorLines sees lamp and buzzer from outside and drives the inputs.
func doorLines(t *testing.T, m *machine.Machine) {
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
	}{{1, "contact closed", "contact opened"}, {2, "button pressed", "button released"}, {tamperLine, "tampered", "tamper closed"}, {interlockLine, "other door opened", "other door closed"}} {
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
	// signs waits until lamp and buzzer have gone on so often, and then as long as it says for more. It returns how often they
	// did, how long that took and how long the first light was, 0 while it is on.
	signs := func(what string, lamps, buzzers int, more time.Duration) (lamp, buzzer int, took, first time.Duration) {
		t.Helper()
		var on time.Time
		take := func() {
			for _, e := range m.QTest.Edges() {
				switch {
				case e.Line == relayLine && e.High:
					t.Errorf("%s energised the relay", what)
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
		}
		begin := time.Now()
		until(t, 15*time.Second, what, func() (string, bool) {
			take()
			return fmt.Sprintf("lamp %d, buzzer %d", lamp, buzzer), lamp >= lamps && buzzer >= buzzers
		})
		took = time.Since(begin)
		time.Sleep(more)
		take()
		return lamp, buzzer, took, first
	}
	m.QTest.Edges()
	next()
	lamp, buzzer, _, light := signs("granted", 1, 1, 3*time.Second)
	if lamp != 1 || buzzer != 1 {
		t.Errorf("granted: lamp %d, buzzer %d, wanted once each", lamp, buzzer)
	}
	lasts(t, "the light after a grant", light, 1500*time.Millisecond)
	next()
	lamp, buzzer, took, _ := signs("denied", 3, 3, time.Second)
	within(t, "three signs of a denial", took, 2*time.Second)
	if lamp != 3 || buzzer != 3 {
		t.Errorf("denied: lamp %d, buzzer %d, wanted 3 each", lamp, buzzer)
	}
	next()
	_, _, took, _ = signs("alarm", 5, 5, 0)
	within(t, "five signs of an alarm", took, 2*time.Second)
	next() // rest
	time.Sleep(500 * time.Millisecond)
	m.QTest.Edges()
	if lamp, buzzer, _, _ := signs("rest", 0, 0, time.Second); lamp+buzzer > 0 {
		t.Errorf("rest: lamp %d, buzzer %d", lamp, buzzer)
	}
	next()
	_, buzzer, took, _ = signs("busy", 2, 0, 0)
	within(t, "two lights of a busy gate", took, 3*time.Second)
	if buzzer > 0 {
		t.Errorf("busy: the buzzer sounded %d times", buzzer)
	}
	run(t, m, "kill", "-TERM", fmt.Sprint(p.PID))
	if p, err := m.Process(t.Context(), "door", 5*time.Second); err != nil || p.Running || p.Exit != 0 {
		t.Errorf("%+v %v: %s", p, err, log())
	}
}
