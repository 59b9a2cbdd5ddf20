package evidence

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestDayBegins(t *testing.T) {
	for _, c := range []struct {
		zone  string
		year  int
		month time.Month
		day   int
		want  string
	}{
		{"UTC", 2026, 9, 6, "2026-09-06T00:00:00Z"},
		{"America/Santiago", 2026, 9, 6, "2026-09-06T01:00:00-03:00"}, // there is no midnight
		{"America/Santiago", 2026, 4, 5, "2026-04-05T00:00:00-04:00"}, // 23:00 comes twice, and belongs to the day before
		{"America/Havana", 2026, 11, 1, "2026-11-01T00:00:00-04:00"},  // midnight comes twice
		{"Europe/Berlin", 2026, 3, 29, "2026-03-29T00:00:00+01:00"},
		{"Europe/Berlin", 2026, 13, 1, "2027-01-01T00:00:00+01:00"},
		{"Asia/Shanghai", 2028, 2, 30, "2028-03-01T00:00:00+08:00"},
		{"Pacific/Apia", 2011, 12, 30, "2011-12-31T00:00:00+14:00"}, // the day was left out
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		got := DayBegins(c.year, c.month, c.day, loc)
		if s := got.Format(time.RFC3339); s != c.want {
			t.Errorf("%s %d-%d-%d begins at %s, want %s", c.zone, c.year, c.month, c.day, s, c.want)
		}
	}
}
