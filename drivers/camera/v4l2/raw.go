package v4l2

import (
	"encoding/binary"
	"slices"

	"umbral/drivers/camera/feed"
)

// The formats of cameras that are turned into ones that consumers read (Linux
// Documentation/userspace-api/media/v4l/pixfmt-yuv-luma.rst, pixfmt-packed-yuv.rst).
const (
	codeUYVY feed.FourCC = 'U' | 'Y'<<8 | 'V'<<16 | 'Y'<<24 // as YUYV, each pair of bytes turned round
	codeY10  feed.FourCC = 'Y' | '1'<<8 | '0'<<16 | ' '<<24 // luminance of 10 bits in 16, little-endian
	codeY12  feed.FourCC = 'Y' | '1'<<8 | '2'<<16 | ' '<<24 // of 12 bits in 16
	codeY16  feed.FourCC = 'Y' | '1'<<8 | '6'<<16 | ' '<<24 // of 16 bits
	codeY10P feed.FourCC = 'Y' | '1'<<8 | '0'<<16 | 'P'<<24 // of 10 bits, four pixels in five bytes: the upper bits of each, then the rest
	codeY12P feed.FourCC = 'Y' | '1'<<8 | '2'<<16 | 'P'<<24 // of 12 bits, two pixels in three bytes
)

// raw is how a camera's format becomes one that consumers read.
type raw struct {
	code, as feed.FourCC
	// pixels of a line are in so many bytes at a time.
	pixels, bytes int
	// line turns one line of whole groups of pixels.
	line func(to, from []byte)
}

// raws are in the order in which they are taken where a camera offers several.
var raws = []raw{
	{codeUYVY, feed.YUYV, 2, 4, swapPairs},
	{codeY10, feed.GREY, 1, 2, upper(10)},
	{codeY12, feed.GREY, 1, 2, upper(12)},
	{codeY16, feed.GREY, 1, 2, upper(16)},
	{codeY10P, feed.GREY, 4, 5, packed(4)},
	{codeY12P, feed.GREY, 2, 3, packed(2)},
}

// rawOf returns how a format is turned; nil for one that needs it not.
func rawOf(code feed.FourCC) *raw {
	for i := range raws {
		if raws[i].code == code {
			return &raws[i]
		}
	}
	return nil
}

// asOffered returns the first of the wanted formats that a camera offers, as the camera calls it: itself, or one that is
// turned into it.
func asOffered(wanted, offered []feed.FourCC) (feed.FourCC, bool) {
	for _, w := range wanted {
		if slices.Contains(offered, w) {
			return w, true
		}
		for _, r := range raws {
			if r.as == w && slices.Contains(offered, r.code) {
				return r.code, true
			}
		}
	}
	return 0, false
}

// stride returns the bytes of a line without padding; 0 where a line has no whole number of groups.
func (r *raw) stride(width int) int {
	if width%r.pixels != 0 {
		return 0
	}
	return width / r.pixels * r.bytes
}

// swapPairs turns each pair of bytes round.
func swapPairs(to, from []byte) {
	const odd = 0xFF00FF00FF00FF00
	i := 0
	for ; i+8 <= len(from); i += 8 {
		v := binary.LittleEndian.Uint64(from[i:])
		binary.LittleEndian.PutUint64(to[i:], v&odd>>8|v&(odd>>8)<<8)
	}
	for ; i+2 <= len(from); i += 2 {
		to[i], to[i+1] = from[i+1], from[i]
	}
}

// upper keeps the upper 8 of so many bits in each two bytes. What a camera sets above them would be too bright a pixel.
func upper(bits int) func(to, from []byte) {
	return func(to, from []byte) {
		for i := range to[:len(from)/2] {
			to[i] = byte(min(binary.LittleEndian.Uint16(from[2*i:])>>(bits-8), 0xFF))
		}
	}
}

// packed keeps the first so many bytes of each group, and leaves out the one after them with the lower bits.
func packed(pixels int) func(to, from []byte) {
	return func(to, from []byte) {
		for len(from) > pixels && len(to) >= pixels {
			copy(to[:pixels], from)
			to, from = to[pixels:], from[pixels+1:]
		}
	}
}

// source is the layout of a camera's frames, beside the format that they are given on in.
type source struct {
	raw    *raw // nil where a frame is given on as it comes
	line   int  // bytes of a line without padding
	stride int  // and with it
	bytes  int
	height int
}

// copy puts a whole frame into to, whose lines are stride bytes apart, and returns how many bytes it takes there.
func (s *source) copy(to, from []byte, stride int) int {
	if s.raw == nil {
		return copy(to, from)
	}
	for y := range s.height {
		s.raw.line(to[y*stride:(y+1)*stride], from[y*s.stride:y*s.stride+s.line])
	}
	return s.height * stride
}
