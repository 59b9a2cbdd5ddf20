package kernel

import "golang.org/x/sys/cpu"

// avx2 serves every x86-64 processor since 2013 (Haswell) and 2015 (Excavator).
var avx2 = Set{
	Name: "avx2", Tile: tileAVX2, Depthwise: depthwiseAVX2, Add: addAVX2, MulAdd: mulAddAVX2, Mul: mulAVX2,
	HardSwish: hardSwishAVX2, Accumulate: accumulateAVX2, Max: maxAVX2, Interleave: interleavesBy(interleaveAVX2), Exp: expAVX2, Softmax: softmaxBy(expAVX2), Merge3: merge3AVX2,
	Row: rowAVX2, MaxRow: maxRowAVX2, Strip: stripAVX2, StripKernel: 3, StripChannels: 8, Peak: peakAVX2, Read: readAVX2, Dot: dotAVX2, Dots8: dots8AVX2,
	WinogradChannels: 8,
	WinogradInput: func(out []float32, pitch int, base []float32, offsets *[WinogradSize]int32, channels int) {
		winogradInputAVX2(&out[0], pitch, &base[0], &offsets[0], channels)
	},
	WinogradOutput: func(out []float32, row, pixel int, m []float32, pitch int, bias []float32, channels int, low float32) {
		winogradOutputAVX2(&out[0], row, pixel, &m[0], pitch, &bias[0], channels, low)
	},
	Tiles: tilesAVX2, Heights: [2]int{ShortPixels, TilePixels}, Widths: []int{TileChannels, NarrowChannels}, InOrder: true,
	Depthwises: func(d *Depthwise, count int) {
		if count > 0 {
			depthwisesAVX2(d, count)
		}
	},
}

func tiers() []*Set {
	x := &cpu.X86
	if !x.HasAVX2 || !x.HasFMA {
		return nil
	}
	if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VNNI && x.HasBMI2 {
		return []*Set{&avx512, &avx2}
	}
	return []*Set{&avx2}
}

func tileAVX2(t *Tile) { tilesAVX2(t, 1) }

func tilesAVX2(t *Tile, count int) {
	switch {
	case count == 0:
	case t.Height == TilePixels && t.Width == TileChannels:
		tiles6x16AVX2(t, count)
	case t.Height == TilePixels:
		tiles6x8AVX2(t, count)
	case t.Width == TileChannels:
		tiles5x16AVX2(t, count)
	default:
		tiles5x8AVX2(t, count)
	}
}

func depthwiseAVX2(d *Depthwise) { depthwisesAVX2(d, 1) }

//go:noescape
func tiles6x16AVX2(t *Tile, count int)

//go:noescape
func tiles5x16AVX2(t *Tile, count int)

//go:noescape
func tiles6x8AVX2(t *Tile, count int)

//go:noescape
func tiles5x8AVX2(t *Tile, count int)

//go:noescape
func depthwisesAVX2(d *Depthwise, count int)

// stripAVX2 computes two rows of a kernel of 3 × 3 in blocks of 16 channels, the last of which overlaps the one before it
// where more than 8 are left, and the rest in blocks of 8.
func stripAVX2(s *Strip) {
	from := 0
	if s.Rows == 2 && s.Channels >= 16 {
		if from = s.Channels; s.Channels%16 <= 8 {
			from -= s.Channels % 16
		}
		if s.Slope != nil {
			pairSlopeAVX2(s, 0, from)
		} else {
			pairAVX2(s, 0, from)
		}
		if from == s.Channels {
			return
		}
	}
	switch {
	case s.Stride == 2 && s.Slope != nil:
		sparseSlopeAVX2(s, from, s.Channels)
	case s.Stride == 2:
		sparseAVX2(s, from, s.Channels)
	case s.Rows == 2 && s.Slope != nil:
		strip2SlopeAVX2(s, from, s.Channels)
	case s.Rows == 2:
		strip2AVX2(s, from, s.Channels)
	case s.Slope != nil:
		strip1SlopeAVX2(s, from, s.Channels)
	default:
		strip1AVX2(s, from, s.Channels)
	}
}

//go:noescape
func pairAVX2(s *Strip, from, to int)

//go:noescape
func pairSlopeAVX2(s *Strip, from, to int)

//go:noescape
func strip1AVX2(s *Strip, from, to int)

//go:noescape
func strip1SlopeAVX2(s *Strip, from, to int)

//go:noescape
func strip2AVX2(s *Strip, from, to int)

//go:noescape
func strip2SlopeAVX2(s *Strip, from, to int)

//go:noescape
func sparseAVX2(s *Strip, from, to int)

