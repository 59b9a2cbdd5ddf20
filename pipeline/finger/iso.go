package finger

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Sizes of the parts of a finger minutiae record, ISO/IEC 19794-2:2005, clause 7.
const (
	recordHeader  = 24 // 7.3
	viewHeader    = 4  // 7.4.1
	minutiaLength = 6  // 7.4.2
	extendedMark  = 2  // length of the extended data, 7.5.1
	extendedHead  = 4  // type and length of one extended data area, 7.5.2
	// MaxViews is how many views of one finger a record can number.
	MaxViews = 16
	// isoResolution is 500 dpi in pixels a centimetre, as the format counts.
	isoResolution = 197
	// MaxISO is the longest record that DecodeISO reads.
	MaxISO = 256 << 10
)

var isoMagic = [8]byte{'F', 'M', 'R', 0, ' ', '2', '0', 0}

// fieldArea is the type of the extended data area that carries a template's field; types from 0x0100 on are the
// vendors' (7.5.2, table 7). Readers that do not know it pass over it. It holds:
//
//	1 byte   1, the version of this layout
//	1 byte   quality of the print
//	2 bytes  width, 2 bytes height in pixels at 500 dpi
//	columns × rows bytes of quality, line after line; the width and height give their numbers
//	1 byte of orientation for each cell whose quality is not 0
const fieldArea, fieldVersion, fieldHead = 0x5542, 1, 6

// EncodeISO writes a finger minutiae record of ISO/IEC 19794-2:2005 with one view for each template, 1 to 16.
func EncodeISO(views ...*Template) ([]byte, error) {
	if len(views) < 1 || len(views) > MaxViews {
		return nil, fmt.Errorf("finger: %d views for a record, allowed are 1 to %d", len(views), MaxViews)
	}
	width, height := 0, 0
	for _, t := range views {
		width, height = max(width, t.Width), max(height, t.Height)
	}
	b := append([]byte(nil), isoMagic[:]...)
	b = binary.BigEndian.AppendUint32(b, 0) // length, below
	b = binary.BigEndian.AppendUint16(b, 0) // capture equipment: not certified, unknown
	for _, v := range [4]int{width, height, isoResolution, isoResolution} {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	b = append(b, byte(len(views)), 0)
	numbers := map[uint8]byte{}
	for _, t := range views {
		const livePlain = 0 // impression type, table 5
		b = append(b, t.Position, numbers[t.Position]<<4|livePlain, byte(t.Quality), byte(len(t.Minutiae)))
		numbers[t.Position]++
		for _, m := range t.Minutiae {
			b = binary.BigEndian.AppendUint16(b, uint16(m.Kind)<<14|uint16(m.X))
			b = binary.BigEndian.AppendUint16(b, uint16(m.Y))
			b = append(b, byte(m.Angle), m.Quality)
		}
		b = t.appendField(b)
	}
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)))
	return b, nil
}

// appendField writes the extended data of a view.
func (t *Template) appendField(b []byte) []byte {
	if !t.hasField() {
		return append(b, 0, 0)
	}
	start := len(b)
	b = append(b, 0, 0, fieldArea>>8, fieldArea&255, 0, 0, fieldVersion, byte(t.Quality))
	b = binary.BigEndian.AppendUint16(b, uint16(t.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(t.Height))
	b = append(b, t.Field.Quality...)
	for i, q := range t.Field.Quality {
		if q > 0 {
			b = append(b, t.Field.Orientation[i])
		}
	}
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start-extendedMark))
	binary.BigEndian.PutUint16(b[start+4:], uint16(len(b)-start-extendedMark))
	return b
}

// ErrISO says that bytes are no record of ISO/IEC 19794-2:2005 that can be used.
var ErrISO = errors.New("finger: not a usable ISO/IEC 19794-2 record")

func isoError(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrISO, fmt.Sprintf(format, a...))
}

// DecodeISO reads a finger minutiae record of ISO/IEC 19794-2:2005, one template for each view. Records of another
// resolution are brought to 500 dpi. Bytes behind the record are passed over, since some writers pad. Core and delta
// points, ridge counts and other vendors' data are not used.
func DecodeISO(b []byte) ([]*Template, error) {
	switch {
	case len(b) > MaxISO:
		return nil, isoError("%d bytes, allowed are %d", len(b), MaxISO)
	case len(b) < recordHeader:
		return nil, isoError("%d bytes, its header alone has %d", len(b), recordHeader)
	case [8]byte(b[:8]) != isoMagic:
		return nil, isoError("it starts with % x, wanted % x (the 2005 format)", b[:8], isoMagic)
	}
	length := binary.BigEndian.Uint32(b[8:])
	if length < recordHeader || uint64(length) > uint64(len(b)) {
		return nil, isoError("it says that it has %d bytes, and has %d", length, len(b))
	}
	b = b[:length]
	r := reader{
		width: int(binary.BigEndian.Uint16(b[14:])), height: int(binary.BigEndian.Uint16(b[16:])),
		xs: int(binary.BigEndian.Uint16(b[18:])), ys: int(binary.BigEndian.Uint16(b[20:])),
	}
	const least, most = 98, 473 // 250 to 1200 dpi
	if r.xs < least || r.xs > most || r.ys < least || r.ys > most {
		return nil, isoError("resolution %d × %d pixels a centimetre, allowed are %d to %d", r.xs, r.ys, least, most)
	}
	views := int(b[22])
	if views < 1 || views > MaxViews {
		return nil, isoError("%d views, allowed are 1 to %d", views, MaxViews)
	}
	r.rest = b[recordHeader:]
	list := make([]*Template, 0, views)
	for i := range views {
		t, err := r.view()
		if err != nil {
			return nil, fmt.Errorf("%w (view %d of %d)", err, i+1, views)
		}
		list = append(list, t)
	}
	return list, nil
}

