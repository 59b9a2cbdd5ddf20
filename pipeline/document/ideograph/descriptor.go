package ideograph

import "math"

const (
	directions = 8
	cells      = 8
	size       = directions * cells * cells
	// side is that of the square that a character is brought to.
	side = 48
	// rim is the paper left around it there.
	rim = 4
	// whole is the length of a descriptor.
	whole = 127
	// faint is by how many greys the darkest of a print must differ from paper.
	faint = 24
)

// descriptor describes one character.
type descriptor struct {
	square [side * side]float32
	sums   [size]float32
	shape  [size]int8
}

// describe reports whether there is something to describe.
func (d *descriptor) describe(grey []byte, w, h int) bool {
	var count [256]int
	for _, v := range grey[:w*h] {
		count[v]++
	}
	low, high := quantile(&count, w*h/100), quantile(&count, w*h*3/4)
	if high-low < faint {
		return false
	}
	x0, y0, x1, y1 := bounds(grey, w, h, byte((low+high)/2))
	if x1-x0 < 2 && y1-y0 < 2 {
		return false
	}
	d.normalise(grey, w, h, [4]int{x0, y0, x1, y1}, float32(low), float32(high))
	d.outline()
	return d.finish()
}

// quantile returns the value at index n of the sorted values that were counted.
func quantile(count *[256]int, n int) int {
	for v, c := range count {
		if n < c {
			return v
		}
		n -= c
	}
	return 255
}

// bounds returns the rectangle around what is darker than limit.
func bounds(grey []byte, w, h int, limit byte) (x0, y0, x1, y1 int) {
	x0, y0 = w, h
	for y := range h {
		for x := range w {
			if grey[y*w+x] < limit {
				x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			}
		}
	}
	return x0, y0, x1, y1
}

// normalise brings a character to the square, 1 for ink and 0 for paper. Both sides are stretched to the same length, unless
// one is so short that the character is a stroke.
func (d *descriptor) normalise(grey []byte, w, h int, b [4]int, low, high float32) {
	bw, bh := float64(b[2]-b[0]), float64(b[3]-b[1])
	cx, cy := float64(b[0]+b[2])/2, float64(b[1]+b[3])/2
	const slim = 3
	bw, bh = max(bw, bh/slim), max(bh, bw/slim)
	const inner = side - 2*rim
	stepX, stepY := bw/inner, bh/inner
	ink := func(x, y float64) float32 {
		x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
		u, v := int(x), int(y)
		u1, v1 := min(u+1, w-1), min(v+1, h-1)
		fx, fy := float32(x-float64(u)), float32(y-float64(v))
		top := float32(grey[v*w+u])*(1-fx) + float32(grey[v*w+u1])*fx
		bottom := float32(grey[v1*w+u])*(1-fx) + float32(grey[v1*w+u1])*fx
		return min(max((high-top*(1-fy)-bottom*fy)/(high-low), 0), 1)
	}
	// Where the square is coarser, several samples are averaged, so that thin strokes do not fall through.
	n := min(max(int(math.Ceil(max(stepX, stepY)-0.2)), 1), 4)
	for y := range side {
		for x := range side {
			var sum float32
			for k := range n * n {
				px := cx + (float64(x)+(float64(k%n)+0.5)/float64(n)-side/2)*stepX - 0.5
				py := cy + (float64(y)+(float64(k/n)+0.5)/float64(n)-side/2)*stepY - 0.5
				if px > -1 && py > -1 && px < float64(w) && py < float64(h) {
					sum += ink(px, py)
				}
			}
			d.square[y*side+x] = sum / float32(n*n)
		}
	}
}

// outline adds up the gradients by direction and cell. Each is the sum of one along an axis and one along a diagonal, which
// count for their directions, and for the four nearest cells.
func (d *descriptor) outline() {
	d.sums = [size]float32{}
	for y := 1; y < side-1; y++ {
		above, row, below := d.square[(y-1)*side:][:side], d.square[y*side:][:side], d.square[(y+1)*side:][:side]
		for x := 1; x < side-1; x++ {
			gx := above[x+1] + 2*row[x+1] + below[x+1] - above[x-1] - 2*row[x-1] - below[x-1]
			gy := below[x-1] + 2*below[x] + below[x+1] - above[x-1] - 2*above[x] - above[x+1]
			ax, ay := max(gx, -gx), max(gy, -gy)
			if ax+ay < 0.2 {
				continue
			}
			axis := 0 // right, down, left, up are the even directions
			switch {
			case ax >= ay && gx < 0:
				axis = 4
			case ax < ay && gy > 0:
				axis = 2
			case ax < ay:
				axis = 6
			}
			diagonal := 1 // between them the odd
			switch {
			case gx < 0 && gy >= 0:
				diagonal = 3
			case gx < 0:
				diagonal = 5
			case gy < 0:
				diagonal = 7
			}
			d.spread(x, y, axis, max(ax, ay)-min(ax, ay))
			d.spread(x, y, diagonal, math.Sqrt2*min(ax, ay))
		}
	}
}

// nearest are, for each row or column of the square, the lower of the two nearest cells and how much the upper one counts.
var nearest = func() (list [side]struct {
	cell  int
	upper float32
}) {
	for i := range list {
		at := (float64(i)+0.5)*cells/side - 0.5
		list[i].cell = int(math.Floor(at))
		list[i].upper = float32(at - math.Floor(at))
	}
	return list
}()

// spread adds a value to the four cells around a pixel.
func (d *descriptor) spread(x, y, direction int, v float32) {
	a, b := &nearest[x], &nearest[y]
	for j, vy := range [2]float32{v * (1 - b.upper), v * b.upper} {
		for i, share := range [2]float32{vy * (1 - a.upper), vy * a.upper} {
			if cx, cy := a.cell+i, b.cell+j; cx >= 0 && cy >= 0 && cx < cells && cy < cells {
				d.sums[(cy*cells+cx)*directions+direction] += share
			}
		}
	}
}

// finish makes the sums a vector of one length for all characters, of which long strokes are not all.
func (d *descriptor) finish() bool {
	sum := 0.0
	for i, v := range d.sums {
		d.sums[i] = float32(math.Sqrt(float64(v)))
		sum += float64(v)
	}
	if sum == 0 {
		return false
	}
	scale := whole * 4 / float32(math.Sqrt(sum)) // a single value is seldom a quarter of the length
	for i, v := range d.sums {
		d.shape[i] = int8(min(v*scale, whole))
	}
	return true
}

// cosine returns the cosine of the angle between two descriptors, as far as rounding leaves it.
func cosine(a, b *[size]int8) float32 {
	var sum, aa, bb int32
	for i, v := range a {
		u := int32(b[i])
		sum += int32(v) * u
		aa += int32(v) * int32(v)
		bb += u * u
	}
	return float32(float64(sum) / math.Sqrt(float64(aa)*float64(bb)))
}
