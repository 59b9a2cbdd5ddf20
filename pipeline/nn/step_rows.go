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
			softmax(w.kernels, o[:s.width], x)
		case "LayerNorm":
			layerNorm(o[:s.width], x, s.scale, s.shift, s.epsilon)
		default:
			o[0] = sum(x) / float32(s.width)
		}
	}
}

func sum(x []float32) float32 {
	var t float32
	for _, v := range x {
		t += v
	}
	return t
}

func softmax(k *kernel.Set, out, x []float32) {
	if len(x) == 2 {
		// One exponential is enough for two classes.
		e := kernel.Exp(-max(x[0]-x[1], x[1]-x[0]))
		greater := 1 / (1 + e)
		if x[0] >= x[1] {
			out[0], out[1] = greater, e*greater
		} else {
			out[0], out[1] = e*greater, greater
		}
		return
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	for i, v := range x {
		out[i] = v - top
	}
	k.Exp(out, out)
	total := 1 / sum(out)
	for i := range out {
		out[i] *= total
	}
}

func layerNorm(out, x, scale, shift []float32, epsilon float32) {
	mean := sum(x) / float32(len(x))
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
	channels, win := s.in.shape[1], &s.window
	for y := from; y < to; y++ {
		for x := range s.out.shape[3] {
			o := out[y*s.out.strides[2]+x*s.out.strides[3]:][:channels]
			count := 0
			for ky := range win.kernel[0] {
				row := y*win.stride[0] - win.pad[0] + ky*win.dilation[0]
				if row < 0 || row >= s.in.shape[2] {
					continue
				}
				for kx := range win.kernel[1] {
					column := x*win.stride[1] - win.pad[1] + kx*win.dilation[1]
					if column < 0 || column >= s.in.shape[3] {
						continue
					}
					v := in[row*s.in.strides[2]+column*s.in.strides[3]:][:channels]
					switch {
					case count == 0:
						copy(o, v)
					case s.average:
						w.kernels.Accumulate(o, v)
					default:
						w.kernels.Max(o, o, v)
					}
					count++
				}
			}
			if s.average && count > 1 {
				scaleBy(o, 1/float32(count))
			}
		}
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
