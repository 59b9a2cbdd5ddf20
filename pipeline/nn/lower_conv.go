package nn

import (
	"slices"

	"umbral/pipeline/nn/kernel"
)

// planarChannels is up to how many channels a picture that comes plane by plane is rearranged together with its padding.
const planarChannels = 4

func (l *lowering) conv(o *op) error {
	if o.window.groups > 1 {
		l.depthwise(o)
		return nil
	}
	if all := l.siblings(o); len(all) > 1 {
		l.together(all)
		return nil
	}
	in, win, w := o.in[0].view, o.window, o.weights
	shape, out := o.out[0].shape, l.output(o.out[0], nil)
	if l.suitsWinograd(o, in) {
		l.winograd(o, in, out)
		return nil
	}
	if in.strides[1] != 1 && in.shape[1] > 1 && in.shape[1] <= planarChannels && win.dilation == [2]int{1, 1} {
		l.front(o, in, out)
		return nil
	}
	in = l.channelsInner(o, in)
	s := l.newConvStep(o, in, out, tapsFirst(w, win.kernel), win.kernel[0]*win.kernel[1], w.depth, 0)
	s.height, s.width = shape[2], shape[3]
	s.inHeight, s.inWidth = in.shape[2], in.shape[3]
	s.window = win
	l.finishConv(o, s, "indirect")
	return nil
}

// tapsFirst orders weights [outputs][depth][height][width] as [outputs][height][width][depth].
func tapsFirst(w *weights, k [2]int) []float32 {
	taps := k[0] * k[1]
	if taps == 1 {
		return w.values
	}
	ordered := make([]float32, len(w.values))
	for c := range w.outputs {
		for d := range w.depth {
			for t := range taps {
				ordered[(c*taps+t)*w.depth+d] = w.values[(c*w.depth+d)*taps+t]
			}
		}
	}
	return ordered
}

// dense is a convolution of 1×1 over as many pixels as there are rows.
func (l *lowering) dense(o *op) error {
	in := l.contiguous(o, o.in[0].view)
	depth := o.weights.depth
	rows := elements(in.shape) / depth
	flat, ok := in.reshape([]int{1, rows, depth})
	if !ok {
		c := l.allocate(in.shape, rowMajor(in.shape))
		l.copy("layout", layerOf(o, "", 0).Name, c, in)
		flat, _ = c.reshape([]int{1, rows, depth})
	}
	picture := &view{buf: flat.buf, offset: flat.offset, shape: []int{1, depth, 1, rows}, strides: []int{0, 1, 0, flat.strides[1]}}
	out := l.output(o.out[0], nil)
	if o.residual != nil && !o.residual.view.isRowMajor() {
		c := l.allocate(o.residual.shape, rowMajor(o.residual.shape))
		l.copy("layout", layerOf(o, "", 0).Name, c, o.residual.view)
		o.residual = &value{shape: o.residual.shape, view: c}
	}
	written := &view{buf: out.buf, offset: out.offset, shape: []int{1, o.weights.outputs, 1, rows}, strides: []int{0, 1, 0, o.weights.outputs}}
	s := l.newConvStep(o, picture, written, o.weights.values, 1, depth, 0)
	s.height, s.width, s.inHeight, s.inWidth = 1, rows, 1, rows
	s.window = window{kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, groups: 1}
	l.finishConv(o, s, "product")
	return nil
}

