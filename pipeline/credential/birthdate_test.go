package credential

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseBirthDate(t *testing.T) {
	for text, want := range map[string]struct {
		date             BirthDate
		earliest, latest string
	}{
		"20150630":            {BirthDate{2015, time.June, 30}, "2015-06-30", "2015-06-30"},
		"2015-06-30":          {BirthDate{2015, time.June, 30}, "2015-06-30", "2015-06-30"},
		"2015-06-30T00:00:00": {BirthDate{2015, time.June, 30}, "2015-06-30", "2015-06-30"},
		"2015-06":             {BirthDate{2015, time.June, 0}, "2015-06-01", "2015-06-30"},
		"2016-02":             {BirthDate{2016, time.February, 0}, "2016-02-01", "2016-02-29"},
		"2015-12":             {BirthDate{2015, time.December, 0}, "2015-12-01", "2015-12-31"},
		"2015":                {BirthDate{2015, 0, 0}, "2015-01-01", "2015-12-31"},
		"1900":                {BirthDate{1900, 0, 0}, "1900-01-01", "1900-12-31"},
	} {
		got, err := ParseBirthDate(text)
		if err != nil || got != want.date {
			t.Errorf("%q gives %+v, %v; want %+v", text, got, err, want.date)
		}
		if e, l := got.Earliest().Format(time.DateOnly), got.Latest().Format(time.DateOnly); e != want.earliest ||
			l != want.latest {
			t.Errorf("%q is from %s to %s, want %s to %s", text, e, l, want.earliest, want.latest)
		}
		if again, err := ParseBirthDate(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which gives %+v, %v", text, got, again, err)
		}
		if got.Exact() != (want.earliest == want.latest) {
			t.Errorf("%q: exact %v", text, got.Exact())
		}
	}
	for _, text := range []string{
		"20150631", "2015/06/30", "20150600", "20151301", "201506", "15", "150630", "2015-6-3", "30.06.2015", " 2015",
		"2015 ", "2015-06-30Z",
		"2015-06-30T12:00:00", "20150630T00:00:00", "2015T00:00:00", "T00:00:00", "2015-02-29", "00010101", "0000",
		"18991231", "-2015", "+201", "２０１５",
		"unknown", "2015-XX-XX", strings.Repeat("9", 1000),
	} {
		if got, err := ParseBirthDate(text); !errors.Is(err, ErrUnreadableBirthDate) || errors.Is(err, ErrNoBirthDate) {
			t.Errorf("%.40q gives %+v, %v; want it unreadable", text, got, err)
		}
	}
	if _, err := ParseBirthDate(""); err != ErrNoBirthDate {
		t.Errorf("nothing: %v", err)
	}
}
