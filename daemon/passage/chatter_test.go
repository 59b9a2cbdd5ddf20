package passage

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// chatterCase plays an input: event i of it, and the alerts that are journalled at once.
type chatterCase struct {
	input  Input
	event  func(i int) Observation
	first  []string // what is journalled at once
	sum    Reason   // of the sum after an even number of further events
	events int      // that count of the first period's, of 600
}

func chatterCases() []chatterCase {
	door := func(d Door) Observation { return Observation{Kind: ObserveDoor, Door: d} }
	return []chatterCase{
		{InputHousing, func(i int) Observation { return door(Door{Contact: ContactClosed, Tamper: i%2 == 0}) },
			[]string{"alert housing-open", "alert housing-closed"}, ReasonTamperClosed, 598},
		{InputContact, func(i int) Observation { return door(Door{Contact: []Contact{ContactOpen, ContactClosed}[i%2]}) },
			[]string{"alert door-forced", "alert door-closed"}, ReasonDoorClosed, 598},
		{InputHardware, func(i int) Observation { return door(Door{Contact: ContactClosed, Fault: i%2 == 0}) },
			[]string{"alert door-fault", "alert door-recovered"}, ReasonDoorRecovered, 598},
		{InputCamera, func(i int) Observation { return Observation{Kind: ObserveCamera, Up: i%2 == 1} },
			[]string{"alert camera-lost", "alert camera-back"}, ReasonCameraBack, 598},
		{InputInterlock, func(i int) Observation { return Observation{Kind: ObserveInterlock, Up: i%2 == 0} },
			[]string{}, ReasonInterlockChatters, 590},
	}
}

// closedGate is a gate whose door is known to be closed.
func closedGate(t *testing.T) *gate {
	g := newGate(t, testRules())
	g.see(Observation{Kind: ObserveDoor, Door: Door{Contact: ContactClosed}})
	g.wait(time.Second)
	return g
}

// sums are the alerts that tell of several events.
func (g *gate) sums() (list []string) {
	for _, e := range g.entries {
		var a Alert
		if e.Entry != EntryAlert {
			continue
		}
		if err := json.Unmarshal(e.Record, &a); err != nil {
			g.t.Fatal(err)
		}
		if a.Count > 0 {
			list = append(list, fmt.Sprintf("%s ×%d", a.Reason, a.Count))
		}
	}
	return list
}

// TestChatterIsSummedUp lets each input change ten times a second for three minutes, and then be calm.
func TestChatterIsSummedUp(t *testing.T) {
	for _, c := range chatterCases() {
		t.Run(c.input.String(), func(t *testing.T) {
			g := closedGate(t)
			for i := range 1800 {
				g.see(c.event(i))
				if i == 50 && !g.alarms.Chatter.Has(c.input) {
					t.Error("no alarm while it chatters")
				}
				g.now = g.now.Add(100 * time.Millisecond)
			}
			if got := g.verdicts(); len(got) != len(c.first)+2 || !slices.Equal(got[:len(c.first)], c.first) {
				t.Errorf("in three minutes: %q", got)
			}
			g.wait(2 * time.Minute)
			want := []string{fmt.Sprintf("%s ×%d", c.sum, c.events), fmt.Sprintf("%s ×600", c.sum), fmt.Sprintf("%s ×600", c.sum)}
			if diff := cmp.Diff(want, g.sums()); diff != "" {
				t.Errorf("sums (-want +got):\n%s", diff)
			}
			if g.alarms != (Alarms{}) {
				t.Errorf("afterwards there is still an alarm: %+v", g.alarms)
			}
			before := len(g.entries)
			g.see(c.event(0))
			g.see(c.event(1))
			if got := g.verdicts()[before:]; !slices.Equal(got, c.first) {
				t.Errorf("after a calm period: %q, wanted %q", got, c.first)
			}
		})
	}
}

// TestChatterOfOneInputHidesNoOther forces the door while everything else chatters.
func TestChatterOfOneInputHidesNoOther(t *testing.T) {
	for _, c := range chatterCases() {
		if c.input == InputContact || c.input == InputHardware {
			continue // without its hardware the door's contact is unknown
		}
		g := closedGate(t)
		for i := range 40 {
			g.see(c.event(i))
		}
		before := len(g.entries)
		g.see(Observation{Kind: ObserveDoor, Door: Door{Contact: ContactOpen}})
		if got := g.verdicts()[before:]; !slices.Equal(got, []string{"alert door-forced"}) || !g.alarms.Forced {
			t.Errorf("%v chatters: %q, alarms %+v", c.input, got, g.alarms)
		}
	}
}