// convTranspose with a kernel as large as its stride is one 1×1 convolution for each place in the kernel, each written
// to its own pixels. Few outputs are computed for all places together and then copied there: tiles are full so.
func (l *lowering) convTranspose(o *op) error {
	in := l.channelsInner(o, o.in[0].view)
	out := l.output(o.out[0], nil)
	w, k := o.weights, o.window.kernel
	places := k[0] * k[1]
	cut := func(place int) *view {
		return out.slice(2, place/k[1], k[0], in.shape[2]).slice(3, place%k[1], k[1], in.shape[3])
	}
	if w.outputs*places <= kernel.TileChannels && o.residual == nil {
		all := *o
		all.weights = &weights{outputs: places * w.outputs, depth: w.depth, bias: slices.Repeat(w.bias, places)}
		all.finish.slope = slices.Repeat(o.finish.slope, places)
		if o.finish.slope == nil {
			all.finish.slope = nil
		}
		var ordered []float32
		for place := range places {
			ordered = append(ordered, w.place(place, places)...)
		}
		shape := []int{1, all.weights.outputs, in.shape[2], in.shape[3]}
		planes := l.allocate(shape, channelsLast(shape))
		l.pointwise(&all, in, planes, ordered, 0)
		for place := range places {
			l.copy("layout", layerOf(o, "", 0).Name, cut(place), planes.slice(1, place*w.outputs, 1, w.outputs))
		}
		return nil
	}
	for place := range places {
		l.pointwise(o, in, cut(place), w.place(place, places), place)
	}
	return nil
}

// place is the matrix [outputs][depth] of one place in a transposed convolution's kernel.
func (w *weights) place(place, places int) []float32 {
	part := make([]float32, w.outputs*w.depth)
	for c := range w.outputs {
		for d := range w.depth {
			part[c*w.depth+d] = w.values[(d*w.outputs+c)*places+place]
		}
	}
	return part
}

// pointwise is a 1×1 convolution with the matrix given, [outputs][depth].
func (l *lowering) pointwise(o *op, in, out *view, matrix []float32, part int) {
	s := l.newConvStep(o, in, out, matrix, 1, o.weights.depth, part)
	s.height, s.width, s.inHeight, s.inWidth = in.shape[2], in.shape[3], in.shape[2], in.shape[3]
	s.window = window{kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, groups: 1}
	l.finishConv(o, s, "indirect")
}

// newConvStep packs the weights, given as [outputs][taps][depth], into panels of as many outputs as a tile has. part
// tells apart the steps of one operation.
func (l *lowering) newConvStep(o *op, in, out *view, ordered []float32, taps, depth, part int) *convStep {
	s := &convStep{in: in, out: out, taps: taps, depth: depth, outputs: o.weights.outputs, finish: o.finish}
	if o.residual != nil {
		s.residual = o.residual.view
	}
	s.panels = panels(s.outputs, taps*depth, l.kernels)
	last := s.panels[len(s.panels)-1]
	s.packed = make([]float32, last.packed+taps*depth*last.width)
	s.bias = make([]float32, len(s.panels)*kernel.MaxChannels)
	s.relu = o.finish.kind == rectifier && o.finish.slope == nil
	if o.finish.kind == rectifier && !s.relu {
		s.slope = make([]float32, len(s.bias))
	}
	for i, p := range s.panels {
		for c := range p.channels {
			from := ordered[(p.start+c)*taps*depth:][:taps*depth]
			for k, v := range from {
				s.packed[p.packed+k*p.width+c] = v
			}
			s.bias[i*kernel.MaxChannels+c] = o.weights.bias[p.start+c]
			if s.slope != nil {
				s.slope[i*kernel.MaxChannels+c] = o.finish.slope[p.start+c]
			}
		}
	}
	s.packed = l.packs.share(o.out[0].name, part, s.packed)
	return s
}

// blockStarts cuts channels into blocks. The last block overlaps the one before it where the channels don't divide, so
// that every block is full; with fewer channels than a block there is one that is not.
func blockStarts(channels, block int) (starts []int) {
	for c := 0; c < channels; c += block {
		starts = append(starts, max(0, min(c, channels-block)))
	}
	return starts
}

// pitch is how far pixels are apart where rows follow each other without a gap.
func pitch(v *view) (int, bool) {
	if v.shape[2] == 1 {
		return v.strides[3], true
	}
	if v.shape[3] == 1 {
		return v.strides[2], true
	}
	return v.strides[3], v.strides[2] == v.strides[3]*v.shape[3]
}

// wholeRow is how many pixels a row needs to be cut into full tiles whatever its length (see kernel.ShortPixels).
const wholeRow = 20

