package finger

// grade rates each block of the print, 0 to 100: how much of the picture's variation the filter keeps, which falls with
// noise, smears and creases, times how well the ridges agree on a direction.
func (e *Extractor) grade() {
	b := &e.blocks
	kept, all := b.scratch[0], b.scratch[1]
	n := e.rows * e.cols
	clear(kept[:n])
	clear(all[:n])
	e.eachBlock(func(x0, y0, x1, y1, i int) {
		for y := y0; y < y1; y++ {
			for at := e.at(x0, y); at < e.at(x1, y); at++ {
				kept[i] += abs(int32(e.response[at])) >> 2
				all[i] += abs(int32(e.plane[at]))
			}
		}
	})
	e.blur(kept[:n], 2)
	e.blur(all[:n], 2)
	for i := range n {
		b.quality[i], b.kept[i] = 0, 0
		if b.mask[i] == 1 && all[i] > 0 {
			coherence := int32(root(int64(b.cx[i])*int64(b.cx[i]) + int64(b.cy[i])*int64(b.cy[i])))
			b.kept[i] = kept[i] * 100 / all[i]
			q := kept[i] * 160 / all[i] * min(coherence, 256) / 200
			b.quality[i] = min(max(q, 0), 100)
		}
	}
}

// overall is the quality of the press, 0 to 100: the mean quality of its blocks, less where it shows little of the finger.
func (e *Extractor) overall() int {
	const whole = 1200 // blocks of a flat press of a whole finger pad
	var sum, n int32
	for i, m := range e.blocks.mask[:e.rows*e.cols] {
		if m == 1 {
			sum += e.blocks.quality[i]
			n++
		}
	}
	return int(sum / n * min(n, whole) / whole)
}
