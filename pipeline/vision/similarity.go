package vision

import (
	"fmt"
	"math"
)

// Similarity is a rotation, a uniform scale and a shift of the plane:
//
//	x' = A·x − B·y + X
//	y' = B·x + A·y + Y
type Similarity struct{ A, B, X, Y float32 }

// Apply maps p.
func (s Similarity) Apply(p Point) Point {
	return Point{s.A*p.X - s.B*p.Y + s.X, s.B*p.X + s.A*p.Y + s.Y}
}

// Scale returns the factor by which lengths grow.
func (s Similarity) Scale() float32 { return float32(math.Hypot(float64(s.A), float64(s.B))) }

// Roll returns the angle of the rotation in degrees, −180 to 180, positive from the x axis (right) to the y axis
// (down).
func (s Similarity) Roll() float32 {
	return float32(math.Atan2(float64(s.B), float64(s.A)) * 180 / math.Pi)
}

// EstimateSimilarity finds the similarity that maps from onto to with the least sum of squared distances (S. Umeyama,
// "Least-squares estimation of transformation parameters between two point patterns", IEEE PAMI 13(4), 1991). In the
// plane, and without reflections, the paper's singular value decomposition has a closed form.
//
// It fails when the numbers of points differ or are below two, when a coordinate is not finite, or when all points of
// from coincide.
func EstimateSimilarity(from, to []Point) (Similarity, error) {
	if len(from) != len(to) || len(from) < 2 {
		return Similarity{}, fmt.Errorf("vision: similarity of %d to %d points, needs two or more pairs", len(from), len(to))
	}
	var fx, fy, tx, ty float64
	for i := range from {
		fx, fy = fx+float64(from[i].X), fy+float64(from[i].Y)
		tx, ty = tx+float64(to[i].X), ty+float64(to[i].Y)
	}
	n := float64(len(from))
	fx, fy, tx, ty = fx/n, fy/n, tx/n, ty/n
	var dot, cross, spread float64
	for i := range from {
		ux, uy := float64(from[i].X)-fx, float64(from[i].Y)-fy
		vx, vy := float64(to[i].X)-tx, float64(to[i].Y)-ty
		dot += ux*vx + uy*vy
		cross += ux*vy - uy*vx
		spread += ux*ux + uy*uy
	}
	if !finite(dot + cross + spread) {
		return Similarity{}, fmt.Errorf("vision: similarity of points that are not finite numbers (a model's output?)")
	}
	// float32 coordinates near 4096 are 2⁻¹¹ apart: a smaller spread is rounding.
	if spread < 1e-6*n {
		return Similarity{}, fmt.Errorf("vision: similarity of %d points that coincide at (%.1f, %.1f)", len(from), fx, fy)
	}
	a, b := dot/spread, cross/spread
	return Similarity{A: float32(a), B: float32(b), X: float32(tx - a*fx + b*fy), Y: float32(ty - b*fx - a*fy)}, nil
}

// WarpTensor moves src by m and writes the dw × dh pixels at the origin as normalised planes to dst, which must hold
// n.Order.Planes()·dw·dh values: the pixel at m.Apply(p) is the one at p of src. Sampling is bilinear between pixel
// centres at whole coordinates, and what lies outside src is black before normalisation, as in OpenCV's warpAffine with
// INTER_LINEAR and BORDER_CONSTANT. A similarity that cannot be inverted gives a black tensor.
func WarpTensor(dst []float32, dw, dh int, src *Image, m Similarity, n Norm) {
	planes := n.planes(dst, dw, dh)
	a, b := float64(m.A), float64(m.B)
	det := a*a + b*b
	// The way back: p = (q − shift) rotated by the conjugate over the squared scale.
	ia, ib := a/det, -b/det
	ix := -(ia*float64(m.X) - ib*float64(m.Y))
	iy := -(ib*float64(m.X) + ia*float64(m.Y))
	if !finite(ia+ib+ix+iy) || src.Width < 1 || src.Height < 1 {
		planes.fill(0, dw*dh)
		return
	}
	for y := range dh {
		sx, sy := ix-ib*float64(y), iy+ia*float64(y)
		planes.warpRow(y*dw, dw, src, sx, sy, ia, ib)
	}
}

// coordinateBits is the resolution of source coordinates along a row: 2⁻²⁰ of a pixel, so that the error of the step
// stays below a weight's resolution for rows up to 512 pixels and coordinates need no floating point a pixel.
const coordinateBits = 20

// warpRow writes count pixels; the first comes from (sx, sy), each next one from (stepX, stepY) further.
func (p *planes) warpRow(at, count int, src *Image, sx, sy, stepX, stepY float64) {
	// Beyond this the row sees nothing of a picture, and whole numbers could overflow.
	const far = 1 << 40
	if math.Abs(sx)+math.Abs(sy)+float64(count)*(math.Abs(stepX)+math.Abs(stepY)) > far {
		p.fill(at, count)
		return
	}
	x, y := fixedCoordinate(sx), fixedCoordinate(sy)
	dx, dy := fixedCoordinate(stepX), fixedCoordinate(stepY)
	width, height := int64(src.Width), int64(src.Height)
	for i := at; i < at+count; i++ {
		cx, cy := x>>coordinateBits, y>>coordinateBits
		right := uint32(x>>(coordinateBits-weightBits)) & (weightOne - 1)
		lower := uint32(y>>(coordinateBits-weightBits)) & (weightOne - 1)
		switch {
		case cx >= 0 && cy >= 0 && cx+1 < width && cy+1 < height:
			left, upper := weightOne-right, weightOne-lower
			top := (*[6]byte)(src.Pix[int(cy)*src.Stride+3*int(cx):])
			low := (*[6]byte)(src.Pix[(int(cy)+1)*src.Stride+3*int(cx):])
			p.put(i,
				upper*(left*uint32(top[0])+right*uint32(top[3]))+lower*(left*uint32(low[0])+right*uint32(low[3])),
				upper*(left*uint32(top[1])+right*uint32(top[4]))+lower*(left*uint32(low[1])+right*uint32(low[4])),
				upper*(left*uint32(top[2])+right*uint32(top[5]))+lower*(left*uint32(low[2])+right*uint32(low[5])))
		case cx >= -1 && cy >= -1 && cx < width && cy < height:
			p.put(i, edgePixel(src, int(cx), int(cy), right, lower, 0),
				edgePixel(src, int(cx), int(cy), right, lower, 1),
				edgePixel(src, int(cx), int(cy), right, lower, 2))
		default:
			p.put(i, 0, 0, 0)
		}
		x, y = x+dx, y+dy
	}
}

func fixedCoordinate(v float64) int64 { return int64(math.Floor(v*(1<<coordinateBits) + 0.5)) }

// edgePixel interpolates channel c of the four pixels at (x, y), of which some lie outside src and count as black.
func edgePixel(src *Image, x, y int, right, lower uint32, c int) uint32 {
	at := func(x, y int) uint32 {
		if x < 0 || y < 0 || x >= src.Width || y >= src.Height {
			return 0
		}
		return uint32(src.Pix[y*src.Stride+3*x+c])
	}
	left, upper := weightOne-right, weightOne-lower
	return upper*(left*at(x, y)+right*at(x+1, y)) + lower*(left*at(x, y+1)+right*at(x+1, y+1))
}
