package kernel

import "math"

// tileGeneric computes two pixels by eight channels at a time: as many accumulators as a scalar register file holds.
func tileGeneric(t *Tile) {
	for p := 0; p < TilePixels; p += 2 {
		for c := 0; c < TileChannels; c += 4 {
			tilePart(t, p, c)
		}
	}
}

func tilePart(t *Tile, p, c int) {
	b := t.Bias[c : c+4 : c+4]
	a0, a1, a2, a3 := b[0], b[1], b[2], b[3]
	b0, b1, b2, b3 := a0, a1, a2, a3
	if t.Residual != nil {
		r := t.Residual[p*t.ResidualPitch+c:][:4:4]
		a0, a1, a2, a3 = a0+r[0], a1+r[1], a2+r[2], a3+r[3]
		r = t.Residual[(p+1)*t.ResidualPitch+c:][:4:4]
		b0, b1, b2, b3 = b0+r[0], b1+r[1], b2+r[2], b3+r[3]
	}
	for tap := range t.Taps {
		offsets := t.Offsets[tap*TilePixels+p:][:2:2]
		x := t.Base[offsets[0]:][:t.Depth]
		y := t.Base[offsets[1]:][:len(x)]
		w := t.Weights[tap*t.Depth*TileChannels+c:]
		w = w[:(t.Depth-1)*TileChannels+4]
		for k := range x {
			v := w[k*TileChannels:][:4:4]
			u0, u1 := x[k], y[k]
			a0 += u0 * v[0]
			a1 += u0 * v[1]
			a2 += u0 * v[2]
			a3 += u0 * v[3]
			b0 += u1 * v[0]
			b1 += u1 * v[1]
			b2 += u1 * v[2]
			b3 += u1 * v[3]
		}
	}
	if t.Slope != nil {
		s := t.Slope[c : c+4 : c+4]
		a0, a1, a2, a3 = rectify(a0, s[0]), rectify(a1, s[1]), rectify(a2, s[2]), rectify(a3, s[3])
		b0, b1, b2, b3 = rectify(b0, s[0]), rectify(b1, s[1]), rectify(b2, s[2]), rectify(b3, s[3])
	}
	o := t.Out[p*t.OutPitch+c:][:4:4]
	o[0], o[1], o[2], o[3] = a0, a1, a2, a3
	o = t.Out[(p+1)*t.OutPitch+c:][:4:4]
	o[0], o[1], o[2], o[3] = b0, b1, b2, b3
}

// rectify is max(x, 0) + slope·min(x, 0), which keeps NaN.
func rectify(x, slope float32) float32 {
	if x < 0 {
		return x * slope
	}
	return x
}

func depthwiseGeneric(d *Depthwise) {
	for p := range DeepPixels {
		out := d.Out[p*d.OutPitch:][:DeepChannels:DeepChannels]
		copy(out, d.Bias[:DeepChannels])
		for tap := range d.Taps {
			x := d.Base[d.Offsets[tap*DeepPixels+p]:][:DeepChannels:DeepChannels]
			w := d.Weights[tap*d.WeightPitch:][:DeepChannels:DeepChannels]
			for c := range out {
				out[c] += x[c] * w[c]
			}
		}
		if d.Slope != nil {
			s := d.Slope[:DeepChannels:DeepChannels]
			for c := range out {
				out[c] = rectify(out[c], s[c])
			}
		}
	}
}

func addGeneric(out, a, b []float32) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] + b[i]
	}
}

func mulGeneric(out, a, b []float32) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] * b[i]
	}
}

func mulAddGeneric(out, a, s, b []float32) {
	a, s, b = a[:len(out)], s[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i]*s[i] + b[i]
	}
}

func hardSwishGeneric(out, x []float32, scale, shift float32) {
	x = x[:len(out)]
	scale /= 6
	for i := range out {
		v := x[i]
		gate := v + 3
		if gate < 0 {
			gate = 0
		} else if gate > 6 {
			gate = 6
		}
		out[i] = v*gate*scale + shift
	}
}

func accumulateGeneric(sum, x []float32) {
	x = x[:len(sum)]
	for i := range sum {
		sum[i] += x[i]
	}
}

func maxGeneric(out, a, b []float32) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		if v := a[i]; v > b[i] || v != v {
			out[i] = v
		} else {
			out[i] = b[i]
		}
	}
}

func interleaveGeneric(out, a, b []float32) {
	b = b[:len(a)]
	out = out[:2*len(a)]
	for i, v := range a {
		out[2*i] = v
		out[2*i+1] = b[i]
	}
}

func expGeneric(out, x []float32) {
	out = out[:len(x)]
	for i, v := range x {
		out[i] = Exp(v)
	}
}

// Exp is eˣ by the method of Cephes' expf (Moshier, netlib): 2ⁿ·p(r) with |r| ≤ ½·ln 2. It saturates at 0 and +Inf and
// keeps NaN.
func Exp(x float32) float32 {
	const log2e, high, low = 1.44269504088896341, 0.693359375, -2.12194440e-4
	switch {
	case x > 88.37:
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

func rowGeneric(r *Row) {
	for p := range r.Count {
		out := r.Out[p*r.OutPitch:][:RowChannels:RowChannels]
		copy(out, r.Bias[:RowChannels])
		for y := range r.In {
			for x := range 3 {
				in := r.In[y][p*r.Step+x*r.Tap:][:RowChannels:RowChannels]
				w := r.Weights[(3*y+x)*r.WeightPitch:][:RowChannels:RowChannels]
				for c := range out {
					out[c] += in[c] * w[c]
				}
			}
		}
		if r.Slope != nil {
			slope := r.Slope[:RowChannels:RowChannels]
			for c := range out {
				out[c] = rectify(out[c], slope[c])
			}
		}
	}
}