// reader takes views off a record.
type reader struct {
	rest          []byte
	width, height int // of the picture, in its own pixels; 0 if the record does not say
	xs, ys        int // its pixels a centimetre
}

func (r *reader) view() (*Template, error) {
	if len(r.rest) < viewHeader {
		return nil, isoError("it ends within a view's header")
	}
	head := r.rest[:viewHeader]
	n := int(head[3])
	if len(r.rest) < viewHeader+n*minutiaLength+extendedMark {
		return nil, isoError("%d minutiae in %d bytes", n, len(r.rest)-viewHeader)
	}
	if head[0] > maxPosition {
		return nil, isoError("finger position %d, allowed are 0 to %d", head[0], maxPosition)
	}
	t := &Template{
		Width: scaled(r.width, r.xs), Height: scaled(r.height, r.ys), Position: head[0],
		Quality: int(min(head[2], 100)), Minutiae: make([]Minutia, n),
	}
	if t.Width > maxSide || t.Height > maxSide {
		return nil, isoError("picture of %d×%d at 500 dpi, allowed are %d a side", t.Width, t.Height, maxSide)
	}
	right, bottom := 0, 0
	for i := range t.Minutiae {
		b := r.rest[viewHeader+i*minutiaLength:]
		x, y := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		m := Minutia{Kind: Kind(x >> 14), Angle: Angle(b[4]), Quality: min(b[5], 100)}
		if m.Kind > Bifurcation {
			return nil, isoError("minutia %d is of type %d, allowed are 0 to 2", i, m.Kind)
		}
		px, py := scaled(int(x&0x3fff), r.xs), scaled(int(y&0x3fff), r.ys)
		if px >= maxSide || py >= maxSide {
			return nil, isoError("minutia %d at (%d, %d) at 500 dpi, allowed are less than %d", i, px, py, maxSide)
		}
		m.X, m.Y = int16(px), int16(py)
		t.Minutiae[i] = m
		right, bottom = max(right, px+1), max(bottom, py+1)
	}
	// Some writers leave the picture's size out, or give that of a crop.
	t.Width, t.Height = max(t.Width, right), max(t.Height, bottom)
	r.rest = r.rest[viewHeader+n*minutiaLength:]
	extended := int(binary.BigEndian.Uint16(r.rest))
	r.rest = r.rest[extendedMark:]
	if extended > len(r.rest) {
		return nil, isoError("%d bytes of extended data, but only %d follow", extended, len(r.rest))
	}
	areas := r.rest[:extended]
	r.rest = r.rest[extended:]
	for len(areas) > 0 {
		if len(areas) < extendedHead {
			return nil, isoError("%d bytes of extended data are no area", len(areas))
		}
		kind, length := binary.BigEndian.Uint16(areas), int(binary.BigEndian.Uint16(areas[2:]))
		if length < extendedHead || length > len(areas) {
			return nil, isoError("extended data area of %d bytes in %d", length, len(areas))
		}
		if kind == fieldArea && !t.hasField() {
			if err := t.readField(areas[extendedHead:length]); err != nil {
				return nil, err
			}
		}
		areas = areas[length:]
	}
	slices.SortStableFunc(t.Minutiae, inLines)
	t.finish()
	return t, nil
}

// inLines is the order of minutiae in a template.
func inLines(a, b Minutia) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X)) }

// scaled brings a length to 500 dpi.
func scaled(v, resolution int) int { return (v*isoResolution + resolution/2) / resolution }

func (t *Template) readField(b []byte) error {
	if len(b) < fieldHead {
		return isoError("field of %d bytes", len(b))
	}
	if b[0] != fieldVersion {
		return nil // written by a later version: the minutiae are still good
	}
	width, height := int(binary.BigEndian.Uint16(b[2:])), int(binary.BigEndian.Uint16(b[4:]))
	if width < 1 || height < 1 || width > maxSide || height > maxSide || len(t.Minutiae) > 0 && !t.within(width, height) {
		return isoError("field of a picture of %d×%d, allowed are %d a side and at least what the minutiae take", width, height, maxSide)
	}
	f := Field{Columns: (width + Cell - 1) / Cell, Rows: (height + Cell - 1) / Cell}
	cells := f.Columns * f.Rows
	b = b[fieldHead:]
	if len(b) < cells {
		return isoError("field of %d cells in %d bytes", cells, len(b))
	}
	f.Quality = append([]uint8(nil), b[:cells]...)
	f.Orientation = make([]uint8, cells)
	b = b[cells:]
	for i, q := range f.Quality {
		switch {
		case q > 100:
			return isoError("quality %d of a cell, allowed are 0 to 100", q)
		case q > 0 && len(b) == 0:
			return isoError("the field ends within its orientations")
		case q > 0:
			f.Orientation[i] = b[0]
			b = b[1:]
		}
	}
	if len(b) > 0 {
		return isoError("%d bytes behind the field", len(b))
	}
	t.Width, t.Height, t.Field = width, height, f
	return nil
}

// within says that all minutiae lie in a picture of that size.
func (t *Template) within(width, height int) bool {
	return !slices.ContainsFunc(t.Minutiae, func(m Minutia) bool { return int(m.X) >= width || int(m.Y) >= height })
}
