package vision

// reducer averages step × step pixels of a picture that comes row by row into each pixel of a canvas.
type reducer struct {
	out   *canvas
	step  int
	width int // of the rows that come
	sums  []uint32
	rows  int // in sums
}

// add takes row y of height.
func (r *reducer) add(row []byte, y, height int) {
	if r.step == 1 {
		to := r.out.row(y)
		copy(to, row)
		r.out.put(to, y)
		return
	}
	if r.sums == nil {
		r.sums = make([]uint32, 3*r.out.width)
	}
	for x := range r.width {
		sum, p := r.sums[x/r.step*3:][:3], row[3*x:][:3]
		sum[0] += uint32(p[0])
		sum[1] += uint32(p[1])
		sum[2] += uint32(p[2])
	}
	if r.rows++; r.rows == r.step || y == height-1 {
		r.write(y / r.step)
	}
}

// write puts the means into row y of the canvas.
func (r *reducer) write(y int) {
	to := r.out.row(y)
	for x := range r.out.width {
		n := uint32(r.rows * min(r.step, r.width-x*r.step))
		for c := range 3 {
			to[3*x+c] = byte((r.sums[3*x+c] + n/2) / n)
		}
	}
	clear(r.sums)
	r.rows = 0
	r.out.put(to, y)
}

// fill makes everything from row y of height on grey.
func (r *reducer) fill(y, height int) {
	for at := (y + r.step - 1) / r.step; at < r.out.height; at++ {
		to := r.out.row(at)
		for i := range to[:3*r.out.width] {
			to[i] = missingGrey
		}
		r.out.put(to, at)
	}
	if r.rows > 0 {
		r.write(y / r.step)
	}
}

// missingGrey is shown where a part of a picture is missing.
const missingGrey = 128
