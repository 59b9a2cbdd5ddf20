package vision

import "errors"

// fastBits is how many bits of the stream are looked up at once; most codes are shorter.
const fastBits = 9

// huffman is a decoding table (T.81, annex C and F.2.2.3).
type huffman struct {
	// fast maps the next bits to length<<8 | symbol, 0 for a longer code.
	fast [1 << fastBits]uint16
	// whole maps the next bits to value<<8 | run<<4 | length where an AC code and its value fit into them, 0 otherwise.
	whole [1 << fastBits]int16
	// above is, for each length, the first 16-bit prefix that belongs to a longer code.
	above [17]uint32
	// offset added to a code of each length gives its place in values.
	offset [17]int32
	values [256]byte
}

var errHuffman = errors.New("has a Huffman table with more codes of a length than there can be")

// build makes the table from the number of codes of each length, 1 to 16 bits, and their symbols in order. The caller
// has made sure that the counts add up to len(values), at most 256.
func (t *huffman) build(counts [16]byte, values []byte) error {
	*t = huffman{}
	copy(t.values[:], values)
	code, place := 0, 0
	for i, n := range counts {
		length := i + 1
		t.offset[length] = int32(place - code)
		for range int(n) {
			if code >= 1<<length {
				return errHuffman
			}
			if length <= fastBits {
				first := code << (fastBits - length)
				for j := range 1 << (fastBits - length) {
					t.fast[first+j] = uint16(length)<<8 | uint16(values[place])
				}
			}
			code++
			place++
		}
		t.above[length] = uint32(code) << (16 - length)
		code <<= 1
	}
	for i, entry := range t.fast {
		length, run, size := uint(entry>>8), uint(entry>>4&15), uint(entry&15)
		if entry == 0 || size == 0 || length+size > fastBits {
			continue
		}
		raw := int32(i>>(fastBits-length-size)) & (1<<size - 1)
		if value := extend(raw, size); value >= -128 && value <= 127 {
			t.whole[i] = int16(value<<8 | int32(run<<4|length+size))
		}
	}
	return nil
}

// extend returns the value that size raw bits mean, size 1 to 15 (T.81, F.2.2.1, EXTEND): a first bit of 0 means a
// negative value, 2^size − 1 below the raw one.
func extend(raw int32, size uint) int32 {
	negative := raw>>((size-1)&31) - 1 // all ones when the first bit is 0
	return raw + negative&(1-1<<(size&31))
}

// slow finds a code longer than fastBits in the next 16 bits. It returns length 0 when there is none.
func (t *huffman) slow(next uint32) (symbol byte, length uint) {
	for length = fastBits + 1; length <= 16; length++ {
		if next < t.above[length] {
			return t.values[byte(int32(next>>(16-length))+t.offset[length])], length
		}
	}
	return 0, 0
}

// bitReader reads entropy-coded data. Its bits stand at the top of buffer.
type bitReader struct {
	data   []byte
	at     int
	buffer uint64
	count  uint // bits in buffer, padding included
	// padding is how many bits were invented since the data or the marker-free part of it ended. Once fewer bits than
	// that are left, some of them have been used.
	padding uint
}

// fill brings at least 32 bits into the buffer.
func (r *bitReader) fill() {
	if r.at+4 <= len(r.data) {
		p := r.data[r.at:][:4]
		word := uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
		// No byte of the word is ff if adding one to each byte carries out of none (Hacker's Delight, 6-1, inverted).
		if inverted := ^word; (inverted-0x01010101)&word&0x80808080 == 0 && r.count <= 32 {
			r.buffer |= uint64(word) << (32 - r.count)
			r.count += 32
			r.at += 4
			return
		}
	}
	for r.count <= 56 {
		r.buffer |= uint64(r.next()) << (56 - r.count)
		r.count += 8
	}
}

// next returns the next byte of data without stuffing, 0 once a marker or the end is reached.
func (r *bitReader) next() byte {
	for r.at < len(r.data) {
		b := r.data[r.at]
		if b != 0xff {
			r.at++
			return b
		}
		if r.at+1 == len(r.data) {
			break
		}
		switch r.data[r.at+1] {
		case 0:
			r.at += 2
			return b
		case 0xff: // a fill byte
			r.at++
			continue
		}
		break
	}
	r.padding += 8 // stays before the marker
	return 0
}

// overrun reports whether bits were used that the data did not hold.
func (r *bitReader) overrun() bool { return r.count < r.padding }

// restart moves behind the next restart marker and forgets the bits before it. It returns the marker's number, −1 where
// the picture or the data end before.
func (r *bitReader) restart() int {
	number, at := restartMarker(r.data, r.at)
	if number >= 0 {
		r.at = at
		r.buffer, r.count, r.padding = 0, 0, 0
	}
	return number
}

// following returns the number of the next restart marker, −1 where none follows.
func (r *bitReader) following() int {
	number, _ := restartMarker(r.data, r.at)
	return number
}

// restarts returns how many restart markers follow.
func (r *bitReader) restarts() (n int) {
	for at := r.at; ; n++ {
		number, behind := restartMarker(r.data, at)
		if number < 0 {
			return n
		}
		at = behind
	}
}

// restartMarker finds the next restart marker at or behind at, and where the data go on behind it. Other markers are
// damage, but for those that end a picture.
func restartMarker(data []byte, at int) (number, behind int) {
	for ; at+1 < len(data); at++ {
		if data[at] != 0xff {
			continue
		}
		switch marker := data[at+1]; {
		case marker >= markerRST0 && marker <= markerRST7:
			return int(marker - markerRST0), at + 2
		case marker == markerSOI, marker == markerEOI:
			return -1, at
		}
	}
	return -1, at
}

// standardTables are the tables that the specification suggests for 8-bit luma and chroma (T.81, K.3.1 and K.3.2,
// tables K.3 to K.6) and that Motion JPEG without tables means.
var standardTables = [2][2]struct {
	counts [16]byte
	values string
}{
	{
		{[16]byte{0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
		{[16]byte{0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
	},
	{
		{[16]byte{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d}, "" +
			"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08" +
			"\x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28" +
			"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59" +
			"\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
			"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6" +
			"\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2" +
			"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"},
		{[16]byte{0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}, "" +
			"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91" +
			"\xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26" +
			"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58" +
			"\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87" +
			"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4" +
			"\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda" +
			"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"},
	},
}
