package document

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day as it is printed; it may be one that no calendar has.
type Date struct{ Year, Month, Day int }

// DateOf is the day of an instant in its own time zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, int(m), d}
}

// String gives YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Exists tells whether the Gregorian calendar has the day.
func (d Date) Exists() bool {
	return d.Year > 0 && DateOf(time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)) == d
}

// Before compares two days.
func (d Date) Before(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// Age is how many full years lie between birth and day.
func (d Date) Age(day Date) int {
	age := day.Year - d.Year
	if day.Month < d.Month || day.Month == d.Month && day.Day < d.Day {
		age--
	}
	return age
}

// ParseBirth takes apart a date such as 1994年10月26日; months and days are printed without leading zeros.
func ParseBirth(text string) (Date, bool) {
	y, rest, ok1 := strings.Cut(text, "年")
	m, rest, ok2 := strings.Cut(rest, "月")
	d, rest, ok3 := strings.Cut(rest, "日")
	if !ok1 || !ok2 || !ok3 || rest != "" {
		return Date{}, false
	}
	return dateOf(y, m, d)
}

// longTerm is what is printed instead of an end.
const longTerm = "长期"

// ParseValidity takes apart a term such as 2015.07.15-2035.07.15; to is the zero Date for 长期, without end.
func ParseValidity(text string) (from, to Date, ok bool) {
	a, b, ok := strings.Cut(text, "-")
	if !ok {
		return from, to, false
	}
	if from, ok = dotted(a); !ok || b == longTerm {
		return from, to, ok
	}
	to, ok = dotted(b)
	return from, to, ok
}

func dotted(text string) (Date, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(parts[1]) != 2 || len(parts[2]) != 2 {
		return Date{}, false
	}
	return dateOf(parts[0], parts[1], parts[2])
}

// dateOf reads four, and one or two, and one or two decimal digits.
func dateOf(y, m, d string) (out Date, ok bool) {
	for _, part := range []struct {
		text        string
		least, most int
		to          *int
	}{{y, 4, 4, &out.Year}, {m, 1, 2, &out.Month}, {d, 1, 2, &out.Day}} {
		if len(part.text) < part.least || len(part.text) > part.most || strings.Trim(part.text, "0123456789") != "" {
			return Date{}, false
		}
		n, err := strconv.Atoi(part.text)
		if err != nil {
			return Date{}, false
		}
		*part.to = n
	}
	return out, true
}
