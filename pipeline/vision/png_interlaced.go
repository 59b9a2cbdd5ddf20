package vision

// adam7 are the passes of an interlaced PNG (section 8.2): where each begins, how far its pixels are apart, and how
// large a block each stands for until the next pass.
var adam7 = [7]struct{ x, y, dx, dy, w, h int }{
	{0, 0, 8, 8, 8, 8}, {4, 0, 8, 8, 4, 8}, {0, 4, 4, 8, 4, 4}, {2, 0, 4, 4, 2, 4},
	{0, 2, 2, 4, 2, 2}, {1, 0, 2, 2, 1, 2}, {0, 1, 1, 2, 1, 1},
}

// passes reads an interlaced picture. It is reduced by leaving out pixels. Each pixel stands for its block until a
// later pass refines it, so a picture without its last two passes, which add every other column and row, counts as
// whole.
func (p *pngReader) passes(out *canvas, step int) (missing float64, err error) {
	const coarse = 5
	come, all := 0, 0
	for i, pass := range adam7 {
		w, h := (p.width-pass.x+pass.dx-1)/pass.dx, (p.height-pass.y+pass.dy-1)/pass.dy
		if w <= 0 || h <= 0 {
			continue
		}
		if i < coarse {
			all += w * h
		}
		p.begin(w)
		for y := 0; y < h && err == nil; y++ {
			if err = p.row(w); err != nil {
				break
			}
			if i < coarse {
				come += w
			}
			for x := range w {
				p.block(out, step, pass.x+x*pass.dx, pass.y+y*pass.dy, pass.w, pass.h, p.rgb[3*x:])
			}
		}
	}
	return 1 - float64(come)/float64(all), err
}

// block fills w × h pixels at (x, y) of the picture as it is stored, as far as they fall on those that are kept.
func (p *pngReader) block(out *canvas, step, x, y, w, h int, pixel []byte) {
	right, bottom := min(x+w, p.width), min(y+h, p.height)
	for by := (y + step - 1) / step; by*step < bottom; by++ {
		for bx := (x + step - 1) / step; bx*step < right; bx++ {
			copy(out.img.Pix[out.place(bx, by):][:3], pixel)
		}
	}
}
