package vision

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Markers of ITU-T T.81, table B.1.
const (
	markerSOF0 = 0xc0 // baseline
	markerSOF1 = 0xc1 // extended sequential, Huffman
	markerDHT  = 0xc4
	markerJPG  = 0xc8
	markerDAC  = 0xcc
	markerSOF  = 0xcf // the last of the frame headers
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPPE = 0xee
	markerTEM  = 0x01
)

// jpegDecoder decodes what cameras send as Motion JPEG: baseline, 8 bits, one or three components in one interleaved
// scan, sampling factors 1, 2 or 4, restart intervals. Missing Huffman tables are the standard ones, as AVI files and
// UVC cameras mean it. It holds one row of blocks at a time, so its memory grows with the width of a picture alone.
//
// What it refuses (progressive, arithmetic, 12 bits, CMYK, several scans) no camera sends; ReadPicture takes most of it.
type jpegDecoder struct {
	maxWidth, maxHeight int

	quant     [4][64]int32 // in zigzag order
	quantSeen [4]bool

	standard [2][2]huffman // class (DC, AC), then luma, chroma: K.3 to K.6
	own      [2][4]huffman
	tables   [2][4]*huffman // nil when the frame has not defined it

	width, height  int
	components     [3]component
	count          int // of components in use
	hMax, vMax     int
	mcusX, mcusY   int
	interval       int // MCUs between restart markers, 0 for none
	storesRGB      bool
	blockRows      []byte // one row of MCUs of all components
	bits           bitReader
	coefficients   [64]int32
	chromaIsNeeded bool
}

// component is one colour plane of the frame being decoded.
type component struct {
	id             byte
	h, v           int // sampling factors
	table          int // of quant
	dc, ac         *huffman
	prediction     int32
	plane          []byte // one row of MCUs
	stride         int
	shiftX, shiftY uint // log2 of how many pixels share a sample
}

func (d *jpegDecoder) init(maxWidth, maxHeight int) {
	d.maxWidth, d.maxHeight = maxWidth, maxHeight
	// An MCU has at most 10 blocks (T.81, B.2.3) and is at least 8 pixels wide.
	d.blockRows = make([]byte, (maxWidth+7)/8*10*64)
	for class := range d.standard {
		for i := range d.standard[class] {
			t := &standardTables[class][i]
			if err := d.standard[class][i].build(t.counts, []byte(t.values)); err != nil {
				panic(err) // the constants of this package
			}
		}
	}
}

// decode writes the picture to rgb or to luma, whichever is not nil.
func (d *jpegDecoder) decode(rgb *Image, luma *Grey, data []byte) error {
	scan, err := d.headers(data)
	if err != nil {
		return fmt.Errorf("vision: MJPG frame: %w", err)
	}
	if rgb != nil {
		rgb.Reset(d.width, d.height)
	} else {
		luma.Reset(d.width, d.height)
	}
	d.chromaIsNeeded = rgb != nil
	if err := d.scan(rgb, luma, scan); err != nil {
		return fmt.Errorf("vision: MJPG frame of %dx%d pixels: %w", d.width, d.height, err)
	}
	return nil
}

