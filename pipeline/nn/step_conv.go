package nn

import "umbral/pipeline/nn/kernel"

// convBlock is how many tiles share one pass over the weights.
const convBlock = 8

// tableBytes is up to how large the table of a layer's offsets may be to be kept; larger ones are made while running.
const tableBytes = 64 << 10

// panel is the output channels that a tile computes.
type panel struct {
	start, width int // the first channel, and how many a tile has
	channels     int // how many there are, fewer than width in a layer of fewer channels
	skip         int // how many of them the panel before computes too
	packed       int // where its weights begin
}

// convStep is a convolution over all channels, or a product with a constant matrix.
type convStep struct {
	in, out, residual *view // residual nil for none
	window            window
	taps, depth       int
	outputs           int
	height, width     int // of the output
	inHeight, inWidth int
	panels            []panel
	packed            []float32
	bias, slope       []float32 // by panel, kernel.MaxChannels each
	relu              bool
	spills, exact     bool // see runTiles
	finish            finish

	rows, rowPixels int // pixels that follow each other without a gap, and how often
	tiling          tiling
	block           int // tiles of a unit
	blocks          int // units of a row
	outRow, outPx   int
	resRow, resPx   int
	sources         sources
}

// panels cuts channels into panels. Where they don't divide, the last is not full in a tier that is exact; in another it
// overlaps the one before it, so that every tile is full, and with fewer channels than a narrow tile there is one that is
// not.
func panels(outputs, weights int, set *kernel.Set) (list []panel) {
	at := 0
	for c := 0; c < outputs; {
		p := panel{width: panelWidth(outputs-c, set.Widths), start: c}
		if !set.Exact {
			p.start = max(0, min(c, outputs-p.width))
		}
		p.channels, p.skip, p.packed = min(p.width, outputs-p.start), c-p.start, at
		list = append(list, p)
		at += weights * p.width
		c = p.start + p.width
	}
	return list
}

// panelWidth is the width of the next panel: the largest, unless smaller ones hold the rest with less to spare.
func panelWidth(rest int, widths []int) int {
	smallest := len(widths) - 1
	for i, width := range widths[:smallest] {
		if next := widths[i+1]; rest >= width || rest > next && (i+1 == smallest || rest-next > widths[smallest]) {
			return width
		}
	}
	return widths[smallest]
}

func (s *convStep) prepare(set *kernel.Set) {
	s.tiling = newTiling(s.rowPixels, set)
	s.exact = set.Exact
	s.block = convBlock
	// A small picture is cut finer, so that two threads have equal shares.
	if half := (s.tiling.tiles + 1) / 2; s.rows == 1 && half < s.block {
		s.block = half
	}
	s.blocks = (s.tiling.tiles + s.block - 1) / s.block
	s.outPx, _ = pitch(s.out)
	s.outRow = s.out.strides[2]
	s.spills = set.InOrder && s.outputs > 1 && s.outputs < kernel.TileChannels && s.outPx == s.outputs && s.rows == 1
	if s.residual != nil {
		s.resPx, _ = pitch(s.residual)
		s.resRow = s.residual.strides[2]
	}
}

func (s *convStep) place() {
	s.sources = newSources(newWindows(s.in, s.window, s.width), s.tiling, s.rows, s.rowPixels)
}

func (s *convStep) units() int { return s.rows * s.blocks }

func (s *convStep) run(w *worker, from, to int) {
	for u := from; u < to; u++ {
		first := u % s.blocks * s.block
		s.runBlock(w, u/s.blocks, first, min(first+s.block, s.tiling.tiles))
	}
}

