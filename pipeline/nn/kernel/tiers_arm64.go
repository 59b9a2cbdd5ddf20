package kernel

// neon serves every 64-bit ARM processor: the architecture demands its instructions.
var neon = Set{
	Name: "neon", Tile: tileNEON, Depthwise: depthwiseNEON, Add: addNEON, MulAdd: mulAddNEON, Mul: mulNEON,
	HardSwish: hardSwishNEON, Accumulate: accumulateNEON, Max: maxNEON, Interleave: interleavesBy(interleaveNEON), Exp: expNEON, Softmax: softmaxBy(expNEON), Merge3: merge3NEON,
	Row: rowNEON, Peak: peakNEON, Read: readNEON, Dot: dotNEON, Dots8: dots8NEON, InOrder: true,
	Tiles: tilesNEON, Heights: [2]int{TilePixels, TilePixels}, Widths: []int{TileChannels, NarrowChannels},
	Depthwises: func(d *Depthwise, count int) {
		if count > 0 {
			depthwisesNEON(d, count)
		}
	},
}

func tiers() []*Set { return []*Set{&neon} }

func tileNEON(t *Tile) { tilesNEON(t, 1) }

func depthwiseNEON(d *Depthwise) { depthwisesNEON(d, 1) }

func tilesNEON(t *Tile, count int) {
	switch {
	case count == 0:
	case t.Width == TileChannels:
		tiles6x16NEON(t, count)
	default:
		tiles6x8NEON(t, count)
	}
}

//go:noescape
func tiles6x16NEON(t *Tile, count int)

//go:noescape
func tiles6x8NEON(t *Tile, count int)

//go:noescape
func depthwisesNEON(d *Depthwise, count int)

func peakNEON24(rounds int)

//go:noescape
func readNEON32(x *float32, n int)

func peakNEON(rounds int) int64 {
	peakNEON24(rounds)
	return int64(rounds) * 192
}

func readNEON(x []float32) {
	if n := len(x) &^ 31; n > 0 {
		readNEON32(&x[0], n)
	}
}

//go:noescape
func rowNEON(r *Row)

// The vector part of the element-wise kernels: n is a multiple of the number in the name, and not 0.

//go:noescape
func addNEON16(out, a, b *float32, n int)

//go:noescape
func mulNEON16(out, a, b *float32, n int)

//go:noescape
func mulAddNEON16(out, a, s, b *float32, n int)

//go:noescape
func maxNEON16(out, a, b *float32, n int)

//go:noescape
func hardSwishNEON16(out, x *float32, n int, scale, shift float32)

//go:noescape
func interleaveNEON16(out, a, b *float32, n int)

//go:noescape
func merge3NEON4(out, a, b, c *float32, n int)

//go:noescape
func expNEON8(out, x *float32, n int)

func addNEON(out, a, b []float32) {
	n := len(out) &^ 15
	a, b = a[:len(out)], b[:len(out)]
	if n > 0 {
		addNEON16(&out[0], &a[0], &b[0], n)
	}
	addGeneric(out[n:], a[n:], b[n:])
}

func mulNEON(out, a, b []float32) {
	n := len(out) &^ 15
	a, b = a[:len(out)], b[:len(out)]
	if n > 0 {
		mulNEON16(&out[0], &a[0], &b[0], n)
	}
	mulGeneric(out[n:], a[n:], b[n:])
}

func mulAddNEON(out, a, s, b []float32) {
	n := len(out) &^ 15
	a, s, b = a[:len(out)], s[:len(out)], b[:len(out)]
	if n > 0 {
		mulAddNEON16(&out[0], &a[0], &s[0], &b[0], n)
	}
	mulAddGeneric(out[n:], a[n:], s[n:], b[n:])
}

func maxNEON(out, a, b []float32) {
	n := len(out) &^ 15
	a, b = a[:len(out)], b[:len(out)]
	if n > 0 {
		maxNEON16(&out[0], &a[0], &b[0], n)
	}
	maxGeneric(out[n:], a[n:], b[n:])
}

func accumulateNEON(sum, x []float32) { addNEON(sum, sum, x) }

func hardSwishNEON(out, x []float32, scale, shift float32) {
	n := len(out) &^ 15
	x = x[:len(out)]
	if n > 0 {
		hardSwishNEON16(&out[0], &x[0], n, scale/6, shift)
	}
	hardSwishGeneric(out[n:], x[n:], scale, shift)
}

func interleaveNEON(out, a, b []float32) {
	n := len(a) &^ 15
	out, b = out[:2*len(a)], b[:len(a)]
	if n > 0 {
		interleaveNEON16(&out[0], &a[0], &b[0], n)
	}
	interleaveGeneric(out[2*n:], a[n:], b[n:])
}

func merge3NEON(out, a, b, c []float32) {
	n := len(a) &^ 3
	out, b, c = out[:3*len(a)], b[:len(a)], c[:len(a)]
	if n > 0 {
		merge3NEON4(&out[0], &a[0], &b[0], &c[0], n)
	}
	merge3Generic(out[3*n:], a[n:], b[n:], c[n:])
}

func expNEON(out, x []float32) {
	n := len(x) &^ 7
	out = out[:len(x)]
	if n > 0 {
		expNEON8(&out[0], &x[0], n)
	}
	expGeneric(out[n:], x[n:])
}

//go:noescape
func dotNEON32(a, b *float32, n int) float32

//go:noescape
func dots8NEON32(out *int32, probe, rows *int8, dimension, count int)

func dotNEON(a, b []float32) float32 {
	if len(a) == 0 {
		return 0
	}
	b = b[:len(a)]
	return dotNEON32(&a[0], &b[0], len(a))
}

func dots8NEON(out []int32, probe, rows []int8) {
	if len(out) > 0 && len(probe) > 0 {
		rows = rows[:len(out)*len(probe)]
		dots8NEON32(&out[0], &probe[0], &rows[0], len(probe), len(out))
	}
}
