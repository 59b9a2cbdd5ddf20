package finger

import (
	"errors"
	"fmt"
)

// Resolution is that of all templates, in pixels an inch; pictures of another one are resampled.
const Resolution = 500

// Opts bound an Extractor.
type Opts struct {
	// Largest picture in pixels, after it was resampled to 500 dpi. All memory is taken for it at the start.
	MaxWidth, MaxHeight int
	// Most minutiae of a template; those of the best quality stay. 255 is what ISO/IEC 19794-2 can hold.
	MaxMinutiae int
}

// DefaultOpts fit a rolled finger of 1.7 by 1.6 inches.
func DefaultOpts() Opts { return Opts{MaxWidth: 864, MaxHeight: 800, MaxMinutiae: 100} }

// Limits of Opts and of a picture.
const (
	minSide           = 64   // of a picture at 500 dpi: a smaller one shows no print that could be told from another's
	maxSide           = 1600 // of Opts
	minDPI, maxDPI    = 250, 1200
	maxMinutiaeOfISO  = 255
	pad               = 32 // pixels around the picture, so that no filter looks beyond the memory
	block             = 8  // pixels a side of a block of the mask and of the fields
	maxFilterReach    = pad - 4
	leastMinutiae     = 4  // fewer are no template
	leastForeground   = 40 // blocks; 40 are about 6 by 6 mm less
	resampleTolerance = 2  // percent that a resolution may differ from 500 dpi without being resampled
)

func (o Opts) check() error {
	switch {
	case o.MaxWidth < minSide || o.MaxWidth > maxSide || o.MaxHeight < minSide || o.MaxHeight > maxSide:
		return fmt.Errorf("finger: largest picture %d×%d, allowed are %d to %d a side", o.MaxWidth, o.MaxHeight, minSide, maxSide)
	case o.MaxMinutiae < leastMinutiae || o.MaxMinutiae > MaxMinutiae:
		return fmt.Errorf("finger: at most %d minutiae, allowed are %d to %d", o.MaxMinutiae, leastMinutiae, MaxMinutiae)
	}
	return nil
}

// ErrNoPrint says that a picture shows no fingerprint, or too little of it: the finger was not on the sensor, or only
// its tip was.
var ErrNoPrint = errors.New("finger: no fingerprint in the picture")

// Extractor turns pictures into templates. Its memory is taken once and used again, so one goroutine at a time may use it.
type Extractor struct {
	opts   Opts
	stride int // of the padded planes

	width, height int // of the picture at 500 dpi
	cols, rows    int // in blocks

	grey     []uint8 // width × height, without padding
	plane    []int16 // padded: the normalised picture, ridges positive
	smooth   []int16 // padded: smoothed along the ridges
	response []int16 // padded: what the filter says, ridges positive
	ridge    []uint8 // padded: 1 on ridges, then on their skeletons
	spots    []int32 // pixels still to be thinned
	doomed   []int32 // pixels that a step of thinning takes
	ends     []ridgeEnd

	blocks fields
	bank   bank
	found  []Minutia
}

// fields hold a value for each block.
type fields struct {
	mean, spread []int32 // of the grey values
	mask         []uint8
	gx, gy, all  []int32 // the structure tensor as a doubled vector, and its trace
	cx, cy       []int32 // ridge orientation as a doubled vector; its length is the coherence, 0 to 256
	period       []int32 // in 1/16 pixels
	trust        []int32 // of the period
	quality      []int32 // 0 to 100
	scratch      [4][]int32
	labels       []int32
	kept         []int32 // percent of the variation that the filter keeps
	marks        []uint8
}

// New takes the memory of an extractor, about 14 bytes a pixel of the largest picture.
func New(o Opts) (*Extractor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	stride := o.MaxWidth + 2*pad
	padded := stride * (o.MaxHeight + 2*pad)
	cells := max(((o.MaxWidth+block-1)/block)*((o.MaxHeight+block-1)/block), mostRaw)
	e := &Extractor{
		opts: o, stride: stride,
		grey:     make([]uint8, o.MaxWidth*o.MaxHeight),
		plane:    make([]int16, padded),
		smooth:   make([]int16, padded),
		response: make([]int16, padded),
		ridge:    make([]uint8, padded),
		spots:    make([]int32, 0, o.MaxWidth*o.MaxHeight),
		doomed:   make([]int32, 0, o.MaxWidth*o.MaxHeight),
		found:    make([]Minutia, 0, mostRaw),
		ends:     make([]ridgeEnd, 0, mostRaw),
	}
	b := &e.blocks
	for _, f := range []*[]int32{&b.mean, &b.spread, &b.gx, &b.gy, &b.all, &b.cx, &b.cy, &b.period, &b.trust, &b.quality, &b.labels, &b.kept,
		&b.scratch[0], &b.scratch[1], &b.scratch[2], &b.scratch[3]} {
		*f = make([]int32, cells)
	}
	b.mask, b.marks = make([]uint8, cells), make([]uint8, cells)
	e.bank.prepare(stride)
	return e, nil
}

