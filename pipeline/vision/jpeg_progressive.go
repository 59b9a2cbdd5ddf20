package vision

// take returns the next n bits, 0 to 16.
func (r *bitReader) take(n uint) int32 {
	if n == 0 {
		return 0
	}
	if r.count < 32 {
		r.fill()
	}
	v := int32(r.buffer >> (64 - n))
	r.buffer <<= n
	r.count -= n
	return v
}

// symbol decodes one symbol of t.
func (r *bitReader) symbol(t *huffman) (byte, error) {
	if r.count < 32 {
		r.fill()
	}
	symbol, length := byte(0), uint(0)
	if e := t.fast[r.buffer>>(64-fastBits)]; e != 0 {
		symbol, length = byte(e), uint(e>>8)
	} else if symbol, length = t.slow(uint32(r.buffer >> 48)); length == 0 {
		return 0, errCode
	}
	r.buffer <<= length
	r.count -= length
	return symbol, nil
}

// firstDC decodes the DC coefficient of block n, but for its lowest bits (T.81, G.1.2.1).
func (d *jpegDecoder) firstDC(c *component, n int) error {
	size, err := d.bits.symbol(c.dc)
	if err != nil {
		return err
	}
	if size > 11 {
		return errDC
	}
	if size > 0 {
		c.prediction += extend(d.bits.take(uint(size)), uint(size))
	}
	c.kept[n*d.size*d.size] = int16(c.prediction << d.scanned.low)
	return nil
}

// firstAC decodes a band of AC coefficients of block n, but for their lowest bits (T.81, G.1.2.2).
func (d *jpegDecoder) firstAC(c *component, n int) error {
	if d.run > 0 {
		d.run--
		return nil
	}
	for k := d.scanned.first; k <= d.scanned.last; k++ {
		symbol, err := d.bits.symbol(c.ac)
		if err != nil {
			return err
		}
		run, size := uint(symbol>>4), uint(symbol&15)
		if size == 0 {
			if run < 15 { // this block and so many more end here
				d.run = 1<<run - 1 + d.bits.take(run)
				return nil
			}
			k += 15
			continue
		}
		if k += int(run); k > d.scanned.last {
			return errRun
		}
		c.keep(n, k, d.size, int16(extend(d.bits.take(size), size)<<d.scanned.low))
	}
	return nil
}

// refineAC adds one bit to a band of AC coefficients of block n (T.81, G.1.2.3).
func (d *jpegDecoder) refineAC(c *component, n int) error {
	k := d.scanned.first
	for ; d.run == 0 && k <= d.scanned.last; k++ {
		symbol, err := d.bits.symbol(c.ac)
		if err != nil {
			return err
		}
		run, size := int(symbol>>4), symbol&15
		value := int16(0)
		switch {
		case size > 1:
			return errCode
		case size == 1:
			value = 1
			if d.bits.take(1) == 0 {
				value = -1
			}
		case run < 15:
			d.run = 1<<run + d.bits.take(uint(run))
		}
		if d.run > 0 {
			break
		}
		if k = d.refine(c, n, k, run); value != 0 {
			if k > d.scanned.last {
				return errRun
			}
			c.keep(n, k, d.size, value<<d.scanned.low)
		}
	}
	if d.run > 0 {
		d.run--
		d.refine(c, n, k, -1)
	}
	return nil
}

// refine adds a bit to each coefficient from k on that is not zero. It stops at the zero behind so many others, never
// if zeros is negative, and returns its place.
func (d *jpegDecoder) refine(c *component, n, k, zeros int) int {
	for ; k <= d.scanned.last; k++ {
		if c.nonzero[n]>>k&1 == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		if d.bits.take(1) == 0 {
			continue
		}
		if at := slot(k, d.size); at >= 0 {
			v := &c.kept[n*d.size*d.size+at]
			if *v >= 0 {
				*v += 1 << d.scanned.low
			} else {
				*v -= 1 << d.scanned.low
			}
		}
	}
	return k
}
