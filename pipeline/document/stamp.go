package document

import (
	"slices"

	"umbral/pipeline/vision"
)

// stampMap tells where something dark and larger than print lies over the card: a stamp, a shadow's edge, a finger.
type stampMap struct {
	dark  []bool // canvasWidth × canvasHeight
	level int    // the median of the grey of what was found, −1 for nothing
}

const (
	// stampDark is how much darker than its surroundings a pixel of a stamp is, as a share of these.
	stampDark = 0.18
	// stampSide is how high and wide a connected dark shape must be, in mm: print of the fields is at most 3.3 mm high, and
	// two lines of the address that touch are 7.3 mm.
	stampSide = 5.0
	// stampShare is the part of a field's area from which the field counts as stamped.
	stampShare = 0.01
)

func newStampMap(canvas *vision.Image) stampMap {
	w, h := canvas.Width, canvas.Height
	grey := make([]byte, w*h)
	for y := range h {
		row := canvas.Row(y)
		for x := range w {
			grey[y*w+x] = max(row[3*x], row[3*x+1], row[3*x+2])
		}
	}
	background := lightMedian(grey)
	m := stampMap{dark: make([]bool, w*h)}
	limit := byte((1 - stampDark) * float64(background))
	// Print that touches print is told from a stamp by its strokes: where a small square fits in.
	closed := closing(grey, w, h, 5)
	// Shapes are followed from pixel to neighbour; each pixel is visited once.
	const seen, unseen = 1, 0
	state := make([]byte, w*h)
	var stack, shape []int32
	var levels []byte
	for start, v := range grey {
		if v >= limit || state[start] != unseen {
			continue
		}
		stack, shape = append(stack[:0], int32(start)), shape[:0]
		state[start] = seen
		x0, y0, x1, y1 := w, h, 0, 0
		broad := 0
		for len(stack) > 0 {
			at := int(stack[len(stack)-1])
			stack = stack[:len(stack)-1]
			shape = append(shape, int32(at))
			if closed[at] < limit {
				broad++
			}
			x, y := at%w, at/w
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
			for _, d := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				nx, ny := x+d[0], y+d[1]
				if nx < 0 || ny < 0 || nx >= w || ny >= h {
					continue
				}
				if k := ny*w + nx; grey[k] < limit && state[k] == unseen {
					state[k] = seen
					stack = append(stack, int32(k))
				}
			}
		}
		const side = stampSide * canvasScale
		if float64(x1-x0) < side || float64(y1-y0) < side || float64(broad) < 0.3*float64(len(shape)) {
			continue
		}
		for _, k := range shape {
			m.dark[k] = true
			levels = append(levels, grey[k])
		}
	}
	m.level = -1
	if len(levels) > 0 {
		slices.Sort(levels)
		m.level = int(levels[len(levels)/2])
	}
	return m
}

// lightMedian is the median of the lighter half.
func lightMedian(grey []byte) byte {
	sorted := slices.Clone(grey)
	slices.Sort(sorted)
	return sorted[len(sorted)*3/4]
}

// covers gives the share of b, in millimetres on the card, that is covered.
func (m *stampMap) covers(b *box) float64 {
	x0, y0 := b.at(-0.5, -0.5), b.at(0.5, 0.5)
	n, dark := 0, 0
	for y := int(y0.Y*canvasScale + marginY); y >= int(x0.Y*canvasScale+marginY); y-- {
		for x := int(x0.X*canvasScale + marginX); x <= int(y0.X*canvasScale+marginX); x++ {
			if x < 0 || y < 0 || x >= canvasWidth || y >= canvasHeight {
				continue
			}
			n++
			if m.dark[y*canvasWidth+x] {
				dark++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(dark) / float64(n)
}
