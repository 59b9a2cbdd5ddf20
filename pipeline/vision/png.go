package vision

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Colour types of PNG (third edition, section 11.2.1).
const (
	pngGrey      = 0
	pngTrue      = 2
	pngPalette   = 3
	pngGreyAlpha = 4
	pngTrueAlpha = 6
)

// pngReader reads a PNG a row at a time, so that a large one is reduced as it comes and a damaged one gives the rows
// before the damage. Checksums of the data are not looked at: what does not unpack is damage enough.
type pngReader struct {
	width, height int
	depth, colour int
	interlaced    bool
	palette       []byte
	transparent   []byte // tRNS
	orientation   int
	packed        [][]byte // the IDAT chunks

	pixels         io.Reader // unpacked
	bits           int       // of a pixel
	line, previous []byte    // filtered rows, each with its filter type first
	rgb            []byte
}

var (
	errPNGHeader = errors.New("its header makes no sense")
	errPNGData   = errors.New("it holds no pixels")
	errPNGFilter = errors.New("its data hold an unknown filter")
)

// readPNG decodes a PNG within l.
func readPNG(data []byte, l PictureLimits) (*Image, error) {
	p := &pngReader{orientation: upright}
	if err := p.chunks(data, &l); err != nil {
		return nil, err
	}
	step, err := p.open(&l)
	if err != nil {
		return nil, err
	}
	out := canvas{orientation: p.orientation}
	out.reset((p.width+step-1)/step, (p.height+step-1)/step)
	var missing float64
	if p.interlaced {
		missing, err = p.passes(&out, step)
	} else {
		missing, err = p.allRows(&out, step)
	}
	if err := l.judge("PNG", missing, err); err != nil {
		return nil, err
	}
	return out.img, nil
}

// chunks walks over the file's chunks. One that runs over the end of the file ends there.
func (p *pngReader) chunks(data []byte, l *PictureLimits) error {
	const signature, overhead = 8, 12
	for rest := data[signature:]; len(rest) >= overhead-4; {
		length := int64(binary.BigEndian.Uint32(rest))
		kind := string(rest[4:8])
		body := rest[8:]
		whole := int64(len(body)) >= length+4
		body = body[:min(length, int64(len(body)))]
		switch {
		case p.width == 0 && kind == "CgBI":
			return &unreadable{"a PNG in the form that Apple's programs are packed with", adviceExport}
		case p.width == 0 && kind != "IHDR":
			return damaged("PNG", errPNGHeader)
		case p.width == 0:
			if !whole || crc32.ChecksumIEEE(rest[4:8+length]) != binary.BigEndian.Uint32(rest[8+length:]) {
				return damaged("PNG", errPNGHeader)
			}
			if err := p.header(body, l); err != nil {
				return err
			}
		case kind == "PLTE":
			p.palette = body
		case kind == "tRNS":
			p.transparent = body
		case kind == "eXIf":
			p.orientation = tiffOrientation(body)
		case kind == "IDAT":
			p.packed = append(p.packed, body)
		case kind == "IEND":
			return nil
		}
		rest = rest[min(length+overhead, int64(len(rest))):]
	}
	if p.width == 0 {
		return damaged("PNG", errPNGHeader)
	}
	return nil
}

// header reads IHDR (section 11.2.1).
func (p *pngReader) header(body []byte, l *PictureLimits) error {
	if len(body) != 13 {
		return damaged("PNG", errPNGHeader)
	}
	w, h := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
	if w > 1<<31-1 || h > 1<<31-1 {
		return damaged("PNG", errPNGHeader)
	}
	p.width, p.height, p.depth, p.colour = int(w), int(h), int(body[8]), int(body[9])
	if err := l.check("PNG", p.width, p.height); err != nil {
		return err
	}
	depths := map[int]string{
		pngGrey: "\x01\x02\x04\x08\x10", pngTrue: "\x08\x10", pngPalette: "\x01\x02\x04\x08",
		pngGreyAlpha: "\x08\x10", pngTrueAlpha: "\x08\x10",
	}[p.colour]
	if !bytes.Contains([]byte(depths), body[8:9]) || body[10] != 0 || body[11] != 0 || body[12] > 1 {
		return damaged("PNG", errPNGHeader)
	}
	p.interlaced = body[12] == 1
	return nil
}

