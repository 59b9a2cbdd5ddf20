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
	tapOffsets      []int32
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
	s.tapOffsets = tapOffsets(s.in, &s.window)
}

// tapOffsets is how far each tap lies from a window's first.
func tapOffsets(in *view, w *window) (offsets []int32) {
	for y := range w.kernel[0] {
		for x := range w.kernel[1] {
			offsets = append(offsets, int32(y*w.dilation[0]*in.strides[2]+x*w.dilation[1]*in.strides[3]))
		}
	}
	return offsets
}

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
	for p := range tiles * tp {
		place := w.offsets[p/tp*stride+p%tp:]
		if p >= count {
			for t := range s.taps {
				place[t*tp] = 0
			}
			continue
		}
		windowOffsets(place, tp, row*s.rowPixels+first+p, s.width, s.in.start(), s.in.strides, s.inHeight, s.inWidth, &s.window, s.tapOffsets)
	}
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
		for tile := range tiles {
			t.Offsets = w.offsets[tile*stride:][:stride]
			at := tile * tp
			pixels := min(tp, count-at)
			if pixels == tp && channels == tc {
				t.Out, t.OutPitch = out[at*s.outPx+start:], s.outPx
				t.Residual = nil
				if residual != nil {
					t.Residual, t.ResidualPitch = residual[at*s.resPx+start:], s.resPx
				}
				w.kernels.Tile(t)
				continue
			}
			s.partTile(w, out, residual, at, start, pixels, channels)
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
		copy(out[(at+p)*s.outPx+start:][:channels], w.scratch[p*tc:])
	}
}

// windowOffsets writes where the taps of an output pixel lie, every step places; 0, where the arena is zero, stands for
// padding.
func windowOffsets(to []int32, step, pixel, width, start int, strides []int, inHeight, inWidth int, w *window, taps []int32) {
	y := pixel/width*w.stride[0] - w.pad[0]
	x := pixel%width*w.stride[1] - w.pad[1]
	base := int32(start + y*strides[2] + x*strides[3])
	lastY, lastX := y+(w.kernel[0]-1)*w.dilation[0], x+(w.kernel[1]-1)*w.dilation[1]
	if y >= 0 && x >= 0 && lastY < inHeight && lastX < inWidth {
		for t, offset := range taps {
			to[t*step] = base + offset
		}
		return
	}
	t := 0
	for ky := range w.kernel[0] {
		row := y + ky*w.dilation[0]
		for kx := range w.kernel[1] {
			column := x + kx*w.dilation[1]
			if row < 0 || row >= inHeight || column < 0 || column >= inWidth {
				to[t*step] = 0
			} else {
				to[t*step] = base + taps[t]
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
