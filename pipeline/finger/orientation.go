package finger

// orient estimates the direction of the ridges at each block by averaging squared gradients (Kass and Witkin, 1987;
// Bazen and Gerez, IEEE PAMI 24, 2002): doubled angles make opposite gradients agree.
func (e *Extractor) orient() {
	b := &e.blocks
	n := e.rows * e.cols
	s := e.stride
	for r := range e.rows {
		for c := range e.cols {
			var xx, yy, xy int64
			for y := r * block; y < min((r+1)*block, e.height); y++ {
				at := e.at(c*block, y)
				for i := at; i < at+min(block, e.width-c*block); i++ {
					p := e.plane[i-s-1 : i-s+2]
					q := e.plane[i-1 : i+2]
					t := e.plane[i+s-1 : i+s+2]
					gx := int64(p[2]) + 2*int64(q[2]) + int64(t[2]) - int64(p[0]) - 2*int64(q[0]) - int64(t[0])
					gy := int64(p[0]) + 2*int64(p[1]) + int64(p[2]) - int64(t[0]) - 2*int64(t[1]) - int64(t[2])
					xx, yy, xy = xx+gx*gx, yy+gy*gy, xy+gx*gy
				}
			}
			i := r*e.cols + c
			b.gx[i], b.gy[i], b.all[i] = 0, 0, 0
			if b.mask[i] == 1 {
				b.gx[i], b.gy[i], b.all[i] = int32((xx-yy)>>8), int32(xy>>7), int32((xx+yy)>>8)
			}
		}
	}
	for _, f := range [][]int32{b.gx, b.gy, b.all} {
		e.blur(f[:n], 2)
	}
	for i := range n {
		b.cx[i], b.cy[i] = 0, 0
		if b.mask[i] == 1 && b.all[i] > 0 {
			// The ridges run across the gradient: the doubled vector turns by half a turn.
			b.cx[i] = int32(-int64(b.gx[i]) * 256 / int64(b.all[i]))
			b.cy[i] = int32(-int64(b.gy[i]) * 256 / int64(b.all[i]))
		}
	}
	e.blur(b.cx[:n], 1)
	e.blur(b.cy[:n], 1)
}

// blur averages a field with the weights 1 2 1 in both directions, the given number of times.
func (e *Extractor) blur(f []int32, times int) {
	tmp := e.blocks.scratch[3][:len(f)]
	for range times {
		for r := range e.rows {
			for c := range e.cols {
				i := r*e.cols + c
				left, right := int32(0), int32(0)
				if c > 0 {
					left = f[i-1]
				}
				if c < e.cols-1 {
					right = f[i+1]
				}
				tmp[i] = (left + 2*f[i] + right) / 4
			}
		}
		for r := range e.rows {
			for c := range e.cols {
				i := r*e.cols + c
				up, down := int32(0), int32(0)
				if r > 0 {
					up = tmp[i-e.cols]
				}
				if r < e.rows-1 {
					down = tmp[i+e.cols]
				}
				f[i] = (up + 2*tmp[i] + down) / 4
			}
		}
	}
}

// ridgeAt is the direction of the ridges at a pixel in 1/256 half turns, and the coherence there, 0 to 256.
func (e *Extractor) ridgeAt(x, y int) (orientation uint8, coherence int32) {
	b := &e.blocks
	r0, r1, fy := between(y, e.rows)
	c0, c1, fx := between(x, e.cols)
	i00, i01, i10, i11 := r0*e.cols+c0, r0*e.cols+c1, r1*e.cols+c0, r1*e.cols+c1
	vx := mix(b.cx[i00], b.cx[i01], b.cx[i10], b.cx[i11], fx, fy)
	vy := mix(b.cy[i00], b.cy[i01], b.cy[i10], b.cy[i11], fx, fy)
	return uint8(angleOf(direction(vy, vx))), int32(root(int64(vx)*int64(vx) + int64(vy)*int64(vy)))
}
