package document

import (
	"strings"
	"testing"
)

// The worked examples of ISO 7064 MOD 11-2 that are quoted everywhere, and the example of GB 11643-1999.
func TestCheckDigit(t *testing.T) {
	for digits, want := range map[string]byte{"0794": '0', "079": 'X', "11010519491231002": 'X', "44052418800101001": '4'} {
		if got := CheckDigit(digits); got != want {
			t.Errorf("check digit of %s is %c, want %c", digits, got, want)
		}
	}
	if got := CheckDigit("07a4"); got != 0 {
		t.Errorf("check digit of a letter is %q", got)
	}
}

func TestCheckDigitFindsEveryMistakeOfOneDigitAndEverySwap(t *testing.T) {
	const digits = "11010519491231002"
	right := CheckDigit(digits)
	for i := range digits {
		for d := byte('0'); d <= '9'; d++ {
			wrong := digits[:i] + string(d) + digits[i+1:]
			if d != digits[i] && CheckDigit(wrong) == right {
				t.Errorf("%s has the check digit of %s", wrong, digits)
			}
		}
		if i > 0 && digits[i] != digits[i-1] {
			swapped := digits[:i-1] + string(digits[i]) + string(digits[i-1]) + digits[i+1:]
			if CheckDigit(swapped) == right {
				t.Errorf("%s has the check digit of %s", swapped, digits)
			}
		}
	}
}

func TestParseNumber(t *testing.T) {
	n, err := ParseNumber("11010519491231002X")
	if err != nil || n.Region != "110105" || n.Birth != (Date{1949, 12, 31}) || n.Sequence != 2 || n.Sex() != "女" || n.Check != 'X' {
		t.Errorf("got %+v, %v", n, err)
	}
	for text, why := range map[string]string{
		"11010519491231002":   "17 characters",
		"1101051949123100X2":  "place 17",
		"11010519491231002x":  "place 18",
		"１1010519491231002":   "characters",
		"":                    "0 characters",
		"110105194912310021X": "19 characters",
	} {
		if _, err := ParseNumber(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	f.Add("11010519491231002X")
	f.Add("99999999999999999\x80")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNumber(text)
		if err != nil {
			return
		}
		if n.Check != 'X' && (n.Check < '0' || n.Check > '9') || len(text) != numberLength || !strings.HasPrefix(text, n.Region) {
			t.Errorf("%q became %+v", text, n)
		}
	})
}
