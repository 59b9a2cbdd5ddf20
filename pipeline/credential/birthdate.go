package credential

import (
	"errors"
	"fmt"
	"time"
)

// Errors of Identity.BirthDate. They are kept apart because an age that nobody stated is a matter of policy, while one
// that was stated and cannot be read must never count as unstated.
var (
	ErrNoBirthDate         = errors.New("credential: no date of birth")
	ErrUnreadableBirthDate = errors.New("credential: unreadable date of birth")
)

// earliestBirth is the first year in which somebody alive may have been born. An earlier one is a slip or a placeholder
// that would make its bearer of age.
const earliestBirth = 1900

// BirthDate is a date of birth as far as it is known. Registries record a year, or a year and a month, for people whose
// day of birth nobody knows.
type BirthDate struct {
	Year  int
	Month time.Month // 0 where only the year is known
	Day   int        // 0 where the day is not known
}

// Exact reports whether the day is known.
func (b BirthDate) Exact() bool { return b.Day != 0 }

// Earliest returns the first day, at midnight UTC, on which the person may have been born.
func (b BirthDate) Earliest() time.Time {
	return time.Date(b.Year, max(b.Month, time.January), max(b.Day, 1), 0, 0, 0, 0, time.UTC)
}

// Latest returns the last day, at midnight UTC, on which the person may have been born. It gives the youngest possible
// age, which is the one to judge by.
func (b BirthDate) Latest() time.Time {
	switch {
	case b.Month == 0:
		return time.Date(b.Year, time.December, 31, 0, 0, 0, 0, time.UTC)
	case b.Day == 0:
		return time.Date(b.Year, b.Month+1, 0, 0, 0, 0, 0, time.UTC)
	}
	return b.Earliest()
}

// String returns the date as YYYY, YYYY-MM or YYYY-MM-DD.
func (b BirthDate) String() string {
	switch {
	case b.Month == 0:
		return fmt.Sprintf("%04d", b.Year)
	case b.Day == 0:
		return fmt.Sprintf("%04d-%02d", b.Year, b.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", b.Year, b.Month, b.Day)
}

// midnight is the time of day that some issuers of HCERT write after the day. It holds no element of a layout.
const midnight = "T00:00:00"

// ParseBirthDate reads YYYYMMDD, YYYY-MM-DD, YYYY-MM or YYYY. The error is ErrNoBirthDate for an empty text and wraps
// ErrUnreadableBirthDate for every other text. Six digits are unreadable: nobody can tell YYYYMM from YYMMDD.
func ParseBirthDate(text string) (BirthDate, error) {
	if text == "" {
		return BirthDate{}, ErrNoBirthDate
	}
	for _, form := range []struct {
		layout     string
		month, day bool
	}{
		{"20060102", true, true}, {time.DateOnly, true, true}, {time.DateOnly + midnight, true, true},
		{"2006-01", true, false}, {"2006", false, false},
	} {
		t, err := time.Parse(form.layout, text)
		if err != nil || t.Year() < earliestBirth {
			continue
		}
		b := BirthDate{Year: t.Year()}
		if form.month {
			b.Month = t.Month()
		}
		if form.day {
			b.Day = t.Day()
		}
		return b, nil
	}
	return BirthDate{}, fmt.Errorf("%w: %.32q, wanted YYYYMMDD, YYYY-MM-DD, YYYY-MM or YYYY, from %d on",
		ErrUnreadableBirthDate, text, earliestBirth)
}

// BirthDate reads attribute 8 of claim 169, or the date of birth of an HCERT. See ParseBirthDate.
func (id *Identity) BirthDate() (BirthDate, error) { return ParseBirthDate(id.DateOfBirth) }
