package symbol

// blockSize is the side of the squares of which the statistics of a plane are made.
const blockSize = 8

// A binariser turns luma into a bitmap. The threshold is taken from the surroundings, because light falls unevenly and
// screens shine: in units of blocks of 8×8 pixels, from the blocks at most reach away.
type binariser struct {
	lo, hi []byte   // darkest and lightest pixel of each block
	sums   []uint32 // integral image of the blocks' mean luma
}

// threshold says what decides between dark and light.
type threshold struct {
	reach  int  // in blocks
	middle bool // halfway between the darkest and the lightest of the surroundings, rather than their mean
	bias   int  // added to the threshold
}

// flat is a difference in luma below which surroundings have nothing dark.
const flat = 20

func newBinariser(maxPixels int) *binariser {
	// A plane of one row has the most blocks for its pixels.
	n := maxPixels/blockSize + 2
	return &binariser{lo: make([]byte, n), hi: make([]byte, n), sums: make([]uint32, 2*n+4)}
}

func blocks(n int) int { return (n + blockSize - 1) / blockSize }

// measure takes the statistics of luma.
func (b *binariser) measure(luma plane) {
	cols, rows := blocks(luma.width), blocks(luma.height)
	stride := cols + 1
	clear(b.sums[:stride])
	for by := range rows {
		y0, y1 := by*blockSize, min((by+1)*blockSize, luma.height)
		running := uint32(0)
		b.sums[(by+1)*stride] = 0
		for bx := range cols {
			x0, x1 := bx*blockSize, min((bx+1)*blockSize, luma.width)
			lo, hi, sum := byte(255), byte(0), 0
			for y := y0; y < y1; y++ {
				for _, v := range luma.pix[y*luma.stride+x0 : y*luma.stride+x1] {
					lo, hi, sum = min(lo, v), max(hi, v), sum+int(v)
				}
			}
			b.lo[by*cols+bx], b.hi[by*cols+bx] = lo, hi
			running += uint32(sum * 16 / ((y1 - y0) * (x1 - x0)))
			b.sums[(by+1)*stride+bx+1] = b.sums[by*stride+bx+1] + running
		}
	}
}

// binarise fills bits from luma, which measure has seen.
func (b *binariser) binarise(bits, luma plane, t threshold) {
	cols, rows := blocks(luma.width), blocks(luma.height)
	stride := cols + 1
	for by := range rows {
		top, bottom := max(by-t.reach, 0), min(by+t.reach+1, rows)
		y0, y1 := by*blockSize, min((by+1)*blockSize, luma.height)
		for bx := range cols {
			left, right := max(bx-t.reach, 0), min(bx+t.reach+1, cols)
			sum := b.sums[bottom*stride+right] - b.sums[top*stride+right] - b.sums[bottom*stride+left] + b.sums[top*stride+left]
			mean := int(sum) / (16 * (bottom - top) * (right - left))
			lo, hi := b.extremes(cols, rows, bx, by, t.reach)
			limit := mean
			if t.middle {
				limit = (lo + hi) / 2
			}
			limit = max(0, min(limit+t.bias, 255))
			if hi-lo < flat {
				limit = 0 // light throughout; black luma still counts as dark
			}
			x0, x1 := bx*blockSize, min((bx+1)*blockSize, luma.width)
			for y := y0; y < y1; y++ {
				from, to := luma.pix[y*luma.stride+x0:y*luma.stride+x1], bits.pix[y*bits.stride+x0:y*bits.stride+x1]
				for i, v := range from {
					// 1 where v <= limit, without a branch.
					to[i] = byte(uint32(int32(v)-int32(limit)-1) >> 31)
				}
			}
		}
	}
}

// extremes are the darkest and lightest pixel around a block: of its own and, for a far reach, of a sample of blocks.
func (b *binariser) extremes(cols, rows, bx, by, reach int) (lo, hi int) {
	l, h := byte(255), byte(0)
	step := max(1, reach/2)
	for y := max(by-reach, 0); y <= min(by+reach, rows-1); y += step {
		for x := max(bx-reach, 0); x <= min(bx+reach, cols-1); x += step {
			l, h = min(l, b.lo[y*cols+x]), max(h, b.hi[y*cols+x])
		}
	}
	return int(l), int(h)
}

// invert swaps dark and light.
func invert(bits plane) {
	for y := range bits.height {
		row := bits.row(y)
		for i := range row {
			row[i] ^= 1
		}
	}
}
