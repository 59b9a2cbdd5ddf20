package idnumber

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day as printed. It may be one that no calendar has.
type Date struct{ Year, Month, Day int }

// DateOf returns the day of t in t's own time zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, int(m), d}
}

// ParseDate reads a year of four decimal digits, and a month and a day of one or two. It reports whether they have that
// form, not whether the day exists.
func ParseDate(year, month, day string) (d Date, ok bool) {
	for _, part := range []struct {
		text        string
		least, most int
		to          *int
	}{{year, 4, 4, &d.Year}, {month, 1, 2, &d.Month}, {day, 1, 2, &d.Day}} {
		if len(part.text) < part.least || len(part.text) > part.most || strings.Trim(part.text, "0123456789") != "" {
			return Date{}, false
		}
		n, err := strconv.Atoi(part.text)
		if err != nil {
			return Date{}, false
		}
		*part.to = n
	}
	return d, true
}

// String returns d as YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Exists reports whether the Gregorian calendar has the day.
func (d Date) Exists() bool {
	return d.Year > 0 && DateOf(time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)) == d
}

// Before reports whether d is an earlier day than o.
func (d Date) Before(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// Age returns the full years from d, a birth date, to day.
func (d Date) Age(day Date) int {
	age := day.Year - d.Year
	if day.Month < d.Month || day.Month == d.Month && day.Day < d.Day {
		age--
	}
	return age
}
