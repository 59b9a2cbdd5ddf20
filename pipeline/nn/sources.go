package nn

import "umbral/pipeline/nn/kernel"

// tiling is how a row of pixels is cut into tiles: high ones, then lower ones of one pixel less, so that all are full; or
// the highest that there are, of which the last is not full, where that cannot be.
type tiling struct{ pixels, tiles, height, lower int }

func newTiling(pixels int, set *kernel.Set) tiling {
	fewest, most := set.Heights[0], set.Heights[1]
	t := tiling{pixels: pixels, tiles: (pixels + most - 1) / most}
	t.height = (pixels + t.tiles - 1) / t.tiles
	t.lower = t.tiles*t.height - pixels
	if t.height < fewest || t.lower > 0 && t.height-1 < fewest {
		t.height, t.lower = most, 0
	}
	return t
}

// start is the first pixel of a tile.
func (t tiling) start(tile int) int { return min(t.offset(tile), t.pixels) }

// offset is where a tile's offsets begin, of one tap.
func (t tiling) offset(tile int) int { return tile*t.height - max(0, tile-(t.tiles-t.lower)) }

// heights are those of the tiles.
func (t tiling) heights() [2]int { return [2]int{t.height, t.height - 1} }

// run is tiles of one height that follow each other.
type run struct {
	height, tiles int
	first, pixels int       // of the row
	base          []float32 // what the offsets count in
	move          int       // see kernel.Tile
	offsets       []int32
	last          bool // no run follows
}

// split gives the high and the lower ones of tiles [from, until).
func (t tiling) split(from, until int) (runs [2]run) {
	middle := min(max(from, t.tiles-t.lower), until)
	runs[0] = run{height: t.height, tiles: middle - from, first: t.start(from)}
	runs[1] = run{height: t.height - 1, tiles: until - middle, first: t.start(middle)}
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
	same  [2][]int32 // of a high and a lower one
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
		for i, height := range t.heights() {
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
			r.base, r.move, r.offsets = w.arena[p.windows.place(at/p.windows.width, at%p.windows.width):], r.height*p.step, p.same[i]
		} else {
			r.base, r.offsets = w.arena, offsets
			offsets = offsets[r.tiles*r.height*taps:]
		}
		list[count] = r
		count++
	}
	list[count-1].last = true
	return count
}
