package nn

import "umbral/pipeline/nn/kernel"

// deepBlock is how many pixels share one table of offsets.
const deepBlock = 8 * kernel.DeepPixels

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
}

func (s *depthwiseStep) prepare() {
	s.rows, s.rowPixels = s.height, s.width
	flat := false
	if s.outPx, flat = pitch(s.out); flat {
		s.rows, s.rowPixels = 1, s.height*s.width
	}
	s.outRow = s.out.strides[2]
	s.blocks = (s.rowPixels + deepBlock - 1) / deepBlock
}

func (s *depthwiseStep) place() { s.windows = newWindows(s.in, s.window, s.width) }

// byChannels says that blocks of channels are the units, as with the last kernel of a network, which has one pixel.
// Overlapping blocks would meet an activation twice.
func (s *depthwiseStep) byChannels() bool {
	return s.rows*s.blocks == 1 && (s.finish.kind <= rectifier || s.channels%kernel.DeepChannels == 0)
}

// units are blocks of pixels, or of channels.
func (s *depthwiseStep) units() int {
	if s.byChannels() {
		return len(s.starts)
	}
	return s.rows * s.blocks
}

func (s *depthwiseStep) run(w *worker, from, to int) {
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
			w.kernels.Depthwise(d)
			for p := range min(tp, count-tile*tp) {
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
