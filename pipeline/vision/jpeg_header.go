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
	markerSOF2 = 0xc2 // progressive, Huffman
	markerDHT  = 0xc4
	markerJPG  = 0xc8
	markerSOF9 = 0xc9 // the first of those with arithmetic coding
	markerDAC  = 0xcc
	markerSOF  = 0xcf // the last of the frame headers
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP0 = 0xe0
	markerAPP1 = 0xe1
	markerAPP2 = 0xe2
	markerAPPE = 0xee
	markerSOFL = 0xf7 // of JPEG-LS (ITU-T T.87, annex C)
	markerTEM  = 0x01
)

// scanHeader is a SOS segment: which components the scan holds, which coefficients of them, and which bits of those.
type scanHeader struct {
	components  [4]int
	count       int
	first, last int
	high, low   uint
}

var errNoScan = errors.New("ends before its first scan (cut short?)")

// headers reads everything up to the first scan. Each start of image forgets what came before it: cameras were seen
// that send the begin of a frame twice.
func (d *jpegDecoder) headers() error {
	d.begin()
	if !d.segments.start() {
		data := d.segments.data
		return fmt.Errorf("starts with % x and holds no start of a JPEG (ff d8)", data[:min(2, len(data))])
	}
	for {
		marker, segment, ok := d.segments.next()
		switch {
		case !ok:
			return errNoScan
		case marker == markerSOI:
			d.begin()
			d.mended = d.mended || d.started > 0
			d.started = d.segments.at
		case marker == markerSOS:
			return d.startScan(segment)
		default:
			if err := d.define(marker, segment); err != nil {
				return err
			}
		}
	}
}

// begin forgets what an earlier picture defined.
func (d *jpegDecoder) begin() {
	d.count, d.interval, d.adobe, d.jfif, d.multiple, d.progressive = 0, 0, false, false, false, false
	d.quantSeen = [4]bool{}
	d.tables = [2][4]*huffman{}
	d.cause = nil
}

// define takes what a segment other than a scan says.
func (d *jpegDecoder) define(marker byte, segment []byte) error {
	switch {
	case marker == markerDHT:
		return d.defineHuffman(segment)
	case marker == markerDQT:
		return d.defineQuantisation(segment)
	case marker == markerDRI:
		if len(segment) != 2 {
			return fmt.Errorf("has a restart interval of %d bytes, not 2", len(segment))
		}
		d.interval = int(binary.BigEndian.Uint16(segment))
	case marker == markerAPP0:
		d.jfif = d.jfif || len(segment) >= 5 && string(segment[:5]) == "JFIF\x00"
	case marker == markerAPP2:
		d.multiple = d.multiple || len(segment) >= 4 && string(segment[:4]) == "MPF\x00"
	case marker == markerAPPE:
		if len(segment) >= 12 && string(segment[:5]) == "Adobe" {
			d.adobe, d.transform = true, segment[11]
		}
	case marker == markerSOF0, marker == markerSOF1, marker == markerSOF2 && d.photograph != nil:
		d.progressive = marker == markerSOF2
		return d.startFrame(segment)
	case marker == markerSOFL && d.photograph != nil:
		return &unreadable{"a JPEG-LS picture", adviceExport}
	case marker > markerSOF1 && marker <= markerSOF && marker != markerJPG && marker != markerDAC:
		return d.refuseProcess(marker)
	}
	return nil
}

