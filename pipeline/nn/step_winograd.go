package nn

import (
	"math"

	"umbral/pipeline/nn/kernel"
)

// Winograd's transforms cost as much as some ten output channels: from these sizes on they pay, as measured with AVX2.
const (
	winogradDepth   = 32
	winogradOutputs = 16
	winogradPatches = 18 // of a unit, at most
)

// winogradStep is a 3×3 convolution by patches of 4×4 outputs. A unit is some patches of a row of patches.
type winogradStep struct {
	in, out        *view
	window         window
	depth, outputs int
	height, width  int
	panels         []panel
	size           int // floats of one place's weights
	packed, bias   []float32
	finish         finish
	low            float32 // of the outputs: 0 with Relu

	patches, block, blocks int // of a row of patches
	rows                   int // of patches
	tiling                 tiling
	same                   [2][]int32 // offsets of a high and of a lower tile of patches
	windows                windows
}

// suitsWinograd says that a convolution is of the kind and size for which there is a gain.
func (l *lowering) suitsWinograd(o *op, in *view) bool {
	w := o.window
	return l.kernels.WinogradInput != nil && w.kernel == [2]int{3, 3} && w.stride == [2]int{1, 1} && w.dilation == [2]int{1, 1} && w.groups == 1 &&
		o.residual == nil && o.finish.slope == nil && in.strides[1] == 1 &&
		o.weights.depth >= winogradDepth && o.weights.depth%8 == 0 && o.weights.outputs >= winogradOutputs && o.weights.outputs%8 == 0 &&
		o.out[0].shape[2] >= 2*kernel.WinogradSide && o.out[0].shape[3] >= 5*kernel.WinogradSide
}

func (l *lowering) winograd(o *op, in, out *view) {
	const side = kernel.WinogradSide
	w := o.weights
	s := &winogradStep{
		in: in, out: out, window: o.window, depth: w.depth, outputs: w.outputs, height: out.shape[2], width: out.shape[3],
		panels: panels(w.outputs, w.depth, l.kernels), bias: w.bias, finish: o.finish, low: float32(math.Inf(-1)),
	}
	if o.finish.kind == rectifier {
		s.low = 0
	}
	last := s.panels[len(s.panels)-1]
	s.size = last.packed + w.depth*last.width
	s.packed = make([]float32, kernel.WinogradSize*s.size)
	for _, p := range s.panels {
		for c := range p.channels {
			for d := range w.depth {
				for place, v := range kernel.WinogradWeights(w.values[((p.start+c)*w.depth+d)*9:][:9]) {
					s.packed[place*s.size+p.packed+d*p.width+c] = v
				}
			}
		}
	}
	s.packed = l.packs.share(o.out[0].name, 0, s.packed)
	s.rows, s.patches = (s.height+side-1)/side, (s.width+side-1)/side
	s.blocks = (s.patches + winogradPatches - 1) / winogradPatches
	s.block = (s.patches + s.blocks - 1) / s.blocks
	// Patches that are not there fill the last tile.
	s.tiling = newTiling(s.block, l.kernels)
	for s.tiling.offset(s.tiling.tiles) != s.tiling.pixels {
		s.tiling = newTiling(s.tiling.pixels+1, l.kernels)
	}
	for i, height := range s.tiling.heights() {
		for k := range height {
			s.same[i] = append(s.same[i], int32(k*s.depth))
		}
	}
	l.zeros = max(l.zeros, s.depth+slack)
	l.rowFloats = max(l.rowFloats, s.scratch())
	l.packed += int64(4 * len(s.packed))
	l.weights += int64(4 * len(s.bias))
	macs := int64(s.height*s.width) * int64(9*s.depth*s.outputs)
	layer := layerOf(o, "winograd", macs)
	layer.Bytes = int64(4 * len(s.packed))
	l.emit(layer, s, s.rows*s.blocks, macs, out, in)
}

