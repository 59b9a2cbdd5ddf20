package nn

import (
	"math"

	"umbral/pipeline/nn/kernel"
)

// apply writes the activation of x to out, which may be x. A rectifier's slope by channel is not seen here.
func (f *finish) apply(k *kernel.Set, out, x []float32) {
	out = out[:len(x)]
	switch f.kind {
	case none:
		copy(out, x)
	case rectifier:
		for i, v := range x {
			if v < 0 {
				v = 0
			}
			out[i] = v
		}
	case clip:
		for i, v := range x {
			if v < f.low {
				v = f.low
			} else if v > f.high {
				v = f.high
			}
			out[i] = v
		}
	case hardSwish:
		k.HardSwish(out, x, f.scale, f.shift)
	case hardSigmoid:
		for i, v := range x {
			v = f.low*v + f.high
			if v < 0 {
				v = 0
			} else if v > 1 {
				v = 1
			}
			out[i] = v
		}
	case sigmoid:
		for i, v := range x {
			out[i] = 1 / (1 + exp(-v))
		}
	case swish:
		for i, v := range x {
			out[i] = v / (1 + exp(-v))
		}
	case exponential:
		for i, v := range x {
			out[i] = exp(v)
		}
	case squareRoot:
		for i, v := range x {
			out[i] = float32(math.Sqrt(float64(v)))
		}
	case power:
		for i, v := range x {
			if f.low == 2 {
				out[i] = v * v
			} else {
				out[i] = float32(math.Pow(float64(v), float64(f.low)))
			}
		}
	}
}

// exp is eˣ by the method of Cephes' expf (Moshier, netlib): 2ⁿ·p(r) with |r| ≤ ½·ln 2; the relative error stays below
// 2⁻²³. It saturates at 0 and +Inf.
func exp(x float32) float32 {
	const log2e, high, low = 1.44269504088896341, 0.693359375, -2.12194440e-4
	switch {
	case x > 88.7:
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
