package document

import (
	"fmt"
	"strconv"
)

// Number is a citizen number taken apart (GB 11643-1999).
type Number struct {
	Region   string // six digits of GB/T 2260
	Birth    Date
	Sequence int // odd for men, even for women
	Check    byte
}

// Sex is 男 or 女 by the sequence.
func (n *Number) Sex() string {
	if n.Sequence%2 == 1 {
		return sexes[0]
	}
	return sexes[1]
}

// numberLength is the length of a citizen number.
const numberLength = 18

// ParseNumber takes a citizen number apart. It checks the form alone: eighteen characters, digits but for the last, which
// may be X.
func ParseNumber(text string) (Number, error) {
	if len(text) != numberLength {
		return Number{}, fmt.Errorf("document: number of %d characters, wanted %d", len(text), numberLength)
	}
	for i := range numberLength {
		if c := text[i]; (c < '0' || c > '9') && (c != 'X' || i < numberLength-1) {
			return Number{}, fmt.Errorf("document: number has %q in place %d, wanted a digit (or X in the last place)", c, i+1)
		}
	}
	n := Number{Region: text[:6], Check: text[17]}
	n.Birth.Year, _ = strconv.Atoi(text[6:10])
	n.Birth.Month, _ = strconv.Atoi(text[10:12])
	n.Birth.Day, _ = strconv.Atoi(text[12:14])
	n.Sequence, _ = strconv.Atoi(text[14:17])
	return n, nil
}

// CheckDigit computes the last character of a number from the digits before it (ISO 7064, MOD 11-2), of any length; 0
// where one of them is no digit.
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