//go:noescape
func sparseSlopeAVX2(s *Strip, from, to int)

//go:noescape
func winogradInputAVX2(out *float32, pitch int, base *float32, offsets *int32, channels int)

//go:noescape
func winogradOutputAVX2(out *float32, row, pixel int, m *float32, pitch int, bias *float32, channels int, low float32)

func peakVectors(rounds int)

//go:noescape
func readVectors(x *float32, n int)

func peakAVX2(rounds int) int64 {
	peakVectors(rounds)
	return int64(rounds) * 768
}

func readAVX2(x []float32) {
	if n := len(x) &^ 63; n > 0 {
		readVectors(&x[0], n)
	}
}

//go:noescape
func rowAVX2(r *Row)

//go:noescape
func maxRowAVX2(r *Row)

// The vector part of the element-wise kernels: n is a multiple of 8.

//go:noescape
func addVectors(out, a, b *float32, n int)

//go:noescape
func mulVectors(out, a, b *float32, n int)

//go:noescape
func mulAddVectors(out, a, s, b *float32, n int)

//go:noescape
func maxVectors(out, a, b *float32, n int)

//go:noescape
func hardSwishVectors(out, x *float32, n int, scale, shift float32)

//go:noescape
func interleaveVectors(out, a, b *float32, n int)

//go:noescape
func merge3Vectors(out, a, b, c *float32, n int)

//go:noescape
func expVectors(out, x *float32, n int)

func interleaveAVX2(out, a, b []float32) {
	n := len(a) &^ 7
	out, b = out[:2*len(a)], b[:len(a)]
	if n > 0 {
		interleaveVectors(&out[0], &a[0], &b[0], n)
	}
	interleaveGeneric(out[2*n:], a[n:], b[n:])
}

func merge3AVX2(out, a, b, c []float32) {
	n := len(a) &^ 7
	out, b, c = out[:3*len(a)], b[:len(a)], c[:len(a)]
	if n > 0 {
		merge3Vectors(&out[0], &a[0], &b[0], &c[0], n)
	}
	merge3Generic(out[3*n:], a[n:], b[n:], c[n:])
}

func expAVX2(out, x []float32) {
	n := len(x) &^ 7
	out = out[:len(x)]
	if n > 0 {
		expVectors(&out[0], &x[0], n)
	}
	expGeneric(out[n:], x[n:])
}

func addAVX2(out, a, b []float32) {
	n := len(out) &^ 7
	a, b = a[:len(out)], b[:len(out)]
	if n > 0 {
		addVectors(&out[0], &a[0], &b[0], n)
	}
	addGeneric(out[n:], a[n:], b[n:])
}

func mulAVX2(out, a, b []float32) {
	n := len(out) &^ 7
	a, b = a[:len(out)], b[:len(out)]
	if n > 0 {
		mulVectors(&out[0], &a[0], &b[0], n)
	}
	mulGeneric(out[n:], a[n:], b[n:])
}

func mulAddAVX2(out, a, s, b []float32) {
	n := len(out) &^ 7
	a, s, b = a[:len(out)], s[:len(out)], b[:len(out)]
	if n > 0 {
		mulAddVectors(&out[0], &a[0], &s[0], &b[0], n)
	}
	mulAddGeneric(out[n:], a[n:], s[n:], b[n:])
}

func maxAVX2(out, a, b []float32) {
	n := len(out) &^ 7
	a, b = a[:len(out)], b[:len(out)]
	if n > 0 {
		maxVectors(&out[0], &a[0], &b[0], n)
	}
	maxGeneric(out[n:], a[n:], b[n:])
}

func accumulateAVX2(sum, x []float32) { addAVX2(sum, sum, x) }

func hardSwishAVX2(out, x []float32, scale, shift float32) {
	n := len(out) &^ 7
	x = x[:len(out)]
	if n > 0 {
		hardSwishVectors(&out[0], &x[0], n, scale/6, shift)
	}
	hardSwishGeneric(out[n:], x[n:], scale, shift)
}

//go:noescape
func dotVector(a, b *float32, n int) float32

//go:noescape
func dots8Vectors(out *int32, probe, rows *int8, dimension, count int)

func dotAVX2(a, b []float32) float32 {
	if len(a) == 0 {
		return 0
	}
	b = b[:len(a)]
	return dotVector(&a[0], &b[0], len(a))
}

func dots8AVX2(out []int32, probe, rows []int8) {
	if len(out) > 0 && len(probe) > 0 {
		rows = rows[:len(out)*len(probe)]
		dots8Vectors(&out[0], &probe[0], &rows[0], len(probe), len(out))
	}
}
