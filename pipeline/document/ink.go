package document

import "math"

const (
	// inkReach is how far from the middle of a character, in mm, its strokes may lie.
	inkReach = 2.3
	// inkWidth is how much of a line, in mm, may hold strokes that belong to no character that was read.
	inkWidth = 0.8
	// inkRows is how many of a line's rows a column of strokes has at least.
	inkRows = 3
	// inkContrast is how dark the darkest of a line must be beside its background, as a share, to be print.
	inkContrast = 0.75
)

// unread reports whether there is print in an area that belongs to none of the characters of a reading. Recognisers pass
// over what they never learned, and are sure of the rest: 陈赟 is read as 陈 with the greatest confidence.
func (w *worker) unread(c *card, b *box, reading *candidate) bool {
	b = c.besidePortrait(b)
	c.cut(&w.toned, b)
	grey := lightest(&w.toned)
	low, high := levels(grey)
	if float64(low) > inkContrast*float64(high) {
		return false
	}
	limit := byte((low + high) / 2)
	width, h := w.toned.Width, w.toned.Height
	lost := 0.0
	for x := range width {
		at := b.at((float64(x)+0.5)/float64(width)-0.5, 0)
		near := false
		for _, glyph := range reading.at {
			near = near || math.Abs(glyph-at.X) < inkReach
		}
		if near {
			continue
		}
		rows := 0
		for y := h / 8; y < h-h/8; y++ {
			if grey[y*width+x] < limit {
				rows++
			}
		}
		if rows >= inkRows && !c.stamp.crosses(b, at.X) {
			lost += b.width / float64(width)
		}
	}
	return lost > inkWidth
}

// crosses reports whether a stamp lies over an area at x.
func (m *stampMap) crosses(b *box, x float64) bool {
	for y := b.centre.Y - b.height/2; y < b.centre.Y+b.height/2; y += 1 / canvasScale {
		if m.at(Point{x, y}, 2) > 0 {
			return true
		}
	}
	return false
}
