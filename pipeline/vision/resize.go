package vision

// Resize samples region of src at the size that dst has and writes 8-bit pixels; sampling is that of ResizeTensor,
// rounded to the nearest level. dst and src must not share memory.
func Resize(dst, src *Image, region Rect) {
	if src.Width < 1 || src.Height < 1 {
		for y := range dst.Height {
			clear(dst.Row(y))
		}
		return
	}
	if dst.Width < 1 || dst.Height < 1 {
		return
	}
	scaleX, scaleY := float64(region.Dx())/float64(dst.Width), float64(region.Dy())/float64(dst.Height)
	var taps [strip]tap
	for x0 := 0; x0 < dst.Width; x0 += strip {
		columns := taps[:min(strip, dst.Width-x0)]
		for i := range columns {
			t := tapAt(x0+i, float64(region.X0), scaleX, src.Width)
			columns[i] = tap{3 * t.a, 3 * t.b, t.w}
		}
		for y := range dst.Height {
			v := tapAt(y, float64(region.Y0), scaleY, src.Height)
			resizeBytes(dst.Row(y)[3*x0:], columns, src.Row(int(v.a)), src.Row(int(v.b)), uint32(v.w))
		}
	}
}

func resizeBytes(to []byte, columns []tap, top, bottom []byte, lower uint32) {
	const round = 1 << (2*weightBits - 1)
	upper := weightOne - lower
	for i := range columns {
		c := &columns[i]
		right := uint32(c.w)
		left := weightOne - right
		ta, tb := (*[3]byte)(top[c.a:]), (*[3]byte)(top[c.b:])
		ba, bb := (*[3]byte)(bottom[c.a:]), (*[3]byte)(bottom[c.b:])
		out := (*[3]byte)(to[3*i:])
		for k := range out {
			v := upper*(left*uint32(ta[k])+right*uint32(tb[k])) + lower*(left*uint32(ba[k])+right*uint32(bb[k]))
			out[k] = byte((v + round) >> (2 * weightBits))
		}
	}
}

// Crop copies region of src, rounded to whole pixels and clipped to src, to dst, which takes its size: empty if nothing
// of region lies inside. It allocates only when dst.Pix is too small.
func Crop(dst, src *Image, region Rect) {
	x0, y0, x1, y1 := region.pixels(src.Width, src.Height)
	dst.Reset(max(0, x1-x0), max(0, y1-y0))
	for y := range dst.Height {
		copy(dst.Row(y), src.Row(y0 + y)[3*x0:])
	}
}