// finishConv chooses how pixels are cut into units and adds the step.
func (l *lowering) finishConv(o *op, s *convStep, algorithm string) {
	s.rows, s.rowPixels = s.height, s.width
	_, flatOut := pitch(s.out)
	flatResidual := true
	if s.residual != nil {
		if len(s.residual.shape) != 4 {
			s.residual = &view{buf: s.residual.buf, offset: s.residual.offset, shape: s.out.shape, strides: s.out.strides}
		} else {
			s.residual = l.channelsInner(o, s.residual)
		}
		_, flatResidual = pitch(s.residual)
	}
	if flatOut && flatResidual {
		s.rows, s.rowPixels = 1, s.height*s.width
	}
	w := newWindows(s.in, s.window, s.width)
	if s.rows == 1 && s.width >= wholeRow && evenly(&w, s.height, s.width, s.height) && !evenly(&w, s.height, s.width, 1) {
		s.rows, s.rowPixels = s.height, s.width
	}
	s.prepare(l.kernels)
	l.zeros = max(l.zeros, s.depth+slack)
	l.offsets = max(l.offsets, convBlock*kernel.MaxPixels*s.taps)
	l.packed += int64(4 * len(s.packed))
	l.weights += int64(4*(len(s.bias)+len(s.slope)+s.taps) + 40*len(s.panels))
	if n := 4 * s.rows * s.tiling.offset(s.tiling.tiles) * s.taps; n <= tableBytes && !evenly(&w, s.height, s.width, s.rows) {
		l.weights += int64(n)
	}
	macs := int64(s.height*s.width) * int64(s.taps*s.depth*s.outputs)
	layer := layerOf(o, algorithm, macs)
	layer.Bytes = int64(4 * len(s.packed))
	if both := l.separable(o, s); both != nil {
		before := l.entries[len(l.entries)-1]
		l.entries = l.entries[:len(l.entries)-1]
		l.buffers = slices.DeleteFunc(l.buffers, func(b *buffer) bool { return b == s.in.buf })
		l.rowFloats = max(l.rowFloats, both.floats())
		layer.Algorithm = "separable"
		layer.MACs += before.layer.MACs
		layer.Bytes += int64(4 * len(both.deep.packed))
		l.emit(layer, both, both.units(), layer.MACs, s.out, both.deep.in, s.residual)
		l.cascade()
		return
	}
	l.emit(layer, s, s.units(), macs, s.out, s.in, s.residual)
}

func (l *lowering) depthwise(o *op) {
	in := l.channelsInner(o, o.in[0].view)
	out, w, k := l.output(o.out[0], nil), o.weights, o.window.kernel
	taps := k[0] * k[1]
	s := &depthwiseStep{
		in: in, out: out, window: o.window, channels: w.outputs, finish: o.finish, taps: taps,
		height: o.out[0].shape[2], width: o.out[0].shape[3], inHeight: in.shape[2], inWidth: in.shape[3],
		starts: blockStarts(w.outputs, kernel.DeepChannels),
	}
	s.weightPitch = max(w.outputs, kernel.DeepChannels)
	s.packed = make([]float32, taps*s.weightPitch)
	for c := range w.outputs {
		for t := range taps {
			s.packed[t*s.weightPitch+c] = w.values[c*taps+t]
		}
	}
	s.packed = l.packs.share(o.out[0].name, 0, s.packed)
	s.bias = append(slices.Clone(w.bias), make([]float32, s.weightPitch-w.outputs)...)
	s.relu = o.finish.kind == rectifier && o.finish.slope == nil
	if o.finish.kind == rectifier && !s.relu {
		s.slope = make([]float32, s.weightPitch)
		copy(s.slope, o.finish.slope)
	}
	s.alone = in == o.in[0].view && l.readOnce(o.in[0])
	s.prepare(l.kernels)
	l.zeros = max(l.zeros, s.channels+2*slack)
	l.offsets = max(l.offsets, deepBlock*taps)
	l.packed += int64(4 * len(s.packed))
	l.weights += int64(4*(len(s.bias)+len(s.slope)+s.taps) + 8*len(s.starts))
	macs := int64(elements(o.out[0].shape)) * int64(taps)
	layer := layerOf(o, "depthwise", macs)
	layer.Bytes = int64(4 * len(s.packed))
	l.emit(layer, s, s.units(), macs, out, in)
}
