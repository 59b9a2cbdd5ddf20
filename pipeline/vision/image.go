package vision

import "math"

// Image is an 8-bit RGB picture, interleaved: pixel (x, y) is Pix[y*Stride+3*x : +3], red first.
type Image struct {
	Width, Height int
	Stride        int // bytes from one row to the next, at least 3*Width
	Pix           []byte
}

// NewImage allocates a black picture of w × h pixels.
func NewImage(w, h int) *Image {
	m := new(Image)
	m.Reset(w, h)
	return m
}

// Reset makes m a picture of w × h pixels with rows that follow each other without a gap. It keeps the memory of Pix if
// that is large enough, and with it whatever pixels lie there.
func (m *Image) Reset(w, h int) {
	m.Width, m.Height, m.Stride = w, h, 3*w
	m.Pix = sized(m.Pix, 3*w*h)
}

// Bounds returns the whole picture as a region.
func (m *Image) Bounds() Rect { return Rect{X1: float32(m.Width), Y1: float32(m.Height)} }

// Row returns the 3*Width bytes of row y.
func (m *Image) Row(y int) []byte { return m.Pix[y*m.Stride:][:3*m.Width] }

// Grey is an 8-bit picture of luma: pixel (x, y) is Pix[y*Stride+x], 0 black to 255 white.
type Grey struct {
	Width, Height int
	Stride        int // bytes from one row to the next, at least Width
	Pix           []byte
}

// NewGrey allocates a black picture of w × h pixels.
func NewGrey(w, h int) *Grey {
	g := new(Grey)
	g.Reset(w, h)
	return g
}

// Reset makes g a picture of w × h pixels without gaps between rows, and keeps the memory of Pix if it is large enough.
func (g *Grey) Reset(w, h int) {
	g.Width, g.Height, g.Stride = w, h, w
	g.Pix = sized(g.Pix, w*h)
}

// Row returns the Width bytes of row y.
func (g *Grey) Row(y int) []byte { return g.Pix[y*g.Stride:][:g.Width] }

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// Point is a position in pixels.
type Point struct{ X, Y float32 }

// Rect is an area in pixels: from (X0, Y0) to (X1, Y1), the right and lower edge excluded. It may lie partly or wholly
// outside a picture.
type Rect struct{ X0, Y0, X1, Y1 float32 }

// Dx returns the width.
func (r Rect) Dx() float32 { return r.X1 - r.X0 }

// Dy returns the height.
func (r Rect) Dy() float32 { return r.Y1 - r.Y0 }

// Centre returns the middle.
func (r Rect) Centre() Point { return Point{(r.X0 + r.X1) / 2, (r.Y0 + r.Y1) / 2} }

// pixels rounds r to whole pixels inside a w × h picture. x1 > x0 and y1 > y0 unless nothing of it lies inside.
func (r Rect) pixels(w, h int) (x0, y0, x1, y1 int) {
	return nearest(r.X0, w), nearest(r.Y0, h), nearest(r.X1, w), nearest(r.Y1, h)
}

// nearest rounds v to a whole number from 0 to limit. Models compute regions, so v may be huge or not a number.
func nearest(v float32, limit int) int {
	switch {
	case !(v > 0):
		return 0
	case v >= float32(limit):
		return limit
	}
	return min(limit, int(math.Floor(float64(v)+0.5)))
}
