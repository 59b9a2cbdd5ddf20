package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// stripCase is a random strip of the given channels, with a kernel as large as is allowed at most, whose rows of input may be padding.
func stripCase(r *rand.Rand, channels, largest int) *Strip {
	s := &Strip{Kernel: 3, Stride: 1, Rows: 1 + r.IntN(2), Columns: 1 + r.IntN(20), Channels: channels, Low: float32(math.Inf(-1))}
	switch r.IntN(3) {
	case 0:
		if largest == 5 {
			s.Kernel, s.Rows = 5, 1
		}
	case 1:
		s.Stride, s.Rows = 2, 1
	}
	s.Left, s.Right = r.IntN(s.Kernel), r.IntN(s.Kernel)
	if s.Stride == 2 {
		s.Left, s.Right = r.IntN(2), r.IntN(2)
	}
	s.Columns += max(0, s.Kernel-s.Left-s.Right)
	if s.Stride == 2 && (s.Left+s.Columns+s.Right-s.Kernel)%2 != 0 {
		s.Columns++
	}
	s.Count = (s.Left+s.Columns+s.Right-s.Kernel)/s.Stride + 1
	for y := range s.Kernel + s.Rows - 1 {
		if r.IntN(4) == 0 {
			s.In[y] = make([]float32, channels)
			continue
		}
		s.Steps[y] = channels + r.IntN(20)
		s.In[y] = random(r, (s.Columns-1)*s.Steps[y]+channels)
	}
	s.WeightPitch, s.OutPitch = channels+r.IntN(9), channels+r.IntN(9)
	s.Weights = random(r, (s.Kernel*s.Kernel-1)*s.WeightPitch+channels)
	s.Bias = random(r, channels)
	switch {
	case s.Kernel == 3 && r.IntN(2) == 0:
		s.Slope = random(r, channels)
	case r.IntN(2) == 0:
		s.Low = 0
	}
	return s
}

// Every tier's strips are those of portable Go, with what is no number, and write nowhere else.
func TestStripsAgree(t *testing.T) {
	for _, set := range tiers() {
		if set.Strip == nil {
			continue
		}
		r := rand.New(rand.NewPCG(19, 20))
		for round := range 2000 {
			s := stripCase(r, set.StripChannels+r.IntN(70), set.StripKernel)
			if round%8 == 7 {
				s.In[1][r.IntN(len(s.In[1]))] = float32(math.NaN())
				s.In[0][r.IntN(len(s.In[0]))] = float32(math.Inf(1 - 2*r.IntN(2)))
			}
			var want, whole [2][]float32
			size := (s.Count-1)*s.OutPitch + s.Channels
			for i := range s.Rows {
				want[i] = make([]float32, size)
			}
			s.Out = want
			stripGeneric(s)
			for i := range s.Rows {
				whole[i], s.Out[i] = guarded(size)
			}
			set.Strip(s)
			for i := range s.Rows {
				intact(t, set.Name, whole[i])
				for k, v := range s.Out[i] {
					if wanted := k%s.OutPitch < s.Channels; !wanted && v != canary {
						t.Fatalf("%s: wrote between pixels", set.Name)
					} else if wanted && !close32(want[i][k], v) {
						t.Fatalf("%s: kernel %d, stride %d, left %d, right %d, %d columns, row %d of %d: float %d of pitch %d is %v, want %v", set.Name, s.Kernel, s.Stride, s.Left, s.Right, s.Columns, i, s.Rows, k, s.OutPitch, v, want[i][k])
					}
				}
			}
		}
	}
}

func BenchmarkStrip(b *testing.B) {
	for _, set := range tiers() {
		if set.Strip == nil {
			continue
		}
		for _, rows := range []int{1, 2} {
			b.Run(set.Name, func(b *testing.B) {
				r := rand.New(rand.NewPCG(21, 22))
				const channels, columns = 128, 28
				s := &Strip{Kernel: 3, Stride: 1, Rows: rows, Columns: columns, Left: 1, Right: 1, Count: columns, Channels: channels, WeightPitch: channels, OutPitch: channels}
				for y := range rows + 2 {
					s.In[y], s.Steps[y] = random(r, columns*channels), channels
				}
				for y := range rows {
					s.Out[y] = make([]float32, columns*channels)
				}
				s.Weights, s.Bias, s.Slope = random(r, 9*channels), random(r, channels), random(r, channels)
				for b.Loop() {
					set.Strip(s)
				}
				b.ReportMetric(float64(b.N*rows*18*channels*columns)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
			})
		}
	}
}
