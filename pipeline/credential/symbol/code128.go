package symbol

import (
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

// Bar codes are read along lines across the frame in several directions.
const (
	lineSpacing  = 16 // pixels between parallel lines
	lineAngles   = 12 // directions, 15° apart; a bar code is read up to half of that beside one
	linesAFrame  = 3  // directions in a frame of many
	leastRuns    = 48 // of a bar code of 12 digits there are 55
	maxLineReads = 12 // decodings a direction
	widestRun    = 48 // pixels: four modules of 12
	leastSpan    = 40 // in luma between bars and gaps
	agreeing     = 2  // lines that must give the same text
)

// lineOrder is the order of the directions: horizontal and vertical first, then those farthest from what was looked at.
var lineOrder = [lineAngles]int{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11}

// code128Reader looks for Code 128 along lines.
type code128Reader struct {
	samples []byte
	sharp   []byte
	sums    []int // statistics of the line, as those of the gate's rows
	lo, hi  []byte
	bits    *gozxing.BitArray
	row     oned.RowDecoder
	seen    [4]lineHit
	n       int
	turn    int // which direction comes next
	panics  int
}

// lineHit is a text that a line gave.
type lineHit struct {
	text  string
	count int
	from  Point
	to    Point
}

func newCode128Reader(maxSide int) code128Reader {
	length := int(math.Ceil(float64(maxSide)*math.Sqrt2)) + 2
	n := length/gateSegment + 2
	l := code128Reader{
		samples: make([]byte, length), sharp: make([]byte, length), bits: gozxing.NewBitArray(length),
		sums: make([]int, n), lo: make([]byte, n), hi: make([]byte, n),
	}
	l.row, _ = oned.NewCode128Reader().(oned.RowDecoder)
	return l
}

// read gives the first text that enough lines agree on. It looks in so many directions, beginning where it ended last.
func (l *code128Reader) read(luma plane, directions int) (lineHit, bool) {
	l.n = 0
	w, h := float64(luma.width), float64(luma.height)
	for range directions {
		a := lineOrder[l.turn%lineAngles]
		l.turn++
		budget := maxLineReads
		angle := math.Pi / lineAngles * float64(a)
		dx, dy := math.Cos(angle), math.Sin(angle)
		// Lines are placed along the normal, through the middle of the frame.
		reach := (math.Abs(w*dy) + math.Abs(h*dx)) / 2
		for at := -reach + lineSpacing/2; at < reach; at += lineSpacing {
			x0, y0 := w/2-dy*at, h/2+dx*at
			from, to, ok := clipLine(x0, y0, dx, dy, w, h)
			if !ok || to-from < leastRuns {
				continue
			}
			n := l.sample(luma, x0+dx*from, y0+dy*from, dx, dy, int(to-from))
			if n < leastRuns || !l.threshold(n) {
				continue
			}
			if budget--; budget < 0 {
				break
			}
			if a%(lineAngles/2) != 0 { // pixels next to a slanted line are not good enough for narrow bars
				l.interpolate(luma, x0+dx*from, y0+dy*from, dx, dy, n)
				l.threshold(n)
			}
			text, first, last, ok := l.decode(n)
			if !ok {
				continue
			}
			place := func(t float64) Point { return Point{float32(x0 + dx*(from+t)), float32(y0 + dy*(from+t))} }
			if hit, enough := l.count(lineHit{text, 1, place(first), place(last)}); enough {
				l.turn-- // the next frame begins with what has worked
				return hit, true
			}
		}
	}
	return lineHit{}, false
}

// clipLine gives the part of the line through (x, y) that lies in the frame, as multiples of (dx, dy).
func clipLine(x, y, dx, dy, w, h float64) (from, to float64, ok bool) {
	from, to = math.Inf(-1), math.Inf(1)
	for _, s := range [...]struct{ p, d, size float64 }{{x, dx, w - 1}, {y, dy, h - 1}} {
		if math.Abs(s.d) < 1e-9 {
			if s.p < 0 || s.p > s.size {
				return 0, 0, false
			}
			continue
		}
		a, b := -s.p/s.d, (s.size-s.p)/s.d
		from, to = max(from, min(a, b)), min(to, max(a, b))
	}
	return from, to, from < to
}

// sample fills samples with the luma along the line, a pixel apart.
func (l *code128Reader) sample(luma plane, x, y, dx, dy float64, n int) int {
	n = min(n, len(l.samples))
	for i := range n {
		px, py := int(x+0.5), int(y+0.5)
		px, py = max(0, min(px, luma.width-1)), max(0, min(py, luma.height-1))
		l.samples[i] = luma.pix[py*luma.stride+px]
		x, y = x+dx, y+dy
	}
	return n
}

// interpolate fills samples with the luma on the line, between four pixels.
func (l *code128Reader) interpolate(luma plane, x, y, dx, dy float64, n int) {
	for i := range n {
		px, py := max(0, min(int(x), luma.width-2)), max(0, min(int(y), luma.height-2))
		u, v := int(256*(x-float64(px))), int(256*(y-float64(py)))
		a, b := luma.pix[py*luma.stride+px:][:2], luma.pix[(py+1)*luma.stride+px:][:2]
		top, bottom := int(a[0])*(256-u)+int(a[1])*u, int(b[0])*(256-u)+int(b[1])*u
		l.samples[i] = byte(max(0, min((top*(256-v)+bottom*v)>>16, 255)))
		x, y = x+dx, y+dy
	}
}

// threshold fills bits and says whether the line has as many runs in a row as a bar code, none of them too long.
func (l *code128Reader) threshold(n int) bool {
	s := l.samples[:n]
	// Bars narrower than two pixels are blurred into their neighbours.
	sharp := l.sharp[:n]
	sharp[0], sharp[n-1] = s[0], s[n-1]
	for i := 1; i < n-1; i++ {
		sharp[i] = byte(max(0, min((4*int(s[i])-int(s[i-1])-int(s[i+1]))/2, 255)))
	}
	l.bits.Clear()
	words := l.bits.GetBitArray()
	count := segments(s, l.sums, l.lo, l.hi)
	dark, run, runs, most := false, 0, 0, 0
	for j := range count {
		limit, margin, plain := around(l.sums, l.lo, l.hi, count, j, leastSpan)
		x := j * gateSegment
		if plain {
			dark, runs, run = false, 0, run+gateSegment
			continue
		}
		for _, v := range sharp[x:min(x+gateSegment, n)] {
			if turns(v, limit, 2*margin, dark) { // sharpening makes more of noise too
				if run > widestRun {
					runs = 0
				}
				runs++
				most = max(most, runs)
				dark, run = !dark, 0
			}
			if dark {
				words[x/32] |= 1 << (x % 32)
			}
			run++
			x++
		}
	}
	return most >= leastRuns
}

// decode has gozxing read the line, also backwards. first and last are where on the line the code lies.
func (l *code128Reader) decode(n int) (text string, first, last float64, ok bool) {
	defer func() {
		if recover() != nil {
			l.panics++
			text, ok = "", false
		}
	}()
	row := gozxing.NewBitArray(n)
	copy(row.GetBitArray(), l.bits.GetBitArray())
	for backwards := range 2 {
		if backwards == 1 {
			row.Reverse()
		}
		result, err := l.row.DecodeRow(0, row, nil)
		if err != nil {
			continue
		}
		points := result.GetResultPoints()
		if len(points) >= 2 {
			first, last = points[0].GetX(), points[len(points)-1].GetX()
		}
		if backwards == 1 {
			first, last = float64(n)-first, float64(n)-last
		}
		return result.GetText(), first, last, true
	}
	return "", 0, 0, false
}

// count adds a reading; enough says that its text now has as many as it needs.
func (l *code128Reader) count(h lineHit) (lineHit, bool) {
	for i := range l.seen[:l.n] {
		if l.seen[i].text == h.text {
			l.seen[i].count++
			return l.seen[i], l.seen[i].count >= agreeing
		}
	}
	if l.n < len(l.seen) {
		l.seen[l.n] = h
		l.n++
	}
	return h, false
}

// addBarcode looks for a bar code in the frame.
func (r *Reader) addBarcode(whole plane) {
	directions := linesAFrame
	if r.opts.Attempts == 0 {
		directions, r.code128.turn = lineAngles, 0
	}
	hit, ok := r.code128.read(whole, directions)
	if ok && len(r.symbols) < r.opts.MaxSymbols {
		r.symbols = append(r.symbols, Symbol{Format: Code128, Text: hit.text, Corners: [4]Point{hit.from, hit.to, hit.to, hit.from}})
	}
}