// TestChatterEndsInTheLastState opens the housing as the last of many changes: the sum says that it is open.
func TestChatterEndsInTheLastState(t *testing.T) {
	g := closedGate(t)
	for i := range 21 {
		g.see(chatterCases()[0].event(i))
	}
	if !g.alarms.Housing {
		t.Error("no alarm of the housing")
	}
	g.wait(2 * time.Minute)
	if diff := cmp.Diff([]string{"housing-open ×19"}, g.sums()); diff != "" {
		t.Error(diff)
	}
}

// TestExitButtonThatBounces presses for ten minutes: the door still opens again and again, but seldom.
func TestExitButtonThatBounces(t *testing.T) {
	g := closedGate(t)
	for range 6000 {
		g.see(Observation{Kind: ObserveExit})
		g.now = g.now.Add(100 * time.Millisecond)
	}
	if n := len(g.opens); n < 10*60/15 || n > 10*60/15+3 {
		t.Errorf("the door opened %d times in ten minutes", n)
	}
	if sums := g.sums(); len(sums) != 9 || sums[0] != "exit-button-chatters ×570" || sums[1] != "exit-button-chatters ×600" {
		t.Errorf("sums %q", sums)
	}
	if !g.alarms.Chatter.Has(InputExit) {
		t.Error("no alarm")
	}
	g.wait(3 * time.Minute)
	before := len(g.opens)
	for range 10 { // people who leave one after the other
		g.see(Observation{Kind: ObserveExit})
		g.wait(4 * time.Second)
	}
	if n := len(g.opens) - before; n != 10 {
		t.Errorf("ten people pressed, the door opened %d times", n)
	}
}

// TestInterlockThatChattersCountsAsOpen tries a passage while the other door's contact rattles, and after it.
func TestInterlockThatChattersCountsAsOpen(t *testing.T) {
	g := closedGate(t)
	for i := range 40 {
		g.see(Observation{Kind: ObserveInterlock, Up: i%2 == 0}) // ends closed
	}
	g.frames(20, known(1, "ann"))
	if len(g.opens) != 0 {
		t.Error("the door opened")
	}
	g.wait(3 * time.Minute)
	g.frames(20, known(2, "bob"))
	if len(g.opens) != 1 {
		t.Errorf("after a calm period the door opened %d times", len(g.opens))
	}
}

// TestDoorAlarms follows the alarms of the door.
func TestDoorAlarms(t *testing.T) {
	g := closedGate(t)
	step := func(c Contact, relay bool, wait time.Duration, want Alarms) {
		t.Helper()
		g.see(Observation{Kind: ObserveDoor, Door: Door{Contact: c, Relay: relay}})
		g.wait(wait)
		if g.alarms != want {
			t.Errorf("alarms %+v, wanted %+v", g.alarms, want)
		}
	}
	step(ContactOpen, true, time.Second, Alarms{})
	step(ContactOpen, false, testRules().HeldOpen, Alarms{Held: true})
	step(ContactUnknown, false, time.Second, Alarms{Held: true})
	step(ContactOpen, false, time.Second, Alarms{Held: true})
	step(ContactClosed, false, time.Minute, Alarms{})
	step(ContactOpen, false, time.Second, Alarms{Forced: true})
	step(ContactOpen, false, testRules().HeldOpen, Alarms{Forced: true, Held: true})
	step(ContactClosed, false, time.Second, Alarms{})
	want := []string{"alert door-held-open", "alert door-closed", "alert door-forced", "alert door-held-open", "alert door-closed"}
	if diff := cmp.Diff(want, g.verdicts()); diff != "" {
		t.Error(diff)
	}
}

func TestInputSet(t *testing.T) {
	s := InputSet(1<<InputContact | 1<<InputInterlock)
	if got := s.Names(); !slices.Equal(got, []string{"contact", "interlock"}) {
		t.Errorf("names %q", got)
	}
	if Input(99).String() == "" {
		t.Error("an unknown input has no name")
	}
}
