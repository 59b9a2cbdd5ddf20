package vision

import "math"

// reducedBasis holds, for a block of 2 or 4 samples a side, what coefficient u adds to sample x, in units of 2⁻¹³. The
// lowest coefficients of a block of eight samples are those of the same block with fewer, but for a factor.
var reducedBasis = func() (basis [5][4][4]int32) {
	for _, size := range []int{2, 4} {
		for x := range size {
			for u := range size {
				scale := math.Sqrt(2 / float64(size))
				if u == 0 {
					scale = math.Sqrt(1 / float64(size))
				}
				v := scale * math.Sqrt(float64(size)/8) * math.Cos(float64((2*x+1)*u)*math.Pi/float64(2*size))
				basis[size][x][u] = int32(math.Round(v * (1 << dctBits)))
			}
		}
	}
	return basis
}()

// reducedDCT writes size × size samples of a block, 2 or 4 in each direction, to rows that are stride bytes apart.
func reducedDCT(to []byte, stride, size int, block *[64]int32) {
	basis := &reducedBasis[size]
	var half [4][4]int32 // columns transformed, in units of 2⁻²
	for u := range size {
		for y := range size {
			sum := int32(1 << (dctBits - passBits - 1))
			for v := range size {
				sum += basis[y][v] * block[8*v+u]
			}
			half[y][u] = sum >> (dctBits - passBits)
		}
	}
	for y := range size {
		row := to[y*stride:][:size]
		for x := range row {
			sum := int32(1 << (dctBits + passBits - 1))
			for u := range size {
				sum += basis[x][u] * half[y][u]
			}
			row[x] = level(sum >> (dctBits + passBits))
		}
	}
}

// reduced returns how many of n samples remain when blocks of eight give size.
func reduced(n, size int) int { return (n*size + 7) / 8 }
