package kernel

import "math"

func addGeneric(out, a, b []float32) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] + b[i]
	}
}

func mulGeneric(out, a, b []float32) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] * b[i]
	}
}

func mulAddGeneric(out, a, s, b []float32) {
	a, s, b = a[:len(out)], s[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i]*s[i] + b[i]
	}
}

func hardSwishGeneric(out, x []float32, scale, shift float32) {
	x = x[:len(out)]
	scale /= 6
	for i := range out {
		v := x[i]
		gate := v + 3
		if gate < 0 {
			gate = 0
		} else if gate > 6 {
			gate = 6
		}
		out[i] = v*gate*scale + shift
	}
}

func accumulateGeneric(sum, x []float32) {
	x = x[:len(sum)]
	for i := range sum {
		sum[i] += x[i]
	}
}

func maxGeneric(out, a, b []float32) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		if v := a[i]; v > b[i] || v != v {
			out[i] = v
		} else {
			out[i] = b[i]
		}
	}
}

func merge3Generic(out, a, b, c []float32) {
	b, c, out = b[:len(a)], c[:len(a)], out[:3*len(a)]
	for i := range a {
		o := out[3*i:][:3:3]
		o[0], o[1], o[2] = a[i], b[i], c[i]
	}
}

func interleaveGeneric(out, a, b []float32) {
	b = b[:len(a)]
	out = out[:2*len(a)]
	for i, v := range a {
		out[2*i] = v
		out[2*i+1] = b[i]
	}
}

// interleavesBy is Set.Interleave with a tier's way to interleave two runs.
func interleavesBy(one func(out, a, b []float32)) func(out, a, b []float32, n, count, outPitch, pitchA, pitchB int) {
	return func(out, a, b []float32, n, count, outPitch, pitchA, pitchB int) {
		for i := range count {
			one(out[i*outPitch:][:2*n], a[i*pitchA:][:n], b[i*pitchB:][:n])
		}
	}
}

func expGeneric(out, x []float32) {
	out = out[:len(x)]
	for i, v := range x {
		out[i] = Exp(v)
	}
}

// Exp is eˣ by the method of Cephes' expf (Moshier, netlib): 2ⁿ·p(r) with |r| ≤ ½·ln 2. It saturates at 0 and +Inf and
// keeps NaN.
func Exp(x float32) float32 {
	const log2e, high, low = 1.44269504088896341, 0.693359375, -2.12194440e-4
	switch {
	case x > 88.37:
		return float32(math.Inf(1))
	case x < -87.3:
		return 0
	case x != x:
		return x
	}
	t := x*log2e + 0.5
	n := int32(t)
	if float32(n) > t {
		n--
	}
	fn := float32(n)
	r := x - fn*high - fn*low
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*r*r + r + 1
	return p * math.Float32frombits(uint32(n+127)<<23)
}
