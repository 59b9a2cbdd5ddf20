package vision

// write converts the current row of MCUs, the my-th, and puts it into its place.
func (d *jpegDecoder) write(to *canvas, luma *Grey, my int) {
	y0, height := my*d.vMax*d.size, reduced(d.height, d.size)
	for y := range min(d.vMax*d.size, height-y0) {
		if luma != nil {
			c := &d.components[0]
			spread(luma.Row(y0+y), d.sampleRow(0, y), c.h, d.hMax)
			continue
		}
		row := to.row(y0 + y)
		d.colourRow(row, y)
		to.put(row, y0+y)
	}
}

// sampleRow returns the row of component i that covers row y of the current MCUs.
func (d *jpegDecoder) sampleRow(i, y int) []byte {
	c := &d.components[i]
	return c.plane[y*c.v/d.vMax*c.stride:][:c.stride]
}

// colourRow writes row y of the current MCUs as RGB.
func (d *jpegDecoder) colourRow(to []byte, y int) {
	if d.count == 1 {
		greyToRGB(to, d.sampleRow(0, y))
		return
	}
	c := &d.components
	if d.count == 3 && d.hMax == c[0].h && d.hMax == 2*c[1].h && d.hMax == 2*c[2].h && !d.storesRGB() {
		fullRangePairs(to, d.sampleRow(0, y), d.sampleRow(1, y), d.sampleRow(2, y))
		return
	}
	var lines [4][]byte
	for i := range d.count {
		lines[i] = d.sampleRow(i, y)
		if c[i].h != d.hMax {
			spread(d.lines[i][:len(to)/3], lines[i], c[i].h, d.hMax)
			lines[i] = d.lines[i]
		}
	}
	switch {
	case d.count == 4:
		d.inkRow(to, &lines)
	case d.storesRGB():
		interleave(to, lines[0], lines[1], lines[2])
	default:
		for x := range len(to) / 3 {
			fullRange((*[3]byte)(to[3*x:]), lines[0][x], lines[1][x], lines[2][x])
		}
	}
}

// inkRow converts a row of four components: cyan, magenta, yellow and black, the first three as Y'CbCr where Adobe's
// transform says so. What Adobe's programs write is inverted, 255 being no ink, and nobody else writes such files.
func (d *jpegDecoder) inkRow(to []byte, lines *[4][]byte) {
	for x := range len(to) / 3 {
		p := (*[3]byte)(to[3*x:])
		if d.adobe && d.transform == 2 {
			fullRange(p, lines[0][x], lines[1][x], lines[2][x])
		} else {
			*p = [3]byte{lines[0][x], lines[1][x], lines[2][x]}
		}
		black := uint32(lines[3][x])
		for i := range p {
			p[i] = byte((uint32(p[i])*black + 127) / 255)
		}
	}
}

func interleave(to, r, g, b []byte) {
	for x := range len(to) / 3 {
		p := to[3*x:][:3]
		p[0], p[1], p[2] = r[x], g[x], b[x]
	}
}

// spread fills to with samples that stand for whole/share pixels each.
func spread(to, from []byte, share, whole int) {
	if share == whole {
		copy(to, from)
		return
	}
	at, part := 0, 0
	for x := range to {
		to[x] = from[at]
		if part += share; part >= whole {
			part -= whole
			at++
		}
	}
}

// BT.601 full range (JFIF 1.02, page 3) in units of 1/65536: R = Y + 1.402 Cr', G = Y − 0.344136 Cb' − 0.714136 Cr',
// B = Y + 1.772 Cb'.
const (
	fullCrR = 91881
	fullCbG = 22554
	fullCrG = 46802
	fullCbB = 116130
)

// fullRange writes one pixel.
func fullRange(to *[3]byte, y, cb, cr byte) {
	a, u, v := int32(y)<<16+half, int32(cb)-128, int32(cr)-128
	to[0], to[1], to[2] = level8(a+fullCrR*v), level8(a-fullCbG*u-fullCrG*v), level8(a+fullCbB*u)
}

// fullRangePairs fills a row of pixels of which each two share their chroma.
func fullRangePairs(to, ys, bs, rs []byte) {
	n := planarVectors(to, ys, bs, rs)
	to, ys, bs, rs = to[3*n:], ys[n:], bs[n/2:], rs[n/2:]
	for len(to) >= 6 && len(ys) >= 2 && len(bs) > 0 && len(rs) > 0 {
		u, v := int32(bs[0])-128, int32(rs[0])-128
		r, g, b := fullCrR*v+half, half-fullCbG*u-fullCrG*v, fullCbB*u+half
		p := (*[6]byte)(to)
		a := int32(ys[0]) << 16
		p[0], p[1], p[2] = level8(a+r), level8(a+g), level8(a+b)
		a = int32(ys[1]) << 16
		p[3], p[4], p[5] = level8(a+r), level8(a+g), level8(a+b)
		to, ys, bs, rs = to[6:], ys[2:], bs[1:], rs[1:]
	}
	if len(to) >= 3 { // a last column of its own
		fullRange((*[3]byte)(to), ys[0], bs[0], rs[0])
	}
}