// scratch is the floats of a unit: transformed inputs, products, and one patch of outputs.
func (s *winogradStep) scratch() int {
	return kernel.WinogradSize*s.tiling.pixels*(s.depth+s.outputs) + slack + kernel.WinogradSide*kernel.WinogradSide*s.outputs
}

func (s *winogradStep) place() { s.windows = newWindows(s.in, s.window, s.width) }

func (s *winogradStep) run(w *worker, from, to int) {
	for u := from; u < to; u++ {
		first := u % s.blocks * s.block
		s.runBlock(w, u/s.blocks, first, min(s.block, s.patches-first))
	}
}

func (s *winogradStep) runBlock(w *worker, row, first, count int) {
	const side, size = kernel.WinogradSide, kernel.WinogradSize
	n := s.tiling.pixels
	in := w.rows[:size*n*s.depth]
	products := w.rows[len(in):][:size*n*s.outputs+slack]
	for i := range count {
		s.patch(&w.patch, row*side, (first+i)*side)
		w.kernels.WinogradInput(in[i*s.depth:], n*s.depth, w.arena, &w.patch, s.depth)
	}
	t := &w.tile
	t.Taps, t.Depth, t.Slope, t.Relu, t.Residual = 1, s.depth, nil, false, nil
	t.Bias = w.arena // which begins with zeros
	for place := range size {
		for _, p := range s.panels {
			t.Width = p.width
			t.Weights = s.packed[place*s.size+p.packed:][:s.depth*p.width]
			t.Wanted = kernel.Wanted{Skip: min(p.skip, p.channels-1), Channels: p.channels}
			for i, r := range s.tiling.split(0, s.tiling.tiles) {
				if r.tiles == 0 {
					continue
				}
				t.Height, t.Pixels = r.height, r.height
				t.Base, t.Offsets, t.Move = in[(place*n+r.first)*s.depth:], s.same[i], r.height*s.depth
				t.Out, t.OutPitch = products[(place*n+r.first)*s.outputs+p.start:], s.outputs
				w.kernels.RunTiles(t, r.tiles)
			}
		}
	}
	for i := range count {
		s.write(w, products[i*s.outputs:], n*s.outputs, row*side, (first+i)*side)
	}
	wide := min(count*side, s.width-first*side)
	for y := row * side; y < min((row+1)*side, s.height); y++ {
		s.finish.applyPixels(w, w.arena[s.out.start()+y*s.out.strides[2]+first*side*s.out.strides[3]:], wide, s.outputs, s.out.strides[3])
	}
}

// patch finds the inputs of a patch whose first output is at y, x.
func (s *winogradStep) patch(offsets *[kernel.WinogradSize]int32, y, x int) {
	const n = kernel.WinogradPatch
	o := &s.windows
	y, x = y-s.window.pad[0], x-s.window.pad[1]
	for i := range n {
		for j := range n {
			place := int32(0)
			if uint(y+i) < uint(o.inHeight) && uint(x+j) < uint(o.inWidth) {
				place = int32(o.start + (y+i)*o.rowStride + (x+j)*o.stride)
			}
			offsets[i*n+j] = place
		}
	}
}

// write puts a patch in its place, by way of a scratch patch where it reaches beyond the picture.
func (s *winogradStep) write(w *worker, m []float32, pitch, y, x int) {
	const side = kernel.WinogradSide
	row, pixel := s.out.strides[2], s.out.strides[3]
	out := w.arena[s.out.start()+y*row+x*pixel:]
	if y+side <= s.height && x+side <= s.width {
		w.kernels.WinogradOutput(out, row, pixel, m, pitch, s.bias, s.outputs, s.low)
		return
	}
	patch := w.rows[s.scratch()-side*side*s.outputs:][:side*side*s.outputs]
	w.kernels.WinogradOutput(patch, side*s.outputs, s.outputs, m, pitch, s.bias, s.outputs, s.low)
	for i := range min(side, s.height-y) {
		for j := range min(side, s.width-x) {
			copy(out[i*row+j*pixel:][:s.outputs], patch[(i*side+j)*s.outputs:])
		}
	}
}
