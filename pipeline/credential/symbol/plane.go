package symbol

// plane is an 8-bit picture: pixel (x, y) is pix[y*stride+x]. In luma 0 is black; in a bitmap 1 is dark and 0 is light.
type plane struct {
	pix           []byte
	width, height int
	stride        int
}

// crop is the part of p from (x0, y0) to (x1, y1); it shares the pixels.
func (p plane) crop(r rect) plane {
	return plane{pix: p.pix[r.y0*p.stride+r.x0:], width: r.x1 - r.x0, height: r.y1 - r.y0, stride: p.stride}
}

// row returns the pixels of row y.
func (p plane) row(y int) []byte { return p.pix[y*p.stride:][:p.width] }

// reuse makes a plane of w × h in the memory of buffer, which must be large enough.
func reuse(buffer []byte, w, h int) plane {
	return plane{pix: buffer[:w*h], width: w, height: h, stride: w}
}

// rect is a region in pixels: columns x0 to x1-1, rows y0 to y1-1.
type rect struct{ x0, y0, x1, y1 int }

func (r rect) clip(w, h int) rect {
	return rect{max(0, r.x0), max(0, r.y0), min(w, r.x1), min(h, r.y1)}
}

func (r rect) empty() bool { return r.x0 >= r.x1 || r.y0 >= r.y1 }

func (r rect) area() int { return (r.x1 - r.x0) * (r.y1 - r.y0) }

// around grows the region by a share of its size on each side.
func (r rect) around(share float64) rect {
	dx, dy := int(float64(r.x1-r.x0)*share)+8, int(float64(r.y1-r.y0)*share)+8
	return rect{r.x0 - dx, r.y0 - dy, r.x1 + dx, r.y1 + dy}
}

// halve fills to with the means of 2×2 pixels.
func halve(to, from plane) {
	for y := range to.height {
		a, b, out := from.row(2*y), from.row(2*y+1), to.row(y)
		for x := range out {
			out[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) / 4)
		}
	}
}

// double fills to, of twice the size, with pixels in between by linear interpolation.
func double(to, from plane) {
	for y := range to.height {
		// Output row y lies at (y+0.5)/2-0.5 of the input: a quarter of a row beside input rows.
		near := y / 2
		far := min(max(near-1+2*(y&1), 0), from.height-1)
		a, b, out := from.row(near), from.row(far), to.row(y)
		for x := range out {
			n := x / 2
			f := min(max(n-1+2*(x&1), 0), from.width-1)
			out[x] = byte((9*int(a[n]) + 3*int(a[f]) + 3*int(b[n]) + int(b[f]) + 8) / 16)
		}
	}
}

// sharpen fills to with from plus its difference from the mean of the four neighbours at distance d: what a lens out of
// focus has taken away, as far as it was not noise.
func sharpen(to, from plane, d int) {
	for y := range to.height {
		mid, out := from.row(y), to.row(y)
		up, down := from.row(max(y-d, 0)), from.row(min(y+d, from.height-1))
		for x := range out {
			c := int(mid[x])
			n := int(up[x]) + int(down[x]) + int(mid[max(x-d, 0)]) + int(mid[min(x+d, from.width-1)])
			out[x] = byte(max(0, min(2*c-n/4+(c-n/4), 255)))
		}
	}
}
