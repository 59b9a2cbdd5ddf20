package policy

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		w      Window
		day    time.Weekday
		minute uint16
		want   bool
	}{
		{Window{1 << time.Monday, 480, 1080}, time.Monday, 479, false},
		{Window{1 << time.Monday, 480, 1080}, time.Monday, 480, true},
		{Window{1 << time.Monday, 480, 1080}, time.Monday, 1080, false},
		{Window{1 << time.Monday, 480, 1080}, time.Tuesday, 500, false},
		{Window{1 << time.Saturday, 1320, 360}, time.Saturday, 1400, true},
		{Window{1 << time.Saturday, 1320, 360}, time.Sunday, 359, true},
		{Window{1 << time.Saturday, 1320, 360}, time.Saturday, 100, false},
		{Window{1 << time.Monday, 0, 1440}, time.Monday, 1439, true},
		{Window{}, time.Monday, 0, false},
	} {
		if got := c.w.Check() && c.w.Holds(c.day, c.minute); got != c.want {
			t.Errorf("%+v on %v at %d: %v", c.w, c.day, c.minute, got)
		}
	}
}
