package document

import (
	"math"

	"umbral/pipeline/vision"
)

// homography maps points of one plane to another: (x, y, 1) times the matrix, divided by the third coordinate.
type homography [9]float64

func (m *homography) apply(p Point) Point {
	w := m[6]*p.X + m[7]*p.Y + m[8]
	return Point{(m[0]*p.X + m[1]*p.Y + m[2]) / w, (m[3]*p.X + m[4]*p.Y + m[5]) / w}
}

// then gives the map that applies m first and next after it.
func (m *homography) then(next *homography) (out homography) {
	for r := range 3 {
		for c := range 3 {
			for k := range 3 {
				out[3*r+c] += next[3*r+k] * m[3*k+c]
			}
		}
	}
	return out
}

// inverse is the way back; false where there is none.
func (m *homography) inverse() (homography, bool) {
	out := homography{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
	det := m[0]*out[0] + m[1]*out[3] + m[2]*out[6]
	if det == 0 || math.IsNaN(det) || math.IsInf(det, 0) {
		return homography{}, false
	}
	for i := range out {
		out[i] /= det
	}
	return out, true
}

// area is the local magnification of areas at p.
func (m *homography) area(p Point) float64 {
	o := m.apply(p)
	return math.Abs(m.apply(Point{p.X + 1, p.Y}).minus(o).cross(m.apply(Point{p.X, p.Y + 1}).minus(o)))
}

// affine gives the map with x ↦ origin + x·u + y·v.
func affine(origin, u, v Point) homography {
	return homography{u.X, v.X, origin.X, u.Y, v.Y, origin.Y, 0, 0, 1}
}

// maxSamples bounds the samples averaged for one pixel along each axis.
const maxSamples = 4

// warp fills dst with what src shows where from maps each of dst's pixels to. Sampling is bilinear; where dst is coarser
// than src, several samples are averaged, so that thin strokes do not fall through. Pixels outside src repeat its border.
func warp(dst, src *vision.Image, from *homography) {
	if src.Width < 1 || src.Height < 1 {
		clear(dst.Pix)
		return
	}
	scale := math.Sqrt(from.area(Point{float64(dst.Width) / 2, float64(dst.Height) / 2}))
	n := 1
	if scale > 1.3 && !math.IsInf(scale, 0) {
		n = min(maxSamples, int(math.Ceil(scale)))
	}
	weight := 1 / float32(n*n)
	for y := range dst.Height {
		row := dst.Row(y)
		for x := range dst.Width {
			var sum [3]float32
			for i := range n {
				for j := range n {
					p := from.apply(Point{
						float64(x) + (float64(j)+0.5)/float64(n) - 0.5,
						float64(y) + (float64(i)+0.5)/float64(n) - 0.5,
					})
					sample(&sum, src, p)
				}
			}
			for c := range sum {
				row[3*x+c] = byte(sum[c]*weight + 0.5)
			}
		}
	}
}

// sample adds the bilinear value of src at p.
func sample(sum *[3]float32, src *vision.Image, p Point) {
	x := clamp(p.X, 0, float64(src.Width-1))
	y := clamp(p.Y, 0, float64(src.Height-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, src.Width-1), min(y0+1, src.Height-1)
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	top, low := src.Row(y0), src.Row(y1)
	for c := range sum {
		t := float32(top[3*x0+c])*(1-fx) + float32(top[3*x1+c])*fx
		l := float32(low[3*x0+c])*(1-fx) + float32(low[3*x1+c])*fx
		sum[c] += t*(1-fy) + l*fy
	}
}

// clamp moves v into the range; what is not a number becomes low.
func clamp(v, low, high float64) float64 {
	if !(v > low) {
		return low
	}
	return min(v, high)
}
