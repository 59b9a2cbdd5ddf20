package kernel

// Winograd's minimal filtering F(4×4, 3×3) computes 4×4 outputs of a 3×3 convolution with 36 products a channel instead
// of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, interpolation points 0, ±1, ±2, ∞):
// outputs = Aᵀ[(G·weights·Gᵀ) ⊙ (Bᵀ·inputs·B)]A, where ⊙ sums over the channels and so is one matrix product for each of
// the 36 places of a patch.
const (
	WinogradSide  = 4                             // outputs of a patch a side
	WinogradPatch = WinogradSide + 2              // inputs of a patch a side
	WinogradSize  = WinogradPatch * WinogradPatch // places of a patch
)

// winogradWeights is G.
var winogradWeights = [WinogradPatch][3]float64{
	{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1},
}

// WinogradWeights is G·w·Gᵀ of one 3×3 kernel.
func WinogradWeights(w []float32) (out [WinogradSize]float32) {
	for y, gy := range winogradWeights {
		for x, gx := range winogradWeights {
			var sum float64
			for i, a := range gy {
				for j, b := range gx {
					sum += a * float64(w[3*i+j]) * b
				}
			}
			out[y*WinogradPatch+x] = float32(sum)
		}
	}
	return out
}

// winogradInputGeneric is Set.WinogradInput in portable Go. It writes Bᵀ·d·B for each channel of a patch d: out[place·pitch+c] for base[offsets[place]+c].
func winogradInputGeneric(out []float32, pitch int, base []float32, offsets *[WinogradSize]int32, channels int) {
	const n = WinogradPatch
	for c := range channels {
		var t [n][n]float32
		for x := range n {
			at := func(y int) float32 { return base[int(offsets[y*n+x])+c] }
			for y, v := range winogradInput(at(0), at(1), at(2), at(3), at(4), at(5)) {
				t[y][x] = v
			}
		}
		for y, r := range t {
			for x, v := range winogradInput(r[0], r[1], r[2], r[3], r[4], r[5]) {
				out[(y*n+x)*pitch+c] = v
			}
		}
	}
}

// winogradInput is Bᵀ times a column.
func winogradInput(d0, d1, d2, d3, d4, d5 float32) [WinogradPatch]float32 {
	a, b, c, e := d4-4*d2, d3-4*d1, d4-d2, 2*(d3-d1)
	return [...]float32{4*d0 - 5*d2 + d4, a + b, a - b, c + e, c - e, 4*d1 - 5*d3 + d5}
}

// winogradOutputGeneric is Set.WinogradOutput in portable Go. It writes bias + Aᵀ·m·A, at least low, for each channel of a patch of products m[place·pitch+c] to
// out[y·row+x·pixel+c].
func winogradOutputGeneric(out []float32, row, pixel int, m []float32, pitch int, bias []float32, channels int, low float32) {
	const n = WinogradPatch
	for c := range channels {
		var t [WinogradSide][n]float32
		for x := range n {
			at := func(y int) float32 { return m[(y*n+x)*pitch+c] }
			for y, v := range winogradOutput(at(0), at(1), at(2), at(3), at(4), at(5)) {
				t[y][x] = v
			}
		}
		for y, r := range t {
			for x, v := range winogradOutput(r[0], r[1], r[2], r[3], r[4], r[5]) {
				if v += bias[c]; v < low {
					v = low
				}
				out[y*row+x*pixel+c] = v
			}
		}
	}
}

// winogradOutput is Aᵀ times a column.
func winogradOutput(m0, m1, m2, m3, m4, m5 float32) [WinogradSide]float32 {
	s, d, p, q := m1+m2, m1-m2, m3+m4, m3-m4
	return [...]float32{m0 + s + p, d + 2*q, s + 4*p, d + 8*q + m5}
}
