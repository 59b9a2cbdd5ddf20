package document

import (
	"cmp"
	"slices"
)

// Where the lines of a name and of an authority lie, in mm: cards print one, or two around or below its place.
const (
	nameTop, nameLow           = 7.6, 16.9
	authorityTop, authorityLow = 37.2, 46.4
	// linePitch is the least distance of two lines.
	linePitch = 2.6
	// maxFieldLines bounds the lines of a name or an authority.
	maxFieldLines = 3
)

// lines returns the places of the lines of a field that is printed between two heights: those of the detected text, or p where
// there is none.
func (c *card) lines(p place, top, low float64) []place {
	ys := c.detected(p, top, low)
	if len(ys) == 0 {
		return []place{p}
	}
	if len(ys) == 1 {
		if y := ys[0]; y < p.y-rowReach || y > p.y+rowReach {
			p.y = y
		}
		return []place{p}
	}
	var out []place
	for i, y := range ys[:min(len(ys), maxFieldLines)] {
		one := p
		one.y, one.half = y, usualHalf
		if i > 0 {
			one.half = min(one.half, (y-ys[i-1])/2)
		}
		if i+1 < len(ys) {
			one.half = min(one.half, (ys[i+1]-y)/2)
		}
		out = append(out, one)
	}
	return out
}

// detected returns the middles of the lines of text that were detected between two heights, from above. Boxes under a stamp
// tell nothing.
func (c *card) detected(p place, top, low float64) (ys []float64) {
	var found []*box
	for i := range c.boxes {
		b := &c.boxes[i]
		a, z := b.span()
		if b.centre.Y > top && b.centre.Y < low && b.height > leastRow && b.height < mostRow && z > p.left+1 && a < p.right-1 && c.stamp.covers(b) < stampShare {
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b *box) int { return cmp.Compare(a.centre.Y, b.centre.Y) })
	for from := 0; from < len(found); {
		to := from
		sum, width := 0.0, 0.0
		for to < len(found) && found[to].centre.Y-found[from].centre.Y < linePitch {
			sum += found[to].centre.Y * found[to].width
			width += found[to].width
			to++
		}
		ys = append(ys, sum/width)
		from = to
	}
	return ys
}