// refuseProcess names the coding process that a frame header asks for (T.81, table B.1).
func (d *jpegDecoder) refuseProcess(marker byte) error {
	if d.photograph == nil {
		return fmt.Errorf("is coded by process SOF%d, cameras use baseline (SOF0)", marker-markerSOF0)
	}
	kind := "hierarchical coding"
	switch {
	case marker >= markerSOF9:
		kind = "arithmetic coding"
	case marker == markerSOF2+1:
		kind = "lossless coding"
	}
	return &unreadable{"a JPEG with " + kind, adviceExport}
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
	if d.photograph == nil {
		if err := d.checkFrame(precision, count); err != nil {
			return err
		}
	} else if err := d.checkPhotograph(precision, count); err != nil {
		return err
	}
	if len(segment) < 6+3*count {
		return fmt.Errorf("has a frame header of %d bytes for %d components, needs %d", len(segment), count, 6+3*count)
	}
	for i := range count {
		s := segment[6+3*i:]
		c := component{id: s[0], h: int(s[1] >> 4), v: int(s[1] & 15), table: int(s[2])}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return fmt.Errorf("has sampling factors %dx%d, each may be 1 to 4", c.h, c.v)
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
	return nil
}

func (d *jpegDecoder) checkFrame(precision, count int) error {
	switch {
	case precision != 8:
		return fmt.Errorf("has %d bits a sample, cameras send 8", precision)
	case count != 1 && count != 3:
		return fmt.Errorf("has %d components, cameras send 1 or 3", count)
	case d.width == 0 || d.height == 0:
		return fmt.Errorf("is %dx%d pixels large", d.width, d.height)
	case d.width > d.maxWidth || d.height > d.maxHeight:
		return fmt.Errorf("is %dx%d pixels large, limit %dx%d", d.width, d.height, d.maxWidth, d.maxHeight)
	}
	return nil
}

func (d *jpegDecoder) checkPhotograph(precision, count int) error {
	switch {
	case precision != 8:
		return &unreadable{fmt.Sprintf("a JPEG of %d bits a sample", precision), adviceExport}
	case count != 1 && count != 3 && count != 4:
		return &unreadable{fmt.Sprintf("a JPEG of %d colour components", count), adviceExport}
	case d.height == 0:
		return &unreadable{"a JPEG that states its height behind the picture", adviceExport}
	}
	return d.photograph.check("JPEG", d.width, d.height)
}

// startScan reads a SOS segment (T.81, B.2.3) and chooses the tables.
func (d *jpegDecoder) startScan(segment []byte) error {
	if d.count == 0 {
		return errors.New("has a scan before its frame header")
	}
	if len(segment) < 1 || len(segment) < 4+2*int(segment[0]) {
		return fmt.Errorf("has a scan header of %d bytes, which does not fit its components", len(segment))
	}
	s := scanHeader{count: int(segment[0])}
	switch {
	case s.count < 1 || s.count > d.count:
		return fmt.Errorf("has %d components in a scan, %d in its frame header", s.count, d.count)
	case d.photograph == nil && s.count != d.count:
		return fmt.Errorf("has %d of %d components in its first scan, cameras interleave all", s.count, d.count)
	case d.photograph == nil && d.count == 3 && d.storesRGB():
		return errors.New("stores red, green and blue, cameras send Y'CbCr")
	}
	spectral := segment[1+2*s.count:]
	s.first, s.last, s.high, s.low = int(spectral[0]), int(spectral[1]), uint(spectral[2]>>4), uint(spectral[2]&15)
	if err := d.checkProgression(&s); err != nil {
		return err
	}
	if err := d.place(&s, segment); err != nil {
		return err
	}
	for i, k := range s.components[:s.count] {
		if err := d.choose(&s, &d.components[k], segment[2+2*i]); err != nil {
			return err
		}
	}
	d.scanned = s
	return nil
}

// checkProgression checks which coefficients a scan holds (T.81, G.1.1.1).
func (d *jpegDecoder) checkProgression(s *scanHeader) error {
	if !d.progressive {
		s.first, s.last, s.high, s.low = 0, 63, 0, 0 // some encoders write what they like
		return nil
	}
	band := s.first == 0 && s.last == 0 || s.first > 0 && s.first <= s.last && s.last <= 63 && s.count == 1
	if !band || s.low > 13 || s.high > 13 {
		return fmt.Errorf("has a scan of coefficients %d to %d, bits %d to %d, of %d components",
			s.first, s.last, s.high, s.low, s.count)
	}
	return nil
}

// place finds the components whose ids a scan names. Where one has an id that none has, as some cameras send it, and
// the scan holds all, their order counts.
func (d *jpegDecoder) place(s *scanHeader, segment []byte) error {
	var taken [4]bool
	for i := range s.count {
		id, found := segment[1+2*i], -1
		for k := d.count - 1; k >= 0; k-- {
			if d.components[k].id == id && !taken[k] {
				found = k
			}
		}
		switch {
		case found >= 0:
			s.components[i], taken[found] = found, true
		case s.count == d.count:
			s.components = [4]int{0, 1, 2, 3}
			return nil
		default:
			return fmt.Errorf("has component %d in a scan, which its frame header does not name", id)
		}
	}
	return nil
}

// choose gives a component its tables for a scan.
func (d *jpegDecoder) choose(s *scanHeader, c *component, tables byte) (err error) {
	if !d.quantSeen[c.table] {
		return fmt.Errorf("uses quantisation table %d without defining it", c.table)
	}
	if s.first == 0 && s.high == 0 {
		if c.dc, err = d.table(0, tables>>4); err != nil {
			return err
		}
	}
	if s.last > 0 {
		c.ac, err = d.table(1, tables&15)
	}
	return err
}

// storesRGB reports whether three components are red, green and blue rather than Y'CbCr: Adobe's transform 0, or no
// word of JFIF and Adobe but the letters as ids, as libjpeg decides it.
func (d *jpegDecoder) storesRGB() bool {
	c := &d.components
	return d.adobe && d.transform == 0 || !d.adobe && !d.jfif && c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B'
}
