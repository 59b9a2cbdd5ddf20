package vision

import (
	"errors"
	"fmt"
)

// jpegDecoder decodes JPEG (ITU-T T.81) as cameras and phones write it: baseline, extended and progressive Huffman
// coding of 8 bits, in one scan or several, with one, three or four components, sampling factors 1 to 4 and restart
// intervals. It forgives what libjpeg forgives: junk before the picture and between segments, a second start of
// image, Huffman tables left out (the standard ones are meant, as AVI files and UVC cameras do), misnumbered restart
// markers, a missing end and whatever follows it.
//
// A camera's frame must be complete, in one scan and within a size known beforehand. It is decoded a row of MCUs at a
// time in memory allocated by init. A photograph may lack a part, and is reduced while it is decoded to fit its limits.
type jpegDecoder struct {
	maxWidth, maxHeight int
	photograph          *PictureLimits // nil for a camera's frames

	segments segments
	started  int  // behind the last start of image
	mended   bool // something was out of order, and no part of the picture is missing for it

	quant     [4][64]int32 // in zigzag order
	quantSeen [4]bool
	standard  [2][2]huffman // class (DC, AC), then luma, chroma: K.3 to K.6
	own       [2][4]huffman
	tables    [2][4]*huffman // nil where the picture has not defined it

	progressive    bool
	width, height  int
	components     [4]component
	count          int // of components in use
	hMax, vMax     int
	mcusX, mcusY   int
	interval       int // MCUs between restart markers, 0 for none
	adobe          bool
	transform      byte // Adobe's, if adobe
	jfif           bool
	multiple       bool // other pictures follow this one (CIPA DC-007, Multi-Picture Format)
	scanned        scanHeader
	size           int    // samples that a block gives in each direction: 8, or 4, 2, 1 of a reduced picture
	rows           []byte // one row of MCUs of all components
	lines          [4][]byte
	coefficients   [64]int32
	chromaIsNeeded bool

	bits     bitReader
	left     int   // MCUs up to the next restart marker
	expected byte  // its number
	markers  int   // how many of them are to come
	follow   int   // how many do follow, −1 while nobody has counted
	lost     int   // MCUs from here that are known to be missing
	missing  int   // MCUs that were missing in this scan
	run      int32 // blocks whose band holds nothing new (T.81, G.1.2.2: EOBRUN)
	cause    error
}

// component is one colour plane of the picture being decoded.
type component struct {
	id         byte
	h, v       int // sampling factors
	table      int // of quant
	dc, ac     *huffman
	prediction int32
	plane      []byte // one row of MCUs
	stride     int

	// Of a picture that comes in several scans:
	blocksX, blocksY int      // that hold something of the picture
	across           int      // blocks from one row to the next
	kept             []int16  // size² coefficients a block
	nonzero          []uint64 // which coefficients of a block, in zigzag order, are not zero
	unseen           float64  // share of the blocks whose DC coefficient never came
}

// init allocates what frames up to the given size take.
func (d *jpegDecoder) init(maxWidth, maxHeight int) {
	d.maxWidth, d.maxHeight = maxWidth, maxHeight
	d.size = 8
	// An MCU has at most 10 blocks (T.81, B.2.3) and is at least 8 pixels wide; at most four of them are in a row.
	d.rows = make([]byte, (maxWidth+7)/8*10*64)
	for i := range 3 {
		d.lines[i] = make([]byte, maxWidth)
	}
	d.buildStandard()
}

func (d *jpegDecoder) buildStandard() {
	for class := range d.standard {
		for i := range d.standard[class] {
			t := &standardTables[class][i]
			if err := d.standard[class][i].build(t.counts, []byte(t.values)); err != nil {
				panic(err) // the constants of this package
			}
		}
	}
}

// maxStarts bounds how many pictures in one buffer are tried. Cameras were seen with two.
const maxStarts = 8

// frame writes a camera's frame to rgb or to luma, whichever is not nil.
func (d *jpegDecoder) frame(rgb *Image, luma *Grey, data []byte) error {
	d.segments, d.started, d.mended = segments{data: data}, 0, false
	out := canvas{img: rgb, orientation: upright}
	d.chromaIsNeeded = rgb != nil
	var first error
	for range maxStarts {
		err := d.picture(&out, luma)
		if err == nil {
			d.mended = d.mended || first != nil || d.segments.skipped > 0
			return nil
		}
		if first == nil {
			first = err
		}
		d.segments.at = d.started // a segment that was cut short has swallowed the begin of what follows
		if !d.segments.start() {
			break
		}
	}
	return fmt.Errorf("vision: MJPG frame: %w", first)
}

// readJPEG decodes a photograph within l.
func readJPEG(data []byte, l PictureLimits) (*Image, error) {
	d := &jpegDecoder{
		maxWidth: maxJPEGSide, maxHeight: maxJPEGSide, photograph: &l,
		chromaIsNeeded: true, segments: segments{data: data},
	}
	d.buildStandard()
	var first error
	for range maxStarts {
		out := canvas{orientation: exifOrientation(data[d.segments.at:])}
		err := d.picture(&out, nil)
		if err == nil {
			return out.img, nil
		}
		if first == nil {
			first = err
		}
		var u *unreadable
		if errors.As(err, &u) || d.multiple {
			break
		}
		if !d.segments.start() {
			break
		}
	}
	return nil, first
}

// maxJPEGSide is the greatest width and height that a frame header can state.
const maxJPEGSide = 65535

// picture decodes the next picture.
func (d *jpegDecoder) picture(to *canvas, luma *Grey) error {
	if err := d.headers(); err != nil {
		return d.broken(err)
	}
	several := d.progressive || d.scanned.count != d.count
	if err := d.layOut(several); err != nil {
		return err
	}
	w, h := reduced(d.width, d.size), reduced(d.height, d.size)
	switch {
	case luma != nil:
		luma.Reset(w, h)
	default:
		to.reset(w, h)
	}
	if several {
		return d.scans(to)
	}
	return d.scan(to, luma)
}

// broken returns err in the words of its reader: of a frame the technician reads it, of a photograph the person who
// wants to enrol it.
func (d *jpegDecoder) broken(err error) error {
	var u *unreadable
	if d.photograph == nil || errors.As(err, &u) {
		return err
	}
	return damaged("JPEG", err)
}
