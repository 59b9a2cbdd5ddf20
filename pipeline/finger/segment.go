package finger

import "slices"

// measure finds mean and spread of the grey values around each block.
func (e *Extractor) measure() {
	b := &e.blocks
	sums, squares, counts := b.scratch[0], b.scratch[1], b.scratch[2]
	for r := range e.rows {
		for c := range e.cols {
			var sum, square, n int32
			for y := r * block; y < min((r+1)*block, e.height); y++ {
				line := e.grey[y*e.width+c*block : y*e.width+min((c+1)*block, e.width)]
				for _, v := range line {
					sum += int32(v)
					square += int32(v) * int32(v)
				}
				n += int32(len(line))
			}
			i := r*e.cols + c
			sums[i], squares[i], counts[i] = sum, square, n
		}
	}
	for r := range e.rows {
		for c := range e.cols {
			var sum, square, n int64
			for y := max(r-1, 0); y < min(r+2, e.rows); y++ {
				for x := max(c-1, 0); x < min(c+2, e.cols); x++ {
					i := y*e.cols + x
					sum, square, n = sum+int64(sums[i]), square+int64(squares[i]), n+int64(counts[i])
				}
			}
			i := r*e.cols + c
			b.mean[i] = int32(sum * 16 / n)
			b.spread[i] = int32(root((square*n-sum*sum)*256/n/n) / 1) // in 1/16 grey levels
		}
	}
}

// Limits of the foreground.
const (
	leastSpread   = 5 * 16 // in 1/16 grey levels: below it is only noise
	spreadPercent = 25     // of the spread of well inked blocks
)

// segment marks the blocks that show ridges and returns their number: those whose grey values spread widely, without
// holes and specks, in one or a few large pieces.
func (e *Extractor) segment() int {
	b := &e.blocks
	n := e.rows * e.cols
	sorted := b.scratch[0][:n]
	copy(sorted, b.spread[:n])
	slices.Sort(sorted)
	limit := max(leastSpread, sorted[n*9/10]*spreadPercent/100)
	for i, s := range b.spread[:n] {
		b.mask[i] = 0
		if s >= limit {
			b.mask[i] = 1
		}
	}
	e.vote(5)
	e.vote(5)
	e.keepLargePieces()
	e.fillHoles()
	return count(b.mask[:n])
}

// leastKept is the share of a block's variation, in percent, that the filter keeps where there are ridges. It keeps about
// 10 % of noise, and 40 to 70 % of ridges.
const leastKept = 22

// confirm takes away the blocks that show no ridges once they are filtered, and returns how many remain. Cores, where
// the filter does not know where to look, lie within the print and stay.
func (e *Extractor) confirm() int {
	b := &e.blocks
	n := e.rows * e.cols
	for i := range n {
		if b.kept[i] < leastKept {
			b.mask[i] = 0
		}
	}
	e.vote(5)
	e.keepLargePieces()
	e.fillHoles()
	return count(b.mask[:n])
}

// vote sets each block to what at least the given number of the nine blocks around it are.
func (e *Extractor) vote(least int) {
	b := &e.blocks
	copy(b.marks, b.mask[:e.rows*e.cols])
	for r := range e.rows {
		for c := range e.cols {
			votes, all := 0, 0
			for y := max(r-1, 0); y < min(r+2, e.rows); y++ {
				for x := max(c-1, 0); x < min(c+2, e.cols); x++ {
					votes += int(b.marks[y*e.cols+x])
					all++
				}
			}
			b.mask[r*e.cols+c] = 0
			if votes*9 >= least*all {
				b.mask[r*e.cols+c] = 1
			}
		}
	}
}

