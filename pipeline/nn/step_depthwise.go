package nn

import "umbral/pipeline/nn/kernel"

// deepBlock is how many pixels share one table of offsets.
const deepBlock = 8 * kernel.DeepPixels

// longRow is how many pixels a row needs between its sides for a run of its own to pay, as measured with AVX2.
const longRow = 8

// depthwiseStep is a convolution of each channel with its own kernel.
type depthwiseStep struct {
	in, out           *view
	alone             bool // nothing else reads the input
	window            window
	taps, channels    int
	height, width     int
	inHeight, inWidth int
	starts            []int
	packed            []float32 // [taps][weightPitch]
	weightPitch       int
	bias, slope       []float32
	relu              bool
	finish            finish

	rows, rowPixels, blocks int
	outRow, outPx           int
	windows                 windows
	strip                   kernel.Strip // what all strips have in common
	byStrips                bool         // a unit is rowsOfUnit rows of the output, as strips
	byRows                  bool         // or as runs of pixels
	rowsOfUnit              int
	left, right             int // the columns between touch no padding at their sides
	top, bottom             int // the rows between touch none above and below
}

func (s *depthwiseStep) prepare(set *kernel.Set) {
	s.rows, s.rowPixels = s.height, s.width
	flat := false
	if s.outPx, flat = pitch(s.out); flat {
		s.rows, s.rowPixels = 1, s.height*s.width
	}
	s.outRow = s.out.strides[2]
	win := &s.window
	columns := inside(win.kernel[1], win.stride[1], win.dilation[1], win.pad[1], s.inWidth)
	rows := inside(win.kernel[0], win.stride[0], win.dilation[0], win.pad[0], s.inHeight)
	s.left, s.right = within(columns, s.width)
	s.top, s.bottom = within(rows, s.height)
	long := s.right-s.left >= longRow || s.height*s.width == 1
	s.strip, s.byStrips = s.stripsOf(set)
	s.byRows = !s.byStrips && long && s.channels >= kernel.RowChannels && win.kernel[0] <= kernel.RowRows && s.everyWindowHolds()
	s.rowsOfUnit = max(4, (s.height+7)/8+1) &^ 1
	s.blocks = (s.rowPixels + deepBlock - 1) / deepBlock
}

func (s *depthwiseStep) place() { s.windows = newWindows(s.in, s.window, s.width) }

// within clips a range to [0, size).
func within(r [2]int, size int) (first, last int) {
	first = min(r[0], size)
	return first, max(first, min(r[1], size))
}

// taps is the range of a kernel's rows or columns that an output's window has in the input.
func (win *window) taps(axis, at, size int) (first, last int) {
	begin := at*win.stride[axis] - win.pad[axis]
	for last = win.kernel[axis]; last > 0 && begin+(last-1)*win.dilation[axis] >= size; last-- {
	}
	for first = 0; first < last && begin+first*win.dilation[axis] < 0; first++ {
	}
	return first, last
}

// everyWindowHolds says that no window lies in the padding altogether.
func (s *depthwiseStep) everyWindowHolds() bool {
	for axis, n := range [][2]int{{s.height, s.inHeight}, {s.width, s.inWidth}} {
		for at := range n[0] {
			if first, last := s.window.taps(axis, at, n[1]); first == last {
				return false
			}
		}
	}
	return true
}

// byChannels says that blocks of channels are the units, as with the last kernel of a network, which has one pixel.
// Overlapping blocks would meet an activation twice.
func (s *depthwiseStep) byChannels() bool {
	return !s.byRows && !s.byStrips && s.rows*s.blocks == 1 && (s.finish.kind <= rectifier || s.channels%kernel.DeepChannels == 0)
}

// units are rows, blocks of pixels, or of channels.
func (s *depthwiseStep) units() int {
	if s.byRows || s.byStrips {
		return (s.height + s.rowsOfUnit - 1) / s.rowsOfUnit
	}
	if s.byChannels() {
		return len(s.starts)
	}
	return s.rows * s.blocks
}

func (s *depthwiseStep) run(w *worker, from, to int) {
	if s.byRows || s.byStrips {
		from, to = from*s.rowsOfUnit, min(to*s.rowsOfUnit, s.height)
		s.runLines(w, from, to, s.source(w), w.arena[s.out.start()+from*s.outRow:], s.outRow)
		return
	}
	if s.byChannels() {
		s.runBlock(w, 0, 0, s.rowPixels, s.starts[from:to])
		return
	}
	for u := from; u < to; u++ {
		first := u % s.blocks * deepBlock
		s.runBlock(w, u/s.blocks, first, min(deepBlock, s.rowPixels-first), s.starts)
	}
}

