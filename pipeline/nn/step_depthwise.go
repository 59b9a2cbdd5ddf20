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
	tapOffsets              []int32
}

func (s *depthwiseStep) prepare() {
	s.rows, s.rowPixels = s.height, s.width
	flat := false
	if s.outPx, flat = pitch(s.out); flat {
		s.rows, s.rowPixels = 1, s.height*s.width
	}
	s.outRow = s.out.strides[2]
	s.blocks = (s.rowPixels + deepBlock - 1) / deepBlock
	s.tapOffsets = tapOffsets(s.in, &s.window)
}

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
	for p := range tiles * tp {
		// A pixel too many repeats the last one.
		pixel := row*s.rowPixels + first + min(p, count-1)
		windowOffsets(w.offsets[p/tp*stride+p%tp:], tp, pixel, s.width, s.in.start(), s.in.strides, s.inHeight, s.inWidth, &s.window, s.tapOffsets)
	}
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
		for tile := range tiles {
			d.Offsets = w.offsets[tile*stride:][:stride]
			at := tile * tp
			pixels := min(tp, count-at)
			if pixels == tp && channels == tc {
				d.Out, d.OutPitch = out[at*s.outPx+start:], s.outPx
				w.kernels.Depthwise(d)
				continue
			}
			d.Out, d.OutPitch = w.scratch[:tp*tc], tc
			w.kernels.Depthwise(d)
			for p := range pixels {
				copy(out[(at+p)*s.outPx+start:][:channels], w.scratch[p*tc:])
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
