package kernel

// depthwiseGeneric computes a block as parts of two pixels by four channels, whose sums stay in registers over all taps.
func depthwiseGeneric(d *Depthwise) {
	for p := 0; p < d.Pixels; p += 2 {
		for c := d.Skip &^ 3; c < d.Channels; c += 4 {
			depthwisePart(d, p, c)
		}
	}
}

func depthwisePart(d *Depthwise, p, c int) {
	b := d.Bias[c : c+4 : c+4]
	a0, a1, a2, a3 := b[0], b[1], b[2], b[3]
	b0, b1, b2, b3 := a0, a1, a2, a3
	offsets, weights, base, pitch := d.Offsets[p:], d.Weights[c:], d.Base[c:], d.WeightPitch
	for tap := range d.Taps {
		at := (*[2]int32)(offsets[tap*DeepPixels:])
		v := (*[4]float32)(weights[tap*pitch:])
		x := (*[4]float32)(base[at[0]:])
		y := (*[4]float32)(base[at[1]:])
		a0 += x[0] * v[0]
		b0 += y[0] * v[0]
		a1 += x[1] * v[1]
		b1 += y[1] * v[1]
		a2 += x[2] * v[2]
		b2 += y[2] * v[2]
		a3 += x[3] * v[3]
		b3 += y[3] * v[3]
	}
	if d.Slope != nil {
		s := (*[4]float32)(d.Slope[c:])
		a0, a1, a2, a3 = rectify(a0, s[0]), rectify(a1, s[1]), rectify(a2, s[2]), rectify(a3, s[3])
		b0, b1, b2, b3 = rectify(b0, s[0]), rectify(b1, s[1]), rectify(b2, s[2]), rectify(b3, s[3])
	} else if d.Relu {
		a0, a1, a2, a3 = relu(a0), relu(a1), relu(a2), relu(a3)
		b0, b1, b2, b3 = relu(b0), relu(b1), relu(b2), relu(b3)
	}
	o := (*[4]float32)(d.Out[p*d.OutPitch+c:])
	o[0], o[1], o[2], o[3] = a0, a1, a2, a3
	o = (*[4]float32)(d.Out[(p+1)*d.OutPitch+c:])
	o[0], o[1], o[2], o[3] = b0, b1, b2, b3
}

// rowGeneric computes a run of pixels four channels at a time.
func rowGeneric(r *Row) {
	for p := range r.Count {
		at := p * r.Step
		for c := 0; c < r.Channels; c += 4 {
			c = min(c, r.Channels-4)
			b := (*[4]float32)(r.Bias[c:])
			s0, s1, s2, s3 := b[0], b[1], b[2], b[3]
			weights := r.Weights[c:]
			for y := range r.Rows {
				in := r.In[y][at+c:]
				for x := range r.Taps {
					v, w := (*[4]float32)(in[x*r.Tap:]), (*[4]float32)(weights[y*r.WeightRow+x*r.WeightPitch:])
					s0 += v[0] * w[0]
					s1 += v[1] * w[1]
					s2 += v[2] * w[2]
					s3 += v[3] * w[3]
				}
			}
			if r.Slope != nil {
				s := (*[4]float32)(r.Slope[c:])
				s0, s1, s2, s3 = rectify(s0, s[0]), rectify(s1, s[1]), rectify(s2, s[2]), rectify(s3, s[3])
			} else if r.Relu {
				s0, s1, s2, s3 = relu(s0), relu(s1), relu(s2), relu(s3)
			}
			o := (*[4]float32)(r.Out[p*r.OutPitch+c:])
			o[0], o[1], o[2], o[3] = s0, s1, s2, s3
		}
	}
}
