package kernel

// StripRows is how many rows of input a Strip has at most.
const StripRows = 5

// Strip is a whole row of a depthwise convolution's output, or two neighbouring ones that share rows of input, with a
// kernel of 3 × 3 or 5 × 5 whose taps lie side by side:
//
//	out[r][p][c] = act(bias[c] + Σ_y Σ_x in[r+y][p·Stride − Left + x][c] · weights[(y·Kernel + x)·WeightPitch + c])
//
// where in[y][x] begins at In[y][x·Steps[y]] and is zero for x outside [0, Columns). act is max(x, Low), or with Slope
// max(x, 0) + slope[c]·min(x, 0), which a kernel of 5 × 5 does not have.
type Strip struct {
	Kernel      int                  // 3 or 5, at most the tier's StripKernel
	Stride      int                  // of the columns: 1, or 2 with a kernel of 3 and one row of output
	In          [StripRows][]float32 // Kernel, and one more for two rows of output
	Steps       [StripRows]int       // floats from pixel to pixel; 0 for a row of padding, which is one pixel of zeros
	Columns     int                  // of the input that windows meet, at least 1
	Left, Right int                  // columns of padding: at most Kernel−1, with a stride of 2 at most 1
	Count       int                  // outputs of a row: (Left + Columns + Right − Kernel)/Stride + 1
	Channels    int                  // at least the tier's StripChannels
	Weights     []float32
	WeightPitch int
	Bias        []float32 // Channels
	Slope       []float32 // Channels, nil for none
	Low         float32   // −Inf for no activation
	Out         [2][]float32
	OutPitch    int
	Rows        int // of output: 1, or 2 with a kernel of 3 and a stride of 1
}

// stripGeneric is Set.Strip in portable Go.
func stripGeneric(s *Strip) {
	for r := range s.Rows {
		for p := range s.Count {
			out := s.Out[r][p*s.OutPitch:][:s.Channels]
			copy(out, s.Bias)
			for y := range s.Kernel {
				for x := range s.Kernel {
					at := p*s.Stride - s.Left + x
					if at < 0 || at >= s.Columns {
						continue
					}
					in, weights := s.In[r+y][at*s.Steps[r+y]:][:len(out)], s.Weights[(y*s.Kernel+x)*s.WeightPitch:][:len(out)]
					for c, v := range in {
						out[c] += v * weights[c]
					}
				}
			}
			for c, v := range out {
				if s.Slope != nil {
					out[c] = rectify(v, s.Slope[c])
				} else if v < s.Low {
					out[c] = s.Low
				}
			}
		}
	}
}
