package nn

import (
	"math"

	"umbral/pipeline/nn/kernel"
)

// rowStep works along the last axis; a unit is a row.
type rowStep struct {
	nest         nest
	kind         string
	width        int
	in, out      *view
	epsilon      float32
	scale, shift []float32
}

func (s *rowStep) run(w *worker, from, to int) {
	in, out := s.in.resolve(w.arena), s.out.resolve(w.arena)
	inner := s.nest.inner()
	if s.kind == "Softmax" && s.width == 2 && s.nest.rank == 1 {
		pairs(w, out, in, s.nest.strides[0][0], s.nest.strides[1][0], from, to)
		return
	}
	strideOut, strideIn := s.nest.strides[0][s.nest.rank-1], s.nest.strides[1][s.nest.rank-1]
	c := s.nest.seek(from / inner)
	k := from%inner - 1
	for range to - from {
		if k++; k == inner {
			k = 0
			s.nest.next(&c)
		}
		x := in[c.offsets[1]+k*strideIn:][:s.width]
		o := out[c.offsets[0]+k*strideOut:]
		switch s.kind {
		case "Softmax":
			w.kernels.Softmax(o[:s.width], x)
		case "LayerNorm":
			layerNorm(o[:s.width], x, s.scale, s.shift, s.epsilon)
		default:
			o[0] = kernel.Sum(x) / float32(s.width)
		}
	}
}

// pairs is the softmax of rows of two, for which one exponential is enough, a chunk of rows at a time.
func pairs(w *worker, out, in []float32, strideOut, strideIn, from, to int) {
	// Beyond ±80 the smaller of the two is 0 to a float, and the exponential of the difference must not overflow.
	const limit = 80
	for at := from; at < to; at += chunk {
		e := w.chunk[:min(chunk, to-at)]
		for i := range e {
			x := in[(at+i)*strideIn:][:2:2]
			d := x[0] - x[1]
			if d > limit {
				d = limit
			} else if d < -limit {
				d = -limit
			}
			e[i] = d
		}
		w.kernels.Exp(e, e)
		for i, v := range e {
			o := out[(at+i)*strideOut:][:2:2]
			second := 1 / (1 + v)
			o[0], o[1] = v*second, second
		}
	}
}

func layerNorm(out, x, scale, shift []float32, epsilon float32) {
	mean := kernel.Sum(x) / float32(len(x))
	var variance float32
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	factor := float32(1 / math.Sqrt(float64(variance/float32(len(x))+epsilon)))
	for i, v := range x {
		out[i] = (v-mean)*factor*scale[i] + shift[i]
	}
}

// poolStep is a maximum or an average over a window; a unit is a row of the output.
type poolStep struct {
	in, out *view
	window  window
	average bool
}

func (s *poolStep) run(w *worker, from, to int) {
	in, out := s.in.resolve(w.arena), s.out.resolve(w.arena)
	for y := from; y < to; y++ {
		rows := s.rows(w, in, y)
		for x := range s.out.shape[3] {
			s.pixel(w, out[y*s.out.strides[2]+x*s.out.strides[3]:][:s.in.shape[1]], x, rows)
		}
	}
}

// rows joins the window's rows of the input into the worker's row, and returns how many there are: the window is the
// same for every pixel of an output row.
func (s *poolStep) rows(w *worker, in []float32, y int) (count int) {
	channels, width := s.in.shape[1], s.in.shape[3]
	whole := s.in.strides[3] == channels
	for ky := range s.window.kernel[0] {
		row := y*s.window.stride[0] - s.window.pad[0] + ky*s.window.dilation[0]
		if row < 0 || row >= s.in.shape[2] {
			continue
		}
		source := in[row*s.in.strides[2]:]
		if whole {
			s.join(w, w.rows[:width*channels], source, count)
		} else {
			for x := range width {
				s.join(w, w.rows[x*channels:][:channels], source[x*s.in.strides[3]:], count)
			}
		}
		count++
	}
	return count
}

// join takes x into a maximum or a sum of count parts.
func (s *poolStep) join(w *worker, into, x []float32, count int) {
	switch {
	case count == 0:
		copy(into, x)
	case s.average:
		w.kernels.Accumulate(into, x)
	default:
		w.kernels.Max(into, into, x)
	}
}

