package idnumber

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
	for _, digits := range []string{"07a4", "07/4", "07 4"} {
		if got := CheckDigit(digits); got != 0 {
			t.Errorf("check digit of %q is %q", digits, got)
		}
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

func TestParse(t *testing.T) {
	n, err := Parse("11010519491231002X")
	if err != nil || n.Region != "110105" || n.Birth != (Date{1949, 12, 31}) || n.Sequence != 2 || n.Male() || n.Check != 'X' {
		t.Errorf("got %+v, %v", n, err)
	}
	if n.Male() {
		t.Error("an even sequence number is a man's")
	}
	if n, err := Parse("110105194912310031"); err != nil || !n.Male() {
		t.Errorf("an odd sequence number is a woman's: %v", err)
	}
	for text, why := range map[string]string{
		"11010519491231002":   "17 characters",
		"1101051949123100X2":  "place 17",
		"11010519491231002x":  "place 18",
		"１1010519491231002":   "characters",
		"":                    "0 characters",
		"110105194912310021X": "19 characters",
		"1101051949/231002X1": "19 characters",
		"11010/19491231002X":  "place 6",
		"1101051949123100 X":  "place 17",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("11010519491231002X")
	f.Add("99999999999999999\x80")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			return
		}
		if n.Check != 'X' && (n.Check < '0' || n.Check > '9') || len(text) != Length || !strings.HasPrefix(text, n.Region) {
			t.Errorf("%q became %+v", text, n)
		}
	})
}

func TestWellFormed(t *testing.T) {
	for text, want := range map[string]bool{
		"11010519491231002X": true, "11010519491231002x": true, "110105194912310021": true,
		"11010519491231002": false, "1101051949123100xX": false, "11010519491231002y": false, "110105194912310x2x": false, "1101051949123100x2": false, "": false, "x": false,
	} {
		if WellFormed(text) != want {
			t.Errorf("%q is well-formed: %v", text, !want)
		}
	}
}

func TestBirth(t *testing.T) {
	if d, ok := Birth("11010519491231"); !ok || d != (Date{1949, 12, 31}) {
		t.Errorf("14 digits: %v %v", d, ok)
	}
	for _, text := range []string{"1101051949123", "11010519490231002", "1101051949X231002", "110105194900000000", "11010519491", ""} {
		if d, ok := Birth(text); ok {
			t.Errorf("%q has the birth date %v", text, d)
		}
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		d      Date
		exists bool
	}{{Date{2024, 2, 29}, true}, {Date{2023, 2, 29}, false}, {Date{0, 1, 1}, false}, {Date{2023, 13, 1}, false}, {Date{2023, 1, 0}, false}} {
		if c.d.Exists() != c.exists {
			t.Errorf("%v exists: %v", c.d, !c.exists)
		}
	}
	day := Date{2020, 6, 15}
	for _, c := range []struct {
		d      Date
		before bool
		age    int
	}{
		{Date{2019, 12, 31}, true, 0}, {Date{2021, 5, 1}, false, -1}, {Date{2020, 7, 1}, false, -1}, {Date{2020, 5, 30}, true, 0}, {Date{2020, 6, 14}, true, 0}, {day, false, 0},
		{Date{2020, 6, 16}, false, -1}, {Date{2020, 7, 1}, false, -1}, {Date{2021, 1, 1}, false, -1},
		{Date{2000, 6, 15}, true, 20}, {Date{2000, 6, 16}, true, 19}, {Date{2000, 7, 1}, true, 19}, {Date{2000, 5, 31}, true, 20},
	} {
		if c.d.Before(day) != c.before || c.d.Age(day) != c.age {
			t.Errorf("%v: before %v, age %d", c.d, c.d.Before(day), c.d.Age(day))
		}
	}
	for _, c := range []struct {
		y, m, d string
		ok      bool
	}{{"2020", "1", "09", true}, {"220", "1", "9", false}, {"20200", "1", "9", false}, {"2020", "", "9", false}, {"2020", "1", "009", false}, {"2020", "+1", "9", false}} {
		if _, ok := ParseDate(c.y, c.m, c.d); ok != c.ok {
			t.Errorf("%q %q %q: %v", c.y, c.m, c.d, ok)
		}
	}
}
