package nn

import "slices"

// over notes that the step emitted last may write its result over one of the operands, which it reads element by element
// and in the places in which it writes. Whether nobody else wants that operand is known when all steps are: see merge.
func (l *lowering) over(out *view, operands ...*view) {
	if !out.whole() {
		return
	}
	e := &l.entries[len(l.entries)-1]
	for _, v := range operands {
		if v.buf == nil || !v.whole() || !slices.Equal(v.shape, out.shape) || !sameStrides(v.shape, v.strides, out.strides) {
			continue
		}
		// An operand may come twice, but not as another view of the same floats.
		elsewhere := func(u *view) bool {
			return u.buf == v.buf && (u.offset != v.offset || !slices.Equal(u.shape, v.shape) || !sameStrides(v.shape, u.strides, v.strides))
		}
		if !slices.ContainsFunc(operands, elsewhere) {
			e.over = append(e.over, v.buf)
		}
	}
}

// whole says that a view is all of its buffer.
func (v *view) whole() bool { return v.offset == 0 && elements(v.shape) == v.buf.size }

// merge lets steps that may do so write over an operand that is read for the last time.
func merge(entries []entry) {
	for i := range entries {
		e := &entries[i]
		out := e.out
		for _, b := range e.over {
			b = b.root()
			if b.first >= 0 && b.last == i && out.first == i && out.home == nil {
				out.home, b.last = b, out.last
				break
			}
		}
	}
}

// root is the buffer whose place b has: b itself, or one that it is merged with.
func (b *buffer) root() *buffer {
	for b.home != nil {
		b = b.home
	}
	return b
}
