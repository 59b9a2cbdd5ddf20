package symbol

import "math"

// homography maps modules of a code to pixels: x' = (ax+by+c)/(gx+hy+1), y' = (dx+ey+f)/(gx+hy+1).
type homography struct{ a, b, c, d, e, f, g, h float64 }

// pixel returns where the point (u, v) of the code lies; u and v are in modules from its outer top left corner.
func (m *homography) pixel(u, v float64) (x, y float64) {
	w := m.g*u + m.h*v + 1
	return (m.a*u + m.b*v + m.c) / w, (m.d*u + m.e*v + m.f) / w
}

type point struct{ x, y float64 }

// fromSquare maps (0,0), (1,0), (1,1), (0,1) to four points (Heckbert, Fundamentals of Texture Mapping, 1989, 2.2.3).
func fromSquare(p [4]point) (homography, bool) {
	dx1, dx2, sx := p[1].x-p[2].x, p[3].x-p[2].x, p[0].x-p[1].x+p[2].x-p[3].x
	dy1, dy2, sy := p[1].y-p[2].y, p[3].y-p[2].y, p[0].y-p[1].y+p[2].y-p[3].y
	det := dx1*dy2 - dx2*dy1
	if math.Abs(det) < 1e-9 {
		return homography{}, false
	}
	g, h := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	return homography{
		a: p[1].x - p[0].x + g*p[1].x, b: p[3].x - p[0].x + h*p[3].x, c: p[0].x,
		d: p[1].y - p[0].y + g*p[1].y, e: p[3].y - p[0].y + h*p[3].y, f: p[0].y, g: g, h: h,
	}, true
}

// over maps a square from (lo, lo) to (hi, hi), rather than the unit square.
func (m homography) over(lo, hi float64) homography {
	s := 1 / (hi - lo)
	// u → (u-lo)·s, then divide all by the new constant of the denominator.
	k := 1 - (m.g+m.h)*s*lo
	return homography{
		a: m.a * s / k, b: m.b * s / k, c: (m.c - (m.a+m.b)*s*lo) / k,
		d: m.d * s / k, e: m.e * s / k, f: (m.f - (m.d+m.e)*s*lo) / k,
		g: m.g * s / k, h: m.h * s / k,
	}
}

// grid is a code laid over a bitmap.
type grid struct {
	bits      plane
	dimension int // modules a side
	m         homography
}

// dark samples the module in column i and row j: the majority of five points in its middle half.
func (g *grid) dark(i, j int) int {
	n := 0
	for _, d := range [...]point{{.5, .5}, {.3, .3}, {.7, .3}, {.3, .7}, {.7, .7}} {
		n += g.at(float64(i)+d.x, float64(j)+d.y)
	}
	if n >= 3 {
		return 1
	}
	return 0
}

// at samples one point; outside the bitmap all is light.
func (g *grid) at(u, v float64) int {
	x, y := g.m.pixel(u, v)
	// The comparison also refuses what is not a number.
	if !(x >= 0 && y >= 0 && x < float64(g.bits.width) && y < float64(g.bits.height)) {
		return 0
	}
	return int(g.bits.pix[int(y)*g.bits.stride+int(x)])
}

// agree is 1 where the middle of the module is as dark as it should be, else -1.
func (g *grid) agree(i, j, dark int) int {
	n := 0
	for _, d := range [...]point{{.5, .5}, {.3, .3}, {.7, .3}, {.3, .7}, {.7, .7}} {
		if g.at(float64(i)+d.x, float64(j)+d.y) == dark {
			n++
		} else {
			n--
		}
	}
	return n
}

