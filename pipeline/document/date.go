package document

import (
	"strings"
	"time"

	"umbral/pipeline/document/idnumber"
)

// Date is a day as printed. It may be one that no calendar has.
type Date = idnumber.Date

// DateOf returns the day of t in t's own time zone.
func DateOf(t time.Time) Date { return idnumber.DateOf(t) }

// ParseBirth takes apart a date such as 1994年10月26日. Months and days are printed without leading zeros.
func ParseBirth(text string) (Date, bool) {
	y, rest, ok1 := strings.Cut(text, "年")
	m, rest, ok2 := strings.Cut(rest, "月")
	d, rest, ok3 := strings.Cut(rest, "日")
	if !ok1 || !ok2 || !ok3 || rest != "" {
		return Date{}, false
	}
	return idnumber.ParseDate(y, m, d)
}

// longTerm is printed in place of an end.
const longTerm = "长期"

// ParseValidity takes apart a term such as 2015.07.15-2035.07.15. to is the zero Date for 长期, without end.
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
	return idnumber.ParseDate(parts[0], parts[1], parts[2])
}