// pixel joins the window's columns of the worker's row.
func (s *poolStep) pixel(w *worker, out []float32, x, rows int) {
	count := 0
	for kx := range s.window.kernel[1] {
		column := x*s.window.stride[1] - s.window.pad[1] + kx*s.window.dilation[1]
		if column < 0 || column >= s.in.shape[3] {
			continue
		}
		s.join(w, out, w.rows[column*len(out):][:len(out)], count)
		count++
	}
	if s.average && rows*count > 1 {
		scaleBy(out, 1/float32(rows*count))
	}
}

func scaleBy(x []float32, factor float32) {
	for i := range x {
		x[i] *= factor
	}
}

// globalPoolStep averages each channel over the picture.
type globalPoolStep struct{ in, out *view }

func (s *globalPoolStep) run(w *worker, _, _ int) {
	in := s.in.resolve(w.arena)
	out := s.out.resolve(w.arena)[:s.in.shape[1]]
	clear(out)
	for y := range s.in.shape[2] {
		for x := range s.in.shape[3] {
			w.kernels.Accumulate(out, in[y*s.in.strides[2]+x*s.in.strides[3]:])
		}
	}
	scaleBy(out, 1/float32(s.in.shape[2]*s.in.shape[3]))
}

// resizeStep repeats pixels; a unit is a row of the output.
type resizeStep struct {
	in, out *view
	scales  [2]int
}

func (s *resizeStep) run(w *worker, from, to int) {
	in, out := s.in.resolve(w.arena), s.out.resolve(w.arena)
	channels := s.in.shape[1]
	for y := from; y < to; y++ {
		source := in[y/s.scales[0]*s.in.strides[2]:]
		row := out[y*s.out.strides[2]:]
		for x := range s.out.shape[3] {
			copy(row[x*s.out.strides[3]:][:channels], source[x/s.scales[1]*s.in.strides[3]:])
		}
	}
}

// matMulStep multiplies two tensors that a run computes, as attention does; a unit is a row of a product.
type matMulStep struct {
	batch                nest
	rows, columns, depth int
	out, a, b            *view
}

func (s *matMulStep) run(w *worker, from, to int) {
	out, a, b := s.out.resolve(w.arena), s.a.resolve(w.arena), s.b.resolve(w.arena)
	r := len(s.out.shape)
	ao, ak := s.a.strides[r-2], s.a.strides[r-1]
	bk, bc := s.b.strides[r-2], s.b.strides[r-1]
	inner, last := s.batch.inner(), s.batch.rank-1
	for u := from; u < to; u++ {
		batch, row := u/s.rows, u%s.rows
		c := s.batch.seek(batch / inner)
		k := batch % inner
		o := out[c.offsets[0]+k*s.batch.strides[0][last]+row*s.out.strides[r-2]:][:s.columns]
		x := a[c.offsets[1]+k*s.batch.strides[1][last]+row*ao:]
		y := b[c.offsets[2]+k*s.batch.strides[2][last]:]
		if bc == 1 {
			clear(o)
			for d := range s.depth {
				factor := x[d*ak]
				for i, v := range y[d*bk:][:s.columns] {
					o[i] += factor * v
				}
			}
			continue
		}
		if ak == 1 && bk == 1 {
			x := x[:s.depth]
			for i := range o {
				o[i] = dot(x, y[i*bc:][:len(x)])
			}
			continue
		}
		for i := range o {
			column := y[i*bc:]
			var t float32
			for d := range s.depth {
				t += x[d*ak] * column[d*bk]
			}
			o[i] = t
		}
	}
}

// dot is the dot product of two runs of one length, in four parts as sum.
func dot(x, y []float32) float32 {
	var a, b, c, d float32
	for len(x) >= 4 && len(y) >= 4 {
		v, u := (*[4]float32)(x), (*[4]float32)(y)
		a, b, c, d = a+v[0]*u[0], b+v[1]*u[1], c+v[2]*u[2], d+v[3]*u[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		a += v * y[i]
	}
	return (a + b) + (c + d)
}
