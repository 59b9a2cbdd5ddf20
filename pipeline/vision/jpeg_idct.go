package vision

// The inverse DCT of Loeffler, Ligtenberg and Moschytz ("Practical fast 1-D DCT algorithms with 11 multiplications",
// ICASSP 1989) in whole numbers: constants in units of 2⁻¹³, two more bits kept between the passes. Coefficients of an
// honest picture need no more than 32 bits; those of a hostile one wrap around and give wrong pixels, nothing else.
const (
	dctBits  = 13
	passBits = 2

	c0_298631336 = 2446
	c0_390180644 = 3196
	c0_541196100 = 4433
	c0_765366865 = 6270
	c0_899976223 = 7373
	c1_175875602 = 9633
	c1_501321110 = 12299
	c1_847759065 = 15137
	c1_961570560 = 16069
	c2_053119869 = 16819
	c2_562915447 = 20995
	c3_072711026 = 25172
)

// level brings a sample to 0–255. An honest one lies between −512 and 511.
func level(v int32) byte { return saturated[uint32(v+128)&1023] }

// flat writes the samples of a block that has only a DC coefficient, size in each direction.
func flat(to []byte, stride, size int, dc int32) {
	v := level((dc + 4) >> 3)
	if size == 8 {
		for y := range 8 {
			*(*[8]byte)(to[y*stride:]) = [8]byte{v, v, v, v, v, v, v, v}
		}
		return
	}
	for y := range size {
		row := to[y*stride:][:size]
		for x := range row {
			row[x] = v
		}
	}
}

// inverseDCT writes the 8×8 samples of a block to rows that are stride bytes apart; block is used as scratch.
func inverseDCT(to []byte, stride int, block *[64]int32) {
	for x := range 8 {
		p := (*[57]int32)(block[x:])
		if p[8]|p[16]|p[24]|p[32]|p[40]|p[48]|p[56] == 0 {
			v := p[0] << passBits
			p[0], p[8], p[16], p[24], p[32], p[40], p[48], p[56] = v, v, v, v, v, v, v, v
			continue
		}
		e0, e1, e2, e3 := evenPart(p[0], p[16], p[32], p[48])
		o0, o1, o2, o3 := oddPart(p[8], p[24], p[40], p[56])
		const shift = dctBits - passBits
		const round = 1 << (shift - 1)
		p[0], p[56] = (e0+o0+round)>>shift, (e0-o0+round)>>shift
		p[8], p[48] = (e1+o1+round)>>shift, (e1-o1+round)>>shift
		p[16], p[40] = (e2+o2+round)>>shift, (e2-o2+round)>>shift
		p[24], p[32] = (e3+o3+round)>>shift, (e3-o3+round)>>shift
	}
	for y := range 8 {
		p := (*[8]int32)(block[8*y:])
		row := (*[8]byte)(to[y*stride:])
		const shift = dctBits + passBits + 3
		const round = 1 << (shift - 1)
		e0, e1, e2, e3 := evenPart(p[0], p[2], p[4], p[6])
		o0, o1, o2, o3 := oddPart(p[1], p[3], p[5], p[7])
		row[0], row[7] = level((e0+o0+round)>>shift), level((e0-o0+round)>>shift)
		row[1], row[6] = level((e1+o1+round)>>shift), level((e1-o1+round)>>shift)
		row[2], row[5] = level((e2+o2+round)>>shift), level((e2-o2+round)>>shift)
		row[3], row[4] = level((e3+o3+round)>>shift), level((e3-o3+round)>>shift)
	}
}

// evenPart and oddPart are one dimension of the transform in units of 2⁻¹³: output i is e[i]+o[i], output 7−i is
// e[i]−o[i], for i from 0 to 3.
func evenPart(s0, s2, s4, s6 int32) (e0, e1, e2, e3 int32) {
	z := (s2 + s6) * c0_541196100
	t2, t3 := z-s6*c1_847759065, z+s2*c0_765366865
	t0, t1 := (s0+s4)<<dctBits, (s0-s4)<<dctBits
	return t0 + t3, t1 + t2, t1 - t2, t0 - t3
}

func oddPart(s1, s3, s5, s7 int32) (o0, o1, o2, o3 int32) {
	z5 := (s7 + s3 + s5 + s1) * c1_175875602
	z1, z2 := (s7+s1)*c0_899976223, (s5+s3)*c2_562915447
	z3, z4 := z5-(s7+s3)*c1_961570560, z5-(s5+s1)*c0_390180644
	return s1*c1_501321110 - z1 + z4, s3*c3_072711026 - z2 + z3, s5*c2_053119869 - z2 + z4, s7*c0_298631336 - z1 + z3
}
