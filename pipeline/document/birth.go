package document

import (
	"fmt"
	"strings"

	"umbral/pipeline/document/idnumber"
)

// Where month and day of the birth date begin at the earliest, in mm.
const (
	monthLeft = 28.3
	dayLeft   = 37.0
)

// date puts the digits of a birth date between the captions that every card has, and reports whether it is whole. The captions
// make the gaps between year, month and day at least twice those between digits; where a stamp hides a digit and with it a
// gap, the place on the card decides.
func (a *alphabet) date(c *candidate) (string, bool) {
	const gap = 3.7 // mm; digits stand 2.3 apart, the parts 5.6 and more
	var byGap, byPlace [3]strings.Builder
	part, parts := 0, 1
	for k, class := range c.classes {
		if k > 0 && c.at[k]-c.at[k-1] > gap {
			parts++
			part = min(part+1, 2)
		}
		byGap[part].WriteRune(a.runes[class])
		switch x := c.at[k]; {
		case x > dayLeft:
			byPlace[2].WriteRune(a.runes[class])
		case x > monthLeft:
			byPlace[1].WriteRune(a.runes[class])
		default:
			byPlace[0].WriteRune(a.runes[class])
		}
	}
	chosen := &byPlace
	if parts == 3 {
		chosen = &byGap
	}
	text := chosen[0].String() + "年" + chosen[1].String() + "月" + chosen[2].String() + "日"
	d, ok := ParseBirth(text)
	return text, ok && d.Exists()
}

// Readings of one place between which the picture hardly decides are decided by what stands in another place of the card:
// agree is how many times more probable a reading counts that agrees. A reading that the picture speaks against is never
// taken for it, and the confidence stays that of the picture.
const (
	agree = 20
	// against is the share of the most probable reading's probability below which the picture speaks against one.
	against = 0.05
	// invented is the same for a whole date beside a reading that is none.
	invented = 1e-3
)

// numberAndBirth reads the two places that hold the birth date.
func (w *worker) numberAndBirth(c *card, k *kinds) (number, birth lineReading, err error) {
	number, err = w.candidates(c, place{y: rowNumber, left: 25, right: 80, least: 74, usual: 77}, &k.number)
	if err != nil {
		return number, birth, err
	}
	var known [][]int
	for i := range number.found[:min(len(number.found), 3)] {
		if d, ok := idnumber.Birth(w.spell(number.found[i].classes)); ok {
			classes, _ := w.word(fmt.Sprintf("%d%d%d", d.Year, d.Month, d.Day))
			known = append(known, classes)
		}
	}
	birth, err = w.candidates(c, place{y: rowBirth, left: 16.3, right: 49, least: 46, usual: 47}, &k.birth, known...)
	if err != nil {
		return number, birth, err
	}
	w.together(&number, &birth)
	return number, birth, nil
}

// together chooses the readings of number and birth date that are the most probable together.
func (w *worker) together(number, birth *lineReading) {
	best, least := -1.0, 0.0
	for i := range birth.found {
		b := &birth.found[i]
		text, whole := w.date(b)
		if !whole {
			if birth.Text == "" { // better than nothing
				birth.best, birth.Text, birth.Confidence = i, text, lostTrust*b.least()
			}
			continue
		}
		if best < 0 {
			least = max(against*b.likelihood, invented*birth.found[0].likelihood)
		}
		if b.likelihood < least {
			break
		}
		date, _ := ParseBirth(text)
		for k := range number.found {
			n := &number.found[k]
			if n.likelihood < against*number.found[0].likelihood {
				break
			}
			score := b.likelihood * n.likelihood
			if d, ok := idnumber.Birth(w.spell(n.classes)); ok && d == date {
				score *= agree
			}
			if score > best {
				best = score
				birth.best, birth.Text, birth.Confidence = i, text, b.least()
				number.take(w, k)
			}
		}
	}
	if number.Text == "" && len(number.found) > 0 {
		number.take(w, 0)
	}
}
