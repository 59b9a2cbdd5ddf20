package vision

import (
	"errors"
	"fmt"
)

var (
	errTruncated = errors.New("its data end early (cut short?)")
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

// scan decodes the one scan of a picture, a row of MCUs at a time.
func (d *jpegDecoder) scan(to *canvas, luma *Grey) error {
	d.beginScan(d.mcusX * d.mcusY)
	for my := range d.mcusY {
		for mx := range d.mcusX {
			present, err := d.present()
			if present && err == nil {
				err = d.mcu(mx)
			}
			if err != nil {
				if err := d.lose(err, my*d.mcusX+mx); err != nil {
					return d.broken(err)
				}
				present = false
			}
			if !present {
				d.missing++
				d.grey(mx)
			}
		}
		d.write(to, luma, my)
	}
	return d.judge(d.mcusX * d.mcusY)
}

// beginScan gets ready for the data of a scan of so many MCUs.
func (d *jpegDecoder) beginScan(mcus int) {
	d.markers, d.follow = 0, -1
	if d.interval > 0 {
		d.markers = (mcus - 1) / d.interval
	}
	d.bits = bitReader{data: d.segments.data, at: d.segments.at}
	d.left, d.expected, d.lost, d.missing = d.interval, 0, 0, 0
	for i := range d.components {
		d.components[i].prediction = 0
	}
}

// present gets ready for the next MCU and reports whether it is there.
func (d *jpegDecoder) present() (bool, error) {
	if d.interval > 0 && d.left == 0 && d.lost == 0 {
		if err := d.restart(); err != nil {
			return false, err
		}
	}
	d.left--
	if d.lost > 0 {
		d.lost--
		return false, nil
	}
	return true, nil
}

// restart resets the decoder at a restart marker (T.81, F.2.1.3.1). A marker that is not the next in turn is believed if
// the one behind it follows it and markers are missing: then the intervals between were lost. Otherwise its number alone
// is wrong.
func (d *jpegDecoder) restart() error {
	number := d.bits.restart()
	if number < 0 {
		return errTruncated
	}
	d.follow = max(d.follow-1, -1)
	intervals, ahead := 0, (number-int(d.expected))&7
	if ahead != 0 && d.follow < 0 {
		d.follow = d.bits.restarts()
	}
	switch {
	case ahead == 0:
	case d.bits.following() != (number+1)&7, d.follow+1 >= d.markers:
		d.mended = true
	default:
		err := fmt.Errorf("restart marker %d where %d has to be (data lost in transfer?)", number, d.expected)
		if d.photograph == nil {
			return err
		}
		intervals, d.cause = ahead, err
	}
	d.markers -= intervals + 1
	d.expected = byte(int(d.expected)+intervals+1) & 7
	d.lost = intervals * d.interval
	d.left = d.lost + d.interval
	d.run = 0
	for i := range d.components {
		d.components[i].prediction = 0
	}
	return nil
}

// lose gives up the rest of the interval after err at the given MCU. A camera's frame is given up as a whole.
func (d *jpegDecoder) lose(err error, at int) error {
	all := d.mcusX * d.mcusY
	if d.photograph == nil {
		return fmt.Errorf("%dx%d pixels, at MCU %d of %d: %w", d.width, d.height, at, all, err)
	}
	d.giveUp(err, at, all)
	return nil
}

func (d *jpegDecoder) giveUp(err error, at, all int) {
	if d.cause == nil {
		d.cause = err
	}
	d.run = 0
	d.lost = all - at - 1
	if d.interval > 0 && d.bits.following() >= 0 {
		d.lost = min(d.lost, d.left)
	}
}

// grey fills an MCU that is missing.
func (d *jpegDecoder) grey(mx int) {
	for i := range d.count {
		c := &d.components[i]
		for by := range c.v {
			for bx := range c.h {
				flat(c.plane[by*d.size*c.stride+(mx*c.h+bx)*d.size:], c.stride, d.size, 0)
			}
		}
	}
}

// judge decides whether enough of the picture came.
func (d *jpegDecoder) judge(all int) error {
	if d.missing == 0 {
		return nil
	}
	return d.photograph.judge("JPEG", float64(d.missing)/float64(all), d.cause)
}

// mcu decodes the blocks of one MCU into the planes.
func (d *jpegDecoder) mcu(mx int) error {
	for i := range d.count {
		c := &d.components[i]
		for by := range c.v {
			for bx := range c.h {
				last, err := d.block(c, &d.quant[c.table])
				if err != nil {
					d.coefficients = [64]int32{}
					return err
				}
				if i == 0 || d.chromaIsNeeded {
					d.transformBlock(c.plane[by*d.size*c.stride+(mx*c.h+bx)*d.size:], c.stride, last)
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

// transformBlock writes the samples of the block in d.coefficients, of which those behind last are zero.
func (d *jpegDecoder) transformBlock(to []byte, stride, last int) {
	switch {
	case last == 0 || d.size == 1:
		flat(to, stride, d.size, d.coefficients[0])
	case d.size == 8:
		inverseDCT(to, stride, &d.coefficients)
	default:
		reducedDCT(to, stride, d.size, &d.coefficients)
	}
}
