package nn

import "umbral/pipeline/nn/kernel"

// tiling is how a row of pixels is cut into tiles: sixes, then fives, so that all are full; or sixes of which the last is
// not, where fives don't help.
type tiling struct{ pixels, tiles, fives int }

func newTiling(pixels int, fives bool) tiling {
	c := tiling{pixels: pixels, tiles: (pixels + kernel.TilePixels - 1) / kernel.TilePixels}
	if n := c.tiles*kernel.TilePixels - pixels; fives && n <= c.tiles {
		c.fives = n
	}
	return c
}

// start is the first pixel of a tile.
func (t tiling) start(tile int) int {
	sixes := t.tiles - t.fives
	return min(tile*kernel.TilePixels-max(0, tile-sixes), t.pixels)
}

// offset is where a tile's offsets begin, of one tap.
func (t tiling) offset(tile int) int { return tile*kernel.TilePixels - max(0, tile-(t.tiles-t.fives)) }

// run is tiles of one height that follow each other.
type run struct {
	height, tiles int
	first, pixels int // of the row
	base          int // where the offsets count from in the arena
	move          int // see kernel.Tile
	offsets       []int32
	last          bool // no run follows
}

// split gives the sixes and the fives of tiles [from, until).
func (t tiling) split(from, until int) (runs [2]run) {
	middle := min(max(from, t.tiles-t.fives), until)
	runs[0] = run{height: kernel.TilePixels, tiles: middle - from, first: t.start(from)}
	runs[1] = run{height: kernel.ShortPixels, tiles: until - middle, first: t.start(middle)}
	runs[0].pixels = runs[1].first - runs[0].first
	runs[1].pixels = t.start(until) - runs[1].first
	return runs
}

// sources finds the input of a block of tiles.
type sources struct {
	windows         windows
	tiling          tiling
	rows, rowPixels int
	// Where no window touches padding and pixels are evenly spaced, all tiles of a height have the same offsets.
	even  bool
	step  int        // floats from pixel to pixel
	same  [2][]int32 // of a six and a five
	table []int32    // of all tiles, nil where it would be too large
}

// evenly says that the windows of a row of pixels touch no padding and follow each other in equal steps.
func evenly(w *windows, height, width, rows int) bool {
	whole := w.rows[0] == 0 && w.rows[1] >= height && w.columns[0] == 0 && w.columns[1] >= width
	return whole && (rows == height || w.window.stride[0]*w.rowStride == width*w.window.stride[1]*w.stride)
}

func newSources(w windows, t tiling, rows, rowPixels int) sources {
	p := sources{windows: w, tiling: t, rows: rows, rowPixels: rowPixels, step: w.window.stride[1] * w.stride}
	taps := len(w.taps)
	if p.even = evenly(&w, rows*rowPixels/w.width, w.width, rows); p.even {
		for i, height := range []int{kernel.TilePixels, kernel.ShortPixels} {
			for _, tap := range w.taps {
				for k := range height {
					p.same[i] = append(p.same[i], tap+int32(k*p.step))
				}
			}
		}
		return p
	}
	if size := t.offset(t.tiles) * taps; 4*rows*size <= tableBytes {
		p.table = make([]int32, rows*size)
		for row := range rows {
			p.fill(p.table[row*size:], row, 0, t.tiles)
		}
	}
	return p
}

// fill writes the offsets of tiles of a row.
func (p *sources) fill(to []int32, row, from, until int) {
	for _, r := range p.tiling.split(from, until) {
		if r.pixels > 0 {
			p.windows.fill(to, row*p.rowPixels+r.first, r.pixels, r.height)
			to = to[r.tiles*r.height*len(p.windows.taps):]
		}
	}
}

// runs describes tiles [from, until) of a row and returns of how many runs they are.
func (p *sources) runs(list *[2]run, w *worker, row, from, until int) (count int) {
	t, taps := &p.tiling, len(p.windows.taps)
	var offsets []int32
	switch {
	case p.even:
	case p.table != nil:
		offsets = p.table[(row*t.offset(t.tiles)+t.offset(from))*taps:]
	default:
		offsets = w.offsets
		p.fill(offsets, row, from, until)
	}
	for i, r := range t.split(from, until) {
		if r.pixels == 0 {
			continue
		}
		if p.even {
			at := row*p.rowPixels + r.first
			r.base, r.move, r.offsets = p.windows.place(at/p.windows.width, at%p.windows.width), r.height*p.step, p.same[i]
		} else {
			r.offsets = offsets
			offsets = offsets[r.tiles*r.height*taps:]
		}
		list[count] = r
		count++
	}
	list[count-1].last = true
	return count
}
