package kernel

// The kernels of AVX-512 that go through whole slices, of any length.

//go:noescape
func add512(out, a, b *float32, n int)

//go:noescape
func mul512(out, a, b *float32, n int)

//go:noescape
func max512(out, a, b *float32, n int)

//go:noescape
func mulAdd512(out, a, s, b *float32, n int)

//go:noescape
func hardSwish512(out, x *float32, n int, scale, shift float32)

//go:noescape
func interleave512(out, a, b *float32, n, count, outPitch, pitchA, pitchB int)

//go:noescape
func merge3512(out, a, b, c *float32, n int)

//go:noescape
func exp512(out, x *float32, n int)

//go:noescape
func softmax512(out, x *float32, n int)

func addAVX512(out, a, b []float32) {
	if n := len(out); n > 0 {
		a, b = a[:n], b[:n]
		add512(&out[0], &a[0], &b[0], n)
	}
}

func mulAVX512(out, a, b []float32) {
	if n := len(out); n > 0 {
		a, b = a[:n], b[:n]
		mul512(&out[0], &a[0], &b[0], n)
	}
}

func maxAVX512(out, a, b []float32) {
	if n := len(out); n > 0 {
		a, b = a[:n], b[:n]
		max512(&out[0], &a[0], &b[0], n)
	}
}

func mulAddAVX512(out, a, s, b []float32) {
	if n := len(out); n > 0 {
		a, s, b = a[:n], s[:n], b[:n]
		mulAdd512(&out[0], &a[0], &s[0], &b[0], n)
	}
}

func accumulateAVX512(sum, x []float32) { addAVX512(sum, sum, x) }

func hardSwishAVX512(out, x []float32, scale, shift float32) {
	if n := len(out); n > 0 {
		x = x[:n]
		hardSwish512(&out[0], &x[0], n, scale/6, shift)
	}
}

func interleaveAVX512(out, a, b []float32, n, count, outPitch, pitchA, pitchB int) {
	if n > 0 && count > 0 {
		_, _, _ = out[(count-1)*outPitch+2*n-1], a[(count-1)*pitchA+n-1], b[(count-1)*pitchB+n-1]
		interleave512(&out[0], &a[0], &b[0], n, count, outPitch, pitchA, pitchB)
	}
}

func merge3AVX512(out, a, b, c []float32) {
	if n := len(a); n > 0 {
		out, b, c = out[:3*n], b[:n], c[:n]
		merge3512(&out[0], &a[0], &b[0], &c[0], n)
	}
}

func expAVX512(out, x []float32) {
	if n := len(x); n > 0 {
		out = out[:n]
		exp512(&out[0], &x[0], n)
	}
}

func softmaxAVX512(out, x []float32) {
	if n := len(x); n > 0 {
		out = out[:n]
		softmax512(&out[0], &x[0], n)
	}
}

//go:noescape
func dots8VNNI(out *int32, probe, rows *int8, dimension, count int, lifted int32)

func dots8AVX512(out []int32, probe, rows []int8) {
	if len(out) > 0 && len(probe) > 0 {
		rows = rows[:len(out)*len(probe)]
		var sum int32
		for _, v := range probe {
			sum += int32(v)
		}
		dots8VNNI(&out[0], &probe[0], &rows[0], len(probe), len(out), 128*sum)
	}
}

func peak512(rounds int)

func peakAVX512(rounds int) int64 {
	peak512(rounds)
	return int64(rounds) * 24 * 2 * 16
}
