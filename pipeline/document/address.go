package document

import (
	"strings"
	"unicode"

	"umbral/pipeline/document/idnumber"
)

const (
	// maxAddressLines is how many lines there is room for above the number.
	maxAddressLines = 4
	// fullLine is how many characters a line of the address holds at least when another one follows: eleven Chinese ones,
	// fewer where a word would have been cut.
	fullLine = 9
	// numberTop is where the row of the number begins.
	numberTop = rowNumber - 2
)

// addressLines returns the places of the lines of an address: the first, and those below it where something is printed or lies
// over the card. How far apart they are is measured.
func (c *card) addressLines() []place {
	list := []place{addressPlace}
	p, pitch := addressPlace, addressPitch
	for len(list) < maxAddressLines {
		at := p.y
		if b, seen := c.row(p.y, p.left, p.right); seen {
			at = b.centre.Y
		}
		next := p
		next.y = at + pitch
		if b, seen := c.row(next.y, p.left, p.right); seen {
			if d := b.centre.Y - at; d > linePitch {
				pitch = d
			}
		}
		full := area{next.left, next.y - usualHalf, next.usual, next.y + usualHalf}
		bounds := full.box()
		if next.y+usualHalf/2 > numberTop || !c.ink.any(&full) && c.stamp.covers(&bounds) <= stampShare {
			break
		}
		if next.y+usualHalf > numberTop {
			next.half = numberTop - next.y
		}
		list = append(list, next)
		p = next
	}
	return list
}

// stray reports whether a character is no part of an address at its beginning or end.
func stray(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsPunct(c) && c != ')' && c != '）'
}

// addressOf returns the lines that make up an address, of those that were read.
func (r *Reader) addressOf(lines []lineReading, number string) []lineReading {
	for i := range lines {
		l := &lines[i]
		if len(l.found) == 0 {
			return lines[:i]
		}
		if i == 0 {
			l.decideProvince(r.alphabet, number)
		}
		best := &l.found[l.best]
		clear := float32(1)
		for k, class := range best.classes {
			if !stray(r.alphabet.runes[class]) {
				clear = min(clear, best.confidence[k])
			}
		}
		clear *= best.trust
		l.Text = strings.TrimFunc(l.Text, stray)
		switch {
		case l.Text == "":
			return lines[:i]
		case clear < 0.3 && i > 0:
			// Something is there, a line or what lies over the card: the address may go on.
			lines[i-1].Confidence = min(lines[i-1].Confidence, l.Confidence)
			return lines[:i]
		case len([]rune(l.Text)) < fullLine:
			return lines[:i+1]
		}
	}
	return lines
}

// decideProvince takes, of readings between which the picture hardly decides, the one that begins with a province, and among
// those rather that of the number. Where the best only resembles a province, the line is in doubt.
func (l *lineReading) decideProvince(a *alphabet, number string) {
	own := ""
	if len(number) >= 6 {
		own = idnumber.Province(number[:6])
	}
	score := func(i int) float64 {
		s := l.found[i].likelihood
		if name := provinceOf(a.spell(l.found[i].classes)); name != "" {
			s *= agree
			if name == own {
				s *= agree
			}
		}
		return s
	}
	best := 0
	for i := range l.found {
		if l.found[i].likelihood >= against*l.found[0].likelihood && score(i) > score(best) {
			best = i
		}
	}
	if best != l.best {
		l.best = best
		l.Text, l.Confidence = a.spell(l.found[best].classes), l.found[best].least()
	}
	if almostProvince(l.Text) {
		l.doubt()
	}
}
