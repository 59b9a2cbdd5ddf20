package kernel

// Sum adds in four parts, which don't wait for each other.
func Sum(x []float32) float32 {
	var a, b, c, d float32
	for len(x) >= 4 {
		v := (*[4]float32)(x)
		a, b, c, d = a+v[0], b+v[1], c+v[2], d+v[3]
		x = x[4:]
	}
	for _, v := range x {
		a += v
	}
	return (a + b) + (c + d)
}

// greatest is the greatest of some numbers; what is no number is passed over, and comes out of what follows.
func greatest(x []float32) float32 {
	a := x[0]
	b, c, d := a, a, a
	for len(x) >= 4 {
		v := (*[4]float32)(x)
		if v[0] > a {
			a = v[0]
		}
		if v[1] > b {
			b = v[1]
		}
		if v[2] > c {
			c = v[2]
		}
		if v[3] > d {
			d = v[3]
		}
		x = x[4:]
	}
	for _, v := range x {
		a = max(a, v)
	}
	return max(a, b, c, d)
}

// softmaxBy is Set.Softmax with a tier's Exp.
func softmaxBy(exp func(out, x []float32)) func(out, x []float32) {
	return func(out, x []float32) {
		top := greatest(x)
		for i, v := range x {
			out[i] = v - top
		}
		exp(out, out)
		total := 1 / Sum(out)
		for i := range out {
			out[i] *= total
		}
	}
}
