package vision

import (
	"errors"
	"fmt"
)

// readPNM reads a binary PGM or PPM (netpbm's pgm(5) and ppm(5)): "P5" or "P6", width, height and the largest value as
// decimals between white space and comments, one white space, then rows of one or two bytes a sample.
func readPNM(data []byte, l PictureLimits) (*Image, error) {
	samples := 1
	if data[1] == '6' {
		samples = 3
	}
	var head [3]int
	at := 2
	for i := range head {
		var err error
		if head[i], at, err = pnmNumber(data, at); err != nil {
			return nil, err
		}
	}
	at++ // the one white space
	w, h, largest := head[0], head[1], head[2]
	if err := l.check("PNM", w, h); err != nil {
		return nil, err
	}
	if 3*int64(w)*int64(h) > l.Memory {
		return nil, tooLarge("PNM", w, h, l)
	}
	if largest < 1 || largest > 65535 {
		return nil, fmt.Errorf("vision: PNM with largest value %d, limit 65535", largest)
	}
	size := 1
	if largest > 255 {
		size = 2
	}
	need := int64(w) * int64(h) * int64(samples*size)
	if int64(len(data)-at) < need {
		return nil, fmt.Errorf("vision: PNM of %dx%d pixels has %d bytes of them, needs %d (file cut short?)", w, h, max(0, len(data)-at), need)
	}
	pixels := data[at:]
	value := func(i int) byte {
		v := int(pixels[i*size])
		if size == 2 {
			v = v<<8 | int(pixels[i*size+1])
		}
		return byte((min(v, largest)*255 + largest/2) / largest)
	}
	img := NewImage(w, h)
	for i := range w * h {
		p := img.Pix[3*i:][:3]
		if samples == 3 {
			p[0], p[1], p[2] = value(3*i), value(3*i+1), value(3*i+2)
		} else {
			v := value(i)
			p[0], p[1], p[2] = v, v, v
		}
	}
	return img, nil
}

// pnmNumber reads one decimal after white space and comments, and returns where it ends.
func pnmNumber(data []byte, at int) (value, end int, err error) {
	for at < len(data) {
		switch c := data[at]; {
		case c == '#':
			for at < len(data) && data[at] != '\n' {
				at++
			}
		case c == ' ', c >= '\t' && c <= '\r':
			at++
		default:
			digits := 0
			for ; at < len(data) && data[at] >= '0' && data[at] <= '9'; at++ {
				if digits++; digits > 9 {
					return 0, at, errors.New("vision: PNM header with a number of more than 9 digits")
				}
				value = 10*value + int(data[at]-'0')
			}
			if digits == 0 {
				return 0, at, fmt.Errorf("vision: PNM header has byte 0x%02x in place of a number", data[at])
			}
			return value, at, nil
		}
	}
	return 0, at, errors.New("vision: PNM header ends early")
}
