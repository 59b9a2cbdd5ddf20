package nn

import "umbral/pipeline/nn/kernel"

// convBlock is how many pixels share one table of offsets and one pass over the weights.
const convBlock = 8 * kernel.TilePixels

// convStep is a convolution over all channels, or a product with a constant matrix.
type convStep struct {
	in, out, residual *view // residual nil for none
	window            window
	taps, depth       int
	outputs           int
	height, width     int // of the output
	inHeight, inWidth int
	starts            []int // first channel of each panel
	packed            []float32
	bias, slope       []float32 // by panel
	finish            finish

	rows, rowPixels int // pixels that follow each other without a gap, and how often
	block           int // pixels of a unit
	blocks          int // units of a row
	outRow, outPx   int
	resRow, resPx   int
	windows         windows
}

func (s *convStep) prepare() {
	s.block = convBlock
	// A small picture is cut finer, so that two threads have equal shares.
	if half := (s.rowPixels + 1) / 2; s.rows == 1 && half < s.block {
		s.block = max(kernel.TilePixels, (half+kernel.TilePixels-1)/kernel.TilePixels*kernel.TilePixels)
	}
	s.blocks = (s.rowPixels + s.block - 1) / s.block
	s.outPx, _ = pitch(s.out)
	s.outRow = s.out.strides[2]
	if s.residual != nil {
		s.resPx, _ = pitch(s.residual)
		s.resRow = s.residual.strides[2]
	}
}

func (s *convStep) place() { s.windows = newWindows(s.in, s.window, s.width) }

func (s *convStep) units() int { return s.rows * s.blocks }

func (s *convStep) run(w *worker, from, to int) {
	for u := from; u < to; u++ {
		row, first := u/s.blocks, u%s.blocks*s.block
		s.runBlock(w, row, first, min(s.block, s.rowPixels-first))
	}
}

// runBlock computes count pixels of a row from first on, all channels.
func (s *convStep) runBlock(w *worker, row, first, count int) {
	const tp, tc = kernel.TilePixels, kernel.TileChannels
	tiles := (count + tp - 1) / tp
	stride := s.taps * tp
	s.windows.fill(w.offsets, row*s.rowPixels+first, count, tp)
	out := w.arena[s.out.start()+row*s.outRow+first*s.outPx:]
	var residual []float32
	if s.residual != nil {
		residual = w.arena[s.residual.start()+row*s.resRow+first*s.resPx:]
	}
	t := &w.tile
	t.Base, t.Taps, t.Depth = w.arena, s.taps, s.depth
	panel := s.taps * s.depth * tc
	for i, start := range s.starts {
		t.Weights = s.packed[i*panel:][:panel]
		t.Bias = s.bias[i*tc:][:tc]
		t.Slope = nil
		if s.slope != nil {
			t.Slope = s.slope[i*tc:][:tc]
		}
		channels := min(tc, s.outputs)
		// The last panel overlaps the one before it; scalar kernels need not compute the shared channels again.
		t.Wanted = kernel.Wanted{Pixels: tp, Skip: min(max(0, i*tc-start), channels-1), Channels: channels}
		full := 0
		if channels == tc {
			full = count / tp
			t.Offsets = w.offsets[:tiles*stride]
			t.Out, t.OutPitch = out[start:], s.outPx
			t.Residual = nil
			if residual != nil {
				t.Residual, t.ResidualPitch = residual[start:], s.resPx
			}
			w.kernels.RunTiles(t, full)
		}
		for tile := full; tile < tiles; tile++ {
			t.Offsets = w.offsets[tile*stride:][:stride]
			s.partTile(w, out, residual, tile*tp, start, min(tp, count-tile*tp), channels)
		}
	}
	if s.finish.kind != none && s.finish.kind != rectifier {
		for p := range count {
			x := out[p*s.outPx:][:s.outputs]
			s.finish.apply(w, x, x)
		}
	}
}

// partTile computes a tile of which not all is wanted, by way of a scratch tile.
func (s *convStep) partTile(w *worker, out, residual []float32, at, start, pixels, channels int) {
	const tp, tc = kernel.TilePixels, kernel.TileChannels
	t := &w.tile
	t.Pixels = pixels
	t.Residual = nil
	if residual != nil {
		for p := range pixels {
			copy(w.residual[p*tc:][:channels], residual[(at+p)*s.resPx+start:])
		}
		t.Residual, t.ResidualPitch = w.residual[:], tc
	}
	t.Out, t.OutPitch = w.scratch[:tp*tc], tc
	w.kernels.Tile(t)
	for p := range pixels {
		copy(out[(at+p)*s.outPx+start+t.Skip:][:channels-t.Skip], w.scratch[p*tc+t.Skip:])
	}
}

// windows finds where the taps of output pixels lie in the input.
type windows struct {
	window
	start             int // of the input in the arena
	rowStride, stride int // of the input, in floats
	width             int // of the output
	inHeight, inWidth int
	taps              []int32 // how far each tap lies from a window's first
	// Output rows and columns whose windows lie wholly in the input.
	rows, columns [2]int
}

