package document

import "slices"

// closing returns the least over a square of the greatest over a square (Serra 1982). Dark shapes into which the square does
// not fit disappear.
func closing(grey []byte, w, h, side int) []byte {
	out := slices.Clone(grey)
	turned := make([]byte, len(grey))
	s := newSlider(max(w, h), side)
	s.greatest(out, w)
	transpose(turned, out, w, h)
	s.greatest(turned, h)
	invert(turned)
	s.greatest(turned, h)
	transpose(out, turned, h, w)
	s.greatest(out, w)
	invert(out)
	return out
}

func invert(v []byte) {
	for i := range v {
		v[i] = ^v[i]
	}
}

// transpose makes columns of src, which has rows of w, the rows of dst.
func transpose(dst, src []byte, w, h int) {
	const block = 32 // rows that stay in the cache
	for y0 := 0; y0 < h; y0 += block {
		y1 := min(y0+block, h)
		for x := range w {
			to := dst[x*h:][:h]
			for y := y0; y < y1; y++ {
				to[y] = src[y*w+x]
			}
		}
	}
}

// slider replaces values by the greatest of side values around them in three comparisons a value, whatever side is (van
// Herk 1992): a window is the end of one block of side values and the beginning of the next.
type slider struct {
	side         int
	ahead, after []byte // the greatest so far within a block, from its beginning and from its end
}

// newSlider returns a slider for rows of up to n values. side must be odd.
func newSlider(n, side int) *slider {
	blocks := (n+side-1)/side + 1
	return &slider{side: side, ahead: make([]byte, blocks*side), after: make([]byte, blocks*side)}
}

// greatest slides along each row of n values. Windows end where the row does.
func (s *slider) greatest(v []byte, n int) {
	reach := s.side / 2
	// A row begins reach zeros into the first block, so that window i begins at i.
	length := (n + 2*reach + s.side - 1) / s.side * s.side
	ahead, after := s.ahead[:length], s.after[:length]
	for ; len(v) >= n && n > 0; v = v[n:] {
		row := v[:n]
		clear(after)
		copy(after[reach:], row)
		for from := 0; from < length; from += s.side {
			m := byte(0)
			block := after[from:][:s.side]
			for i, b := range block {
				m = max(m, b)
				ahead[from+i] = m
			}
			for i := len(block) - 2; i >= 0; i-- {
				block[i] = max(block[i], block[i+1])
			}
		}
		for i := range row {
			row[i] = max(after[i], ahead[i+s.side-1])
		}
	}
}

// histogram counts the values of grey.
func histogram(grey []byte) (count [256]int) {
	for _, v := range grey {
		count[v]++
	}
	return count
}

// quantile returns the value of which n values are at most as great, the one at index n if they were sorted.
func quantile(count *[256]int, n int) int {
	for v, c := range count {
		if n < c {
			return v
		}
		n -= c
	}
	return 255
}