// fitness says how well the grid lies on the patterns that every code of its size has: the more, the better.
func (g *grid) fitness() int {
	n := g.dimension
	sum := g.rings(3, 3, 3) + g.rings(n-4, 3, 3) + g.rings(3, n-4, 3)
	for i := 8; i < n-8; i++ { // timing patterns
		sum += g.agree(i, 6, 1^i&1) + g.agree(6, i, 1^i&1)
	}
	version := (n - 17) / 4
	if version < 2 {
		return sum
	}
	at, count := alignmentPositions(version)
	for _, y := range at[:count] {
		for _, x := range at[:count] {
			first, last := at[0], at[count-1]
			if x == first && y == first || x == first && y == last || x == last && y == first {
				continue // there are finder patterns
			}
			sum += g.rings(x, y, 2)
		}
	}
	return sum
}

// rings scores a finder pattern (radius 3) or alignment pattern (radius 2) about a module. Their outermost ring is
// dark, the next is light, and the middle is dark.
func (g *grid) rings(x, y, radius int) int {
	sum := 0
	for j := -radius; j <= radius; j++ {
		for i := -radius; i <= radius; i++ {
			distance := max(i, -i, j, -j)
			dark := 1
			if distance == radius-1 {
				dark = 0
			}
			sum += g.agree(x+i, y+j, dark)
		}
	}
	return sum
}

// timing says how well the better one of the two timing patterns fits, from -1 to 1, from one point a module.
func (g *grid) timing() float64 {
	row, column := 0, 0
	for i := 8; i < g.dimension-8; i++ {
		dark, at := 1^i&1, float64(i)+.5
		row += 1 - 2*(g.at(at, 6.5)^dark)
		column += 1 - 2*(g.at(6.5, at)^dark)
	}
	return float64(max(row, column)) / float64(g.dimension-16)
}

// alignment says how well the last alignment pattern fits, from -25 to 25, from one point a module.
func (g *grid) alignment() int {
	sum := 0
	for j := -2; j <= 2; j++ {
		for i := -2; i <= 2; i++ {
			dark := 1
			if max(i, -i, j, -j) == 1 {
				dark = 0
			}
			sum += 1 - 2*(g.at(float64(g.dimension-7+i)+.5, float64(g.dimension-7+j)+.5)^dark)
		}
	}
	return sum
}

// perfect is the largest fitness that a version can have.
func perfect(dimension int) int {
	version := (dimension - 17) / 4
	modules := 3*49 + 2*(dimension-16)
	if version >= 2 {
		_, n := alignmentPositions(version)
		modules += 25 * (n*n - 3)
	}
	return 5 * modules
}

// alignmentPositions are the columns and rows of alignment patterns (ISO/IEC 18004, annex E): 6, the last but six, and
// the rest in even steps counted from there.
func alignmentPositions(version int) (at [7]int, count int) {
	count = version/7 + 2
	last := 4*version + 10
	step := 0
	if count > 2 {
		// The step is even; version 32 deviates from the rule that holds for all others.
		step = (4*version + 2*count + 1) / (2*count - 2) * 2
		if version == 32 {
			step = 26
		}
	}
	at[0] = 6
	for i := count - 1; i > 0; i-- {
		at[i] = last - (count-1-i)*step
	}
	return at, count
}

// refine moves the four corners a little as long as the grid fits better: what a curved card or a hand-held phone does
// to the corner that has no finder pattern, above all.
func (g *grid) refine(corners *[4]point, passes int) int {
	lo, hi := 3.5, float64(g.dimension)-3.5
	best := g.fitness()
	limit := perfect(g.dimension)
	side := math.Hypot(corners[1].x-corners[0].x, corners[1].y-corners[0].y)
	step := 1.5 * side / (hi - lo) // pixels
	for range passes {
		moved := false
		for corner := range corners {
			i := (corner + 2) % 4 // begin with the one that is only guessed
			for _, d := range [...]point{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				tried := *corners
				tried[i].x += d.x * step
				tried[i].y += d.y * step
				m, ok := fromSquare(tried)
				if !ok {
					continue
				}
				old := g.m
				g.m = m.over(lo, hi)
				if f := g.fitness(); f > best {
					best, *corners, moved = f, tried, true
				} else {
					g.m = old
				}
			}
		}
		if best == limit {
			break
		}
		if !moved {
			step /= 2
		}
	}
	return best
}
