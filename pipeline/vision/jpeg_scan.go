package vision

import (
	"errors"
	"fmt"
)

var (
	errTruncated = errors.New("its data end early (frame cut short?)")
	errCode      = errors.New("its data hold a bit pattern that is no code (damaged in transfer?)")
	errRun       = errors.New("its data run over the end of a block (damaged in transfer?)")
	errDC        = errors.New("its data hold a DC difference of more than 11 bits (damaged in transfer?)")
)

// zigzag maps the order of coefficients in the stream to rows of eight (T.81, figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// scan decodes the one interleaved scan, a row of MCUs at a time.
func (d *jpegDecoder) scan(rgb *Image, luma *Grey, data []byte) error {
	d.bits = bitReader{data: data}
	for i := range d.components {
		d.components[i].prediction = 0
	}
	left, expected := d.interval, byte(markerRST0)
	for my := range d.mcusY {
		for mx := range d.mcusX {
			if d.interval > 0 {
				if left == 0 {
					if err := d.restart(expected); err != nil {
						return err
					}
					left, expected = d.interval, markerRST0|(expected+1)&7
				}
				left--
			}
			if err := d.mcu(mx); err != nil {
				return fmt.Errorf("at MCU %d of %d: %w", my*d.mcusX+mx, d.mcusX*d.mcusY, err)
			}
		}
		y0 := my * d.vMax * 8
		rows := min(d.vMax*8, d.height-y0)
		for y := range rows {
			if rgb != nil {
				d.colourRow(rgb.Row(y0+y), y)
			} else {
				d.lumaRow(luma.Row(y0+y), y)
			}
		}
	}
	return nil
}

// restart resets the decoder at a restart marker (T.81, F.2.1.3.1).
func (d *jpegDecoder) restart(expected byte) error {
	marker := d.bits.restart()
	if marker == 0 {
		return errTruncated
	}
	if marker != expected {
		return fmt.Errorf("marker 0x%02x where restart marker 0x%02x has to be (data lost in transfer?)", marker, expected)
	}
	for i := range d.components {
		d.components[i].prediction = 0
	}
	return nil
}

// mcu decodes the blocks of one MCU into the planes.
func (d *jpegDecoder) mcu(mx int) error {
	for i := range d.count {
		c := &d.components[i]
		for by := range c.v {
			for bx := range c.h {
				last, err := d.block(c)
				if err != nil {
					return err
				}
				if i == 0 || d.chromaIsNeeded {
					to := c.plane[by*8*c.stride+(mx*c.h+bx)*8:]
					if last == 0 {
						flat(to, c.stride, d.coefficients[0])
					} else {
						inverseDCT(to, c.stride, &d.coefficients)
					}
				}
				if last == 0 {
					d.coefficients[0] = 0
				} else {
					d.coefficients = [64]int32{}
				}
			}
		}
	}
	if d.bits.overrun() {
		return errTruncated
	}
	return nil
}

// block decodes and dequantises one block into the coefficients, which are zero before (T.81, F.2.2). It returns the
// place of the last coefficient that may not be zero.
//
// The reader's bits are kept in local variables, hence in registers, and masked shift counts spare a comparison each.
func (d *jpegDecoder) block(c *component) (last int, err error) {
	r := &d.bits
	quant := &d.quant[c.table]
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

// colourRow writes row y of the current MCUs as RGB.
func (d *jpegDecoder) colourRow(to []byte, y int) {
	yc := &d.components[0]
	ys := yc.plane[(y>>yc.shiftY)*yc.stride:][:yc.stride]
	if d.count == 1 {
		greyToRGB(to, ys)
		return
	}
	bc, rc := &d.components[1], &d.components[2]
	bs := bc.plane[(y>>bc.shiftY)*bc.stride:][:bc.stride]
	rs := rc.plane[(y>>rc.shiftY)*rc.stride:][:rc.stride]
	if yc.shiftX == 0 && bc.shiftX == 1 && rc.shiftX == 1 {
		fullRangePairs(to, ys, bs, rs)
		return
	}
	for x := range len(to) / 3 {
		fullRange((*[3]byte)(to[3*x:]), ys[x>>yc.shiftX], bs[x>>bc.shiftX], rs[x>>rc.shiftX])
	}
}

// lumaRow writes row y of the current MCUs.
func (d *jpegDecoder) lumaRow(to []byte, y int) {
	c := &d.components[0]
	row := c.plane[(y>>c.shiftY)*c.stride:][:c.stride]
	if c.shiftX == 0 {
		copy(to, row)
		return
	}
	for x := range to {
		to[x] = row[x>>c.shiftX]
	}
}

// BT.601 full range (JFIF 1.02, page 3) in units of 1/65536: R = Y + 1.402 Cr', G = Y − 0.344136 Cb' − 0.714136 Cr',
// B = Y + 1.772 Cb'.
const (
	fullCrR = 91881
	fullCbG = 22554
	fullCrG = 46802
	fullCbB = 116130
)

// fullRange writes one pixel.
func fullRange(to *[3]byte, y, cb, cr byte) {
	a, u, v := int32(y)<<16+half, int32(cb)-128, int32(cr)-128
	to[0], to[1], to[2] = level8(a+fullCrR*v), level8(a-fullCbG*u-fullCrG*v), level8(a+fullCbB*u)
}

// fullRangePairs fills a row of pixels of which each two share their chroma.
func fullRangePairs(to, ys, bs, rs []byte) {
	n := planarVectors(to, ys, bs, rs)
	to, ys, bs, rs = to[3*n:], ys[n:], bs[n/2:], rs[n/2:]
	for len(to) >= 6 && len(ys) >= 2 && len(bs) > 0 && len(rs) > 0 {
		u, v := int32(bs[0])-128, int32(rs[0])-128
		r, g, b := fullCrR*v+half, half-fullCbG*u-fullCrG*v, fullCbB*u+half
		p := (*[6]byte)(to)
		a := int32(ys[0]) << 16
		p[0], p[1], p[2] = level8(a+r), level8(a+g), level8(a+b)
		a = int32(ys[1]) << 16
		p[3], p[4], p[5] = level8(a+r), level8(a+g), level8(a+b)
		to, ys, bs, rs = to[6:], ys[2:], bs[1:], rs[1:]
	}
	if len(to) >= 3 { // a last column of its own
		fullRange((*[3]byte)(to), ys[0], bs[0], rs[0])
	}
}
