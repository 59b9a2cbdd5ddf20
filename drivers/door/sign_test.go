package door

import (
	"testing"
	"time"
)

// TestSigns walks through each sign as a driver does.
func TestSigns(t *testing.T) {
	for _, c := range []struct {
		sign         Sign
		lamp, buzzer int           // times that each goes on
		length       time.Duration // until nothing changes any more
	}{
		{Rest, 0, 0, 0},
		{Busy, 30, 0, 30 * time.Second},
		{Granted, 1, 1, 2 * time.Second},
		{Denied, 3, 3, 750 * time.Millisecond},
		{Alarm, 300, 300, time.Minute},
		{Sign(99), 0, 0, 0},
	} {
		var at time.Duration
		var wasLamp, wasBuzzer bool
		lamps, buzzers := 0, 0
		for range 2000 {
			lamp, buzzer, next := c.sign.At(at)
			if lamp && !wasLamp {
				lamps++
			}
			if buzzer && !wasBuzzer {
				buzzers++
			}
			wasLamp, wasBuzzer = lamp, buzzer
			if next == 0 {
				break
			}
			if l, b, _ := c.sign.At(at + next - 1); l != lamp || b != buzzer {
				t.Errorf("%v changes before %v", c.sign, at+next)
			}
			at += next
		}
		if lamps != c.lamp || buzzers != c.buzzer || at != c.length || wasLamp || wasBuzzer {
			t.Errorf("%v: lamp %d times, buzzer %d, for %v; wanted %d, %d, %v", c.sign, lamps, buzzers, at, c.lamp, c.buzzer, c.length)
		}
	}
	if l, b, n := Sign(len(patterns)).At(0); l || b || n != 0 {
		t.Error("the first unknown sign shows")
	}
	if s := Sign(len(signNames)).String(); s != "sign(5)" {
		t.Errorf("the first unknown sign is called %s", s)
	}
	if l, b, n := Granted.At(-1); l || b || n != 0 {
		t.Error("a sign in the future shows")
	}
	for s, want := range map[Sign]string{Rest: "rest", Alarm: "alarm", 99: "sign(99)"} {
		if s.String() != want {
			t.Errorf("%v, wanted %s", s, want)
		}
	}
}
