package nn

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
			plane := s.from.strides[1]
			w.kernels.Merge3(inner, in[at:][:width], in[at+plane:], in[at+2*plane:])
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
