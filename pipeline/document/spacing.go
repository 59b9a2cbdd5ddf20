package document

import (
	"slices"
	"unicode"

	"umbral/pipeline/document/idnumber"
)

// What is printed on a card stands at even distances. A reading in which two characters stand much further apart than the
// others has probably lost one between them, and says so by its trust.
const lostGap = 1.55 // times the usual distance

// evenDigits trusts a number whose characters are evenly spaced, and that is not much shorter than one: of some cards' a
// digit is missing in print.
func evenDigits(_ *alphabet, c *candidate) float32 {
	if len(c.at) < idnumber.Length-1 {
		return lostTrust
	}
	return even(c.at)
}

// fromLeft trusts a text as evenCharacters does, if it begins at the left edge of its place.
func fromLeft(left float64) func(a *alphabet, c *candidate) float32 {
	const reach = 3.2 // the middle of the first character, at most two thirds of a character too far right
	return func(a *alphabet, c *candidate) float32 {
		trust := evenCharacters(a, c)
		if len(c.at) > 0 && c.at[0] > left+reach {
			trust = min(trust, lostTrust)
		}
		return trust
	}
}

// evenCharacters trusts a text whose Chinese characters are evenly spaced.
func evenCharacters(a *alphabet, c *candidate) float32 {
	trust := float32(1)
	from := 0
	for i := range c.classes {
		if !unicode.Is(unicode.Han, a.runes[c.classes[i]]) {
			trust = min(trust, even(c.at[from:i]))
			from = i + 1
		}
	}
	return min(trust, even(c.at[from:]))
}

func even(at []float64) float32 {
	if len(at) < 4 {
		return 1
	}
	gaps := make([]float64, len(at)-1)
	for i := range gaps {
		gaps[i] = at[i+1] - at[i]
	}
	sorted := slices.Clone(gaps)
	slices.Sort(sorted)
	if sorted[len(sorted)-1] > lostGap*sorted[len(sorted)/2] {
		return lostTrust
	}
	return 1
}
