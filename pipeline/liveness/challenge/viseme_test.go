package challenge

import (
	"math"
	"testing"
	"time"
)

// mouthOf is a mouth that says a digit exactly as the table has it.
func mouthOf(word string, begin time.Duration, n int) []Sample {
	open, wide := make([]float64, n), make([]float64, n)
	shape(word, open, wide)
	samples := make([]Sample, n)
	for k := range samples {
		samples[k].At = begin + time.Duration(k)*cell + cell/2
		samples[k].Height, samples[k].Width = 0.3+0.05*float32(open[k]), 0.9+0.1*float32(wide[k])
	}
	return samples
}

func TestDigitFitsFindTheDigit(t *testing.T) {
	const begin = 400 * time.Millisecond
	for lang, words := range spelt {
		for digit, word := range words {
			fits, ok := DigitFits(mouthOf(word, begin, 14), begin, begin+14*cell, lang)
			if !ok {
				t.Fatalf("%s %d: nothing to compare", lang, digit)
			}
			for other, fit := range fits {
				if fit > fits[digit]+1e-9 && words[other] != word {
					t.Errorf("%s: %d fits %.2f, but %d fits %.2f", lang, digit, fits[digit], other, fit)
				}
			}
		}
	}
}

func TestDigitFitsWithHostileInput(t *testing.T) {
	samples := mouthOf("FAIF", 0, 14)
	nan := mouthOf("FAIF", 0, 14)
	nan[7].Width = float32(math.NaN())
	for name, c := range map[string]struct {
		samples  []Sample
		from, to time.Duration
		lang     string
	}{
		"no samples":       {nil, 0, time.Second, "en"},
		"unknown language": {samples, 0, time.Second / 2, "tlh"},
		"backwards":        {samples, time.Second / 2, 0, "en"},
		"negative":         {samples, -time.Second, time.Second / 2, "en"},
		"too long":         {samples, 0, time.Hour, "en"},
		"longer than seen": {samples, 0, time.Second, "en"},
		"far away":         {samples, math.MaxInt64 - 1, math.MaxInt64, "en"},
		"not a number":     {nan, 0, 14 * cell, "en"},
	} {
		if fits, ok := DigitFits(c.samples, c.from, c.to, c.lang); ok {
			t.Errorf("%s: %v", name, fits)
		}
	}
	still := mouthOf("SSSS", 0, 14) // hardly a movement, and none to divide by
	for i := range still {
		still[i].Height, still[i].Width = 0.3, 0.9
	}
	fits, ok := DigitFits(still, 0, 14*cell, "en")
	for _, v := range fits {
		if !ok || v != 0 {
			t.Errorf("a mouth that does not move fits %v, %v", fits, ok)
		}
	}
}

// A string whose digits the mouth says has a low p-value, another one has not.
func TestStringPValue(t *testing.T) {
	low := map[bool]int{}
	for n := range byte(20) {
		for _, same := range []bool{true, false} {
			c := newChallenge(t, DefaultOpts(), nonceOf(n))
			said, err := NewSchedule(c.opts, nonceOf(n+100))
			if err != nil {
				t.Fatal(err)
			}
			r := run(c, 25, func(at time.Duration) Sample {
				x := person(c.Schedule(), 400*time.Millisecond)(at)
				x.Height, x.Width = 0.3, 0.9
				for i, a := range c.Schedule().Prompts() {
					digit := a.What
					if !same {
						digit = said.Prompts()[i].What
					}
					jitter := time.Duration(i%3-1) * 60 * time.Millisecond
					d := at - a.At - 400*time.Millisecond - jitter
					if d < 0 || d >= 450*time.Millisecond {
						continue
					}
					var open, wide [40]float64
					shape(spelt["en"][digit], open[:], wide[:])
					k := int(d * 40 / (450 * time.Millisecond))
					x.Height += 0.05 * float32(open[k])
					x.Width += 0.1 * float32(wide[k])
				}
				return x
			})
			if r.StringPValue <= 0.05 {
				low[same]++
			}
		}
	}
	if low[true] < 16 || low[false] > 5 {
		t.Errorf("p ≤ 0.05 for %d of 20 prompted and %d of 20 other strings", low[true], low[false])
	}
}
