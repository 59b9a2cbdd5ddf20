package nn

// Bounds of a unit of a separable convolution.
const (
	separablePixels = 96       // from so many on more don't help: the weights are read once for all of them
	separableFloats = 32 << 10 // of the depthwise part's output, which is to stay in the second-level cache
)

// separableStep is a depthwise convolution and the 1×1 convolution that alone reads it, some rows of the output at a time,
// so that what lies between them never leaves the cache, and needs no place in the arena. A unit is some rows.
type separableStep struct {
	deep  *depthwiseStep
	point *convStep
	rows  int           // of a unit
	cuts  [2]tiling     // of a unit's pixels, and of the last one's
	same  [2][2][]int32 // offsets of the high and the lower tiles of each
}

// separable joins the convolution to the depthwise one before it, if that is where its input comes from, nothing else
// reads that, and both go by rows; nil where they don't.
func (l *lowering) separable(o *op, point *convStep) *separableStep {
	if len(l.entries) == 0 {
		return nil
	}
	deep, ok := l.entries[len(l.entries)-1].step.(*depthwiseStep)
	v := o.in[0]
	if !ok || deep.out != v.view || !l.readOnce(v) || !deep.byStrips && !deep.byRows {
		return nil
	}
	if point.taps != 1 || point.rows != 1 || point.window.stride != [2]int{1, 1} || point.window.pad != [4]int{} || deep.outPx != deep.channels {
		return nil
	}
	s := &separableStep{deep: deep, point: point}
	// Units are halves of a picture at most, so that two threads have equal shares, and even where strips are of two rows.
	s.rows = max(1, min((point.height+1)/2, (separablePixels+point.width-1)/point.width))
	if deep.strip.Rows == 2 {
		s.rows = min((s.rows+1)&^1, point.height)
	}
	if s.floats() > separableFloats {
		return nil
	}
	last := point.height - (s.units()-1)*s.rows
	for i, rows := range []int{s.rows, last} {
		s.cuts[i] = newTiling(rows*point.width, l.kernels)
		for k, height := range s.cuts[i].heights() {
			for p := range height {
				s.same[i][k] = append(s.same[i][k], int32(p*point.depth))
			}
		}
	}
	return s
}

// floats is what a unit needs between the two convolutions.
func (s *separableStep) floats() int { return s.rows*s.point.width*s.point.depth + slack }

func (s *separableStep) units() int { return (s.point.height + s.rows - 1) / s.rows }

func (s *separableStep) place() { s.deep.place() }

// meets is which rows of the input the windows of rows [from, to) of the output meet.
func (s *separableStep) meets(from, to int) (first, last int) {
	win := &s.deep.window
	first = from*win.stride[0] - win.pad[0]
	last = (to-1)*win.stride[0] - win.pad[0] + (win.kernel[0]-1)*win.dilation[0] + 1
	return max(0, first), min(last, s.deep.inHeight)
}

func (s *separableStep) run(w *worker, from, to int) {
	for u := from; u < to; u++ {
		s.compute(w, w.rows, u*s.rows, min((u+1)*s.rows, s.point.height), s.deep.source(w), s.point.sink(w))
	}
}

// compute computes the rows of a unit.
func (s *separableStep) compute(w *worker, own []float32, first, end int, in, to lines) {
	p := s.point
	between := own[:s.floats()]
	s.deep.runLines(w, first, end, in, between, p.width*p.depth)
	cut := 0
	if end == p.height {
		cut = 1
	}
	t := s.cuts[cut]
	var runs [2]run
	count := 0
	for i, r := range t.split(0, t.tiles) {
		if r.pixels == 0 {
			continue
		}
		r.base, r.move, r.offsets = between[r.first*p.depth:], r.height*p.depth, s.same[cut][i]
		runs[count] = r
		count++
	}
	runs[count-1].last = true
	out := to.at(first)
	var residual []float32
	if p.residual != nil {
		residual = w.arena[p.residual.start()+first*p.width*p.resPx:]
	}
	p.runPanels(w, p.packed, runs[:count], 0, out, residual)
	p.finish.applyPixels(w, out, t.pixels, p.outputs, p.outPx)
}