// headers reads everything up to the first scan and returns the entropy-coded data behind it.
func (d *jpegDecoder) headers(data []byte) ([]byte, error) {
	d.count, d.interval, d.storesRGB = 0, 0, false
	d.quantSeen = [4]bool{}
	d.tables = [2][4]*huffman{}
	if len(data) < 2 || data[0] != 0xff || data[1] != markerSOI {
		return nil, fmt.Errorf("starts with % x, not with a JPEG's ff d8", data[:min(2, len(data))])
	}
	for at := 2; ; {
		if at+4 > len(data) {
			return nil, errors.New("ends before its first scan (frame cut short?)")
		}
		marker := data[at+1]
		switch {
		case data[at] != 0xff:
			return nil, fmt.Errorf("has byte 0x%02x at %d, where a marker has to be", data[at], at)
		case marker == 0xff: // a fill byte (T.81, B.1.1.2)
			at++
			continue
		case marker == markerTEM, marker >= markerRST0 && marker <= markerRST7:
			at += 2
			continue
		case marker == markerSOI, marker == markerEOI, marker == 0:
			return nil, fmt.Errorf("has marker 0x%02x at %d before its first scan", marker, at)
		}
		length := int(binary.BigEndian.Uint16(data[at+2:]))
		if length < 2 || at+2+length > len(data) {
			return nil, fmt.Errorf("has a segment 0x%02x of %d bytes at %d, %d are left (frame cut short?)", marker, length, at, len(data)-at-2)
		}
		segment := data[at+4 : at+2+length]
		at += 2 + length
		var err error
		switch {
		case marker == markerDHT:
			err = d.defineHuffman(segment)
		case marker == markerDQT:
			err = d.defineQuantisation(segment)
		case marker == markerDRI:
			if len(segment) != 2 {
				return nil, fmt.Errorf("has a restart interval of %d bytes, not 2", len(segment))
			}
			d.interval = int(binary.BigEndian.Uint16(segment))
		case marker == markerAPPE:
			// Adobe's APP14: transform 0 means that three components are RGB as they are.
			d.storesRGB = len(segment) >= 12 && string(segment[:5]) == "Adobe" && segment[11] == 0
		case marker == markerSOF0, marker == markerSOF1:
			err = d.startFrame(segment)
		case marker > markerSOF1 && marker <= markerSOF && marker != markerJPG && marker != markerDAC:
			return nil, fmt.Errorf("is coded by process SOF%d, cameras use baseline (SOF0)", marker-markerSOF0)
		case marker == markerSOS:
			if err := d.startScan(segment); err != nil {
				return nil, err
			}
			return data[at:], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// defineQuantisation reads a DQT segment (T.81, B.2.4.1).
func (d *jpegDecoder) defineQuantisation(segment []byte) error {
	for len(segment) > 0 {
		precision, id := segment[0]>>4, segment[0]&15
		if precision > 1 || id > 3 {
			return fmt.Errorf("defines quantisation table %d with precision %d, limits 3 and 1", id, precision)
		}
		size := int(precision) + 1
		if len(segment) < 1+64*size {
			return fmt.Errorf("has a quantisation table of %d bytes, needs %d", len(segment)-1, 64*size)
		}
		for i := range d.quant[id] {
			if size == 1 {
				d.quant[id][i] = int32(segment[1+i])
			} else {
				d.quant[id][i] = int32(binary.BigEndian.Uint16(segment[1+2*i:]))
			}
		}
		d.quantSeen[id] = true
		segment = segment[1+64*size:]
	}
	return nil
}

// defineHuffman reads a DHT segment (T.81, B.2.4.2).
func (d *jpegDecoder) defineHuffman(segment []byte) error {
	for len(segment) > 0 {
		if len(segment) < 17 {
			return fmt.Errorf("has a Huffman table of %d bytes, needs at least 17", len(segment))
		}
		class, id := segment[0]>>4, segment[0]&15
		if class > 1 || id > 3 {
			return fmt.Errorf("defines Huffman table %d of class %d, limits 3 and 1", id, class)
		}
		counts := [16]byte(segment[1:17])
		total := 0
		for _, n := range counts {
			total += int(n)
		}
		if total > 256 || len(segment) < 17+total {
			return fmt.Errorf("has a Huffman table of %d codes in %d bytes, at most 256", total, len(segment)-17)
		}
		table := &d.own[class][id]
		if err := table.build(counts, segment[17:17+total]); err != nil {
			return err
		}
		d.tables[class][id] = table
		segment = segment[17+total:]
	}
	return nil
}

// startFrame reads a SOF segment (T.81, B.2.2).
func (d *jpegDecoder) startFrame(segment []byte) error {
	if d.count != 0 {
		return errors.New("has two frame headers")
	}
	if len(segment) < 6 {
		return fmt.Errorf("has a frame header of %d bytes, needs at least 6", len(segment))
	}
	precision, count := int(segment[0]), int(segment[5])
	d.height, d.width = int(binary.BigEndian.Uint16(segment[1:])), int(binary.BigEndian.Uint16(segment[3:]))
	switch {
	case precision != 8:
		return fmt.Errorf("has %d bits a sample, cameras send 8", precision)
	case count != 1 && count != 3:
		return fmt.Errorf("has %d components, cameras send 1 or 3", count)
	case len(segment) != 6+3*count:
		return fmt.Errorf("has a frame header of %d bytes for %d components, needs %d", len(segment), count, 6+3*count)
	case d.width == 0 || d.height == 0:
		return fmt.Errorf("is %dx%d pixels large", d.width, d.height)
	case d.width > d.maxWidth || d.height > d.maxHeight:
		return fmt.Errorf("is %dx%d pixels large, limit %dx%d", d.width, d.height, d.maxWidth, d.maxHeight)
	}
	for i := range count {
		s := segment[6+3*i:]
		c := component{id: s[0], h: int(s[1] >> 4), v: int(s[1] & 15), table: int(s[2])}
		if !isFactor(c.h) || !isFactor(c.v) {
			return fmt.Errorf("has sampling factors %dx%d, each may be 1, 2 or 4", c.h, c.v)
		}
		if c.table > 3 {
			return fmt.Errorf("uses quantisation table %d, limit 3", c.table)
		}
		if count == 1 {
			c.h, c.v = 1, 1 // a single component is not interleaved: an MCU is one block (T.81, A.2.2)
		}
		d.components[i] = c
	}
	d.count = count
	return d.layOut()
}

func isFactor(n int) bool { return n == 1 || n == 2 || n == 4 }

// layOut divides the memory for one row of MCUs among the components.
func (d *jpegDecoder) layOut() error {
	blocks := 0
	d.hMax, d.vMax = 1, 1
	for i := range d.count {
		c := &d.components[i]
		d.hMax, d.vMax = max(d.hMax, c.h), max(d.vMax, c.v)
		blocks += c.h * c.v
	}
	if blocks > 10 {
		return fmt.Errorf("has %d blocks in an MCU, limit 10", blocks)
	}
	d.mcusX = (d.width + 8*d.hMax - 1) / (8 * d.hMax)
	d.mcusY = (d.height + 8*d.vMax - 1) / (8 * d.vMax)
	free := d.blockRows
	for i := range d.count {
		c := &d.components[i]
		c.stride = d.mcusX * c.h * 8
		size := c.stride * c.v * 8
		c.plane, free = free[:size], free[size:]
		c.shiftX, c.shiftY = log2(d.hMax/c.h), log2(d.vMax/c.v)
	}
	return nil
}

// log2 of 1, 2 or 4.
func log2(n int) uint { return uint(n / 2) }

// startScan reads a SOS segment (T.81, B.2.3) and chooses the tables.
func (d *jpegDecoder) startScan(segment []byte) error {
	switch {
	case d.count == 0:
		return errors.New("has a scan before its frame header")
	case len(segment) < 1 || len(segment) != 4+2*int(segment[0]):
		return fmt.Errorf("has a scan header of %d bytes, which does not fit its components", len(segment))
	case int(segment[0]) != d.count:
		return fmt.Errorf("has %d of %d components in its first scan, cameras interleave all", segment[0], d.count)
	case d.storesRGB && d.count == 3:
		return errors.New("stores red, green and blue (Adobe transform 0), cameras send Y'CbCr")
	}
	for i := range d.count {
		c := &d.components[i]
		if segment[1+2*i] != c.id {
			return fmt.Errorf("has component %d in its scan, where %d has to be", segment[1+2*i], c.id)
		}
		if !d.quantSeen[c.table] {
			return fmt.Errorf("uses quantisation table %d without defining it", c.table)
		}
		var err error
		if c.dc, err = d.table(0, segment[2+2*i]>>4); err != nil {
			return err
		}
		if c.ac, err = d.table(1, segment[2+2*i]&15); err != nil {
			return err
		}
	}
	return nil
}

// table gives the frame's own table, else the standard one.
func (d *jpegDecoder) table(class int, id byte) (*huffman, error) {
	if id > 3 {
		return nil, fmt.Errorf("uses Huffman table %d, limit 3", id)
	}
	if t := d.tables[class][id]; t != nil {
		return t, nil
	}
	if id > 1 {
		return nil, fmt.Errorf("uses Huffman table %d without defining it", id)
	}
	return &d.standard[class][id], nil
}
