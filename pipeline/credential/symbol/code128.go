package symbol

import "math"

// Bar codes are read along lines across the frame in several directions.
const (
	lineSpacing = 16 // pixels between parallel lines of a frame among many
	fineSpacing = 8  // of a single photograph
	maxReads    = 12 // lines a direction of a frame among many that are read in every pass
	lineAngles  = 12 // directions, 15° apart; a bar code is read up to half of that beside one
	linesAFrame = 3  // directions in a frame of many
	agreeing    = 2  // lines that must give the same text
)

// lineOrder is the order of the directions: horizontal and vertical first, then those farthest from what was looked at.
var lineOrder = [lineAngles]int{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11}

// code128Reader looks for Code 128 along lines.
type code128Reader struct {
	samples []byte
	sharp   []byte
	edges   edgeFinder
	decoder code128Decoder
	patient bool // for a single photograph
	seen    [4]lineHit
	n       int
	turn    int // which direction comes next
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
	return code128Reader{samples: make([]byte, length), sharp: make([]byte, length), edges: newEdgeFinder(length),
		decoder: newCode128Decoder(length)}
}

// read returns the first text that enough lines agree on. It searches the given number of directions, beginning where
// it ended last.
func (l *code128Reader) read(luma plane, directions int) (lineHit, bool) {
	l.n = 0
	for range directions {
		a := lineOrder[l.turn%lineAngles]
		l.turn++
		if hit, ok := l.along(luma, a); ok {
			l.turn-- // the next frame begins with what has worked
			return hit, true
		}
	}
	return lineHit{}, false
}

// along reads parallel lines in one direction. They are placed along the normal, through the middle of the frame.
func (l *code128Reader) along(luma plane, direction int) (lineHit, bool) {
	w, h := float64(luma.width), float64(luma.height)
	dy, dx := math.Sincos(math.Pi / lineAngles * float64(direction))
	reach := (math.Abs(w*dy) + math.Abs(h*dx)) / 2
	spacing, reads := float64(lineSpacing), maxReads
	if l.patient {
		spacing, reads = fineSpacing, math.MaxInt
	}
	for at := -reach + spacing/2; at < reach; at += spacing {
		x0, y0 := w/2-dy*at, h/2+dx*at
		from, to, ok := clipLine(x0, y0, dx, dy, w, h)
		if !ok || to-from < leastEdges {
			continue
		}
		n := min(int(to-from), len(l.samples))
		if direction%(lineAngles/2) == 0 {
			l.sample(luma, x0+dx*from, y0+dy*from, dx, dy, n)
		} else { // pixels next to a slanted line are not good enough for narrow bars
			l.interpolate(luma, x0+dx*from, y0+dy*from, dx, dy, n)
		}
		text, first, last, ok := l.decode(n, &reads)
		if !ok {
			continue
		}
		place := func(t float32) Point {
			return Point{float32(x0 + dx*(from+float64(t))), float32(y0 + dy*(from+float64(t)))}
		}
		if hit, enough := l.count(lineHit{text, 1, place(first), place(last)}); enough {
			return hit, true
		}
	}
	return lineHit{}, false
}

// linePass is a way to find the edges of a line.
type linePass struct {
	sharpen int // distance in samples; 0: as the line is
	share   int // of the luma's range nearby that an edge has to have at least
}

// linePasses are tried in turn. Blur hides narrow bars; sharpening, and small edges, bring them back, and make edges of
// noise and texture, which only large edges leave out.
var linePasses = [...]linePass{{0, 8}, {0, 4}, {1, 8}, {2, 8}, {3, 8}}

// decode reads the line in every pass until one gives a text. A line with enough edges for a code uses up one of the
// reads; when none is left, lines are read in the first pass only.
func (l *code128Reader) decode(n int, reads *int) (text string, first, last float32, ok bool) {
	for _, p := range linePasses {
		line := l.samples[:n]
		if p.sharpen > 0 {
			line = l.sharp[:n]
			sharpenLine(line, l.samples[:n], p.sharpen)
		}
		l.edges.find(line, p.share)
		if text, first, last, ok = l.decoder.decode(l.edges.edges, float32(n)); ok {
			return text, first, last, true
		}
		if p != linePasses[0] {
			continue
		}
		if len(l.edges.edges) < leastEdges || *reads <= 0 {
			break
		}
		*reads--
	}
	return "", 0, 0, false
}

// sharpenLine adds to each sample by how much it differs from those at a distance.
func sharpenLine(to, from []byte, distance int) {
	copy(to, from)
	for i := distance; i < len(from)-distance; i++ {
		to[i] = byte(max(0, min((4*int(from[i])-int(from[i-distance])-int(from[i+distance]))/2, 255)))
	}
}

// clipLine returns the part of the line through (x, y) that lies in the frame, as multiples of (dx, dy).
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
func (l *code128Reader) sample(luma plane, x, y, dx, dy float64, n int) {
	for i := range n {
		px, py := int(x+0.5), int(y+0.5)
		px, py = max(0, min(px, luma.width-1)), max(0, min(py, luma.height-1))
		l.samples[i] = luma.pix[py*luma.stride+px]
		x, y = x+dx, y+dy
	}
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

// count adds a reading; enough reports whether its text now has as many as it needs.
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
	r.code128.patient = r.opts.Attempts == 0
	hit, ok := r.code128.read(whole, directions)
	if ok && len(r.symbols) < r.opts.MaxSymbols {
		r.symbols = append(r.symbols, Symbol{Format: Code128, Text: hit.text,
			Corners: [4]Point{hit.from, hit.to, hit.to, hit.from}})
	}
}
