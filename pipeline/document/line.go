package document

import "math"

// line is a box with what is written in it, as far as it was read.
type line struct {
	box
	read   bool
	glyphs []glyph
	pixels float64 // pixels of the picture for one column of the recogniser's input
}

// place returns where a glyph stands in the picture.
func (l *line) place(g *glyph) Point {
	return l.at(g.at*l.pixels/l.width-0.5, 0)
}

// confidence returns the mean over the glyphs, 0 without any.
func (l *line) confidence() float32 {
	if len(l.glyphs) == 0 {
		return 0
	}
	sum := float32(0)
	for _, g := range l.glyphs {
		sum += g.confidence
	}
	return sum / float32(len(l.glyphs))
}

// stripOf returns the map from a strip of the recogniser's height, as wide as b at its natural width, to where b lies, and that
// width. most bounds the width: what is longer is cut off behind it, or squeezed where squeeze says so.
func stripOf(b *box, most int, squeeze bool) (from homography, width int) {
	natural := math.Round(b.width / b.height * lineHeight)
	width = int(clamp(natural, stride, float64(most)))
	column := b.width / float64(width)
	if !squeeze && natural > float64(most) {
		column = b.height / lineHeight
	}
	u := b.along.times(column)
	v := b.along.normal().times(b.height / lineHeight)
	return affine(b.at(-0.5, -0.5).plus(u.times(0.5)).plus(v.times(0.5)), u, v), width
}
