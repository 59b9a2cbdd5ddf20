package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every tier's dot products are those of the formula: bytes exactly, floats up to rounding.
func TestDots(t *testing.T) {
	for _, set := range append(tiers(), &Generic) {
		r := rand.New(rand.NewPCG(17, 18))
		for range 100 {
			dimension, count := DotStep*(1+r.IntN(20)), r.IntN(9)
			probe, rows := random(r, dimension), random(r, count*dimension)
			small, smallRows := make([]int8, dimension), make([]int8, count*dimension)
			for _, s := range [][]int8{small, smallRows} {
				for i := range s {
					s[i] = int8(r.IntN(255) - 127)
					if r.IntN(4) == 0 {
						s[i] = int8(127 - 254*r.IntN(2))
					}
				}
			}
			out8 := make([]int32, count+2)
			set.Dots8(out8[1:count+1], small, smallRows)
			if out8[0] != 0 || out8[count+1] != 0 {
				t.Fatalf("%s: wrote outside its buffer", set.Name)
			}
			for i := range count {
				var want, size float64
				var want8 int32
				for k := range dimension {
					product := float64(probe[k]) * float64(rows[i*dimension+k])
					want, size = want+product, size+math.Abs(product)
					want8 += int32(small[k]) * int32(smallRows[i*dimension+k])
				}
				if got := set.Dot(probe, rows[i*dimension:][:dimension]); math.Abs(float64(got)-want) > 1e-5*size {
					t.Fatalf("%s: row %d of %d: %v, want %v", set.Name, i, dimension, got, want)
				}
				if out8[i+1] != want8 {
					t.Fatalf("%s: bytes' row %d of %d: %d, want %d", set.Name, i, dimension, out8[i+1], want8)
				}
			}
		}
	}
}
