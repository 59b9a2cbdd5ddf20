package replay

import "math/rand/v2"

// fixed is a number with 16 binary places. All that is drawn is reckoned so: the same scene and seed give the same frames
// on every machine.
type fixed int64

const one fixed = 1 << 16

func fix(x float64) fixed { return fixed(int64(x * 65536)) }

// shot is what a frame shows: the view in pixels of the picture, the light and the imperfections.
type shot struct {
	x, y, width fixed
	brightness  fixed // 1 = as the picture
	noise       fixed // standard deviation, levels
}

// between is the shot at t of the way from a to b, 0 to 1. A person begins and ends a walk gently, so the way is eased
// (3t²−2t³).
func between(a, b shot, t fixed) shot {
	e := t * t >> 16 * (3*one - 2*t) >> 16
	mix := func(p, q fixed) fixed { return p + (q-p)*e>>16 }
	return shot{
		x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width),
		brightness: mix(a.brightness, b.brightness), noise: mix(a.noise, b.noise),
	}
}

// tap is where one sample of the frame comes from: the sample left of it (above it), and the weight of the next, 0–256.
type tap struct {
	index  int32
	weight int32
}

// renderer draws shots as YUYV. Its tables belong to one frame size.
type renderer struct {
	w, h           int
	luma           []tap   // by column
	chroma, haze   []tap   // by pair of columns
	across         []int32 // how much of the picture is seen in that column, 0–256
	rows           [6][]uint16
	wall           []byte // luma by line
	noise          []int8 // Gaussian, in units of 1/noiseUnit
	random         *rand.PCG
	swayX, swayY   fixed // where the hand is, in pixels of the frame
	drawX, drawY   fixed // where it is drawn to
	untilNextDrawn int
}

const (
	noiseUnit   = 32
	noiseLength = 1 << 16
)

func newRenderer(w, h int, wall byte, seed uint64) *renderer {
	r := &renderer{
		w: w, h: h,
		luma: make([]tap, w), chroma: make([]tap, w/2), haze: make([]tap, w/2), across: make([]int32, w),
		wall: make([]byte, h), noise: make([]int8, noiseLength+w),
	}
	for y := range r.wall {
		// Light from above: the wall loses a quarter of its brightness from top to bottom.
		r.wall[y] = clamp8(int32(wall) * int32(9*h-2*y) / int32(8*h))
	}
	r.rewind(seed)
	for i := range noiseLength {
		// The sum of twelve uniform numbers has variance 1 and is near enough to a Gaussian; unlike the usual methods it
		// needs no logarithm, whose last bit differs between machines.
		sum := int64(0)
		for range 6 {
			x := r.random.Uint64()
			sum += int64(x>>32) + int64(x&0xffffffff)
		}
		r.noise[i] = int8(max(-127, min(127, (sum-6<<32)*noiseUnit>>32)))
	}
	copy(r.noise[noiseLength:], r.noise)
	return r
}

// rewind makes the random numbers begin again.
func (r *renderer) rewind(seed uint64) {
	r.random = rand.NewPCG(seed, 0x756d6272616c)
	r.swayX, r.swayY, r.drawX, r.drawY, r.untilNextDrawn = 0, 0, 0, 0, 0
}

// sway moves the hand that holds the camera by one frame: it is drawn to a place within amplitude for a few frames, then
// to another.
func (r *renderer) sway(amplitude fixed) {
	if r.untilNextDrawn == 0 {
		x := r.random.Uint64()
		r.drawX = fixed(int32(x)) * amplitude >> 31
		r.drawY = fixed(int32(x>>32)) * amplitude >> 31
		r.untilNextDrawn = 3 + int(r.random.Uint64()%6)
	}
	r.untilNextDrawn--
	r.swayX += (r.drawX - r.swayX) / 4
	r.swayY += (r.drawY - r.swayY) / 4
}

// draw fills dst (stride 2·w) with the shot of p, or of the wall when p is nil.
func (r *renderer) draw(dst []byte, p *subject, s shot) {
	gain, sigma := int32(s.brightness>>8), int32(s.noise>>8)
	var c camera
	if p != nil {
		c = r.aim(p, s)
	}
	for y := range r.h {
		line := dst[2*r.w*y:][:2*r.w]
		if p == nil {
			fill(line, r.wall[y])
		} else {
			r.line(line, p, c, c.top+fixed(y)*c.scale)
		}
		r.imperfect(line, gain, sigma)
	}
}

// camera is how a shot sees its picture.
type camera struct {
	level *level
	shift int   // the level has 1/2^shift of the picture's resolution
	top   fixed // the centre of the frame's first line, in pixels of the picture
	scale fixed // pixels of the picture for one of the frame
}

