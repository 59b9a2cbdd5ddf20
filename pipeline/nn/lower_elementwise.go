package nn

import (
	"math"
	"slices"
)

// stretched repeats a view's elements to a larger shape, by strides of 0.
func stretched(v *view, shape []int) []int {
	strides := make([]int, len(shape))
	for i := range v.shape {
		at := len(shape) - len(v.shape) + i
		if v.shape[i] == shape[at] && shape[at] > 1 {
			strides[at] = v.strides[i]
		}
	}
	return strides
}

// markRepeats finds pictures enlarged by repeating pixels only to be added to another: the addition then reads each
// pixel several times, and the enlarged picture is never made.
func (l *lowering) markRepeats() {
	for _, o := range l.g.ops {
		if o.kind != "Add" {
			continue
		}
		for i, v := range o.in {
			other := o.in[1-i]
			if v.producer != nil && v.producer.kind == "Resize" && v.uses == 1 && v.place == nil && v != other && !other.constant &&
				slices.Equal(v.shape, o.out[0].shape) && slices.Equal(other.shape, v.shape) {
				v.repeated = true
				break
			}
		}
	}
}

// cells looks at a picture as one of cells of so many rows and columns of pixels.
func (v *view) cells(rows, columns int) *view {
	s := v.shape
	c, _ := v.reshape([]int{s[0], s[1], s[2] / rows, rows, s[3] / columns, columns})
	return c
}

// exactReciprocal says that multiplying with a factor is the same as dividing by its reciprocal: it is a power of two.
func exactReciprocal(factor float32) bool {
	fraction, _ := math.Frexp(float64(factor))
	return math.Abs(fraction) == 0.5
}

func (l *lowering) binary(o *op) {
	a, b := l.operand(o.in[0]), l.operand(o.in[1])
	like := a
	if a.buf == nil || !slices.Equal(a.shape, o.out[0].shape) {
		like = b
	}
	if !slices.Equal(like.shape, o.out[0].shape) {
		like = nil
	}
	out := l.output(o.out[0], like)
	kind := o.kind
	if s, ok := divisor(o, o.in[0]); ok && kind == "Div" && exactReciprocal(s) {
		kind, b = "Mul", &view{constant: []float32{s}, shape: []int{1}, strides: []int{1}}
	}
	x, y, z := out, a, b
	for i, v := range o.in {
		if v.repeated {
			scales := v.producer.scales
			parts := [2]*view{a.cells(1, 1), b.cells(1, 1)}
			parts[1-i] = l.operand(o.in[1-i]).cells(scales[0], scales[1])
			x, y, z = out.cells(scales[0], scales[1]), parts[0], parts[1]
		}
	}
	n := elementNest(x.shape, x.strides, stretched(y, x.shape), stretched(z, x.shape))
	l.emit(layerOf(o, "element-wise", 0), &binaryStep{nest: n, kind: kind, out: out, a: a, b: b}, n.rows(), int64(elements(out.shape)), out, a, b)
	l.over(out, a, b)
}

func (l *lowering) mulAdd(o *op) {
	a, s, b := o.in[0].view, o.in[1].view, o.in[2].view
	out := l.output(o.out[0], b)
	if !slices.Equal(a.shape, out.shape) {
		a, s = s, a
	}
	n := elementNest(out.shape, out.strides, stretched(a, out.shape), stretched(s, out.shape), stretched(b, out.shape))
	l.emit(layerOf(o, "element-wise", 0), &mulAddStep{nest: n, out: out, a: a, s: s, b: b}, n.rows(), int64(elements(out.shape)), out, a, s, b)
	l.over(out, a, s, b)
}

func (l *lowering) activation(o *op) {
	in := o.in[0].view
	out := l.output(o.out[0], in)
	if o.finish.slope != nil {
		l.weights += int64(4 * len(o.finish.slope))
		slope := &view{constant: o.finish.slope, shape: []int{len(o.finish.slope), 1, 1}, strides: []int{1, 1, 1}}
		n := elementNest(out.shape, out.strides, in.strides, stretched(slope, out.shape))
		l.emit(layerOf(o, "element-wise", 0), &binaryStep{nest: n, kind: "PRelu", out: out, a: in, b: slope}, n.rows(), int64(elements(out.shape)), out, in)
		l.over(out, in)
		return
	}
	n := elementNest(out.shape, out.strides, in.strides)
	l.emit(layerOf(o, "element-wise", 0), &activationStep{nest: n, finish: o.finish, out: out, in: in}, n.rows(), int64(elements(out.shape)), out, in)
	l.over(out, in)
}

// rows lowers what works along the last axis: Softmax, LayerNorm, ReduceMean.
func (l *lowering) rows(o *op) {
	in := o.in[0].view
	shape := o.out[0].shape
	if o.out[0].view == nil {
		o.out[0].view = l.allocate(shape, rowMajor(shape))
	}
	out := o.out[0].view
	if o.kind == "Softmax" {
		// Axes of 1 behind the one that counts fall away.
		in, _ = in.reshape(shape[:o.axis+1])
		out, _ = out.reshape(shape[:o.axis+1])
	}
	in = l.contiguous(o, in)
	last := len(in.shape) - 1
	// One row at a time: all dimensions but the last are walked.
	n := newNest(in.shape[:last], out.strides[:last], in.strides[:last])
	s := &rowStep{nest: n, kind: o.kind, width: in.shape[last], in: in, out: out, epsilon: o.epsilon}
	if o.kind == "LayerNorm" {
		s.scale, s.shift = o.affine[0].floats, o.affine[1].floats
		l.weights += int64(4 * (len(s.scale) + len(s.shift)))
	}
	l.emit(layerOf(o, "rows", 0), s, elements(in.shape[:last]), int64(elements(in.shape)), out, in)
}

func (l *lowering) pool(o *op) {
	in := l.channelsInner(o, o.in[0].view)
	out := l.output(o.out[0], nil)
	s := &poolStep{in: in, out: out, window: o.window, average: o.average}
	l.rowFloats = max(l.rowFloats, in.shape[3]*in.shape[1])
	l.emit(layerOf(o, "rows", 0), s, out.shape[2], int64(elements(out.shape)*o.window.kernel[0]*o.window.kernel[1]), out, in)
}

func (l *lowering) shuffle(o *op) {
	a, b := l.channelsInner(o, o.in[0].view), l.channelsInner(o, o.in[1].view)
	out := l.output(o.out[0], nil)
	l.emit(layerOf(o, "interleave", 0), &shuffleStep{out: out, a: a, b: b}, out.shape[2], int64(elements(out.shape)), out, a, b)
}

func (l *lowering) globalPool(o *op) {
	in := l.channelsInner(o, o.in[0].view)
	out := l.output(o.out[0], nil)
	l.emit(layerOf(o, "rows", 0), &globalPoolStep{in: in, out: out}, 1, int64(elements(in.shape)), out, in)
}

func (l *lowering) resize(o *op) {
	in := l.channelsInner(o, o.in[0].view)
	if o.out[0].repeated {
		o.out[0].view = in
		return
	}
	out := l.output(o.out[0], nil)
	l.emit(layerOf(o, "nearest", 0), &resizeStep{in: in, out: out, scales: o.scales}, out.shape[2], int64(elements(out.shape)), out, in)
}
