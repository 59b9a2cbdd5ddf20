package nn

import (
	"math"

	"umbral/pipeline/nn/kernel"
)

// stripsOf says how a tier's strips compute a depthwise convolution; false where they don't fit.
func (s *depthwiseStep) stripsOf(set *kernel.Set) (k kernel.Strip, ok bool) {
	win := &s.window
	side, stride := win.kernel[1], win.stride[1]
	k = kernel.Strip{
		Kernel: side, Stride: stride, Left: win.pad[1], Count: s.width, Channels: s.channels, Weights: s.packed, WeightPitch: s.weightPitch,
		Bias: s.bias, Slope: s.slope, Low: float32(math.Inf(-1)), Rows: 1, OutPitch: s.outPx,
	}
	if s.relu {
		k.Low = 0
	}
	k.Columns = (s.width-1)*stride + side - k.Left
	k.Right = max(0, k.Columns-s.inWidth)
	k.Columns -= k.Right
	most := side - 1 // columns of padding that a strip may have
	if stride == 2 {
		most = 1
	}
	shape := side == 3 && stride <= 2 || side == 5 && stride == 1 && s.slope == nil
	ok = set.Strip != nil && side <= set.StripKernel && s.channels >= set.StripChannels && shape && win.kernel[0] == side && win.dilation[1] == 1 && k.Left <= most && k.Right <= most && k.Columns > 0
	if ok && side == 3 && stride == 1 && win.stride[0] == 1 && win.dilation[0] == 1 {
		k.Rows = 2
	}
	return k, ok
}

// runStrips computes rows [from, to) of the output into out, row floats apart, from rows of the input.
func (s *depthwiseStep) runStrips(w *worker, from, to int, in lines, out []float32, row int) {
	win := &s.window
	w.strip = s.strip
	k := &w.strip
	k.OutPitch = s.outPx
	for y := from; y < to; y += k.Rows {
		k.Rows = min(s.strip.Rows, to-y)
		for i := range k.Kernel + k.Rows - 1 {
			at := y*win.stride[0] - win.pad[0] + i*win.dilation[0]
			if at < 0 || at >= s.inHeight {
				k.In[i], k.Steps[i] = w.arena, 0 // which begins with zeros
				continue
			}
			k.In[i], k.Steps[i] = in.at(at), s.windows.stride
		}
		for i := range k.Rows {
			k.Out[i] = out[(y-from+i)*row:]
		}
		w.kernels.Strip(k)
		for i := range k.Rows {
			s.finish.applyPixels(w, k.Out[i], s.width, s.channels, s.outPx)
		}
	}
}
