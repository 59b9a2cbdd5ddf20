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
	if w.kernels.MaxRow != nil && !s.average && s.in.shape[1] >= kernel.RowChannels && s.window.kernel[0] <= kernel.RowRows {
		for y := from; y < to; y++ {
			s.greatest(w, in, out, y)
		}
		return
	}
	for y := from; y < to; y++ {
		rows := s.rows(w, in, y)
		for x := range s.out.shape[3] {
			s.pixel(w, out[y*s.out.strides[2]+x*s.out.strides[3]:][:s.in.shape[1]], x, rows)
		}
	}
}

// greatest computes a row of maxima: the pixels whose windows touch no padding at their sides in one run, the others one
// by one.
func (s *poolStep) greatest(w *worker, in, out []float32, y int) {
	win, width := &s.window, s.out.shape[3]
	up, down := win.taps(0, y, s.in.shape[2])
	left, right := within(inside(win.kernel[1], win.stride[1], win.dilation[1], win.pad[1], s.in.shape[3]), width)
	r := &w.row
	r.Rows, r.Channels, r.OutPitch = down-up, s.in.shape[1], s.out.strides[3]
	r.Tap, r.Step = win.dilation[1]*s.in.strides[3], win.stride[1]*s.in.strides[3]
	for x := 0; x < width; x += r.Count {
		r.Count = 1
		if x == left && left < right {
			r.Count = right - left
		}
		near, far := win.taps(1, x, s.in.shape[3])
		r.Taps, r.Out = far-near, out[y*s.out.strides[2]+x*s.out.strides[3]:]
		if r.Rows == 0 || r.Taps == 0 { // taps so far apart that they miss a small picture
			clear(r.Out[:r.Channels])
			continue
		}
		at := (x*win.stride[1] - win.pad[1] + near*win.dilation[1]) * s.in.strides[3]
		for k := range r.Rows {
			r.In[k] = in[(y*win.stride[0]-win.pad[0]+(up+k)*win.dilation[0])*s.in.strides[2]+at:]
		}
		w.kernels.MaxRow(r)
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