// runBlock computes tiles of a row, all channels.
func (s *convStep) runBlock(w *worker, row, from, to int) {
	first := s.tiling.start(from)
	out := w.arena[s.out.start()+row*s.outRow+first*s.outPx:]
	var residual []float32
	if s.residual != nil {
		residual = w.arena[s.residual.start()+row*s.resRow+first*s.resPx:]
	}
	var runs [2]run
	count := s.sources.runs(&runs, w, row, from, to)
	s.runPanels(w, s.packed, runs[:count], first, out, residual)
	s.finish.applyPixels(w, out, s.tiling.start(to)-first, s.outputs, s.outPx)
}

// runPanels computes all channels of tiles that follow each other, the first pixel of the row being that of out.
func (s *convStep) runPanels(w *worker, packed []float32, runs []run, first int, out, residual []float32) {
	t := &w.tile
	t.Taps, t.Depth, t.Relu = s.taps, s.depth, s.relu
	for i := range s.panels {
		p := &s.panels[i]
		t.Width = p.width
		t.Weights = packed[p.packed:][:s.taps*s.depth*p.width]
		t.Bias = s.bias[i*kernel.MaxChannels:]
		t.Slope = nil
		if s.slope != nil {
			t.Slope = s.slope[i*kernel.MaxChannels:]
		}
		for r := range runs {
			s.runTiles(w, p, &runs[r], runs[r].first-first, out, residual)
		}
	}
}

// runTiles computes one panel of tiles of the same height; first is their first pixel in the block. In a layer of fewer
// channels than a tile has, what a tile writes beyond a pixel is written over by the next pixels; only the last tiles of a
// block, behind which another thread may be at work, go through a scratch tile.
func (s *convStep) runTiles(w *worker, p *panel, r *run, first int, out, residual []float32) {
	t := &w.tile
	t.Height = r.height
	t.Wanted = kernel.Wanted{Pixels: r.height, Skip: min(p.skip, p.channels-1), Channels: p.channels}
	whole := 0
	if p.channels == p.width || s.spills || s.exact {
		whole = r.pixels / r.height
		for s.spills && r.last && whole > 0 && p.width-p.channels > (r.pixels-whole*r.height)*p.channels {
			whole--
		}
		t.Base, t.Offsets, t.Move = r.base, r.offsets, r.move
		t.Out, t.OutPitch = out[first*s.outPx+p.start:], s.outPx
		t.Residual = nil
		if residual != nil {
			t.Residual, t.ResidualPitch = residual[first*s.resPx+p.start:], s.resPx
		}
		w.kernels.RunTiles(t, whole)
	}
	for at := whole * r.height; at < r.pixels; at += r.height {
		pixels := min(r.height, r.pixels-at)
		t.Base = r.base[at/r.height*r.move:]
		if r.move != 0 {
			t.Offsets = clamped(w.offsets, r.offsets, r.height, pixels)
		} else {
			t.Offsets = r.offsets[at*s.taps:]
		}
		s.partTile(w, p, out, residual, first+at, pixels)
	}
}

// clamped repeats the last of a tile's pixels, for there may be nothing to read behind it.
func clamped(to, offsets []int32, height, pixels int) []int32 {
	to = to[:len(offsets)]
	for i := range to {
		to[i] = offsets[i-max(0, i%height-(pixels-1))]
	}
	return to
}

// partTile computes a tile of which not all is wanted, by way of a scratch tile.
func (s *convStep) partTile(w *worker, p *panel, out, residual []float32, at, pixels int) {
	const tp, tc = kernel.TilePixels, kernel.TileChannels
	t := &w.tile
	t.Pixels = pixels
	t.Residual = nil
	if residual != nil {
		for i := range pixels {
			copy(w.residual[i*tc:][:p.channels], residual[(at+i)*s.resPx+p.start:])
		}
		t.Residual, t.ResidualPitch = w.residual[:], tc
	}
	t.Out, t.OutPitch = w.scratch[:tp*tc], tc
	w.kernels.Tile(t)
	for i := range pixels {
		copy(out[(at+i)*s.outPx+p.start+t.Skip:][:p.channels-t.Skip], w.scratch[i*tc+t.Skip:])
	}
}
