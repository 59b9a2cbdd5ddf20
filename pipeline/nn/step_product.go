package nn

import "umbral/pipeline/nn/kernel"

// matMulStep multiplies two tensors that a run computes, as attention does: the second is packed as weights are and then
// multiplied in tiles. A unit is one product of two matrices.
type matMulStep struct {
	batch     nest
	out, a, b *view
	product   convStep // of one pair of matrices, rows being its pixels
	same      [2][]int32
}

func (l *lowering) matMul(o *op) {
	a, b := l.contiguous(o, o.in[0].view), o.in[1].view
	shape := o.out[0].shape
	if o.out[0].view == nil {
		o.out[0].view = l.allocate(shape, rowMajor(shape))
	}
	out := o.out[0].view
	r := len(shape)
	s := &matMulStep{
		batch: newNest(shape[:r-2], out.strides[:r-2], a.strides[:r-2], b.strides[:r-2]),
		out:   out, a: a, b: b,
	}
	depth, outputs := a.shape[r-1], shape[r-1]
	p := &s.product
	p.taps, p.depth, p.outputs, p.outPx, p.exact = 1, depth, outputs, out.strides[r-2], l.kernels.Exact
	p.panels, p.tiling = panels(outputs, depth, l.kernels), newTiling(shape[r-2], l.kernels)
	p.bias = make([]float32, len(p.panels)*kernel.MaxChannels)
	for i, height := range p.tiling.heights() {
		for k := range height {
			s.same[i] = append(s.same[i], int32(k*a.strides[r-2]))
		}
	}
	l.rowFloats = max(l.rowFloats, s.floats())
	l.offsets = max(l.offsets, kernel.MaxPixels)
	l.weights += int64(4*len(p.bias) + 40*len(p.panels))
	batches := elements(shape[:r-2])
	macs := int64(elements(shape)) * int64(depth)
	l.emit(layerOf(o, "packed product", macs), s, batches, macs, out, a, b)
}

// floats is how much the second matrix takes when it is packed.
func (s *matMulStep) floats() int {
	last := s.product.panels[len(s.product.panels)-1]
	return last.packed + s.product.depth*last.width
}

func (s *matMulStep) run(w *worker, from, to int) {
	out, a, b := s.out.resolve(w.arena), s.a.resolve(w.arena), s.b.resolve(w.arena)
	inner, last, r := s.batch.inner(), s.batch.rank-1, len(s.out.shape)
	packed := w.rows[:s.floats()]
	step := s.a.strides[r-2]
	for u := from; u < to; u++ {
		c, k := s.batch.seek(u/inner), u%inner
		x := a[c.offsets[1]+k*s.batch.strides[1][last]:]
		s.pack(packed, b[c.offsets[2]+k*s.batch.strides[2][last]:])
		var runs [2]run
		count := 0
		for i, t := range s.product.tiling.split(0, s.product.tiling.tiles) {
			if t.pixels > 0 {
				t.base, t.move, t.offsets = x[t.first*step:], t.height*step, s.same[i]
				runs[count] = t
				count++
			}
		}
		runs[count-1].last = true
		s.product.runPanels(w, packed, runs[:count], 0, out[c.offsets[0]+k*s.batch.strides[0][last]:], nil)
	}
}

// pack puts the columns of a matrix into panels.
func (s *matMulStep) pack(to, b []float32) {
	p, r := &s.product, len(s.b.shape)
	bk, bc := s.b.strides[r-2], s.b.strides[r-1]
	for _, panel := range p.panels {
		for c := range panel.channels {
			column, packed := b[(panel.start+c)*bc:], to[panel.packed+c:]
			for k := range p.depth {
				packed[k*panel.width] = column[k*bk]
			}
		}
		for c := panel.channels; c < panel.width; c++ {
			packed := to[panel.packed+c:]
			for k := range p.depth {
				packed[k*panel.width] = 0
			}
		}
	}
}