// open gets ready for the pixels and returns by how much the picture is reduced to stay within its memory.
func (p *pngReader) open(l *PictureLimits) (step int, err error) {
	samples := map[int]int{pngGrey: 1, pngTrue: 3, pngPalette: 1, pngGreyAlpha: 2, pngTrueAlpha: 4}[p.colour]
	p.bits = samples * p.depth
	const unpacker = 64 << 10
	row := int64(p.width)*int64(p.bits)/8 + 2
	for step = 1; ; step *= 2 {
		w, h := int64((p.width+step-1)/step), int64((p.height+step-1)/step)
		if 3*w*h+2*row+3*int64(p.width)+15*w+unpacker <= l.Memory {
			break
		}
		if step == 8 {
			return 0, tooLarge("PNG", p.width, p.height, *l)
		}
	}
	parts := make([]io.Reader, len(p.packed))
	for i, part := range p.packed {
		parts[i] = bytes.NewReader(part)
	}
	if p.pixels, err = zlib.NewReader(io.MultiReader(parts...)); err != nil {
		return 0, damaged("PNG", errPNGData)
	}
	p.line, p.previous = make([]byte, row), make([]byte, row)
	p.rgb = make([]byte, 3*p.width)
	return step, nil
}

// allRows reads a picture that is not interlaced and returns which share of it is missing, and why.
func (p *pngReader) allRows(out *canvas, step int) (missing float64, err error) {
	r := reducer{out: out, step: step, width: p.width}
	p.begin(p.width)
	for y := range p.height {
		if err = p.row(p.width); err != nil {
			missing = float64(p.height-y) / float64(p.height)
			r.fill(y, p.height)
			break
		}
		r.add(p.rgb, y, p.height)
	}
	return missing, err
}

// begin starts a pass of rows of w pixels.
func (p *pngReader) begin(w int) {
	n := 1 + (w*p.bits+7)/8
	p.line, p.previous = p.line[:n], p.previous[:n]
	clear(p.previous)
}

// row reads the next row of w pixels into p.rgb.
func (p *pngReader) row(w int) error {
	if _, err := io.ReadFull(p.pixels, p.line); err != nil {
		return err
	}
	if !unfilter(p.line, p.previous[1:], max(1, p.bits/8)) {
		return errPNGFilter
	}
	p.convert(p.rgb[:3*w], p.line[1:])
	p.line, p.previous = p.previous, p.line
	return nil
}

// unfilter undoes the filter of a row, its type first, with the row above it (section 9.2). bytes are those of a pixel.
func unfilter(line, above []byte, bytes int) bool {
	kind, row := line[0], line[1:]
	if kind > 4 {
		return false
	}
	for i := range row {
		left, corner := 0, 0
		if i >= bytes {
			left, corner = int(row[i-bytes]), int(above[i-bytes])
		}
		up := int(above[i])
		switch kind {
		case 1:
			row[i] += byte(left)
		case 2:
			row[i] += byte(up)
		case 3:
			row[i] += byte((left + up) / 2)
		case 4:
			row[i] += byte(paeth(left, up, corner))
		}
	}
	return true
}

// paeth predicts a sample from its neighbours (section 9.4).
func paeth(left, up, corner int) int {
	l, u, c := up-corner, left-corner, left+up-2*corner
	l, u, c = max(l, -l), max(u, -u), max(c, -c)
	switch {
	case l <= u && l <= c:
		return left
	case u <= c:
		return up
	}
	return corner
}
