package document

const (
	// cell is the width of a character's place in mm, without the gaps beside it.
	cell = 2.4
	// blindCover is the share of a character's place that is covered where print below may be too faint to be seen.
	blindCover = 0.5
)

// hidden tells whether the places before the first and after the last character of a reading are covered so that a
// character could not be seen there.
func (c *card) hidden(b *box, reading *candidate) bool {
	n := len(reading.at)
	if n == 0 {
		return false
	}
	first, last := reading.at[0], reading.at[n-1]
	pitch := float64(glyphHeight)
	if n > 1 {
		pitch = (last - first) / float64(n-1)
	}
	left, _ := b.span()
	return c.covered(b, last+pitch) > blindCover || first-pitch > left && c.covered(b, first-pitch) > blindCover
}

// covered is the share of a character's place in a line that a stamp lies over.
func (c *card) covered(line *box, x float64) float64 {
	place := box{centre: Point{x, line.centre.Y}, along: Point{X: 1}, width: cell, height: line.height}
	return c.stamp.covers(&place)
}
