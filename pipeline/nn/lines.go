package nn

// lines are the rows of a picture: row y begins at floats[y%count·row].
type lines struct {
	floats     []float32
	row, count int
}

func (l lines) at(y int) []float32 { return l.floats[y%l.count*l.row:] }

// source is the rows of a depthwise convolution's input in the arena.
func (s *depthwiseStep) source(w *worker) lines {
	return lines{floats: w.arena[s.windows.start:], row: s.windows.rowStride, count: s.inHeight}
}

// sink is the rows of a convolution's output there.
func (s *convStep) sink(w *worker) lines {
	return lines{floats: w.arena[s.out.start():], row: s.outRow, count: s.height}
}
