package symbol

import (
	"fmt"
	"math"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// Format is the kind of a code.
type Format uint8

// The kinds that are read.
const (
	QR      Format = iota // QR code model 2, versions 1 to 40 (ISO/IEC 18004)
	Code128               // (ISO/IEC 15417)
)

func (f Format) String() string {
	if f == Code128 {
		return "Code 128"
	}
	return "QR code"
}

// Point is a place in the frame in pixels, fractions allowed.
type Point struct{ X, Y float32 }

// Symbol is a code that was read.
type Symbol struct {
	Format Format
	Text   string
	// Corners of a QR code are its outer ones, from its own top left clockwise, however it is turned in the frame.
	// Those of a bar code are the ends of the line along which it was read, each twice.
	Corners [4]Point
	// Inverted reports whether the code is light on dark.
	Inverted bool
}

// ReaderOpts configures a Reader. Start from DefaultReaderOpts.
type ReaderOpts struct {
	// MaxWidth and MaxHeight bound the frames; memory is taken for them at the start. 4096 × 4096 at most.
	MaxWidth, MaxHeight int
	// MaxSymbols is how many codes one frame may give, 1 to 16.
	MaxSymbols int
	// Attempts is the number of strategies that are tried on a frame; successive frames get all in turn. 0 tries all on
	// every frame, as for a single photograph.
	Attempts int
	// SearchEvery lets only every so many frames be searched whole; those in between are searched where a code was seen
	// last. 1: every frame.
	SearchEvery int
	// Barcodes also looks for Code 128.
	Barcodes bool
}

// DefaultReaderOpts returns options for the frames of a camera of 1280 × 720 pixels.
func DefaultReaderOpts() ReaderOpts {
	return ReaderOpts{MaxWidth: 1280, MaxHeight: 720, MaxSymbols: 4, Attempts: 2, SearchEvery: 2, Barcodes: true}
}

// Limits of a frame.
const (
	minSide      = 32
	maxSide      = 4096
	maxSymbols   = 16
	maxPlaces    = 4  // where codes were seen
	remember     = 30 // frames
	maxDecodings = 12 // of one strategy
)

// Reader finds codes in frames. It remembers where it saw some, so one belongs to each camera. It is not safe for
// concurrent use.
type Reader struct {
	opts    ReaderOpts
	frame   uint64
	next    uint64 // frame from which on the whole may be searched again
	turn    int    // which strategy comes next
	places  [maxPlaces]place
	gate    gate
	code128 code128Reader
	binary  *binariser
	finder  finder
	qr      qrDecoder
	bits    []byte // a bitmap
	scaled  []byte // luma, halved, doubled or sharpened
	spare   []byte // for sharpening what was scaled

	symbols []Symbol
	stats   Stats
}

// Stats count since the start.
type Stats struct {
	Frames    uint64 // read
	Gated     uint64 // ended by the gate: nothing looked like a code
	Searched  uint64 // whole frames that were searched
	Attempts  uint64 // strategies tried
	Decodings uint64 // grids given to the decoder
	Panics    uint64 // of the decoder, each taken as nothing read
}

// place is a region in which a code was seen.
type place struct {
	where rect
	frame uint64 // 0: none
}

// NewReader takes the memory for frames up to the stated size: about 3.3 bytes a pixel.
func NewReader(o ReaderOpts) (*Reader, error) {
	for _, c := range []struct {
		name       string
		v, lo, max int
	}{
		{"MaxWidth", o.MaxWidth, minSide, maxSide}, {"MaxHeight", o.MaxHeight, minSide, maxSide},
		{"MaxSymbols", o.MaxSymbols, 1, maxSymbols},
		{"Attempts", o.Attempts, 0, len(strategies)}, {"SearchEvery", o.SearchEvery, 1, 1000},
	} {
		if c.v < c.lo || c.v > c.max {
			return nil, fmt.Errorf("symbol: %s %d, allowed %d to %d", c.name, c.v, c.lo, c.max)
		}
	}
	n := o.MaxWidth * o.MaxHeight
	r := &Reader{
		opts: o, binary: newBinariser(n), bits: make([]byte, n), scaled: make([]byte, n), spare: make([]byte, n),
		symbols: make([]Symbol, 0, o.MaxSymbols), gate: newGate(o.MaxWidth),
		code128: newCode128Reader(max(o.MaxWidth, o.MaxHeight)),
	}
	r.qr.decoder, r.qr.soft = decoder.NewDecoder(), new(soft)
	return r, nil
}

// Stats tells what the reader did since the start.
func (r *Reader) Stats() Stats {
	s := r.stats
	s.Panics = uint64(r.qr.panics)
	return s
}

// Read looks for codes in a frame: luma holds rows of width bytes, stride bytes apart, 0 black to 255 white. The
// symbols are valid until the next Read; none is no error. A frame in which nothing looks like a code allocates
// nothing.
func (r *Reader) Read(luma []byte, width, height, stride int) ([]Symbol, error) {
	if width < minSide || height < minSide || width > r.opts.MaxWidth || height > r.opts.MaxHeight {
		return nil, fmt.Errorf("symbol: frame of %d×%d pixels, wanted %d×%d to %d×%d", width, height, minSide, minSide,
			r.opts.MaxWidth, r.opts.MaxHeight)
	}
	if stride < width || len(luma) < (height-1)*stride+width {
		return nil, fmt.Errorf("symbol: %d bytes with a stride of %d for a frame of %d×%d pixels", len(luma), stride,
			width, height)
	}
	r.frame++
	r.stats.Frames++
	r.symbols = r.symbols[:0]
	whole := plane{pix: luma, width: width, height: height, stride: stride}
	if r.opts.Barcodes {
		r.addBarcode(whole)
	}
	likely := r.gate.look(whole)
	if !likely && !r.remembers() {
		r.stats.Gated++
		return r.symbols, nil
	}
	r.searchPlaces(whole)
	if likely && len(r.symbols) < r.opts.MaxSymbols && r.frame >= r.next {
		r.stats.Searched++
		r.next = r.frame + uint64(r.opts.SearchEvery)
		r.search(whole, rect{0, 0, width, height}, r.opts.Attempts)
	}
	return r.symbols, nil
}

func (r *Reader) remembers() bool {
	for _, p := range r.places {
		if p.frame != 0 && r.frame-p.frame <= remember {
			return true
		}
	}
	return false
}

// searchPlaces looks again where codes were seen.
func (r *Reader) searchPlaces(whole plane) {
	for i := range r.places {
		p := &r.places[i]
		if p.frame == 0 || r.frame-p.frame > remember || r.seen(p.where) {
			continue
		}
		where := p.where.around(0.3).clip(whole.width, whole.height)
		if !where.empty() {
			r.search(whole, where, 1)
		}
	}
}

// search tries strategies on a part of the frame until one finds something.
func (r *Reader) search(whole plane, where rect, attempts int) {
	all := attempts == 0
	if all {
		attempts, r.turn = len(strategies), 0
	}
	for range attempts {
		before := len(r.symbols)
		r.attempt(whole, where, &strategies[r.turn%len(strategies)])
		r.stats.Attempts++
		if len(r.symbols) > before {
			return // the next frame begins with what has worked
		}
		r.turn++
	}
}

// attempt searches a part of the frame by one strategy.
func (r *Reader) attempt(whole plane, where rect, s *strategy) {
	part := whole.crop(where)
	scale := 1.0
	switch {
	case s.scale < 0:
		half := reuse(r.scaled, part.width/2, part.height/2)
		halve(half, part)
		part, scale = half, 0.5
	case s.scale > 0:
		if 4*part.width*part.height > len(r.scaled) {
			where = r.gate.region(whole.width, whole.height, len(r.scaled)/4)
			if where.empty() {
				return
			}
			part = whole.crop(where)
		}
		twice := reuse(r.scaled, 2*part.width, 2*part.height)
		double(twice, part)
		part, scale = twice, 2
	}
	if part.width < minSide || part.height < minSide {
		return
	}
	if s.sharpen > 0 {
		sharp := reuse(r.spare, part.width, part.height)
		sharpen(sharp, part, s.sharpen)
		part = sharp
	}
	bits := reuse(r.bits, part.width, part.height)
	r.binary.measure(part)
	r.binary.binarise(bits, part, s.threshold)
	r.qr.luma = part
	budget := maxDecodings
	for _, inverted := range [...]bool{false, true} {
		if r.qr.inverted = inverted; inverted {
			invert(bits)
		}
		r.finder.find(bits, s.step)
		for _, t := range r.finder.combine() {
			if budget <= 0 || len(r.symbols) == r.opts.MaxSymbols {
				break
			}
			// Triples of a code that was read already are common when several codes are side by side.
			if r.within(t, where, scale) {
				continue
			}
			was := budget
			f, ok := r.qr.read(bits, &t, &budget)
			r.stats.Decodings += uint64(was - budget)
			if ok {
				r.add(f, where, scale, inverted)
			}
		}
	}
}

// within reports whether the middle of the triple's diagonal lies in a code that was read in this frame.
func (r *Reader) within(t triple, where rect, scale float64) bool {
	x := float32((t.topRight.x+t.bottomLeft.x)/2/scale + float64(where.x0))
	y := float32((t.topRight.y+t.bottomLeft.y)/2/scale + float64(where.y0))
	for i := range r.symbols {
		if s := &r.symbols[i]; s.Format == QR && inside(&s.Corners, x, y) {
			return true
		}
	}
	return false
}

// inside reports whether a point lies in a convex quadrilateral.
func inside(c *[4]Point, x, y float32) bool {
	positive, negative := false, false
	for i := range c {
		a, b := c[i], c[(i+1)%4]
		if cross := (b.X-a.X)*(y-a.Y) - (b.Y-a.Y)*(x-a.X); cross > 0 {
			positive = true
		} else {
			negative = true
		}
	}
	return !positive || !negative
}

// add takes a code over, unless the frame has it already.
func (r *Reader) add(f found, where rect, scale float64, inverted bool) {
	s := Symbol{Format: QR, Text: f.text, Inverted: inverted}
	for i, p := range f.corners {
		s.Corners[i] = Point{float32(p.x/scale) + float32(where.x0), float32(p.y/scale) + float32(where.y0)}
	}
	for _, o := range r.symbols {
		if o.Format == s.Format && o.Text == s.Text {
			return
		}
	}
	r.symbols = append(r.symbols, s)
	r.remember(bounds(&s.Corners))
}

func bounds(c *[4]Point) rect {
	b := rect{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}
	for _, p := range c {
		x, y := int(max(-1e6, min(p.X, 1e6))), int(max(-1e6, min(p.Y, 1e6)))
		b = rect{min(b.x0, x), min(b.y0, y), max(b.x1, x+1), max(b.y1, y+1)}
	}
	return b
}

// seen reports whether a code was read at the place in this frame.
func (r *Reader) seen(where rect) bool {
	for i := range r.symbols {
		if r.symbols[i].Format == QR && overlap(bounds(&r.symbols[i].Corners), where) {
			return true
		}
	}
	return false
}

// remember keeps the place, in that of an overlapping or else the oldest one.
func (r *Reader) remember(where rect) {
	oldest := 0
	for i, p := range r.places {
		if p.frame != 0 && overlap(p.where, where) {
			oldest = i
			break
		}
		if p.frame < r.places[oldest].frame {
			oldest = i
		}
	}
	r.places[oldest] = place{where, r.frame}
}

// overlap reports whether two regions share more than half of the smaller one.
func overlap(a, b rect) bool {
	both := rect{max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1)}
	return !both.empty() && 2*both.area() > min(a.area(), b.area())
}
