package vision

import "encoding/binary"

// orientationTag is the EXIF tag Orientation (CIPA DC-008-2019, section 4.6.4.A): 1 upright, 2–8 the other ways a
// camera can have been held.
const orientationTag = 0x0112

// exifOrientation finds the orientation in a JPEG's APP1 segment; 1, upright, when there is none or it makes no sense.
func exifOrientation(data []byte) int {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xff { // a fill byte
			at++
			continue
		}
		if marker == markerSOS || length < 2 || at+2+length > len(data) {
			return 1
		}
		segment := data[at+4 : at+2+length]
		if marker == 0xe1 && len(segment) > 6 && string(segment[:6]) == "Exif\x00\x00" {
			return tiffOrientation(segment[6:])
		}
		at += 2 + length
	}
	return 1
}

// tiffOrientation reads the tag from the first directory of a TIFF structure (TIFF 6.0, section 2).
func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	offset := int64(order.Uint32(tiff[4:]))
	if offset+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[offset+2:]
	for range order.Uint16(tiff[offset:]) {
		const entry, short = 12, 3
		if len(entries) < entry {
			break
		}
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == short {
			if v := order.Uint16(entries[8:]); v >= 1 && v <= 8 {
				return int(v)
			}
			break
		}
		entries = entries[entry:]
	}
	return 1
}

// orient turns a picture stored with the given EXIF orientation upright.
func orient(img *Image, orientation int) *Image {
	if orientation <= 1 {
		return img
	}
	w, h := img.Width, img.Height
	if orientation >= 5 { // lying on its side
		w, h = h, w
	}
	out := NewImage(w, h)
	for y := range h {
		row := out.Row(y)
		for x := range w {
			var sx, sy int
			switch orientation {
			case 2: // mirrored
				sx, sy = w-1-x, y
			case 3: // upside down
				sx, sy = w-1-x, h-1-y
			case 4: // upside down and mirrored
				sx, sy = x, h-1-y
			case 5: // transposed
				sx, sy = y, x
			case 6: // needs a quarter turn clockwise
				sx, sy = y, w-1-x
			case 7: // transposed along the other diagonal
				sx, sy = h-1-y, w-1-x
			default: // 8: needs a quarter turn counter-clockwise
				sx, sy = h-1-y, x
			}
			copy(row[3*x:3*x+3], img.Pix[sy*img.Stride+3*sx:])
		}
	}
	return out
}
