package nn

import (
	"math"

	"umbral/pipeline/nn/kernel"
)

const winogradPatches = 36 // that are transformed at a time, about

// What decides whether Winograd pays; variables for tests.
var (
	// A patch's transforms cost so many multiply-adds for each channel that goes in or comes out, and its products, whose
	// tiles are short, more than those of a convolution by tiles, in percent; as measured with AVX2 and AVX-512.
	winogradTransforms = 300
	winogradProducts   = 130
)

// isWinograds says that a window is of the kind that Winograd's minimal filtering is for.
func (w *window) isWinograds() bool {
	return w.kernel == [2]int{3, 3} && w.stride == [2]int{1, 1} && w.groups == 1
}

// winogradStep is a 3×3 convolution by patches of 4×4 outputs, which lie a dilation apart. A unit is some patches.
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

	patches []patch
	unit    int     // patches of a unit
	most    int     // patches at a time
	offsets []int32 // of a tile of patches
	windows windows
	inner   [kernel.WinogradSize]int32 // how far the places of a patch are from its first
}

// patch is where the first output of a patch lies.
type patch struct{ y, x int32 }

// patchesOf cuts a picture into patches. With a dilation, outputs that are neighbours to a kernel lie that far apart.
func patchesOf(height, width int, dilation [2]int) (list []patch) {
	const side = kernel.WinogradSide
	for top := range min(dilation[0], height) {
		for left := range min(dilation[1], width) {
			for y := top; y < height; y += side * dilation[0] {
				for x := left; x < width; x += side * dilation[1] {
					list = append(list, patch{int32(y), int32(x)})
				}
			}
		}
	}
	return list
}

// suitsWinograd says that a convolution is of the kind and size for which there is a gain.
func (l *lowering) suitsWinograd(o *op, in *view) bool {
	w := o.window
	if l.kernels.WinogradInput == nil || !w.isWinograds() || o.residual != nil || o.finish.slope != nil || in.strides[1] != 1 ||
		o.weights.depth%l.kernels.WinogradChannels != 0 || o.weights.outputs%l.kernels.WinogradChannels != 0 {
		return false
	}
	height, width := o.out[0].shape[2], o.out[0].shape[3]
	patches, depth, outputs := len(patchesOf(height, width, w.dilation)), o.weights.depth, o.weights.outputs
	whole := roundUp(patches, l.kernels.Heights[1]) // tiles of patches are multiplied
	products, transforms := whole*kernel.WinogradSize*depth*outputs, patches*winogradTransforms*(depth+outputs)
	return products*winogradProducts/100+transforms < height*width*9*depth*outputs
}

func (l *lowering) winograd(o *op, in, out *view) {
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
	s.patches = patchesOf(s.height, s.width, s.window.dilation)
	macs := int64(s.height*s.width) * int64(9*s.depth*s.outputs)
	layer := layerOf(o, "winograd", macs)
	layer.Bytes = int64(4 * len(s.packed))
	s.most = roundUp(winogradPatches, l.kernels.Heights[1])
	// All threads have equal shares, where there are tiles enough.
	units := roundUp((len(s.patches)+s.most-1)/s.most, l.threads)
	s.unit = max((len(s.patches)+units-1)/units, min(len(s.patches), l.kernels.Heights[0]))
	for k := range l.kernels.Heights[1] {
		s.offsets = append(s.offsets, int32(k*s.depth))
	}
	l.zeros = max(l.zeros, s.depth+slack)
	l.rowFloats = max(l.rowFloats, s.scratch())
	l.packed += int64(4 * len(s.packed))
	l.weights += int64(4*len(s.bias) + 8*len(s.patches))
	l.emit(layer, s, (len(s.patches)+s.unit-1)/s.unit, macs, out, in)
}

// scratch is the floats of a block: transformed inputs, products, and one patch of outputs.
func (s *winogradStep) scratch() int {
	return kernel.WinogradSize*s.most*(s.depth+s.outputs) + slack + kernel.WinogradSide*kernel.WinogradSide*s.outputs
}

func (s *winogradStep) place() {
	const n = kernel.WinogradPatch
	s.windows = newWindows(s.in, s.window, s.width)
	for i := range n {
		for j := range n {
			s.inner[i*n+j] = int32(i*s.window.dilation[0]*s.windows.rowStride + j*s.window.dilation[1]*s.windows.stride)
		}
	}
}

