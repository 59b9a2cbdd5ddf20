package vision

// block decodes and dequantises one block into the coefficients, which are zero before (T.81, F.2.2). It returns the
// place of the last coefficient that may not be zero.
//
// The reader's bits are kept in local variables, hence in registers, and masked shift counts spare a comparison each.
func (d *jpegDecoder) block(c *component, quant *[64]int32) (last int, err error) {
	r := &d.bits
	if r.count < 32 {
		r.fill()
	}
	buffer, count := r.buffer, r.count
	symbol, length := byte(0), uint(0)
	if e := c.dc.fast[buffer>>(64-fastBits)]; e != 0 {
		symbol, length = byte(e), uint(e>>8)
	} else if symbol, length = c.dc.slow(uint32(buffer >> 48)); length == 0 {
		return 0, errCode
	}
	buffer <<= length & 63
	count -= length
	if symbol > 11 {
		return 0, errDC
	}
	if symbol > 0 {
		size := uint(symbol)
		c.prediction += extend(int32(buffer>>((64-size)&63)), size)
		buffer <<= size & 63
		count -= size
	}
	d.coefficients[0] = c.prediction * quant[0]

	ac := c.ac
	for k := 1; k < 64; k++ {
		if count < 32 {
			r.buffer, r.count = buffer, count
			r.fill()
			buffer, count = r.buffer, r.count
		}
		top := buffer >> (64 - fastBits)
		if e := ac.whole[top]; e != 0 {
			k += int(e>>4) & 15
			if k > 63 {
				return 0, errRun
			}
			length := uint(e & 15)
			buffer <<= length & 63
			count -= length
			d.coefficients[zigzag[k]&63] = int32(e>>8) * quant[k]
			last = k
			continue
		}
		if e := ac.fast[top]; e != 0 {
			symbol, length = byte(e), uint(e>>8)
		} else if symbol, length = ac.slow(uint32(buffer >> 48)); length == 0 {
			return 0, errCode
		}
		buffer <<= length & 63
		count -= length
		size := uint(symbol & 15)
		if size == 0 {
			if symbol != 0xf0 { // end of block
				break
			}
			k += 15 // sixteen zeros
			continue
		}
		k += int(symbol >> 4)
		if k > 63 {
			return 0, errRun
		}
		value := extend(int32(buffer>>((64-size)&63)), size)
		buffer <<= size & 63
		count -= size
		d.coefficients[zigzag[k]&63] = value * quant[k]
		last = k
	}
	r.buffer, r.count = buffer, count
	return last, nil
}
