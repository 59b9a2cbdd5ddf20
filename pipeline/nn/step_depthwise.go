package nn

import "umbral/pipeline/nn/kernel"

// deepBlock is how many pixels share one table of offsets.
const deepBlock = 8 * kernel.DeepPixels

// longRow is how many pixels a row needs for a run of its own to pay, as measured with AVX2.
const longRow = 24

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
	byRows                  bool // 3×3 with enough channels: a unit is a row of the output
}

func (s *depthwiseStep) prepare() {
	s.rows, s.rowPixels = s.height, s.width
	flat := false
	if s.outPx, flat = pitch(s.out); flat {
		s.rows, s.rowPixels = 1, s.height*s.width
	}
	s.outRow = s.out.strides[2]
	s.byRows = s.window.kernel == [2]int{3, 3} && s.channels >= kernel.RowChannels && s.width >= longRow
	s.blocks = (s.rowPixels + deepBlock - 1) / deepBlock
}

func (s *depthwiseStep) place() { s.windows = newWindows(s.in, s.window, s.width) }

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
	left, right := min(s.windows.columns[0], s.width), min(s.windows.columns[1], s.width)
	right = max(left, right)
	if left > 0 || right < s.width {
		s.sides(w, out, y, left, right)
	}
	if right > left {
		r := &w.row
		r.Tap, r.Step, r.Count = s.window.dilation[1]*s.windows.stride, s.window.stride[1]*s.windows.stride, right-left
		r.WeightPitch, r.OutPitch = s.weightPitch, s.outPx
		var rows [3]int
		for k := range rows {
			if row := y*s.window.stride[0] - s.window.pad[0] + k*s.window.dilation[0]; row >= 0 && row < s.inHeight {
				rows[k] = s.windows.start + row*s.windows.rowStride + (left*s.window.stride[1]-s.window.pad[1])*s.windows.stride
			}
		}
		for k, at := range rows {
			r.In[k] = w.arena[at:]
		}
		r.Channels, r.Weights, r.Bias, r.Slope = s.channels, s.packed, s.bias, s.slope
		r.Out = out[left*s.outPx:]
		w.kernels.Row(r)
	}
	if s.finish.kind != none && s.finish.kind != rectifier {
		for x := range s.width {
			pixel := out[x*s.outPx:][:s.channels]
			s.finish.apply(w, pixel, pixel)
		}
	}
}

// sides computes the pixels of a row before left and from right on.
func (s *depthwiseStep) sides(w *worker, out []float32, y, left, right int) {
	const tp, tc = kernel.DeepPixels, kernel.DeepChannels
	d := &w.deep
	d.Taps, d.WeightPitch = s.taps, s.weightPitch
	d.Out, d.OutPitch = w.scratch[:tp*tc], tc
	channels := min(tc, s.channels)
	var columns [tp]int
	for x := 0; x < s.width; {
		n := 0
		for ; n < tp && x < s.width; x++ {
			if x == left {
				x = right
				if x == s.width {
					break
				}
			}
			columns[n] = x
			n++
		}
		if n == 0 {
			return
		}
		for p := range tp {
			column := columns[min(p, n-1)]
			place := s.windows.start + (y*s.window.stride[0]-s.window.pad[0])*s.windows.rowStride + (column*s.window.stride[1]-s.window.pad[1])*s.windows.stride
			s.windows.edge(w.offsets[p:], y, column, place, tp)
		}
		d.Offsets = w.offsets[:s.taps*tp]
		for _, start := range s.starts {
			d.Base, d.Weights, d.Bias, d.Slope = w.arena[start:], s.packed[start:], s.bias[start:][:tc], nil
			if s.slope != nil {
				d.Slope = s.slope[start:][:tc]
			}
			d.Wanted = kernel.Wanted{Pixels: n, Channels: channels}
			w.kernels.Depthwise(d)
			for p := range n {
				copy(out[columns[p]*s.outPx+start:][:channels], w.scratch[p*tc:])
			}
		}
	}
}