// Extract reads the fingerprint of a grey picture with dark ridges, 8 bits a pixel, line after line from the top. Without
// enough of a print the error is ErrNoPrint.
func (e *Extractor) Extract(pix []byte, width, height, dpi int) (*Template, error) {
	if err := e.load(pix, width, height, dpi); err != nil {
		return nil, err
	}
	e.measure()
	if e.segment() < leastForeground {
		return nil, ErrNoPrint
	}
	e.normalize()
	e.orient()
	e.periods()
	e.enhance()
	e.grade()
	if e.confirm() < leastForeground {
		return nil, ErrNoPrint
	}
	e.binarize()
	e.thin()
	e.clean()
	e.locate()
	if len(e.found) < leastMinutiae {
		return nil, fmt.Errorf("%w: %d minutiae, wanted at least %d", ErrNoPrint, len(e.found), leastMinutiae)
	}
	return e.template(), nil
}

// load checks a picture and brings it to 500 dpi.
func (e *Extractor) load(pix []byte, width, height, dpi int) error {
	switch {
	case width <= 0 || height <= 0 || len(pix)/width < height:
		return fmt.Errorf("finger: %d bytes for a picture of %d×%d", len(pix), width, height)
	case dpi < minDPI || dpi > maxDPI:
		return fmt.Errorf("finger: resolution %d dpi, allowed are %d to %d", dpi, minDPI, maxDPI)
	}
	e.width, e.height = width, height
	if d := dpi - Resolution; 100*d > resampleTolerance*Resolution || -100*d > resampleTolerance*Resolution {
		e.width, e.height = width*Resolution/dpi, height*Resolution/dpi
	}
	if e.width < minSide || e.height < minSide || e.width > e.opts.MaxWidth || e.height > e.opts.MaxHeight {
		return fmt.Errorf("finger: picture of %d×%d at 500 dpi, allowed are %d×%d to %d×%d", e.width, e.height, minSide, minSide, e.opts.MaxWidth, e.opts.MaxHeight)
	}
	e.cols, e.rows = (e.width+block-1)/block, (e.height+block-1)/block
	if e.width == width && e.height == height {
		copy(e.grey, pix[:width*height])
	} else {
		e.resample(pix, width, height)
	}
	e.dropFrame()
	return nil
}

// dropFrame paints over the outermost pixels, where many sensors show the edge of their glass or a dead line.
func (e *Extractor) dropFrame() {
	const frame = 3
	for y := range e.height {
		line := e.grey[y*e.width : (y+1)*e.width]
		for x := range frame {
			line[x], line[len(line)-1-x] = line[frame], line[len(line)-1-frame]
		}
	}
	for y := range frame {
		copy(e.grey[y*e.width:(y+1)*e.width], e.grey[frame*e.width:])
		last := e.height - 1 - y
		copy(e.grey[last*e.width:(last+1)*e.width], e.grey[(e.height-1-frame)*e.width:])
	}
}

// resample averages over the area of each pixel where the picture shrinks and interpolates where it grows, by steps of
// 1/256 pixel.
func (e *Extractor) resample(pix []byte, width, height int) {
	for y := range e.height {
		top, bottom := y*height*256/e.height, (y+1)*height*256/e.height
		if bottom-top < 256 { // interpolate between the centres of the two nearest lines
			middle := (top + bottom) / 2
			top, bottom = middle-128, middle+128
		}
		for x := range e.width {
			left, right := x*width*256/e.width, (x+1)*width*256/e.width
			if right-left < 256 {
				middle := (left + right) / 2
				left, right = middle-128, middle+128
			}
			var sum, weights int
			for sy := top >> 8; sy<<8 < bottom; sy++ {
				wy := min(bottom, (sy+1)<<8) - max(top, sy<<8)
				line := pix[min(max(sy, 0), height-1)*width:]
				for sx := left >> 8; sx<<8 < right; sx++ {
					w := wy * (min(right, (sx+1)<<8) - max(left, sx<<8))
					sum += w * int(line[min(max(sx, 0), width-1)])
					weights += w
				}
			}
			e.grey[y*e.width+x] = uint8((sum + weights/2) / weights)
		}
	}
}

// at is the place of a pixel in the padded planes.
func (e *Extractor) at(x, y int) int { return (y+pad)*e.stride + x + pad }