func (s *winogradStep) run(w *worker, from, to int) {
	patches := s.patches[from*s.unit : min(to*s.unit, len(s.patches))]
	for blocks := (len(patches) + s.most - 1) / s.most; blocks > 0; blocks-- {
		n := (len(patches) + blocks - 1) / blocks
		s.runBlock(w, patches[:n])
		patches = patches[n:]
	}
}

func (s *winogradStep) runBlock(w *worker, patches []patch) {
	const size = kernel.WinogradSize
	// Patches that are not there fill the last tile.
	tiles := newTiling(len(patches), w.kernels)
	for tiles.offset(tiles.tiles) != tiles.pixels {
		tiles = newTiling(tiles.pixels+1, w.kernels)
	}
	n := tiles.pixels
	in := w.rows[:size*n*s.depth]
	products := w.rows[len(in):][:size*n*s.outputs+slack]
	for i, p := range patches {
		s.find(&w.patch, p)
		w.kernels.WinogradInput(in[i*s.depth:], n*s.depth, w.arena, &w.patch, s.depth)
	}
	t := &w.tile
	t.Taps, t.Depth, t.Slope, t.Relu, t.Residual = 1, s.depth, nil, false, nil
	t.Bias = w.arena // which begins with zeros
	runs := tiles.split(0, tiles.tiles)
	for place := range size {
		for _, p := range s.panels {
			t.Width = p.width
			t.Weights = s.packed[place*s.size+p.packed:][:s.depth*p.width]
			t.Wanted = kernel.Wanted{Skip: min(p.skip, p.channels-1), Channels: p.channels}
			for i := range runs {
				r := &runs[i]
				if r.tiles == 0 {
					continue
				}
				t.Height, t.Pixels = r.height, r.height
				t.Base, t.Offsets, t.Move = in[(place*n+r.first)*s.depth:], s.offsets[:r.height], r.height*s.depth
				t.Out, t.OutPitch = products[(place*n+r.first)*s.outputs+p.start:], s.outputs
				w.kernels.RunTiles(t, r.tiles)
			}
		}
	}
	for i, p := range patches {
		s.write(w, products[i*s.outputs:], n*s.outputs, p)
	}
}

// find finds the inputs of a patch.
func (s *winogradStep) find(offsets *[kernel.WinogradSize]int32, p patch) {
	const n = kernel.WinogradPatch
	o, d := &s.windows, s.window.dilation
	y, x := int(p.y)-s.window.pad[0], int(p.x)-s.window.pad[1]
	first := int32(o.start + y*o.rowStride + x*o.stride)
	if y >= 0 && x >= 0 && y+(n-1)*d[0] < o.inHeight && x+(n-1)*d[1] < o.inWidth {
		for i, at := range &s.inner {
			offsets[i] = first + at
		}
		return
	}
	for i := range n {
		for j := range n {
			place := int32(0)
			if uint(y+i*d[0]) < uint(o.inHeight) && uint(x+j*d[1]) < uint(o.inWidth) {
				place = first + s.inner[i*n+j]
			}
			offsets[i*n+j] = place
		}
	}
}

// write puts a patch in its place, by way of a scratch patch where it reaches beyond the picture.
func (s *winogradStep) write(w *worker, m []float32, pitch int, p patch) {
	const side = kernel.WinogradSide
	d, y, x := s.window.dilation, int(p.y), int(p.x)
	row, pixel := s.out.strides[2]*d[0], s.out.strides[3]*d[1]
	out := w.arena[s.out.start()+y*s.out.strides[2]+x*s.out.strides[3]:]
	high, wide := min(side, (s.height-y+d[0]-1)/d[0]), min(side, (s.width-x+d[1]-1)/d[1])
	if high == side && wide == side {
		w.kernels.WinogradOutput(out, row, pixel, m, pitch, s.bias, s.outputs, s.low)
	} else {
		whole := w.rows[s.scratch()-side*side*s.outputs:][:side*side*s.outputs]
		w.kernels.WinogradOutput(whole, side*s.outputs, s.outputs, m, pitch, s.bias, s.outputs, s.low)
		for i := range high {
			for j := range wide {
				copy(out[i*row+j*pixel:][:s.outputs], whole[(i*side+j)*s.outputs:])
			}
		}
	}
	if s.finish.kind <= rectifier {
		return // WinogradOutput has done it
	}
	for i := range high {
		s.finish.applyPixels(w, out[i*row:], wide, s.outputs, pixel)
	}
}
