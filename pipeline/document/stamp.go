package document

import "slices"

// stampMap tells where something dark and larger than print lies over the card: a stamp, a shadow's edge, a finger.
type stampMap struct {
	level  []byte // canvasWidth × canvasHeight: the median grey of the shape, 0 where there is none
	shapes []area // around each shape
}

const (
	// stampDark is how much darker than its surroundings a pixel of a stamp is, as a share of these.
	stampDark = 0.18
	// stampSide is how high and wide a connected dark shape must be, in mm: print of the fields is at most 3.3 mm high, and
	// two lines of the address that touch are 7.3 mm.
	stampSide = 3.8
	// stampShare is the part of a field's area from which the field counts as stamped.
	stampShare = 0.01
)

// newStampMap looks at a level card, of which grey is the lightest channel.
func newStampMap(grey []byte) stampMap {
	const w, h = canvasWidth, canvasHeight
	background := lightMedian(grey)
	m := stampMap{level: make([]byte, w*h)}
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
		// The portrait is dark and large, and no stamp.
		if float64(x0) > (portraitX-portraitEdge)*canvasScale+marginX {
			continue
		}
		levels = levels[:0]
		for _, k := range shape {
			levels = append(levels, grey[k])
		}
		slices.Sort(levels)
		for _, k := range shape {
			m.level[k] = max(1, levels[len(levels)/2])
		}
		m.shapes = append(m.shapes, area{
			(float64(x0) - marginX) / canvasScale, (float64(y0) - marginY) / canvasScale,
			(float64(x1) - marginX) / canvasScale, (float64(y1) - marginY) / canvasScale,
		})
	}
	return m
}

// lightMedian returns the median of the lighter half.
func lightMedian(grey []byte) byte {
	count := histogram(grey)
	return byte(quantile(&count, len(grey)*3/4))
}

// at returns the level of the shape at or within reach pixels of a place on the card, 0 for none.
func (m *stampMap) at(p Point, reach int) byte {
	x, y := int(p.X*canvasScale+marginX+0.5), int(p.Y*canvasScale+marginY+0.5)
	for dy := -reach; dy <= reach; dy++ {
		for dx := -reach; dx <= reach; dx++ {
			if cx, cy := x+dx, y+dy; cx >= 0 && cy >= 0 && cx < canvasWidth && cy < canvasHeight {
				if v := m.level[cy*canvasWidth+cx]; v > 0 {
					return v
				}
			}
		}
	}
	return 0
}

// covers returns the share of b, in millimetres on the card, that is covered.
func (m *stampMap) covers(b *box) float64 {
	first, last := b.at(-0.5, -0.5), b.at(0.5, 0.5)
	n, dark := 0, 0
	for y := first.Y; y < last.Y; y += 1 / canvasScale {
		for x := first.X; x < last.X; x += 1 / canvasScale {
			n++
			if m.at(Point{x, y}, 0) > 0 {
				dark++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(dark) / float64(n)
}
