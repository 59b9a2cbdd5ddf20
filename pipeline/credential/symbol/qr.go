package symbol

import (
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// maxDimension is the side of a QR code of version 40 in modules.
const maxDimension = 177

// qrDecoder reads the QR code that a triple of finder patterns belongs to.
type qrDecoder struct {
	grid     grid
	luma     plane // what the bitmap was made from
	inverted bool
	soft     *soft
	decoder  *decoder.Decoder
	panics   int // of gozxing, on this reader's pictures
}

// found is a code in the coordinates of the bitmap.
type found struct {
	text    string
	corners [4]point // of its outer edge: top left, top right, bottom right, bottom left
}

const (
	// least is the share of the fixed patterns that must be where they should for a decoding to be tried: right minus
	// wrong.
	least = 0.45
	// leastTiming is the same of a timing pattern before the grid is fitted.
	leastTiming = 0.2
	// passes is how often the corners are moved to fit the grid better.
	passes = 12
)

// sampling is a way to read the modules of a grid.
type sampling int

const (
	fromBitmap sampling = iota
	fromLuma
	fromSharpLuma // after fromLuma with the same grid
)

// guess is a size that a code may have, and where the middles of its finder patterns, and of the corner without, lie.
type guess struct {
	dimension int
	corners   [4]point
	fitness   float64
}

// lay makes the guess the grid.
func (q *qrDecoder) lay(bits plane, g *guess) bool {
	m, ok := fromSquare(g.corners)
	if !ok {
		return false
	}
	q.grid = grid{bits: bits, dimension: g.dimension, m: m.over(3.5, float64(g.dimension)-3.5)}
	return finite(&q.grid.m)
}

// read lays grids over the triple until one decodes. Every decoding takes one from budget.
func (q *qrDecoder) read(bits plane, t *triple, budget *int) (found, bool) {
	right := (along(bits, t.topLeft, t.topRight) + along(bits, t.topRight, t.topLeft)) / 2
	down := (along(bits, t.topLeft, t.bottomLeft) + along(bits, t.bottomLeft, t.topLeft)) / 2
	if right < 0.8 || down < 0.8 {
		return found{}, false
	}
	columns := math.Hypot(t.topRight.x-t.topLeft.x, t.topRight.y-t.topLeft.y) / right
	rows := math.Hypot(t.bottomLeft.x-t.topLeft.x, t.bottomLeft.y-t.topLeft.y) / down
	version := int(math.Round(((columns+rows)/2 + 7 - 17) / 4))
	var best [3]guess
	spread := 1 + max(version, 0)/8 // the estimate is off by a share of the size
	for v := max(version-spread, 1); v <= min(version+spread, 40); v++ {
		g := guess{dimension: 17 + 4*v, corners: [4]point{{t.topLeft.x, t.topLeft.y}, {t.topRight.x, t.topRight.y},
			fourth(t), {t.bottomLeft.x, t.bottomLeft.y}}}
		if !q.lay(bits, &g) {
			continue
		}
		if g.fitness = q.grid.timing(); g.fitness < leastTiming {
			continue
		}
		for i := range best {
			if g.fitness > best[i].fitness {
				best[i], g = g, best[i]
			}
		}
	}
	for i := range best {
		if g := &best[i]; g.dimension > 0 {
			if q.guessCorner(bits, g); q.lay(bits, g) {
				g.fitness = float64(q.grid.fitness()) / float64(perfect(g.dimension))
			}
		}
	}
	slices.SortFunc(best[:], func(a, b guess) int { return cmp.Compare(b.fitness, a.fitness) })
	for _, g := range best {
		if g.dimension == 0 || g.fitness < least/2 {
			continue
		}
		if !q.lay(bits, &g) {
			continue
		}
		if g.fitness > 0.8 {
			if text, ok := q.decode(budget, fromBitmap); ok {
				return q.result(text), true
			}
		}
		if fitness := float64(q.grid.refine(&g.corners, passes)) / float64(perfect(g.dimension)); fitness < least {
			continue
		}
		for _, how := range [...]sampling{fromBitmap, fromLuma, fromSharpLuma} {
			if text, ok := q.decode(budget, how); ok {
				return q.result(text), true
			}
		}
	}
	return found{}, false
}

// along measures the modules of a finder pattern in the direction of another, in pixels: dark, light, dark both ways is
// seven modules. It gives 0 where the edge of the bitmap is in the way.
func along(bits plane, from, to centre) float64 {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	dx, dy := (to.x-from.x)/length, (to.y-from.y)/length
	total := 0.0
	for _, sign := range [...]float64{1, -1} {
		var x, y float64
		colour, changes := byte(1), 0
		const step = 0.25
		for at := 0.0; ; at += step {
			x, y = from.x+sign*dx*at, from.y+sign*dy*at
			outside := !(x >= 0 && y >= 0 && x < float64(bits.width) && y < float64(bits.height))
			if outside || at > 12*from.module {
				if changes < 2 {
					return 0
				}
				total += at
				break
			}
			if c := bits.pix[int(y)*bits.stride+int(x)]; c != colour {
				colour = c
				if changes++; changes == 3 {
					total += at
					break
				}
			}
		}
	}
	return total / 7
}

// guessCorner moves the fourth corner, which has no finder pattern, to where the last alignment pattern fits best.
func (q *qrDecoder) guessCorner(bits plane, g *guess) {
	n := g.dimension
	if n == 21 { // version 1 has no alignment pattern
		return
	}
	c := &g.corners
	middle, modules := c[2], float64(n-7)
	right := point{(c[1].x - c[0].x) / modules, (c[1].y - c[0].y) / modules}
	down := point{(c[3].x - c[0].x) / modules, (c[3].y - c[0].y) / modules}
	best, at := math.MinInt, middle
	reach := max(4, n/10)
	for j := -reach; j <= reach; j++ {
		for i := -reach; i <= reach; i++ {
			u, v := float64(i), float64(j)
			c[2] = point{middle.x + u*right.x + v*down.x, middle.y + u*right.y + v*down.y}
			if !q.lay(bits, g) {
				continue
			}
			// Nearer ones are likelier, where several look alike.
			if s := 8*q.grid.alignment() - max(i, -i) - max(j, -j); s > best {
				best, at = s, c[2]
			}
		}
	}
	c[2] = at
}

// fourth returns the fourth corner of a tilted square. In homogeneous coordinates it is the parallelogram's. A
// corner's weight follows from the size of its modules: their area goes with the third power of the weight.
func fourth(t *triple) point {
	weight := func(c centre) float64 {
		w := math.Pow(t.topLeft.module/c.module, 2./3)
		return max(0.7, min(w, 1.4))
	}
	right, down := weight(t.topRight), weight(t.bottomLeft)
	w := right + down - 1
	return point{
		(right*t.topRight.x + down*t.bottomLeft.x - t.topLeft.x) / w,
		(right*t.topRight.y + down*t.bottomLeft.y - t.topLeft.y) / w,
	}
}

func finite(m *homography) bool {
	sum := m.a + m.b + m.c + m.d + m.e + m.f + m.g + m.h
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// decode samples all modules and has gozxing correct errors. What comes out has passed Reed-Solomon, or nothing does.
func (q *qrDecoder) decode(budget *int, how sampling) (text string, ok bool) {
	if *budget <= 0 {
		return "", false
	}
	*budget--
	n := q.grid.dimension
	matrix, err := gozxing.NewSquareBitMatrix(n)
	if err != nil {
		return "", false
	}
	switch how {
	case fromBitmap:
		for j := range n {
			for i := range n {
				if q.grid.dark(i, j) == 1 {
					matrix.Set(i, j)
				}
			}
		}
	case fromLuma:
		q.soft.sample(&q.grid, q.luma)
		q.soft.unmix(n, 0)
		q.soft.dark(n, q.inverted, matrix.Set)
	case fromSharpLuma:
		q.soft.unmix(n, softPart)
		q.soft.dark(n, q.inverted, matrix.Set)
	}
	defer func() { // no picture may end the terminal, whatever the library does with it
		if recover() != nil {
			q.panics++
			text, ok = "", false
		}
	}()
	result, err := q.decoder.Decode(matrix, nil)
	if err != nil {
		return "", false
	}
	return result.GetText(), true
}

func (q *qrDecoder) result(text string) found {
	f := found{text: text}
	n := float64(q.grid.dimension)
	for i, p := range [4]point{{0, 0}, {n, 0}, {n, n}, {0, n}} {
		f.corners[i].x, f.corners[i].y = q.grid.m.pixel(p.x, p.y)
	}
	return f
}
