package document

import "math"

// tie binds a place on the card (mm) to a point of the picture (px).
type tie struct {
	card, picture Point
	// rowOnly: the point lies somewhere on the card's row card.Y.
	rowOnly bool
}

const (
	// tieSpread is how far a glyph may stand from its place, in mm: captions of different printers differ by that.
	tieSpread = 0.5
	// shear is by how much the sides of a millimetre on the card are expected to differ from those of the guess, as a share.
	shear = 0.1
	// tilt is the perspective that is expected: how much nearer one edge of the card is than the other, as a share.
	tilt = 0.15
)

// fit improves a map from the card to the picture by least squares over the ties (Gauss-Newton). Ties that are far off
// count little (the weight of Cauchy's distribution). Priors hold the map near the guess and without
// perspective, so that few ties change little. It returns the map and the root mean square of the weighted residuals in mm.
func fit(start homography, ties []tie) (homography, float64) {
	m := start
	for i := range m {
		m[i] /= start[8]
	}
	guess := m
	centre := Point{CardWidth / 2, CardHeight / 2}
	scale := math.Sqrt(m.area(centre)) // pixels a millimetre
	sigma := tieSpread * scale
	rms := 0.0
	for range 12 {
		var normal [8][9]float64
		sum, weights := 0.0, 0.0
		add := func(residual float64, gradient [8]float64) {
			w := 1 / (sigma * sigma * (1 + residual*residual/(9*sigma*sigma)))
			for r := range 8 {
				for c := range 8 {
					normal[r][c] += w * gradient[r] * gradient[c]
				}
				normal[r][8] -= w * gradient[r] * residual
			}
			sum += w * residual * residual
			weights += w
		}
		for i := range ties {
			t := &ties[i]
			if t.rowOnly {
				d, g := m.rowDistance(t)
				add(d, g)
				continue
			}
			p := m.apply(t.card)
			gx, gy := m.gradients(t.card)
			add(p.X-t.picture.X, gx)
			add(p.Y-t.picture.Y, gy)
		}
		rms = math.Sqrt(sum/max(weights, 1e-12)) / scale
		for _, i := range [4]int{0, 1, 3, 4} {
			w := 1 / (shear * scale)
			normal[i][i] += w * w
			normal[i][8] -= w * w * (m[i] - guess[i])
		}
		for i, size := range [2]float64{CardWidth, CardHeight} {
			w := size / tilt
			normal[6+i][6+i] += w * w
			normal[6+i][8] -= w * w * m[6+i]
		}
		step, ok := solve(&normal)
		if !ok {
			return start, math.Inf(1)
		}
		for i := range step {
			m[i] += step[i]
		}
	}
	return m, rms
}

// gradients are the derivatives of the mapped point's coordinates by the first eight entries.
func (m *homography) gradients(p Point) (x, y [8]float64) {
	w := m[6]*p.X + m[7]*p.Y + m[8]
	o := m.apply(p)
	x = [8]float64{p.X / w, p.Y / w, 1 / w, 0, 0, 0, -o.X * p.X / w, -o.X * p.Y / w}
	y = [8]float64{0, 0, 0, p.X / w, p.Y / w, 1 / w, -o.Y * p.X / w, -o.Y * p.Y / w}
	return x, y
}

// rowDistance is how far a tie's point lies from its row in the picture, with numerical derivatives.
func (m *homography) rowDistance(t *tie) (d float64, gradient [8]float64) {
	distance := func(m *homography) float64 {
		a, b := m.apply(Point{0, t.card.Y}), m.apply(Point{CardWidth, t.card.Y})
		u := b.minus(a)
		return u.cross(t.picture.minus(a)) / max(u.length(), 1e-9)
	}
	d = distance(m)
	steps := [8]float64{1e-5, 1e-5, 1e-3, 1e-5, 1e-5, 1e-3, 1e-8, 1e-8}
	for i, h := range steps {
		moved := *m
		moved[i] += h
		gradient[i] = (distance(&moved) - d) / h
	}
	return d, gradient
}

// solve is Gaussian elimination with pivoting of eight equations.
func solve(a *[8][9]float64) (x [8]float64, ok bool) {
	// Columns have very different units: bring each to the size of its diagonal.
	var unit [8]float64
	for i := range 8 {
		unit[i] = math.Sqrt(a[i][i])
		if !(unit[i] > 0) || math.IsInf(unit[i], 0) {
			return x, false
		}
	}
	for r := range 8 {
		for c := range 8 {
			a[r][c] /= unit[r] * unit[c]
		}
		a[r][8] /= unit[r]
		a[r][r] += 1e-9
	}
	for c := range 8 {
		best := c
		for r := c + 1; r < 8; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[best][c]) {
				best = r
			}
		}
		a[c], a[best] = a[best], a[c]
		if math.Abs(a[c][c]) < 1e-14 {
			return x, false
		}
		for r := range 8 {
			if r == c {
				continue
			}
			f := a[r][c] / a[c][c]
			for k := c; k < 9; k++ {
				a[r][k] -= f * a[c][k]
			}
		}
	}
	for i := range 8 {
		x[i] = a[i][8] / a[i][i] / unit[i]
		if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
			return x, false
		}
	}
	return x, true
}