func (s *depthwiseStep) runBlock(w *worker, row, first, count int, starts []int) {
	const tp, tc = kernel.DeepPixels, kernel.DeepChannels
	tiles := (count + tp - 1) / tp
	stride := s.taps * tp
	s.windows.fill(w.offsets, row*s.rowPixels+first, count, tp)
	out := w.arena[s.out.start()+row*s.outRow+first*s.outPx:]
	d := &w.deep
	d.Taps, d.WeightPitch, d.Relu = s.taps, s.weightPitch, s.relu
	channels := min(tc, s.channels)
	for _, start := range starts {
		d.Wanted = kernel.Wanted{Pixels: tp, Channels: channels}
		d.Base = w.arena[start:]
		d.Weights = s.packed[start:]
		d.Bias = s.bias[start:][:tc]
		d.Slope = nil
		if s.slope != nil {
			d.Slope = s.slope[start:][:tc]
		}
		full := 0
		if channels == tc {
			full = count / tp
			d.Offsets = w.offsets[:tiles*stride]
			d.Out, d.OutPitch = out[start:], s.outPx
			w.kernels.RunDepthwises(d, full)
		}
		for tile := full; tile < tiles; tile++ {
			d.Offsets = w.offsets[tile*stride:][:stride]
			d.Out, d.OutPitch = w.scratch[:tp*tc], tc
			d.Pixels = min(tp, count-tile*tp)
			w.kernels.Depthwise(d)
			for p := range d.Pixels {
				copy(out[(tile*tp+p)*s.outPx+start:][:channels], w.scratch[p*tc:])
			}
		}
	}
	// Blocks of channels may overlap, so the activation comes when all are done, once for each channel.
	last := starts[len(starts)-1] + channels
	s.finish.applyPixels(w, out[starts[0]:], count, last-starts[0], s.outPx)
}

// runLines computes rows [from, to) of the output into out, row floats apart, from rows of the input.
func (s *depthwiseStep) runLines(w *worker, from, to int, in lines, out []float32, row int) {
	if s.byStrips {
		s.runStrips(w, from, to, in, out, row)
		return
	}
	s.runRows(w, from, to, in, out, row)
	for y := range to - from {
		s.finish.applyPixels(w, out[y*row:], s.width, s.channels, s.outPx)
	}
}

// runRows computes in each row the pixels whose windows touch no padding at their sides in one run, then column by column
// those beside them, in one run too where the rows of the input follow each other. A window that reaches into the padding
// is one of fewer taps.
func (s *depthwiseStep) runRows(w *worker, from, to int, in lines, out []float32, row int) {
	for y := from; y < to && s.left < s.right; y++ {
		s.runRow(w, y, s.left, s.right-s.left, 1, in, out[(y-from)*row:], row)
	}
	upper, lower := max(from, s.top), min(to, s.bottom)
	for _, sides := range [][2]int{{0, s.left}, {s.right, s.width}} {
		for x := sides[0]; x < sides[1]; x++ {
			for y := from; y < to; {
				n := 1
				if y == upper && lower > upper && in.count == s.inHeight {
					n = lower - upper
				}
				s.runRow(w, y, x, n, 0, in, out[(y-from)*row:], row)
				y += n
			}
		}
	}
}

// runRow computes count pixels from one on, along axis 0, a column, or 1, a row; out is the row of the first of them.
func (s *depthwiseStep) runRow(w *worker, y, x, count, axis int, in lines, out []float32, row int) {
	win := &s.window
	up, down := win.taps(0, y, s.inHeight)
	near, far := win.taps(1, x, s.inWidth)
	r := &w.row
	r.Rows, r.Taps, r.Count = down-up, far-near, count
	r.Tap = win.dilation[1] * s.windows.stride
	r.Step, r.OutPitch = win.stride[1]*s.windows.stride, s.outPx
	if axis == 0 {
		r.Step, r.OutPitch = win.stride[0]*in.row, row
	}
	column := (x*win.stride[1] - win.pad[1] + near*win.dilation[1]) * s.windows.stride
	for k := range r.Rows {
		r.In[k] = in.at(y*win.stride[0] - win.pad[0] + (up+k)*win.dilation[0])[column:]
	}
	r.Channels, r.WeightPitch, r.WeightRow, r.Relu = s.channels, s.weightPitch, win.kernel[1]*s.weightPitch, s.relu
	r.Weights, r.Bias, r.Slope = s.packed[up*r.WeightRow+near*r.WeightPitch:], s.bias, s.slope
	r.Out = out[x*s.outPx:]
	w.kernels.Row(r)
}
