package symbol

// The gate is a cheap look at some rows of a frame: is there anything with the proportions of a finder pattern? Most
// frames of a gate's camera end here.
const (
	gateSegment = 16 // pixels of a row that share a threshold
	gateReach   = 4  // segments on each side that the threshold is taken from
	gatePlaces  = 32 // that hits are gathered in
	gateRows    = 2  // in which one place must be hit
	gateMost    = 3  // every so many rows are looked at; two hit the middle of a pattern of 2 pixels a module
)

type gate struct {
	sums   []int // integral of the segments' mean luma
	lo, hi []byte
	places [gatePlaces]gatePlace
	n      int
}

// gatePlace is a place that rows have hit.
type gatePlace struct{ x, y, size, rows int }

func newGate(maxWidth int) gate {
	n := maxWidth/gateSegment + 2
	return gate{sums: make([]int, n), lo: make([]byte, n), hi: make([]byte, n)}
}

// look reports whether there are two places of like size that look like a finder pattern across and down, each in
// several rows. A code has three, of which glare may hide one.
func (g *gate) look(luma plane) bool {
	g.n = 0
	step := max(1, min(luma.height/200, gateMost)) // small pictures have small modules
	for y := step / 2; y < luma.height; y += step {
		g.row(luma, y)
	}
	for i, p := range g.places[:g.n] {
		for _, o := range g.places[:i] {
			if p.rows >= gateRows && o.rows >= gateRows && 2*p.size > o.size && 2*o.size > p.size {
				return true
			}
		}
	}
	return false
}

// row follows the runs of one row. A run ends when the luma has passed the threshold by a margin, so that noise makes
// none.
func (g *gate) row(luma plane, y int) {
	row := luma.row(y)
	n := segments(row, g.sums, g.lo, g.hi)
	var runs [5]int
	dark, length := false, 0
	for i := range n {
		limit, margin, plain := around(g.sums, g.lo, g.hi, n, i, flat)
		x := i * gateSegment
		if plain {
			if dark {
				runs[0], runs[1], runs[2], runs[3], runs[4] = runs[1], runs[2], runs[3], runs[4], length
				dark, length = false, 0
			}
			length += min(gateSegment, len(row)-x)
			continue
		}
		if dark && int(g.hi[i]) <= limit+margin || !dark && int(g.lo[i]) >= limit-margin {
			length += min(gateSegment, len(row)-x) // nothing turns here
			continue
		}
		for _, v := range row[x:min(x+gateSegment, len(row))] {
			if turns(v, limit, margin, dark) {
				runs[0], runs[1], runs[2], runs[3], runs[4] = runs[1], runs[2], runs[3], runs[4], length
				dark, length = !dark, 0
				if looksLikeFinder(&runs) {
					g.consider(luma, x-runs[4]-runs[3]-(runs[2]+1)/2, y, &runs, byte(limit))
				}
			}
			length++
			x++
		}
	}
}

// segments takes the statistics of a row; sums gets one element more than there are segments.
func segments(row []byte, sums []int, los, his []byte) int {
	n := (len(row) + gateSegment - 1) / gateSegment
	sums[0] = 0
	for i := range n {
		part := row[i*gateSegment : min((i+1)*gateSegment, len(row))]
		sum, lo, hi := 0, byte(255), byte(0)
		for _, v := range part {
			sum, lo, hi = sum+int(v), min(lo, v), max(hi, v)
		}
		sums[i+1] = sums[i] + sum/len(part)
		los[i], his[i] = lo, hi
	}
	return n
}

// around returns the threshold for a segment from its surroundings: their mean, by how much it must be passed, and
// whether they are plain: darkest and lightest differ by less than least. Where the mean of the wider surroundings is
// no value in between for the nearer ones, because something bright or dark is beside, those decide alone.
func around(sums []int, los, his []byte, n, i, least int) (limit, margin int, plain bool) {
	left, right := max(i-gateReach, 0), min(i+gateReach+1, n)
	limit = (sums[right] - sums[left]) / (right - left)
	lo, hi := los[i], his[i]
	if i > 0 {
		lo, hi = min(lo, los[i-1]), max(hi, his[i-1])
	}
	if i+1 < n {
		lo, hi = min(lo, los[i+1]), max(hi, his[i+1])
	}
	span := int(hi) - int(lo)
	if span >= least && (limit < int(lo)+span/8 || limit > int(hi)-span/8) {
		return (int(lo) + int(hi)) / 2, 2 + span/32, false
	}
	for j := left; j < right; j++ {
		lo, hi = min(lo, los[j]), max(hi, his[j])
	}
	span = int(hi) - int(lo)
	return limit, 2 + span/32, span < least
}

func turns(v byte, limit, margin int, dark bool) bool {
	if dark {
		return int(v) > limit+margin
	}
	return int(v) < limit-margin
}

// consider follows the column through the middle of a hit, in the colour that the middle has.
func (g *gate) consider(luma plane, x, y int, runs *[5]int, limit byte) {
	if x < 0 || x >= luma.width {
		return
	}
	total := runs[0] + runs[1] + runs[2] + runs[3] + runs[4]
	colour := luma.pix[y*luma.stride+x] <= limit
	var five [5]int
	for _, d := range [...]int{-1, 1} {
		py, left, want := y, 2*total, colour
		for ring := range 3 {
			for py >= 0 && py < luma.height && (luma.pix[py*luma.stride+x] <= limit) == want {
				five[2+d*ring]++
				py += d
				if left--; left < 0 {
					return
				}
			}
			want = !want
		}
	}
	five[2]-- // the row itself was counted both ways
	sum := five[0] + five[1] + five[2] + five[3] + five[4]
	// The threshold is that of the row, so only the order of sizes counts.
	ring := max(five[0], five[1], five[3], five[4])
	if 5*sum > 9*total || 9*sum < 5*total || min(five[0], five[1], five[3], five[4]) == 0 || 2*five[2] < 3*ring {
		return
	}
	for i := range g.places[:g.n] {
		p := &g.places[i]
		if dx, dy := x-p.x, y-p.y; max(dx, -dx) <= p.size/4+1 && max(dy, -dy) <= p.size && 2*total > p.size &&
			2*p.size > total {
			p.rows++
			return
		}
	}
	if g.n < gatePlaces {
		g.n++
		g.places[g.n-1] = gatePlace{x, y, total, 1}
		return
	}
	// Noise has filled the places: one that the rows have left behind makes room.
	for i := range g.places {
		if p := &g.places[i]; p.rows < gateRows && y-p.y > p.size {
			*p = gatePlace{x, y, total, 1}
			return
		}
	}
}

// region is a part of the frame of at most so many pixels that has the hits and some surroundings; empty without hits.
func (g *gate) region(width, height, pixels int) rect {
	r := rect{width, height, 0, 0}
	for _, p := range g.places[:g.n] {
		if p.rows >= gateRows {
			r = rect{min(r.x0, p.x-p.size), min(r.y0, p.y-p.size), max(r.x1, p.x+p.size), max(r.y1, p.y+p.size)}
		}
	}
	if r.empty() {
		return rect{}
	}
	r = r.around(0.15).clip(width, height)
	for r.area() > pixels { // too large: keep its middle
		w, h := r.x1-r.x0, r.y1-r.y0
		r = rect{r.x0 + w/16 + 1, r.y0 + h/16 + 1, r.x1 - w/16 - 1, r.y1 - h/16 - 1}
	}
	return r
}
