package document

import (
	"math"

	"umbral/pipeline/vision"
)

// line is a box with what is written in it.
type line struct {
	box
	glyphs []glyph
	pixels float64 // pixels of the box for one column of the recogniser's input
}

// place gives where a glyph stands in the picture.
func (l *line) place(g *glyph) Point {
	return l.at(g.at*l.pixels/l.width-0.5, 0)
}

// confidence is the mean over the glyphs, 0 without any.
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

// cut copies the box, turned level, to a line of the recogniser's height.
func cut(dst, src *vision.Image, b *box) {
	width := int(clamp(math.Round(b.width/b.height*lineHeight), stride, float64(lineWidths[len(lineWidths)-1])))
	dst.Reset(width, lineHeight)
	u := b.along.times(b.width / float64(width))
	v := b.along.normal().times(b.height / lineHeight)
	from := affine(b.at(-0.5, -0.5).plus(u.times(0.5)).plus(v.times(0.5)), u, v)
	warp(dst, src, &from)
}
