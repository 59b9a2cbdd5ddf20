package nn

// windows finds where the taps of output pixels lie in the input.
type windows struct {
	window
	start             int // of the input in the arena
	rowStride, stride int // of the input, in floats
	width             int // of the output
	inHeight, inWidth int
	taps              []int32 // how far each tap lies from a window's first
	// Output rows and columns whose windows lie wholly in the input.
	rows, columns [2]int
}

func newWindows(in *view, w window, width int) windows {
	o := windows{
		window: w, start: in.start(), rowStride: in.strides[2], stride: in.strides[3], width: width,
		inHeight: in.shape[2], inWidth: in.shape[3],
	}
	for y := range w.kernel[0] {
		for x := range w.kernel[1] {
			o.taps = append(o.taps, int32(y*w.dilation[0]*o.rowStride+x*w.dilation[1]*o.stride))
		}
	}
	o.rows = inside(w.kernel[0], w.stride[0], w.dilation[0], w.pad[0], o.inHeight)
	o.columns = inside(w.kernel[1], w.stride[1], w.dilation[1], w.pad[1], o.inWidth)
	return o
}

// inside is the range of outputs whose window touches no padding.
func inside(kernel, stride, dilation, pad, size int) [2]int {
	first := (pad + stride - 1) / stride
	last := size - 1 - (kernel-1)*dilation + pad
	if last < 0 {
		return [2]int{first, first}
	}
	return [2]int{first, max(first, last/stride+1)}
}

// fill writes the offsets of count output pixels from the one at pixel on, in tiles of the given size: for each tap the
// places of a tile's pixels. Padding is 0, where the arena is zero. The last tile is filled up with repeated pixels.
func (o *windows) fill(to []int32, pixel, count, tile int) {
	y, x := pixel/o.width, pixel%o.width
	step := o.stride * o.window.stride[1]
	at, in := 0, 0 // the tile, and the pixel in it
	for done := 0; done < count; {
		// A run of pixels of one row.
		run := min(count-done, o.width-x)
		safe := y >= o.rows[0] && y < o.rows[1]
		place := o.place(y, x)
		for range run {
			tap := to[at+in:]
			if safe && x >= o.columns[0] && x < o.columns[1] {
				for t, offset := range o.taps {
					tap[t*tile] = int32(place) + offset
				}
			} else {
				o.edge(tap, y, x, tile)
			}
			if in++; in == tile {
				in = 0
				at += tile * len(o.taps)
			}
			place += step
			x++
		}
		done += run
		x = 0
		y++
	}
	for ; in > 0 && in < tile; in++ {
		for t := range o.taps {
			to[at+t*tile+in] = to[at+t*tile+in-1]
		}
	}
}

// place is where the first tap of a pixel's window lies, padding or not.
func (o *windows) place(y, x int) int {
	return o.start + (y*o.window.stride[0]-o.pad[0])*o.rowStride + (x*o.window.stride[1]-o.pad[1])*o.stride
}

// edge writes the offsets of a pixel whose window reaches into the padding.
func (o *windows) edge(to []int32, y, x, tile int) {
	place := o.place(y, x)
	t := 0
	for ky := range o.kernel[0] {
		row := y*o.window.stride[0] - o.pad[0] + ky*o.dilation[0]
		for kx := range o.kernel[1] {
			column := x*o.window.stride[1] - o.pad[1] + kx*o.dilation[1]
			if row < 0 || row >= o.inHeight || column < 0 || column >= o.inWidth {
				to[t*tile] = 0
			} else {
				to[t*tile] = int32(place) + o.taps[t]
			}
			t++
		}
	}
}
