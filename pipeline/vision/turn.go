package vision

// Turn returns src turned clockwise by so many quarters.
func Turn(src *Image, quarters int) *Image {
	return oriented(src, [4]int{upright, 6, 3, 8}[quarters&3])
}

// Mirror returns src with left and right exchanged.
func Mirror(src *Image) *Image { return oriented(src, 2) }

// oriented returns the picture that EXIF's orientation makes of src.
func oriented(src *Image, orientation int) *Image {
	c := canvas{orientation: orientation}
	c.reset(src.Width, src.Height)
	for y := range src.Height {
		if orientation <= upright {
			copy(c.row(y), src.Row(y))
		} else {
			c.put(src.Row(y), y)
		}
	}
	return c.img
}

// Reduce returns src with each step × step pixels averaged into one.
func Reduce(src *Image, step int) *Image {
	step = max(step, 1)
	c := canvas{orientation: upright}
	c.reset((src.Width+step-1)/step, (src.Height+step-1)/step)
	r := reducer{out: &c, step: step, width: src.Width}
	for y := range src.Height {
		r.add(src.Row(y), y, src.Height)
	}
	return c.img
}

// ReduceRegion returns a square of src, side pixels from (x, y) on, with each step × step pixels averaged into one.
// What lies outside src has the given level in all colours. A side that step does not divide is cut off.
func ReduceRegion(src *Image, x, y, side, step int, outside byte) *Image {
	c := canvas{orientation: upright}
	n := side / step
	c.reset(n, n)
	r := reducer{out: &c, step: step, width: n * step}
	line := make([]byte, 3*r.width)
	left, right := min(max(-x, 0), r.width), max(0, min(r.width, src.Width-x))
	for i := range r.width {
		for k := range line {
			line[k] = outside
		}
		if at := y + i; at >= 0 && at < src.Height && left < right {
			copy(line[3*left:3*right], src.Row(at)[3*(x+left):])
		}
		r.add(line, i, r.width)
	}
	return c.img
}
