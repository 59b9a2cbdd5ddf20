package evidence

import (
	"sort"
	"time"
)

// DayBegins returns the first instant of a local day. Midnight is no answer: where the clocks go forward at midnight there
// is none, and where they go back there are two.
func DayBegins(year int, month time.Month, day int, loc *time.Location) time.Time {
	noon := time.Date(year, month, day-1, 12, 0, 0, 0, loc)
	begins := time.Date(year, month, day, 0, 0, 0, 0, time.UTC) // as a date, so that months and years carry over
	seconds := sort.Search(int(48*time.Hour/time.Second), func(s int) bool {
		y, m, d := noon.Add(time.Duration(s) * time.Second).Date()
		return !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(begins)
	})
	return noon.Add(time.Duration(seconds) * time.Second)
}
