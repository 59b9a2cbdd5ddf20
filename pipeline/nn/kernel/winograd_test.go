package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// One patch against the convolution that it stands for, in double precision, for portable Go and every tier.
func TestWinogradIsAConvolution(t *testing.T) {
	sets := []*Set{{Name: "generic", WinogradChannels: 1, WinogradInput: winogradInputGeneric, WinogradOutput: winogradOutputGeneric}}
	for _, s := range tiers() {
		if s.WinogradInput != nil {
			sets = append(sets, s)
		}
	}
	for _, set := range sets {
		r := rand.New(rand.NewPCG(15, 16))
		for range 50 {
			some := set.WinogradChannels
			depth, outputs := some*(1+r.IntN(40/some)), some*(1+r.IntN(40/some))
			base, weights, bias := random(r, WinogradSize*depth), random(r, outputs*depth*9), random(r, outputs)
			var offsets [WinogradSize]int32
			for i, at := range r.Perm(WinogradSize) {
				offsets[i] = int32(at * depth)
			}
			pitch := depth + r.IntN(9)
			wholeIn, in := guarded((WinogradSize-1)*pitch + depth)
			set.WinogradInput(in, pitch, base, &offsets, depth)
			intact(t, set.Name, wholeIn)
			products := make([]float32, WinogradSize*outputs)
			for o := range outputs {
				for d := range depth {
					for place, w := range WinogradWeights(weights[(o*depth+d)*9:]) {
						products[place*outputs+o] += w * in[place*pitch+d]
					}
				}
			}
			pixel := outputs + r.IntN(5)
			row := 4*pixel + r.IntN(5)
			wholeOut, out := guarded(3*row + 3*pixel + outputs)
			low := float32(math.Inf(-1))
			if r.IntN(2) == 0 {
				low = 0
			}
			set.WinogradOutput(out, row, pixel, products, outputs, bias, outputs, low)
			intact(t, set.Name, wholeOut)
			for o := range outputs {
				for y := range WinogradSide {
					for x := range WinogradSide {
						want := float64(bias[o])
						for d := range depth {
							for k := range 9 {
								at := offsets[(y+k/3)*WinogradPatch+x+k%3]
								want += float64(base[int(at)+d]) * float64(weights[(o*depth+d)*9+k])
							}
						}
						want = max(want, float64(low))
						if got := float64(out[y*row+x*pixel+o]); math.Abs(got-want) > 2e-4*(1+math.Abs(want)) {
							t.Fatalf("%s: output %d at %d, %d is %v, want %v", set.Name, o, x, y, got, want)
						}
					}
				}
			}
		}
	}
}
