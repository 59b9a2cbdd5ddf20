package document

import "testing"

func TestDateIsTakenApartByItsGaps(t *testing.T) {
	a := &alphabet{runes: []rune("\x000123456789")}
	digit := func(text string) (classes []int) {
		for _, c := range text {
			classes = append(classes, int(c-'0')+1)
		}
		return classes
	}
	for _, c := range []struct {
		digits string
		at     []float64
		want   string
		whole  bool
	}{
		{"1978123", []float64{18, 20.3, 22.6, 24.9, 31, 38, 40.3}, "1978年1月23日", true},
		{"1978123", []float64{18, 20.3, 22.6, 24.9, 31, 33.3, 40.3}, "1978年12月3日", true},
		{"1978123", []float64{16, 18.3, 20.6, 22.9, 29, 35.5, 37.8}, "1978年1月23日", true}, // all 2 mm too far left
		{"19781", []float64{18, 20.3, 22.6, 24.9, 31}, "1978年1月日", false},
		{"19783", []float64{18, 20.3, 22.6, 24.9, 40}, "1978年月3日", false},
		{"19781340", []float64{18, 20.3, 22.6, 24.9, 31, 33.3, 40, 42.3}, "1978年13月40日", false},
		{"", nil, "年月日", false},
	} {
		got, whole := a.date(&candidate{classes: digit(c.digits), at: c.at})
		if got != c.want || whole != c.whole {
			t.Errorf("%s at %v: %s %v, want %s", c.digits, c.at, got, whole, c.want)
		}
	}
}
