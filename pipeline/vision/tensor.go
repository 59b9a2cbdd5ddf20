package vision

import "math"

// Order says which planes a tensor has.
type Order uint8

const (
	// RGB is three planes, red first.
	RGB Order = iota
	// BGR is three planes, blue first.
	BGR
	// GreyLuma is one plane, 0.299 R + 0.587 G + 0.114 B (BT.601).
	GreyLuma
)

// Planes returns the number of planes: 3, or 1 for GreyLuma.
func (o Order) Planes() int {
	if o == GreyLuma {
		return 1
	}
	return 3
}

// Norm says how a picture becomes a tensor: out = (x − Mean[p]) · Scale[p] with x from 0 to 255 and p the plane in the
// tensor's own order, planes one after another (CHW).
type Norm struct {
	Order       Order
	Mean, Scale [3]float32
}

// Weights of the interpolation are whole numbers of 1/2048, the resolution OpenCV gives them for 8-bit pictures
// (INTER_RESIZE_COEF_BITS): a product of two weights and a byte stays below 2³¹ and one conversion to float a value is
// enough. The error against exact weights is below 0.13 of 255 levels.
const (
	weightBits = 11
	weightOne  = 1 << weightBits
	// fromFixed brings a sum of products of two weights back to levels.
	fromFixed = 1.0 / (weightOne * weightOne)
)

// tap is where one output column or row takes its value from: (1−w)·p[a] + w·p[b], w in 1/weightOne.
type tap struct {
	a, b int32
	w    int32
}

// tapAt follows OpenCV's INTER_LINEAR: the centre of output pixel i lies at origin + (i+0.5)·scale − 0.5 in pixels of
// the source, clamped to its first and last pixel.
func tapAt(i int, origin, scale float64, size int) tap {
	at := origin + (float64(i)+0.5)*scale - 0.5
	last := int32(size - 1)
	if !(at > 0) { // also not a number
		return tap{}
	}
	if at >= float64(last) {
		return tap{a: last, b: last}
	}
	a := int32(at)
	w := int32((at-float64(a))*weightOne + 0.5)
	return tap{a: a, b: a + 1, w: w}
}

// strip is how many columns are resized at a time: their taps fit on the stack.
const strip = 128

// ResizeTensor samples region of src at dw × dh points and writes the normalised planes to dst, which must hold
// n.Order.Planes()·dw·dh values.
//
// Sampling is bilinear with half-pixel centres like OpenCV's INTER_LINEAR and, like it, does not smooth when shrinking.
// Pixels outside src repeat its border. A region inside src sees the pixels around it, so enlarging a part differs from
// enlarging a copy of that part in the outermost half pixel.
func ResizeTensor(dst []float32, dw, dh int, src *Image, region Rect, n Norm) {
	planes := n.planes(dst, dw, dh)
	if src.Width < 1 || src.Height < 1 {
		planes.fill(0, dw*dh)
		return
	}
	scaleX, scaleY := float64(region.Dx())/float64(dw), float64(region.Dy())/float64(dh)
	var c columns
	for x0 := 0; x0 < dw; x0 += strip {
		count := min(strip, dw-x0)
		for i := range count {
			c.set(i, tapAt(x0+i, float64(region.X0), scaleX, src.Width))
		}
		for y := range dh {
			v := tapAt(y, float64(region.Y0), scaleY, src.Height)
			top, bottom := int(v.a)*src.Stride, int(v.b)*src.Stride
			done := planes.resizeStart(y*dw+x0, &c, count, src.Pix, top, bottom, uint32(v.w))
			planes.resizeRow(y*dw+x0, &c, done, count, src.Pix[top:], src.Pix[bottom:], uint32(v.w))
		}
	}
}

// columns are the taps of a strip's columns, in bytes of a row.
type columns struct {
	left, right [strip]int32
	pairs       [strip]int32 // the weight of left in the lower half, that of right in the upper
	backwards   bool         // not all go from left to right: a region turned inside out
}

func (c *columns) set(i int, t tap) {
	c.backwards = i > 0 && (c.backwards || 3*t.b < c.right[i-1])
	c.left[i], c.right[i], c.pairs[i] = 3*t.a, 3*t.b, t.w<<16|(weightOne-t.w)
}

// planes are the destination of one tensor with the normalisation folded into out = fixed·gain + bias, where fixed is
// in units of fromFixed.
type planes struct {
	r, g, b    []float32 // r alone for GreyLuma
	gain, bias [3]float32
	grey       bool
}

func (n Norm) planes(dst []float32, dw, dh int) planes {
	size := dw * dh
	at := func(i int) []float32 { return dst[i*size:][:size:size] }
	p := planes{grey: n.Order == GreyLuma}
	for i := range p.gain {
		p.gain[i], p.bias[i] = n.Scale[i]*fromFixed, -n.Mean[i]*n.Scale[i]
	}
	switch n.Order {
	case GreyLuma:
		p.r = at(0)
	case BGR:
		p.b, p.g, p.r = at(0), at(1), at(2)
		p.gain[0], p.gain[2] = p.gain[2], p.gain[0]
		p.bias[0], p.bias[2] = p.bias[2], p.bias[0]
	default:
		p.r, p.g, p.b = at(0), at(1), at(2)
	}
	return p
}

// fill writes count black pixels from at on.
func (p *planes) fill(at, count int) {
	for i := at; i < at+count; i++ {
		p.put(i, 0, 0, 0)
	}
}

// put writes one pixel given in units of fromFixed.
func (p *planes) put(at int, r, g, b uint32) {
	if p.grey {
		const kr, kg, kb = float32(0.299), float32(0.587), float32(0.114)
		p.r[at] = (kr*float32(int32(r))+kg*float32(int32(g))+kb*float32(int32(b)))*p.gain[0] + p.bias[0]
		return
	}
	p.r[at] = float32(int32(r))*p.gain[0] + p.bias[0]
	p.g[at] = float32(int32(g))*p.gain[1] + p.bias[1]
	p.b[at] = float32(int32(b))*p.gain[2] + p.bias[2]
}

// resizeRow writes columns [from, until) of a row between the source rows top and bottom, of which bottom weighs lower.
func (p *planes) resizeRow(at int, c *columns, from, until int, top, bottom []byte, lower uint32) {
	upper := weightOne - lower
	for i := from; i < until; i++ {
		right := uint32(c.pairs[i]) >> 16
		left := weightOne - right
		ta, tb := (*[3]byte)(top[c.left[i]:]), (*[3]byte)(top[c.right[i]:])
		ba, bb := (*[3]byte)(bottom[c.left[i]:]), (*[3]byte)(bottom[c.right[i]:])
		r := upper*(left*uint32(ta[0])+right*uint32(tb[0])) + lower*(left*uint32(ba[0])+right*uint32(bb[0]))
		g := upper*(left*uint32(ta[1])+right*uint32(tb[1])) + lower*(left*uint32(ba[1])+right*uint32(bb[1]))
		b := upper*(left*uint32(ta[2])+right*uint32(tb[2])) + lower*(left*uint32(ba[2])+right*uint32(bb[2]))
		p.put(at+i, r, g, b)
	}
}

// finite reports whether v is neither infinite nor not a number.
func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }
