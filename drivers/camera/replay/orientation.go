package replay

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// orientation returns how a JPEG or PNG says that it is to be turned, in the numbers of EXIF (CIPA DC-008-2019, section
// 4.6.4.A), 1 where it says nothing. Package vision of the pipeline reads the same mark; drivers know nothing of it.
func orientation(data []byte) int {
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return pngOrientation(data[8:])
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, end := data[at+1], at+2+int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == markSOS || end > len(data) || end < at+4 {
			break
		}
		if tiff, found := bytes.CutPrefix(data[at+4:end], []byte("Exif\x00\x00")); found {
			return tiffOrientation(tiff)
		}
		at = end
	}
	return 1
}

// pngOrientation looks for the eXIf chunk (PNG, third edition, section 11.3.3.5).
func pngOrientation(chunks []byte) int {
	const overhead = 12
	for len(chunks) >= overhead {
		length := uint64(binary.BigEndian.Uint32(chunks))
		if length+overhead > uint64(len(chunks)) {
			break
		}
		if string(chunks[4:8]) == "eXIf" {
			return tiffOrientation(chunks[8 : 8+length])
		}
		chunks = chunks[length+overhead:]
	}
	return 1
}

// tiffOrientation reads the tag Orientation, a SHORT or a LONG, of the first directory of a TIFF structure.
func tiffOrientation(tiff []byte) int {
	const header, entry, tag, long = 8, 12, 0x0112, 4
	if len(tiff) < header {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	first := uint64(order.Uint32(tiff[4:]))
	if first+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[first+2:]
	for n := order.Uint16(tiff[first:]); n > 0 && len(entries) >= entry; n-- {
		if order.Uint16(entries) == tag {
			value := uint32(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) == long {
				value = order.Uint32(entries[8:])
			}
			if value >= 1 && value <= 8 {
				return int(value)
			}
			break
		}
		entries = entries[entry:]
	}
	return 1
}

// oriented shows a picture as its orientation says.
type oriented struct {
	image.Image
	orientation int
}

// Bounds begins at the origin.
func (t oriented) Bounds() image.Rectangle {
	b := t.Image.Bounds()
	if t.orientation >= 5 {
		return image.Rect(0, 0, b.Dy(), b.Dx())
	}
	return image.Rect(0, 0, b.Dx(), b.Dy())
}

func (t oriented) At(x, y int) color.Color { return t.Image.At(t.stored(x, y)) }

// stored is where pixel (x, y) lies in the picture as it is stored.
func (t oriented) stored(x, y int) (int, int) {
	b := t.Image.Bounds()
	right, bottom := b.Dx()-1, b.Dy()-1
	switch t.orientation {
	case 2:
		x = right - x
	case 3:
		x, y = right-x, bottom-y
	case 4:
		y = bottom - y
	case 5:
		x, y = y, x
	case 6:
		x, y = y, bottom-x
	case 7:
		x, y = right-y, bottom-x
	case 8:
		x, y = right-y, x
	}
	return b.Min.X + x, b.Min.Y + y
}