// aim chooses the level of p's pyramid for that shot and makes the tables of the frame's columns.
func (r *renderer) aim(p *subject, s shot) camera {
	scale := s.width / fixed(r.w)
	left := s.x + r.swayX*scale>>16 - fixed(r.w-1)*scale/2
	top := s.y + r.swayY*scale>>16 - fixed(r.h-1)*scale/2
	for i := range r.across {
		r.across[i] = p.seen(left+fixed(i)*scale, p.left, p.right)
	}
	n, shift := 0, p.cut.shift
	for n+1 < len(p.cut.levels) && scale>>shift >= 3*one/2 {
		n, shift = n+1, shift+1
	}
	l := &p.cut.levels[n]
	// Places count from a pixel's rim, samples from its centre: hence the halves, on each level anew.
	first, step := (left-fixed(p.cut.x0)<<16)>>shift-one/2, scale>>shift
	for i := range r.luma {
		r.luma[i] = at(first+fixed(i)*step, l.y.w)
	}
	for i := range r.chroma {
		r.chroma[i] = at((first+fixed(2*i)*step+step/2+one/2)>>1-one/2, l.cb.w)
	}
	for i := range r.haze {
		r.haze[i] = at((left+fixed(2*i)*scale+scale/2)>>hazeShift-one/2, p.haze.y.w)
	}
	return camera{l, shift, top, scale}
}

// at is the tap for position v of n samples; beyond the ends the outermost sample goes on.
func at(v fixed, n int) tap {
	switch {
	case n < 2 || v <= 0:
		return tap{0, 0}
	case v >= fixed(n-1)<<16:
		return tap{int32(n - 2), 256}
	}
	return tap{int32(v >> 16), int32(v >> 8 & 255)}
}

// line draws the line at v, in pixels of the picture, mixed with haze where little of the picture is seen.
func (r *renderer) line(dst []byte, p *subject, c camera, v fixed) {
	down := p.seen(v, p.top, p.bottom)
	far := at(v>>hazeShift-one/2, p.haze.y.h)
	hy := p.haze.y.between(r.rows[3], far, r.haze)
	hb := p.haze.cb.between(r.rows[4], far, r.haze)
	hr := p.haze.cr.between(r.rows[5], far, r.haze)
	v = (v-fixed(p.cut.y0)<<16)>>c.shift - one/2
	chroma := at((v+one/2)>>1-one/2, c.level.cb.h)
	y := c.level.y.between(r.rows[0], at(v, c.level.y.h), r.luma)
	cb := c.level.cb.between(r.rows[1], chroma, r.chroma)
	cr := c.level.cr.between(r.rows[2], chroma, r.chroma)
	for i, t := range r.chroma {
		d := dst[4*i:][:4]
		d0, d1, d2, d3 := sample(y, r.luma[2*i]), sample(cb, t), sample(y, r.luma[2*i+1]), sample(cr, t)
		if a0, a1 := r.across[2*i]*down>>8, r.across[2*i+1]*down>>8; a0 < 256 || a1 < 256 {
			t = r.haze[i]
			light := sample(hy, t)
			d0, d1, d2, d3 = mix(light, d0, a0), mix(sample(hb, t), d1, a0), mix(light, d2, a1), mix(sample(hr, t), d3, a0)
		}
		d[0], d[1], d[2], d[3] = byte(d0), byte(d1), byte(d2), byte(d3)
	}
}

// fit makes the rows wide enough for p.
func (r *renderer) fit(p *subject) {
	n := p.haze.y.w
	if len(p.cut.levels) > 0 {
		n = max(n, p.cut.levels[0].y.w)
	}
	for i := range r.rows {
		if len(r.rows[i]) < n+1 {
			r.rows[i] = make([]uint16, n+1)
		}
	}
}

// between writes the line at t, in units of 1/256, as far as the taps across need it. The last sample is repeated, so that
// each has a next one.
func (p *plane) between(to []uint16, t tap, across []tap) []uint16 {
	first, end := int(across[0].index), int(across[len(across)-1].index)+2
	a := p.pix[int(t.index)*p.w:][:p.w]
	b := a
	if int(t.index)+1 < p.h {
		b = p.pix[(int(t.index)+1)*p.w:][:p.w]
	}
	last := min(end, p.w)
	out, a, b := to[first:last], a[first:last], b[first:last]
	for i := range out {
		out[i] = uint16(int32(a[i])<<8 + (int32(b[i])-int32(a[i]))*t.weight)
	}
	to[last] = to[last-1]
	return to
}

// sample is the value at t of a line in units of 1/256.
func sample(line []uint16, t tap) int32 {
	p := line[t.index:][:2]
	return (int32(p[0])<<8 + (int32(p[1])-int32(p[0]))*t.weight + 1<<15) >> 16
}

// mix goes a/256 of the way from far to near.
func mix(far, near, a int32) int32 { return far + ((near-far)*a+128)>>8 }

// The wall is a little warm.
const wallCb, wallCr = 124, 131

func fill(line []byte, wall byte) {
	for i := 0; i+3 < len(line); i += 4 {
		line[i], line[i+1], line[i+2], line[i+3] = wall, wallCb, wall, wallCr
	}
}

// imperfect applies the light and the sensor's noise to a line. Chroma has no noise: a camera's own filter takes it out.
func (r *renderer) imperfect(line []byte, gain, sigma int32) {
	if gain != 256 {
		for i := 0; i+1 < len(line); i += 2 {
			line[i] = clamp8(16 + (int32(line[i])-16)*gain>>8)
			line[i+1] = clamp8(128 + (int32(line[i+1])-128)*gain>>8)
		}
	}
	if sigma == 0 {
		return
	}
	noise := r.noise[r.random.Uint64()%noiseLength:][:r.w]
	for i, n := range noise {
		line[2*i] = clamp8(int32(line[2*i]) + (int32(n)*sigma+noiseUnit*128)/(noiseUnit*256))
	}
}

func clamp8(x int32) byte { return byte(max(0, min(255, x))) }
