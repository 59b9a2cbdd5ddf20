package idnumber

import (
	"fmt"
	"strconv"
	"strings"
)

// Length is the length of a citizen number in characters, which are all ASCII.
const Length = 18

// Number is a citizen number taken apart.
type Number struct {
	Region   string // six digits of GB/T 2260
	Birth    Date
	Sequence int // odd for men, even for women
	Check    byte
}

// Male reports whether the sequence number is a man's.
func (n *Number) Male() bool { return n.Sequence%2 == 1 }

// Parse takes a citizen number apart. It checks the form alone: eighteen characters, digits except for the last, which
// may be X.
func Parse(text string) (Number, error) {
	if len(text) != Length {
		return Number{}, fmt.Errorf("idnumber: number of %d characters, want %d", len(text), Length)
	}
	for i := range Length {
		if c := text[i]; (c < '0' || c > '9') && (c != 'X' || i < Length-1) {
			return Number{}, fmt.Errorf("idnumber: number has %q in place %d, want a digit (or X in the last place)", c, i+1)
		}
	}
	n := Number{Region: text[:6], Check: text[Length-1]}
	n.Birth, _ = ParseDate(text[6:10], text[10:12], text[12:14])
	n.Sequence, _ = strconv.Atoi(text[14:17])
	return n, nil
}

// WellFormed reports whether text has the form of a citizen number. Unlike Parse it lets the last character be a small x,
// which people type and other systems send.
func WellFormed(text string) bool {
	if len(text) == Length && text[Length-1] == 'x' {
		text = text[:Length-1] + "X"
	}
	_, err := Parse(text)
	return err == nil
}

// Canonical returns a citizen number as it is printed, with a large X, and any other text as it is.
func Canonical(text string) string {
	if WellFormed(text) {
		return strings.ToUpper(text)
	}
	return text
}

// Birth returns the birth date within a number of which at least the first fourteen characters are there. It reports
// whether that is a day of the calendar.
func Birth(text string) (Date, bool) {
	if len(text) < 14 {
		return Date{}, false
	}
	d, ok := ParseDate(text[6:10], text[10:12], text[12:14])
	return d, ok && d.Exists()
}

// CheckDigit returns the last character of a number whose other characters are digits (ISO 7064, MOD 11-2; any length), or
// 0 where one of them is not a digit.
func CheckDigit(digits string) byte {
	p := 0
	for i := range len(digits) {
		c := digits[i]
		if c < '0' || c > '9' {
			return 0
		}
		p = (p + int(c-'0')) * 2 % 11
	}
	return "0123456789X"[(12-p)%11]
}
