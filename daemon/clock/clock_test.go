package clock

import (
	"testing"
	"time"

	"umbral/config/policy"
)

func TestClockThatJumpsIsNotTrusted(t *testing.T) {
	synced := false
	c := New(true, time.Second)
	c.rtc, c.synced = true, func() bool { return synced }
	if _, trust := c.Read(); trust != policy.TrustRTC {
		t.Errorf("trust %v with a battery clock, want rtc", trust)
	}
	real := c.now
	c.now = func() (time.Time, time.Duration) {
		wall, since := real()
		return wall.Add(time.Hour), since
	}
	if _, trust := c.Read(); trust != policy.TrustUnknown {
		t.Errorf("trust %v after a jump, want unknown", trust)
	}
	synced = true
	if _, trust := c.Read(); trust != policy.TrustNTP {
		t.Errorf("trust %v with NTP, want ntp", trust)
	}
	synced = false
	if _, trust := c.Read(); trust != policy.TrustRTC {
		t.Errorf("trust %v after NTP has set the clock, want rtc", trust)
	}
}

// A battery clock is believed between the last trusted time and some years after it.
func TestBatteryClockHasToFit(t *testing.T) {
	last := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"no battery", time.Date(1970, 1, 1, 0, 0, 10, 0, time.UTC), "unknown"},
		{"a flat battery", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "unknown"},
		{"after the build, before the last trusted time", last.Add(-time.Hour), "unknown"},
		{"a little slow", last.Add(-30 * time.Second), "rtc"},
		{"right", last.Add(time.Hour), "rtc"},
		{"a year in a drawer", last.AddDate(1, 0, 0), "rtc"},
		{"an NTP era later", time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC), "unknown"},
		{"far ahead", time.Date(2165, 1, 1, 0, 0, 0, 0, time.UTC), "unknown"},
	} {
		clock := New(false, time.Second)
		clock.rtc, clock.Start = true, c.at
		clock.now = func() (time.Time, time.Duration) { return c.at, 0 }
		clock.Trusted(last)
		if _, trust := clock.Read(); trust.String() != c.want {
			t.Errorf("%s, %v: trust %v, want %s", c.name, c.at, trust, c.want)
		}
	}
	fresh := New(false, time.Second)
	fresh.rtc, fresh.least = true, earliest
	fresh.now = func() (time.Time, time.Duration) { return earliest.Add(-24 * time.Hour), 0 }
	if _, trust := fresh.Read(); trust.String() != "unknown" {
		t.Errorf("before the program was made: trust %v", trust)
	}
}
