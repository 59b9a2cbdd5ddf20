package kernel

// DotStep is what the length of the vectors of Dot and Dots8 is a multiple of.
const DotStep = 32

// dotGeneric is Set.Dot in portable Go. Four sums do not wait for each other's additions and, with a tree of products
// before each, fit the registers; arrays spare the bounds checks.
func dotGeneric(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 16 && len(b) >= 16 {
		x, y := (*[16]float32)(a), (*[16]float32)(b)
		s0 += x[0]*y[0] + x[4]*y[4] + (x[8]*y[8] + x[12]*y[12])
		s1 += x[1]*y[1] + x[5]*y[5] + (x[9]*y[9] + x[13]*y[13])
		s2 += x[2]*y[2] + x[6]*y[6] + (x[10]*y[10] + x[14]*y[14])
		s3 += x[3]*y[3] + x[7]*y[7] + (x[11]*y[11] + x[15]*y[15])
		a, b = a[16:], b[16:]
	}
	return (s0 + s1) + (s2 + s3)
}

// dots8Generic is Set.Dots8 in portable Go.
func dots8Generic(out []int32, probe, rows []int8) {
	for i := range out {
		row := rows[i*len(probe):][:len(probe)]
		var sum int32
		for k, v := range probe {
			sum += int32(v) * int32(row[k])
		}
		out[i] = sum
	}
}
