package finger

import (
	"math"
	"math/bits"
)

// surrounding describes what is around a minutia, seen in its direction, so that two minutiae can be compared without
// knowing how their pictures lie to each other.
//
// The cylinder tells where other minutiae are and which way they look (the bit-based Minutia Cylinder-Code of Cappelli,
// Ferrara and Maltoni, IEEE PAMI 32, 2010, with 8 × 8 × 6 cells); the rings tell the direction of the ridges on circles
// around the minutia (Tico and Kuosmanen, IEEE PAMI 25, 2003).
type surrounding struct {
	cylinder [directions]uint64
	valid    uint64 // cells that lie on print
	rings    [samples]uint8
	seen     uint64 // samples that lie on print
}

const (
	directions = 6  // slices of the cylinder
	radius     = 72 // of the cylinder, in pixels
	grid       = 8  // cells of the cylinder's diameter
	spreading  = 9  // of a minutia's place, in pixels: standard deviation
	turning    = 18 // of its direction, in 1/256 turns: standard deviation
	samples    = 56
)

// ring is one circle of samples.
var ringsOf = [...]struct{ radius, samples int }{{20, 8}, {38, 12}, {56, 16}, {74, 20}}

var (
	nearness  [3*spreading*3*spreading + 1]int32 // by squared distance, × 1024
	agreement [directions][256]int32             // of a slice with an angle, × 1024
	roots     [directions*grid*grid + 1]int32    // square roots, × 256
	cosines2  [256]int32                         // of differences of orientation, × 256
)

func init() {
	for d2 := range nearness {
		nearness[d2] = int32(math.Round(1024 * math.Exp(-float64(d2)/(2*spreading*spreading))))
	}
	for slice := range agreement {
		for a := range 256 {
			center := (float64(slice)+0.5)*256/directions - 128
			d := math.Remainder(float64(int8(a))-center, 256)
			const half = 256.0 / directions / 2
			phi := func(x float64) float64 { return 0.5 * (1 + math.Erf(x/(turning*math.Sqrt2))) }
			agreement[slice][a] = int32(math.Round(1024 * (phi(d+half) - phi(d-half))))
		}
	}
	for i := range roots {
		roots[i] = int32(math.Round(256 * math.Sqrt(float64(i))))
	}
	for i := range cosines2 {
		cosines2[i] = int32(math.Round(256 * math.Cos(2*math.Pi*float64(i)/256)))
	}
}

// surround describes the minutia i.
func (t *Template) surround(i int) {
	const step, threshold = 2 * radius / grid, 1024 * 1024 * 23 / 100
	m, s := t.Minutiae[i], &t.surroundings[i]
	cos, sin := cosine(m.Angle), sine(m.Angle)
	place := func(u, v int32) (x, y int32) { // u along the minutia, v to its left; y points down
		const half = 1 << (cosineShift - 1)
		return int32(m.X) + (u*cos-v*sin+half)>>cosineShift, int32(m.Y) - (u*sin+v*cos+half)>>cosineShift
	}
	for cell := range int32(grid * grid) {
		u, v := (cell%grid)*step+step/2-radius, (cell/grid)*step+step/2-radius
		if u*u+v*v > radius*radius {
			continue
		}
		x, y := place(u, v)
		if !t.print.at(x, y) {
			continue
		}
		s.valid |= 1 << cell
		var sums [directions]int32
		for j, n := range t.Minutiae {
			dx, dy := int32(n.X)-x, int32(n.Y)-y
			if dy > 3*spreading {
				break // minutiae lie in the order of lines
			}
			d2 := dx*dx + dy*dy
			if j == i || d2 >= int32(len(nearness)) {
				continue
			}
			for slice := range sums {
				sums[slice] += nearness[d2] * agreement[slice][n.Angle-m.Angle]
			}
		}
		for slice, sum := range sums {
			if sum > threshold {
				s.cylinder[slice] |= 1 << cell
			}
		}
	}
	if !t.hasField() {
		return
	}
	k := 0
	for _, ring := range ringsOf {
		for n := range ring.samples {
			a := Angle(n * 256 / ring.samples)
			x, y := place(int32(ring.radius)*cosine(a)>>cosineShift, int32(ring.radius)*sine(a)>>cosineShift)
			if t.print.at(x, y) {
				s.seen |= 1 << k
				s.rings[k] = t.Field.at(x, y) - 2*uint8(m.Angle)
			}
			k++
		}
	}
}

// at interpolates the orientation at a pixel between the cells that have one.
func (f *Field) at(x, y int32) uint8 {
	var vx, vy int32
	c0, r0 := (x-Cell/2)>>4, (y-Cell/2)>>4
	fx, fy := (x-Cell/2)&(Cell-1), (y-Cell/2)&(Cell-1)
	for i, w := range [4]int32{(Cell - fx) * (Cell - fy), fx * (Cell - fy), (Cell - fx) * fy, fx * fy} {
		c, r := int(c0)+i%2, int(r0)+i/2
		if c < 0 || r < 0 || c >= f.Columns || r >= f.Rows || f.Quality[r*f.Columns+c] == 0 {
			continue
		}
		o := f.Orientation[r*f.Columns+c]
		vx += w * cosines2[o]
		vy += w * cosines2[o-64]
	}
	return uint8(angleOf(direction(vy, vx)))
}

// alike says how much two minutiae's surroundings resemble each other, 0 to 1024. What only one of the prints shows does
// not count, but what both show has to be enough.
func alike(a, b *surrounding) int32 {
	both := a.valid & b.valid
	if bits.OnesCount64(both)*100 < 40*52 { // 52 cells lie in the circle
		return 0
	}
	na, nb, differ := 0, 0, 0
	for i := range directions {
		p, q := a.cylinder[i]&both, b.cylinder[i]&both
		na += bits.OnesCount64(p)
		nb += bits.OnesCount64(q)
		differ += bits.OnesCount64(p ^ q)
	}
	minutiae := int32(0)
	if na > 0 && nb > 0 {
		minutiae = 1024 - 1024*roots[differ]/(roots[na]+roots[nb])
	}
	seen := a.seen & b.seen
	n := int32(bits.OnesCount64(seen))
	if n < samples*40/100 {
		return minutiae
	}
	var sum int32
	for rest := seen; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		sum += cosines2[a.rings[i]-b.rings[i]]
	}
	// Directions agree by chance far more often than minutiae do, so only good agreement counts.
	ridges := max(sum*4/n-512, 0) * 2
	return (minutiae + ridges) / 2
}
