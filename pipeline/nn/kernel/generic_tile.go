package kernel

// tileGeneric computes a block as parts of two pixels by four channels. Eight sums, two inputs and their products just
// fit the float registers that the compiler has on amd64; larger parts spill and are slower.
func tileGeneric(t *Tile) {
	for p := 0; p < t.Pixels; p += 2 {
		for c := t.Skip &^ 3; c < t.Channels; c += 4 {
			tilePart(t, p, c)
		}
	}
}

func tilePart(t *Tile, p, c int) {
	b := t.Bias[c : c+4 : c+4]
	sums := [8]float32{b[0], b[1], b[2], b[3], b[0], b[1], b[2], b[3]}
	if t.Residual != nil {
		r := t.Residual[p*t.ResidualPitch+c:][:4:4]
		sums[0], sums[1], sums[2], sums[3] = sums[0]+r[0], sums[1]+r[1], sums[2]+r[2], sums[3]+r[3]
		r = t.Residual[(p+1)*t.ResidualPitch+c:][:4:4]
		sums[4], sums[5], sums[6], sums[7] = sums[4]+r[0], sums[5]+r[1], sums[6]+r[2], sums[7]+r[3]
	}
	for tap := range t.Taps {
		offsets := t.Offsets[tap*TilePixels+p:][:2:2]
		x, y := t.Base[offsets[0]:][:t.Depth], t.Base[offsets[1]:][:t.Depth]
		tileTap(&sums, x, y, t.Weights[tap*t.Depth*TileChannels+c:])
	}
	if t.Slope != nil {
		s := t.Slope[c : c+4 : c+4]
		for i, v := range sums {
			sums[i] = rectify(v, s[i&3])
		}
	} else if t.Relu {
		for i, v := range sums {
			sums[i] = relu(v)
		}
	}
	copy(t.Out[p*t.OutPitch+c:][:4], sums[:4])
	copy(t.Out[(p+1)*t.OutPitch+c:][:4], sums[4:])
}

// tileTap adds the products of one tap. Four steps of depth at a time halve the time of one: the loop's bounds checks
// are paid once for 32 multiply-adds.
func tileTap(sums *[8]float32, x, y, w []float32) {
	const pitch = TileChannels
	a0, a1, a2, a3 := sums[0], sums[1], sums[2], sums[3]
	b0, b1, b2, b3 := sums[4], sums[5], sums[6], sums[7]
	for len(x) >= 4 && len(y) >= 4 && len(w) >= 3*pitch+4 {
		v := (*[3*pitch + 4]float32)(w)
		s, t := x[0], y[0]
		a0 += s * v[0]
		b0 += t * v[0]
		a1 += s * v[1]
		b1 += t * v[1]
		a2 += s * v[2]
		b2 += t * v[2]
		a3 += s * v[3]
		b3 += t * v[3]
		s, t = x[1], y[1]
		a0 += s * v[pitch]
		b0 += t * v[pitch]
		a1 += s * v[pitch+1]
		b1 += t * v[pitch+1]
		a2 += s * v[pitch+2]
		b2 += t * v[pitch+2]
		a3 += s * v[pitch+3]
		b3 += t * v[pitch+3]
		s, t = x[2], y[2]
		a0 += s * v[2*pitch]
		b0 += t * v[2*pitch]
		a1 += s * v[2*pitch+1]
		b1 += t * v[2*pitch+1]
		a2 += s * v[2*pitch+2]
		b2 += t * v[2*pitch+2]
		a3 += s * v[2*pitch+3]
		b3 += t * v[2*pitch+3]
		s, t = x[3], y[3]
		a0 += s * v[3*pitch]
		b0 += t * v[3*pitch]
		a1 += s * v[3*pitch+1]
		b1 += t * v[3*pitch+1]
		a2 += s * v[3*pitch+2]
		b2 += t * v[3*pitch+2]
		a3 += s * v[3*pitch+3]
		b3 += t * v[3*pitch+3]
		x, y, w = x[4:], y[4:], w[min(4*pitch, len(w)):]
	}
	for k := range x {
		v := w[k*pitch:][:4:4]
		s, t := x[k], y[k]
		a0 += s * v[0]
		b0 += t * v[0]
		a1 += s * v[1]
		b1 += t * v[1]
		a2 += s * v[2]
		b2 += t * v[2]
		a3 += s * v[3]
		b3 += t * v[3]
	}
	*sums = [8]float32{a0, a1, a2, a3, b0, b1, b2, b3}
}

// rectify is max(x, 0) + slope·min(x, 0), which keeps NaN. (Without the branch, by the built-in max and min, it is no
// faster: they mind the sign of zero.)
func rectify(x, slope float32) float32 {
	if x < 0 {
		return x * slope
	}
	return x
}

// relu is max(x, 0), which keeps NaN.
func relu(x float32) float32 {
	if x < 0 {
		return 0
	}
	return x
}