// keepLargePieces clears the pieces of the mask that are smaller than a quarter of the largest one.
func (e *Extractor) keepLargePieces() {
	b := &e.blocks
	n := e.rows * e.cols
	clear(b.labels[:n])
	sizes := b.scratch[0][:0]
	largest := int32(0)
	for i := range n {
		if b.mask[i] == 1 && b.labels[i] == 0 {
			size := e.flood(i, 1, int32(len(sizes)+1))
			sizes = append(sizes, size)
			largest = max(largest, size)
		}
	}
	for i := range n {
		if b.mask[i] == 1 && sizes[b.labels[i]-1]*4 < largest {
			b.mask[i] = 0
		}
	}
}

// fillHoles sets the background that the print surrounds.
func (e *Extractor) fillHoles() {
	b := &e.blocks
	n := e.rows * e.cols
	clear(b.labels[:n])
	for i := range n {
		r, c := i/e.cols, i%e.cols
		if (r == 0 || c == 0 || r == e.rows-1 || c == e.cols-1) && b.mask[i] == 0 && b.labels[i] == 0 {
			e.flood(i, 0, 1)
		}
	}
	for i := range n {
		if b.labels[i] == 0 {
			b.mask[i] = 1
		}
	}
}

// flood labels the piece of equal blocks around a block and returns its size.
func (e *Extractor) flood(start int, kind uint8, label int32) (size int32) {
	b := &e.blocks
	stack := append(b.scratch[1][:0], int32(start))
	b.labels[start] = label
	for len(stack) > 0 {
		i := int(stack[len(stack)-1])
		stack = stack[:len(stack)-1]
		size++
		r, c := i/e.cols, i%e.cols
		for _, next := range [4][2]int{{r - 1, c}, {r + 1, c}, {r, c - 1}, {r, c + 1}} {
			if next[0] < 0 || next[1] < 0 || next[0] >= e.rows || next[1] >= e.cols {
				continue
			}
			if j := next[0]*e.cols + next[1]; b.mask[j] == kind && b.labels[j] == 0 {
				b.labels[j] = label
				stack = append(stack, int32(j))
			}
		}
	}
	return size
}

func count(mask []uint8) (n int) {
	for _, m := range mask {
		n += int(m)
	}
	return n
}

// inside says that a block, which may lie beyond the picture, belongs to the print.
func (e *Extractor) inside(c, r int) bool {
	return c >= 0 && r >= 0 && c < e.cols && r < e.rows && e.blocks.mask[r*e.cols+c] == 1
}

// normalize writes the padded plane: each pixel's distance to the mean around it, in units of the spread around it, with
// dark ridges positive. Both are interpolated between the centres of blocks.
func (e *Extractor) normalize() {
	const one, most = 64, 160 // a distance of one spread, and the largest value
	b := &e.blocks
	clear(e.plane)
	for y := range e.height {
		r0, r1, fy := between(y, e.rows)
		to := e.plane[e.at(0, y):]
		for x := range e.width {
			c0, c1, fx := between(x, e.cols)
			i00, i01, i10, i11 := r0*e.cols+c0, r0*e.cols+c1, r1*e.cols+c0, r1*e.cols+c1
			mean := mix(b.mean[i00], b.mean[i01], b.mean[i10], b.mean[i11], fx, fy)
			spread := max(mix(b.spread[i00], b.spread[i01], b.spread[i10], b.spread[i11], fx, fy), leastSpread)
			v := (mean - int32(e.grey[y*e.width+x])*16) * one / spread
			to[x] = int16(min(max(v, -most), most))
		}
	}
}

// between finds the two blocks between whose centres a pixel lies, and how far it is on the way, in 1/16.
func between(x, blocks int) (a, b int, f int32) {
	p := 2*x + 1 - block // in half pixels from the first centre
	if p < 0 {
		return 0, 0, 0
	}
	a = p / (2 * block)
	return min(a, blocks-1), min(a+1, blocks-1), int32(p%(2*block)) * 16 / (2 * block)
}

func mix(v00, v01, v10, v11, fx, fy int32) int32 {
	return ((v00*(16-fx)+v01*fx)*(16-fy) + (v10*(16-fx)+v11*fx)*fy) >> 8
}
