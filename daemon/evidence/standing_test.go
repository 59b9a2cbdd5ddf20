package evidence

import (
	"testing"
	"time"

	"umbral/daemon/passage"
)

func TestSetBorn(t *testing.T) {
	for text, want := range map[string]string{
		"":           "",
		"2015-06-30": "2015-06-30",
		"20150630":   "2015-06-30",
		"2015":       "2015-12-31",
		"2015-06":    "2015-06-30",
		"2016-02":    "2016-02-29",
		"2015-12":    "2015-12-31",
		"20150631":   "unreadable",
		"2015/06/30": "unreadable",
		"30.06.2015": "unreadable",
		"201506":     "unreadable", // a month, or a date of six digits
		"2015-13":    "unreadable",
		"2015-6-3":   "unreadable",
		" 2015":      "unreadable",
		"unknown":    "unreadable",
		"0":          "unreadable",
	} {
		var s passage.Standing
		SetBorn(&s, text)
		got := ""
		switch {
		case s.Marks.Has(passage.BirthUnreadable):
			got = "unreadable"
		case s.BornKnown:
			got = time.Unix(int64(s.Born)*86_400, 0).UTC().Format(time.DateOnly)
		}
		if got != want || s.BornKnown && got == "unreadable" {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
