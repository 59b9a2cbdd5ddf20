package terminal

import (
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/daemon/passage"
	"umbral/drivers/door"
)

// TestAlarmsAreConditions sets each alarm alone, and takes it back.
func TestAlarmsAreConditions(t *testing.T) {
	for _, c := range []struct {
		alarms passage.Alarms
		code   string
		text   string
		heard  bool
	}{
		{passage.Alarms{Forced: true}, "door-forced", "nothing had released it", true},
		{passage.Alarms{Housing: true}, "housing-open", "housing", true},
		{passage.Alarms{Held: true}, "door-held-open", "too long", false},
		{passage.Alarms{Chatter: 1 << passage.InputContact}, "input-chatters", "contact", false},
	} {
		var signs []door.Sign
		a := &alarms{health: newHealth(time.Now), show: func(s door.Sign) { signs = append(signs, s) }}
		a.shown(passage.Screen{Code: passage.ScreenLook})
		a.set(c.alarms)
		shown := a.health.shown()
		if len(shown) != 1 || shown[0].code != c.code || !strings.Contains(shown[0].text, c.text) {
			t.Errorf("%+v: conditions %+v", c.alarms, shown)
		}
		a.set(c.alarms) // again, as when another input changes: it sounds once
		a.shown(passage.Screen{Code: passage.ScreenGranted})
		a.set(passage.Alarms{})
		if shown := a.health.shown(); len(shown) != 0 {
			t.Errorf("%+v: afterwards %+v", c.alarms, shown)
		}
		want := []door.Sign{door.Busy, door.Granted}
		if c.heard {
			want = []door.Sign{door.Busy, door.Alarm, door.Granted, door.Granted}
		}
		if !slices.Equal(signs, want) {
			t.Errorf("%+v: signs %v, wanted %v", c.alarms, signs, want)
		}
	}
}

// TestForcedDoorIsACondition plays a forced door through a whole terminal's decider.
func TestForcedDoorIsACondition(t *testing.T) {
	b := newBench(t)
	h := newHealth(time.Now)
	a := &alarms{health: h, show: func(door.Sign) {}}
	b.alarmed = a.set
	see := func(c passage.Contact) {
		b.observe(passage.Observation{Kind: passage.ObserveDoor, Door: passage.Door{Contact: c}})
	}
	see(passage.ContactClosed)
	b.clock.Start = b.clock.Start.Add(-time.Hour)
	see(passage.ContactOpen)
	if shown := h.shown(); len(shown) != 1 || shown[0].code != "door-forced" {
		t.Errorf("conditions %+v", shown)
	}
	see(passage.ContactClosed)
	if shown := h.shown(); len(shown) != 0 {
		t.Errorf("conditions %+v after the door was closed", shown)
	}
}
