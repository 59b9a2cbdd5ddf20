package vision

import (
	"encoding/binary"
	"slices"
)

// flatJPEG builds baseline JPEGs of flat blocks, in forms that the standard library's encoder does not write.
type flatJPEG struct {
	width, height int
	components    []flatComponent
	before        []byte // segments before the tables
	interval      int    // MCUs between restart markers
	apart         bool   // each component in a scan of its own
	noTables      bool   // the Huffman tables are left out
	spoilt        int    // of the first component: the MCU whose block runs over its end, 0 for none
	otherIDs      bool   // the scan names ids that the frame header does not
}

// flatComponent has the given level in each block.
type flatComponent struct {
	id    byte
	h, v  int
	level func(bx, by int) int // 0 to 255
}

func always(level int) func(int, int) int { return func(int, int) int { return level } }

func jpegSegment(marker byte, body ...byte) []byte {
	s := []byte{0xff, marker}
	return append(binary.BigEndian.AppendUint16(s, uint16(len(body)+2)), body...)
}

// bytes encodes the picture; DC steps are of 8, so that a level is a difference of one unit.
func (f *flatJPEG) bytes() []byte {
	out := append([]byte{0xff, markerSOI}, f.before...)
	out = append(out, jpegSegment(markerDQT, append([]byte{0}, slices.Repeat([]byte{8}, 64)...)...)...)
	if !f.noTables {
		for class := range 2 {
			t := &standardTables[class][0]
			out = append(out, jpegSegment(markerDHT, slices.Concat([]byte{byte(class << 4)}, t.counts[:], []byte(t.values))...)...)
		}
	}
	head := []byte{8, byte(f.height >> 8), byte(f.height), byte(f.width >> 8), byte(f.width), byte(len(f.components))}
	for _, c := range f.components {
		head = append(head, c.id, byte(c.h<<4|c.v), 0)
	}
	out = append(out, jpegSegment(markerSOF0, head...)...)
	if f.interval > 0 {
		out = append(out, jpegSegment(markerDRI, byte(f.interval>>8), byte(f.interval))...)
	}
	if f.apart {
		for i := range f.components {
			out = append(out, f.scan(f.components[i:i+1])...)
		}
	} else {
		out = append(out, f.scan(f.components)...)
	}
	return append(out, 0xff, markerEOI)
}

func (f *flatJPEG) scan(components []flatComponent) []byte {
	head := []byte{byte(len(components))}
	for i, c := range components {
		id := c.id
		if f.otherIDs {
			id = byte(200 + i)
		}
		head = append(head, id, 0)
	}
	out := jpegSegment(markerSOS, append(head, 0, 63, 0)...)
	hMax, vMax := 1, 1
	for _, c := range f.components {
		hMax, vMax = max(hMax, c.h), max(vMax, c.v)
	}
	wide, high := (f.width+8*hMax-1)/(8*hMax), (f.height+8*vMax-1)/(8*vMax)
	alone := len(components) == 1
	if c := components[0]; alone {
		wide, high = ((f.width*c.h+hMax-1)/hMax+7)/8, ((f.height*c.v+vMax-1)/vMax+7)/8
	}
	var w bitWriter
	last := make([]int, len(components))
	for mcu := range wide * high {
		if f.interval > 0 && mcu > 0 && mcu%f.interval == 0 {
			out = append(out, w.flush()...)
			out = append(out, 0xff, byte(markerRST0+(mcu/f.interval-1)%8))
			clear(last)
		}
		for i, c := range components {
			h, v := c.h, c.v
			if alone {
				h, v = 1, 1
			}
			for by := range v {
				for bx := range h {
					if f.spoilt > 0 && f.spoilt == mcu {
						w.overrun()
						continue
					}
					level := c.level(mcu%wide*h+bx, mcu/wide*v+by) - 128
					w.difference(level - last[i])
					last[i] = level
				}
			}
		}
	}
	return append(out, w.flush()...)
}

// bitWriter writes entropy-coded data with the standard tables of luma.
type bitWriter struct {
	out  []byte
	bits uint64
	n    uint
}

func (w *bitWriter) put(value uint64, n uint) {
	w.bits, w.n = w.bits<<n|value&(1<<n-1), w.n+n
	for ; w.n >= 8; w.n -= 8 {
		b := byte(w.bits >> (w.n - 8))
		if w.out = append(w.out, b); b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// difference writes a block of that DC difference and nothing else.
func (w *bitWriter) difference(v int) {
	size := uint(0)
	for m := max(v, -v); m > 0; m >>= 1 {
		size++
	}
	code, length := dcCode(byte(size))
	w.put(code, length)
	if v < 0 {
		v--
	}
	w.put(uint64(v), size)
	w.put(0b1010, 4) // end of block
}

// overrun writes a block whose coefficients run over its end.
func (w *bitWriter) overrun() {
	w.put(0, 2) // no difference
	for range 5 {
		w.put(0b1111111111110101, 16) // fifteen zeros and a value of one bit
		w.put(1, 1)
	}
}

// dcCode is the code of a symbol in the standard DC table of luma.
func dcCode(symbol byte) (code uint64, length uint) {
	t, at := &standardTables[0][0], 0
	for i, n := range t.counts {
		for range n {
			if t.values[at] == symbol {
				return code, uint(i + 1)
			}
			code++
			at++
		}
		code <<= 1
	}
	panic("no such symbol")
}

func (w *bitWriter) flush() []byte {
	if w.n > 0 {
		w.put(0xff, 8-w.n)
	}
	out := w.out
	*w = bitWriter{}
	return out
}
