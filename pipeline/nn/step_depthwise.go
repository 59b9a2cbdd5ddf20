package nn

import (
	"slices"

	"umbral/pipeline/nn/kernel"
)

// deepBlock is how many pixels share one table of offsets.
const deepBlock = 8 * kernel.DeepPixels

// longRow is how many pixels a row needs between its sides for a run of its own to pay, as measured with AVX2.
const longRow = 8

// depthwiseStep is a convolution of each channel with its own kernel.
type depthwiseStep struct {
	in, out           *view
	window            window
	taps, channels    int
	height, width     int
	inHeight, inWidth int
	starts            []int
	packed            []float32 // [taps][weightPitch]
	weightPitch       int
	bias, slope       []float32
	finish            finish

	rows, rowPixels, blocks int
	outRow, outPx           int
	windows                 windows
	byRows                  bool // a unit is a row of the output
	left, right             int  // of a row: the columns between touch no padding at their sides
	sides                   []side
}

// side is up to four pixels of a row whose windows reach into the padding beside it.
type side struct {
	columns [kernel.DeepPixels]int // the last is repeated
	pixels  int
	offsets []int32 // of all rows
}

func (s *depthwiseStep) prepare(set *kernel.Set) {
	s.rows, s.rowPixels = s.height, s.width
	flat := false
	if s.outPx, flat = pitch(s.out); flat {
		s.rows, s.rowPixels = 1, s.height*s.width
	}
	s.outRow = s.out.strides[2]
	columns := inside(s.window.kernel[1], s.window.stride[1], s.window.dilation[1], s.window.pad[1], s.inWidth)
	s.left = min(columns[0], s.width)
	s.right = max(s.left, min(columns[1], s.width))
	s.byRows = s.channels >= kernel.RowChannels && s.right-s.left >= longRow &&
		(s.window.kernel == [2]int{3, 3} || set.AnyRow && s.window.kernel[0] <= kernel.RowRows)
	s.blocks = (s.rowPixels + deepBlock - 1) / deepBlock
}

func (s *depthwiseStep) place() {
	s.windows = newWindows(s.in, s.window, s.width)
	if s.byRows {
		s.placeSides()
	}
}

// placeSides finds where the windows of the pixels at the rows' ends lie.
func (s *depthwiseStep) placeSides() {
	const tp = kernel.DeepPixels
	var columns []int
	for x := range s.width {
		if x < s.left || x >= s.right {
			columns = append(columns, x)
		}
	}
	for part := range slices.Chunk(columns, tp) {
		b := side{pixels: len(part), offsets: make([]int32, s.height*s.taps*tp)}
		for p := range tp {
			b.columns[p] = part[min(p, len(part)-1)]
			for y := range s.height {
				s.windows.edge(b.offsets[y*s.taps*tp+p:], y, b.columns[p], tp)
			}
		}
		s.sides = append(s.sides, b)
	}
}

// byChannels says that blocks of channels are the units, as with the last kernel of a network, which has one pixel.
// Overlapping blocks would meet an activation twice.
func (s *depthwiseStep) byChannels() bool {
	return !s.byRows && s.rows*s.blocks == 1 && (s.finish.kind <= rectifier || s.channels%kernel.DeepChannels == 0)
}

// units are rows, blocks of pixels, or of channels.
func (s *depthwiseStep) units() int {
	if s.byRows {
		return s.height
	}
	if s.byChannels() {
		return len(s.starts)
	}
	return s.rows * s.blocks
}

func (s *depthwiseStep) run(w *worker, from, to int) {
	if s.byRows {
		for y := from; y < to; y++ {
			s.runRow(w, y)
		}
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
	d.Taps, d.WeightPitch = s.taps, s.weightPitch
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
	if s.finish.kind != none && s.finish.kind != rectifier {
		// Blocks of channels may overlap, so the activation comes when all are done, once for each channel.
		from, to := starts[0], starts[len(starts)-1]+channels
		for p := range count {
			x := out[p*s.outPx+from : p*s.outPx+to]
			s.finish.apply(w, x, x)
		}
	}
}

// runRow computes a row of the output: the pixels at its sides, whose windows reach into the padding, by offsets, and
// those between in one run. Rows of padding above and below are read from the zeros that the arena begins with.
func (s *depthwiseStep) runRow(w *worker, y int) {
	out := w.arena[s.out.start()+y*s.outRow:]
	for i := range s.sides {
		s.runSide(w, out, y, &s.sides[i])
	}
	r := &w.row
	r.Rows, r.Taps = s.window.kernel[0], s.window.kernel[1]
	r.Tap, r.Step, r.Count = s.window.dilation[1]*s.windows.stride, s.window.stride[1]*s.windows.stride, s.right-s.left
	for k := range r.Rows {
		at := 0
		if row := y*s.window.stride[0] - s.window.pad[0] + k*s.window.dilation[0]; row >= 0 && row < s.inHeight {
			at = s.windows.start + row*s.windows.rowStride + (s.left*s.window.stride[1]-s.window.pad[1])*s.windows.stride
		}
		r.In[k] = w.arena[at:]
	}
	r.Channels, r.Weights, r.Bias, r.Slope = s.channels, s.packed, s.bias, s.slope
	r.WeightPitch, r.Out, r.OutPitch = s.weightPitch, out[s.left*s.outPx:], s.outPx
	w.kernels.Row(r)
	if s.finish.kind != none && s.finish.kind != rectifier {
		for x := range s.width {
			pixel := out[x*s.outPx:][:s.channels]
			s.finish.apply(w, pixel, pixel)
		}
	}
}

// runSide computes pixels of a row by way of a scratch tile.
func (s *depthwiseStep) runSide(w *worker, out []float32, y int, b *side) {
	const tp, tc = kernel.DeepPixels, kernel.DeepChannels
	d := &w.deep
	d.Taps, d.WeightPitch = s.taps, s.weightPitch
	d.Out, d.OutPitch = w.scratch[:tp*tc], tc
	d.Offsets = b.offsets[y*s.taps*tp:][:s.taps*tp]
	channels := min(tc, s.channels)
	for _, start := range s.starts {
		d.Base, d.Weights, d.Bias, d.Slope = w.arena[start:], s.packed[start:], s.bias[start:][:tc], nil
		if s.slope != nil {
			d.Slope = s.slope[start:][:tc]
		}
		d.Wanted = kernel.Wanted{Pixels: b.pixels, Channels: channels}
		w.kernels.Depthwise(d)
		for p := range b.pixels {
			copy(out[b.columns[p]*s.outPx+start:][:channels], w.scratch[p*tc:])
		}
	}
}
