package document

import (
	"math"
	"slices"
)

// Point is a position in pixels of a picture, or in millimetres on a card; pixel centres have whole numbers.
type Point struct{ X, Y float64 }

func (p Point) plus(q Point) Point               { return Point{p.X + q.X, p.Y + q.Y} }
func (p Point) minus(q Point) Point              { return Point{p.X - q.X, p.Y - q.Y} }
func (p Point) times(f float64) Point            { return Point{f * p.X, f * p.Y} }
func (p Point) dot(q Point) float64              { return p.X*q.X + p.Y*q.Y }
func (p Point) cross(q Point) float64            { return p.X*q.Y - p.Y*q.X }
func (p Point) length() float64                  { return math.Hypot(p.X, p.Y) }
func (p Point) normal() Point                    { return Point{-p.Y, p.X} }
func (p Point) towards(q Point, f float64) Point { return p.plus(q.minus(p).times(f)) }

func (p Point) finite() bool {
	return !math.IsNaN(p.X) && !math.IsNaN(p.Y) && !math.IsInf(p.X, 0) && !math.IsInf(p.Y, 0)
}

// box is a rectangle at any angle around a line of text.
type box struct {
	centre Point
	along  Point   // unit vector in the direction of reading
	width  float64 // along it
	height float64
	score  float64 // mean probability of text inside, 0 to 1
}

// at gives the point at shares of width and height from the centre, −0.5 to 0.5 inside.
func (b *box) at(x, y float64) Point {
	return b.centre.plus(b.along.times(x * b.width)).plus(b.along.normal().times(y * b.height))
}

// turned is the same rectangle read from the other end.
func (b box) turned() box {
	b.along = b.along.times(-1)
	return b
}

// hull is the convex hull of points (Andrew's monotone chain), counter-clockwise in a system with y upwards. It reorders
// points.
func hull(points []Point) []Point {
	slices.SortFunc(points, func(a, b Point) int {
		switch {
		case a.X < b.X || a.X == b.X && a.Y < b.Y:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	points = slices.Compact(points)
	if len(points) < 3 {
		return points
	}
	var out []Point
	half := func(p Point, least int) {
		for len(out) > least && out[len(out)-1].minus(out[len(out)-2]).cross(p.minus(out[len(out)-1])) <= 0 {
			out = out[:len(out)-1]
		}
		out = append(out, p)
	}
	for _, p := range points {
		half(p, 1)
	}
	upper := len(out)
	for i := len(points) - 2; i >= 0; i-- {
		half(points[i], upper)
	}
	return out[:len(out)-1]
}

// smallestRectangle is the rectangle of least area around a convex hull: one of its sides lies on one of the hull's. The
// longer side counts as the direction of reading, from left to right.
func smallestRectangle(hull []Point) box {
	if len(hull) < 3 {
		if len(hull) == 0 {
			return box{along: Point{X: 1}}
		}
		d := hull[len(hull)-1].minus(hull[0])
		b := box{centre: hull[0].towards(hull[len(hull)-1], 0.5), width: d.length(), along: Point{X: 1}}
		if b.width > 0 {
			b.along = d.times(1 / b.width)
		}
		return b
	}
	best := box{along: Point{X: 1}}
	least := math.Inf(1)
	for i, p := range hull {
		side := hull[(i+1)%len(hull)].minus(p)
		length := side.length()
		if length == 0 {
			continue
		}
		u := side.times(1 / length)
		v := u.normal()
		x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for _, q := range hull {
			x0, x1 = min(x0, q.dot(u)), max(x1, q.dot(u))
			y0, y1 = min(y0, q.dot(v)), max(y1, q.dot(v))
		}
		if area := (x1 - x0) * (y1 - y0); area < least {
			least = area
			best = box{
				centre: u.times((x0 + x1) / 2).plus(v.times((y0 + y1) / 2)),
				along:  u, width: x1 - x0, height: y1 - y0,
			}
		}
	}
	if best.width < best.height {
		best.along, best.width, best.height = best.along.normal(), best.height, best.width
	}
	if best.along.X < 0 || best.along.X == 0 && best.along.Y < 0 {
		best = best.turned()
	}
	return best
}
