package vision

import "errors"

// maxScans bounds the work that a photograph can ask for: a scan of a few bytes passes over the whole picture. Encoders
// write about ten.
const maxScans = 100

// scans decodes a picture that comes in several scans, the first of which has been announced. All coefficients that the
// reduced picture needs are kept until the last.
func (d *jpegDecoder) scans(to *canvas) error {
	for n := 1; ; n++ {
		if n > maxScans {
			return &unreadable{"a JPEG of more than 100 scans, made to take long,", adviceExport}
		}
		d.bufferedScan()
		d.segments.at = d.bits.at
		if more, err := d.nextScan(); err != nil {
			if d.cause == nil {
				d.cause = err
			}
			break
		} else if !more {
			break
		}
	}
	missing := 0.0
	for i := range d.count {
		missing = max(missing, d.components[i].unseen)
	}
	if missing > 0 && d.cause == nil {
		d.cause = errTruncated
	}
	if err := d.photograph.judge("JPEG", missing, d.cause); err != nil {
		return err
	}
	d.develop(to)
	return nil
}

// nextScan reads up to the next scan of the same picture.
func (d *jpegDecoder) nextScan() (more bool, err error) {
	for {
		marker, segment, ok := d.segments.next()
		switch {
		case !ok, marker == markerEOI, marker == markerSOI:
			return false, nil
		case marker == markerSOS:
			return true, d.startScan(segment)
		case marker == markerSOF0, marker == markerSOF1, marker == markerSOF2:
			return false, errors.New("has two frame headers")
		default:
			if err := d.define(marker, segment); err != nil {
				return false, err
			}
		}
	}
}

// bufferedScan decodes one scan into the coefficients of its components. Damage costs the rest of its restart interval.
func (d *jpegDecoder) bufferedScan() {
	d.run = 0
	s := &d.scanned
	wide, high := d.mcusX, d.mcusY
	if s.count == 1 { // not interleaved: an MCU is a block, and none is there for padding (T.81, A.2.2)
		c := &d.components[s.components[0]]
		wide, high = c.blocksX, c.blocksY
	}
	all := wide * high
	d.beginScan(all)
	for at := range all {
		present, err := d.present()
		if present && err == nil {
			err = d.bufferedMCU(at%wide, at/wide)
		}
		if err != nil {
			d.giveUp(err, at, all)
			present = false
		}
		if !present {
			d.missing++
		}
		if d.lost >= all-at-1 {
			d.missing += all - at - 1
			break
		}
	}
	if s.first == 0 && s.high == 0 {
		for _, i := range s.components[:s.count] {
			d.components[i].unseen = min(d.components[i].unseen, float64(d.missing)/float64(all))
		}
	}
}

func (d *jpegDecoder) bufferedMCU(mx, my int) error {
	s := &d.scanned
	for _, i := range s.components[:s.count] {
		c := &d.components[i]
		h, v := c.h, c.v
		if s.count == 1 {
			h, v = 1, 1
		}
		for by := range v {
			for bx := range h {
				if err := d.bufferedBlock(c, (my*v+by)*c.across+mx*h+bx); err != nil {
					return err
				}
			}
		}
	}
	if d.bits.overrun() {
		return errTruncated
	}
	return nil
}

// bufferedBlock decodes what the scan says of one block.
func (d *jpegDecoder) bufferedBlock(c *component, n int) error {
	s := &d.scanned
	switch {
	case !d.progressive:
		_, err := d.block(c, &undivided)
		for k := range 64 {
			if v := d.coefficients[zigzag[k]]; v != 0 {
				c.keep(n, k, d.size, int16(v))
			}
		}
		d.coefficients = [64]int32{}
		return err
	case s.first == 0 && s.high == 0:
		return d.firstDC(c, n)
	case s.first == 0:
		if d.bits.take(1) == 1 {
			c.kept[n*d.size*d.size] |= 1 << s.low
		}
		return nil
	case s.high == 0:
		return d.firstAC(c, n)
	}
	return d.refineAC(c, n)
}

// undivided are quantisation steps of one: what comes in several scans is multiplied in the end.
var undivided = func() (ones [64]int32) {
	for i := range ones {
		ones[i] = 1
	}
	return ones
}()

// keep stores coefficient k of block n, in zigzag order, if the reduced picture needs it.
func (c *component) keep(n, k, size int, value int16) {
	c.nonzero[n] |= 1 << k
	if at := slot(k, size); at >= 0 {
		c.kept[n*size*size+at] = value
	}
}

// slot returns the place of coefficient k, in zigzag order, among the size² that are kept of a block, −1 if it is not
// kept.
func slot(k, size int) int {
	u, v := int(zigzag[k]&7), int(zigzag[k]>>3)
	if u >= size || v >= size {
		return -1
	}
	return v*size + u
}

// develop turns the coefficients into the picture.
func (d *jpegDecoder) develop(to *canvas) {
	kept := d.size * d.size
	for my := range d.mcusY {
		for i := range d.count {
			c := &d.components[i]
			quant := &d.quant[c.table]
			for by := range c.v {
				for bx := range c.across {
					n := (my*c.v+by)*c.across + bx
					last := 0
					for k := range 64 {
						if at := slot(k, d.size); at >= 0 {
							if v := c.kept[n*kept+at]; v != 0 {
								d.coefficients[zigzag[k]] = int32(v) * quant[k]
								last = k
							}
						}
					}
					d.transformBlock(c.plane[by*d.size*c.stride+bx*d.size:], c.stride, last)
					d.coefficients = [64]int32{}
				}
			}
		}
		d.write(to, nil, my)
	}
}
