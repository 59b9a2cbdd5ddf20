package nn

import "math"

// chunk is how many values pass through a worker's buffer at a time.
const chunk = 128

func negated(out, x []float32) {
	for i, v := range x {
		out[i] = -v
	}
}

// applyPixels activates count pixels of so many channels in place, which lie pitch floats apart.
func (f *finish) applyPixels(w *worker, x []float32, count, channels, pitch int) {
	if f.kind == none || f.kind == rectifier {
		return // the kernels have done it
	}
	if pitch == channels {
		channels, count = channels*count, 1
	}
	for p := range count {
		part := x[p*pitch:][:channels]
		f.apply(w, part, part)
	}
}

// apply writes the activation of x to out, which may be x. A rectifier's slope by channel is not seen here.
func (f *finish) apply(w *worker, out, x []float32) {
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
		w.kernels.HardSwish(out, x, f.scale, f.shift)
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
		// Through e⁻ˣ a chunk at a time, so that x may be out.
		e := &w.chunk
		for at := 0; at < len(x); at += chunk {
			part := x[at:min(at+chunk, len(x))]
			negated(e[:len(part)], part)
			w.kernels.Exp(e[:len(part)], e[:len(part)])
			for i := range part {
				out[at+i] = 1 / (1 + e[i])
			}
		}
	case swish:
		e := &w.chunk
		for at := 0; at < len(x); at += chunk {
			part := x[at:min(at+chunk, len(x))]
			negated(e[:len(part)], part)
			w.kernels.Exp(e[:len(part)], e[:len(part)])
			for i, v := range part {
				out[at+i] = v / (1 + e[i])
			}
		}
	case exponential:
		w.kernels.Exp(out, x)
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
