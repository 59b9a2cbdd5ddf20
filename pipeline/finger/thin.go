package finger

// ring lists the places around a pixel, clockwise from the one above it.
func (e *Extractor) ring() [8]int {
	s := e.stride
	return [8]int{-s, 1 - s, 1, s + 1, s, s - 1, -1, -s - 1}
}

// around packs the eight pixels around one into bits, clockwise from the one above it.
func (e *Extractor) around(at int) (bits uint8) {
	s := e.stride
	up, here, down := e.ridge[at-s-1:at-s+2], e.ridge[at-1:at+2], e.ridge[at+s-1:at+s+2]
	return up[1] | up[2]<<1 | here[2]<<2 | down[2]<<3 | down[1]<<4 | down[0]<<5 | here[0]<<6 | up[0]<<7
}

// takable says for each neighbourhood whether the odd and the even step of thinning take its pixel.
var takable [2][256]bool

// crossings counts for each neighbourhood the changes from 0 to 1 around it: 1 at a ridge's end, 2 on a ridge, 3 where
// it forks.
var crossings [256]uint8

func init() {
	for bits := range 256 {
		p := func(i int) bool { return bits>>(i%8)&1 == 1 }
		for i := range 8 {
			if !p(i) && p(i+1) {
				crossings[bits]++
			}
		}
		// Guo and Hall, Communications of the ACM 32 (1989), algorithm A1; their p2, p3 … are 0, 1 … here.
		groups, n1, n2 := 0, 0, 0
		for i := 0; i < 8; i += 2 {
			if !p(i) && (p(i+1) || p(i+2)) {
				groups++
			}
			if p(i+7) || p(i) {
				n1++
			}
			if p(i) || p(i+1) {
				n2++
			}
		}
		n := min(n1, n2)
		if groups != 1 || n < 2 || n > 3 {
			continue
		}
		takable[0][bits] = !((p(0) || p(1) || !p(3)) && p(2))
		takable[1][bits] = !((p(4) || p(5) || !p(7)) && p(6))
	}
}

// thin reduces the ridges to lines of one pixel.
func (e *Extractor) thin() {
	e.spots = e.spots[:0]
	e.eachBlock(func(x0, y0, x1, y1, i int) {
		for y := y0; y < y1; y++ {
			for at := e.at(x0, y); at < e.at(x1, y); at++ {
				if e.ridge[at] == 1 {
					e.spots = append(e.spots, int32(at))
				}
			}
		}
	})
	for idle, step := 0, 0; idle < 2; step ^= 1 {
		e.doomed = e.doomed[:0]
		kept := e.spots[:0]
		for _, at := range e.spots {
			if takable[step][e.around(int(at))] {
				e.doomed = append(e.doomed, at)
			} else {
				kept = append(kept, at)
			}
		}
		for _, at := range e.doomed {
			e.ridge[at] = 0
		}
		e.spots = kept
		idle++
		if len(e.doomed) > 0 {
			idle = 0
		}
	}
}
