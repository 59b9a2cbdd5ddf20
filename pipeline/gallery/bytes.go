package gallery

import "math"

// A reference is also kept as bytes: r ≈ scale·q with q from −127 to 127, and the length of what that leaves out,
// |r − scale·q|. With a probe p ≈ s·u alike,
//
//	p·r = s·u·scale·q + s·u·(r − scale·q) + (p − s·u)·r
//
// so the product of the bytes is off by at most |s·u|·|r − scale·q| + |p − s·u|·|r|. Who is in that range of the best can
// only be told by the exact product; everybody else is out.
type approximation struct {
	scale float32
	lost  float32 // |r − scale·q|, rounded up
}

// margin makes up for the rounding of the bounds' own arithmetic, and of a dot product of Dimension floats.
const margin = 2e-6

// quantise writes v as bytes.
func quantise(q []int8, v []float32) approximation {
	var top float32
	for _, x := range v {
		top = max(top, x, -x)
	}
	if top == 0 {
		clear(q)
		return approximation{}
	}
	a := approximation{scale: top / 127}
	var square float64
	for i, x := range v {
		q[i] = int8(math.RoundToEven(float64(x) / float64(a.scale)))
		d := float64(x) - float64(a.scale)*float64(q[i])
		square += d * d
	}
	a.lost = float32(math.Sqrt(square)) * (1 + 1e-6)
	return a
}

// reach bounds how far a product of bytes, scaled, may be from the exact one. Both vectors have a length of 1 ± 0.001.
func reach(probe, reference approximation) float32 {
	const length = 1.001
	return (length+probe.lost)*reference.lost + length*probe.lost + margin
}
