package vision

// convert writes a row of pixels as RGB. Transparent pixels become black in proportion.
func (p *pngReader) convert(to, row []byte) {
	switch {
	case p.colour == pngPalette:
		p.convertPalette(to, row)
	case p.depth < 8:
		p.convertBits(to, row)
	case p.depth == 16:
		p.convertWords(to, row)
	default:
		p.convertBytes(to, row)
	}
}

// packedSample returns sample x of a row of less than 8 bits a sample.
func (p *pngReader) packedSample(row []byte, x int) byte {
	bit := x * p.depth
	return row[bit/8] >> (8 - p.depth - bit%8) & (1<<p.depth - 1)
}

func (p *pngReader) convertPalette(to, row []byte) {
	for x := range len(to) / 3 {
		i := int(p.packedSample(row, x))
		q := to[3*x:][:3]
		clear(q)
		if 3*i+3 <= len(p.palette) {
			copy(q, p.palette[3*i:3*i+3])
		}
		if i < len(p.transparent) {
			cover(q, p.transparent[i])
		}
	}
}

func (p *pngReader) convertBits(to, row []byte) {
	largest := byte(1)<<p.depth - 1
	for x := range len(to) / 3 {
		v := p.packedSample(row, x)
		q := to[3*x:][:3]
		q[0] = v * (255 / largest)
		if len(p.transparent) == 2 && v == p.transparent[1] {
			q[0] = 0
		}
		q[1], q[2] = q[0], q[0]
	}
}

func (p *pngReader) convertBytes(to, row []byte) {
	n := p.bits / 8
	for x := range len(to) / 3 {
		from, q := row[n*x:][:n], to[3*x:][:3]
		if n < 3 {
			q[0], q[1], q[2] = from[0], from[0], from[0]
		} else {
			copy(q, from[:3])
		}
		switch {
		case n == 2 || n == 4:
			cover(q, from[n-1])
		case len(p.transparent) == 2*n && p.isTransparent(from, 1):
			clear(q)
		}
	}
}

func (p *pngReader) convertWords(to, row []byte) {
	n := p.bits / 8
	for x := range len(to) / 3 {
		from, q := row[n*x:][:n], to[3*x:][:3]
		if n < 6 {
			q[0], q[1], q[2] = from[0], from[0], from[0]
		} else {
			q[0], q[1], q[2] = from[0], from[2], from[4]
		}
		switch {
		case n == 4 || n == 8:
			cover(q, from[n-2])
		case len(p.transparent) == n && p.isTransparent(from, 2):
			clear(q)
		}
	}
}

// isTransparent reports whether a pixel of so many bytes a sample has the one colour that tRNS makes transparent.
func (p *pngReader) isTransparent(pixel []byte, bytes int) bool {
	for i, v := range pixel {
		if bytes == 2 && v != p.transparent[i] || bytes == 1 && (v != p.transparent[2*i+1] || p.transparent[2*i] != 0) {
			return false
		}
	}
	return true
}

// cover shows a pixel of the given opacity on black.
func cover(pixel []byte, opacity byte) {
	if opacity == 255 {
		return
	}
	for i, v := range pixel {
		pixel[i] = byte((int(v)*int(opacity) + 127) / 255)
	}
}
