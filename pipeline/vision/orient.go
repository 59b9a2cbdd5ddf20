package vision

import (
	"bytes"
	"encoding/binary"
)

// orientationTag is the EXIF tag Orientation (CIPA DC-008-2019, section 4.6.4.A): 1 upright, 2–8 the other ways a
// camera can have been held.
const orientationTag = 0x0112

// exifOrientation returns the orientation that a JPEG states in an APP1 segment; upright where it states none, or one
// that makes no sense.
func exifOrientation(data []byte) int {
	s := segments{data: data}
	s.start()
	orientation := upright
	for {
		marker, segment, ok := s.next()
		switch {
		case !ok, marker == markerSOS:
			return orientation
		case marker == markerSOI: // what came before was another picture's
			orientation = upright
		case marker == markerAPP1 && orientation == upright:
			if tiff, found := bytes.CutPrefix(segment, []byte("Exif\x00")); found && len(tiff) > 0 {
				orientation = tiffOrientation(tiff[1:])
			}
		}
	}
}

// tiffOrientation reads the tag from the first directory of a TIFF structure (TIFF 6.0, section 2). The standard
// stores it as SHORT; LONG and BYTE occur.
func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	offset := int64(order.Uint32(tiff[4:]))
	if offset+2 > int64(len(tiff)) {
		return upright
	}
	entries := tiff[offset+2:]
	for range order.Uint16(tiff[offset:]) {
		const entry, kindByte, short, long = 12, 1, 3, 4
		if len(entries) < entry {
			break
		}
		if order.Uint16(entries) == orientationTag {
			value := uint32(0)
			switch order.Uint16(entries[2:]) {
			case kindByte:
				value = uint32(entries[8])
			case short:
				value = uint32(order.Uint16(entries[8:]))
			case long:
				value = order.Uint32(entries[8:])
			}
			if value >= 1 && value <= 8 {
				return int(value)
			}
			break
		}
		entries = entries[entry:]
	}
	return upright
}
