package nn

// A unit of these steps is one innermost run of the nest.

type copyStep struct {
	nest     nest
	to, from *view
}

func (s *copyStep) run(w *worker, from, to int) {
	out, in := s.to.resolve(w.arena), s.from.resolve(w.arena)
	n, last := s.nest.inner(), s.nest.rank-1
	so, si := s.nest.strides[0][last], s.nest.strides[1][last]
	c := s.nest.seek(from)
	for range to - from {
		o, i := out[c.offsets[0]:], in[c.offsets[1]:]
		if so == 1 && si == 1 {
			copy(o[:n], i)
		} else {
			for k := range n {
				o[k*so] = i[k*si]
			}
		}
		s.nest.next(&c)
	}
}

// interleaveStep merges two runs of channels, as the shuffle of channels in ShuffleNet does; a unit is a pixel.
type interleaveStep struct {
	nest     nest
	to, from *view
}

func (s *interleaveStep) run(w *worker, from, to int) {
	out, in := s.to.resolve(w.arena), s.from.resolve(w.arena)
	n := s.nest.dims[s.nest.rank-2]
	apart := s.nest.strides[1][s.nest.rank-1]
	for u := from; u < to; u++ {
		c := s.nest.seek(u * n)
		w.kernels.Interleave(out[c.offsets[0]:], in[c.offsets[1]:], in[c.offsets[1]+apart:], n, 1, 0, 0, 0)
	}
}

// shuffleStep interleaves the channels of two pictures; a unit is a row.
type shuffleStep struct{ out, a, b *view }

func (s *shuffleStep) run(w *worker, from, to int) {
	out, a, b := s.out.resolve(w.arena), s.a.resolve(w.arena), s.b.resolve(w.arena)
	for y := from; y < to; y++ {
		w.kernels.Interleave(out[y*s.out.strides[2]:], a[y*s.a.strides[2]:], b[y*s.b.strides[2]:], s.a.shape[1], s.a.shape[3], s.out.strides[3], s.a.strides[3], s.b.strides[3])
	}
}

type activationStep struct {
	nest    nest
	finish  finish
	out, in *view
}

func (s *activationStep) run(w *worker, from, to int) {
	out, in := s.out.resolve(w.arena), s.in.resolve(w.arena)
	n, last := s.nest.inner(), s.nest.rank-1
	so, si := s.nest.strides[0][last], s.nest.strides[1][last]
	c := s.nest.seek(from)
	for range to - from {
		o, i := out[c.offsets[0]:], in[c.offsets[1]:]
		if so == 1 && si == 1 {
			s.finish.apply(w, o[:n], i[:n])
		} else {
			for k := range n {
				s.finish.apply(w, o[k*so:k*so+1], i[k*si:k*si+1])
			}
		}
		s.nest.next(&c)
	}
}

type mulAddStep struct {
	nest         nest
	out, a, s, b *view
}

func (s *mulAddStep) run(w *worker, from, to int) {
	out, a, f, b := s.out.resolve(w.arena), s.a.resolve(w.arena), s.s.resolve(w.arena), s.b.resolve(w.arena)
	n, last := s.nest.inner(), s.nest.rank-1
	st := [4]int{s.nest.strides[0][last], s.nest.strides[1][last], s.nest.strides[2][last], s.nest.strides[3][last]}
	c := s.nest.seek(from)
	for range to - from {
		o, x, y, z := out[c.offsets[0]:], a[c.offsets[1]:], f[c.offsets[2]:], b[c.offsets[3]:]
		if st == [4]int{1, 1, 1, 1} {
			w.kernels.MulAdd(o[:n], x, y, z)
		} else {
			for k := range n {
				o[k*st[0]] = x[k*st[1]]*y[k*st[2]] + z[k*st[3]]
			}
		}
		s.nest.next(&c)
	}
}

type binaryStep struct {
	nest      nest
	kind      string
	out, a, b *view
}

func (s *binaryStep) run(w *worker, from, to int) {
	out, a, b := s.out.resolve(w.arena), s.a.resolve(w.arena), s.b.resolve(w.arena)
	n, last := s.nest.inner(), s.nest.rank-1
	so, sa, sb := s.nest.strides[0][last], s.nest.strides[1][last], s.nest.strides[2][last]
	side := so == 1 && sa == 1 && sb == 1
	c := s.nest.seek(from)
	for range to - from {
		o, x, y := out[c.offsets[0]:], a[c.offsets[1]:], b[c.offsets[2]:]
		switch {
		case side && s.kind == "Add":
			w.kernels.Add(o[:n], x, y)
		case side && s.kind == "Mul":
			w.kernels.Mul(o[:n], x, y)
		case so == 1 && sa == 1 && sb == 0 && s.kind == "Mul":
			scaled(w, o[:n], x, y[0])
		case side && s.kind == "Sub":
			difference(w, o[:n], x, y)
		default:
			strided(s.kind, n, o, so, x, sa, y, sb)
		}
		s.nest.next(&c)
	}
}

func scaled(w *worker, o, x []float32, factor float32) {
	repeated := w.chunk[:min(chunk, len(o))]
	for i := range repeated {
		repeated[i] = factor
	}
	for at := 0; at < len(o); at += chunk {
		part := o[at:min(at+chunk, len(o))]
		w.kernels.Mul(part, x[at:], repeated)
	}
}

// minus is a chunk of −1: to multiply by it and add is to subtract, without another rounding.
var minus = func() (all [chunk]float32) {
	for i := range all {
		all[i] = -1
	}
	return all
}()

func difference(w *worker, o, x, y []float32) {
	for at := 0; at < len(o); at += chunk {
		part := o[at:min(at+chunk, len(o))]
		w.kernels.MulAdd(part, y[at:], minus[:], x[at:])
	}
}

// strided computes one run with any strides, 0 for an operand that repeats.
func strided(kind string, n int, o []float32, so int, x []float32, sx int, y []float32, sy int) {
	switch kind {
	case "Add":
		for k := range n {
			o[k*so] = x[k*sx] + y[k*sy]
		}
	case "Sub":
		for k := range n {
			o[k*so] = x[k*sx] - y[k*sy]
		}
	case "Mul":
		for k := range n {
			o[k*so] = x[k*sx] * y[k*sy]
		}
	case "Div":
		for k := range n {
			o[k*so] = x[k*sx] / y[k*sy]
		}
	case "PRelu":
		for k := range n {
			v := x[k*sx]
			if v < 0 {
				v *= y[k*sy]
			}
			o[k*so] = v
		}
	}
}