func newWindows(in *view, w window, width int) windows {
	o := windows{
		window: w, start: in.start(), rowStride: in.strides[2], stride: in.strides[3], width: width,
		inHeight: in.shape[2], inWidth: in.shape[3],
	}
	for y := range w.kernel[0] {
		for x := range w.kernel[1] {
			o.taps = append(o.taps, int32(y*w.dilation[0]*o.rowStride+x*w.dilation[1]*o.stride))
		}
	}
	o.rows = inside(w.kernel[0], w.stride[0], w.dilation[0], w.pad[0], o.inHeight)
	o.columns = inside(w.kernel[1], w.stride[1], w.dilation[1], w.pad[1], o.inWidth)
	return o
}

// inside is the range of outputs whose window touches no padding.
func inside(kernel, stride, dilation, pad, size int) [2]int {
	first := (pad + stride - 1) / stride
	last := size - 1 - (kernel-1)*dilation + pad
	if last < 0 {
		return [2]int{first, first}
	}
	return [2]int{first, max(first, last/stride+1)}
}

// fill writes the offsets of count output pixels from the one at pixel on, in tiles of the given size: for each tap the
// places of a tile's pixels. Padding is 0, where the arena is zero. The last tile is filled up with repeated pixels.
func (o *windows) fill(to []int32, pixel, count, tile int) {
	y, x := pixel/o.width, pixel%o.width
	step := o.stride * o.window.stride[1]
	at, in := 0, 0 // the tile, and the pixel in it
	for done := 0; done < count; {
		// A run of pixels of one row.
		run := min(count-done, o.width-x)
		safe := y >= o.rows[0] && y < o.rows[1]
		place := o.start + (y*o.window.stride[0]-o.pad[0])*o.rowStride + (x*o.window.stride[1]-o.pad[1])*o.stride
		for range run {
			tap := to[at+in:]
			if safe && x >= o.columns[0] && x < o.columns[1] {
				for t, offset := range o.taps {
					tap[t*tile] = int32(place) + offset
				}
			} else {
				o.edge(tap, y, x, tile)
			}
			if in++; in == tile {
				in = 0
				at += tile * len(o.taps)
			}
			place += step
			x++
		}
		done += run
		x = 0
		y++
	}
	for ; in > 0 && in < tile; in++ {
		for t := range o.taps {
			to[at+t*tile+in] = to[at+t*tile+in-1]
		}
	}
}

// edge writes the offsets of a pixel whose window reaches into the padding.
func (o *windows) edge(to []int32, y, x, tile int) {
	place := o.start + (y*o.window.stride[0]-o.pad[0])*o.rowStride + (x*o.window.stride[1]-o.pad[1])*o.stride
	t := 0
	for ky := range o.kernel[0] {
		row := y*o.window.stride[0] - o.pad[0] + ky*o.dilation[0]
		for kx := range o.kernel[1] {
			column := x*o.window.stride[1] - o.pad[1] + kx*o.dilation[1]
			if row < 0 || row >= o.inHeight || column < 0 || column >= o.inWidth {
				to[t*tile] = 0
			} else {
				to[t*tile] = int32(place) + o.taps[t]
			}
			t++
		}
	}
}

// padStep rearranges planes into inner channels with a border of zeros, a row a unit.
type padStep struct {
	from, to *view
	pad      [4]int
}

func (s *padStep) run(w *worker, from, to int) {
	c, h, width := s.from.shape[1], s.from.shape[2], s.from.shape[3]
	in, out := s.from.resolve(w.arena), s.to.resolve(w.arena)
	outWidth := s.to.shape[3]
	for y := from; y < to; y++ {
		row := out[y*outWidth*c:][:outWidth*c]
		if y < s.pad[0] || y >= s.pad[0]+h {
			clear(row)
			continue
		}
		clear(row[:s.pad[1]*c])
		clear(row[(s.pad[1]+width)*c:])
		inner := row[s.pad[1]*c:][:width*c]
		if c == 3 && s.from.strides[3] == 1 {
			at := (y - s.pad[0]) * s.from.strides[2]
			merge3(inner, in[at:], in[at+s.from.strides[1]:], in[at+2*s.from.strides[1]:])
			continue
		}
		for plane := range c {
			source := in[plane*s.from.strides[1]+(y-s.pad[0])*s.from.strides[2]:]
			if s.from.strides[3] == 1 {
				for x, v := range source[:width] {
					inner[x*c+plane] = v
				}
				continue
			}
			for x := range width {
				inner[x*c+plane] = source[x*s.from.strides[3]]
			}
		}
	}
}

// merge3 writes three planes value by value.
func merge3(out, a, b, c []float32) {
	n := len(out) / 3
	a, b, c = a[:n], b[:n], c[:n]
	for i := range a {
		o := out[3*i:][:3:3]
		o[0], o[1], o[2] = a[i], b[i], c[i]
	}
}
