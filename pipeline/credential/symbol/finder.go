package symbol

import "math"

// Limits of the search for finder patterns in one bitmap.
const (
	maxCentres = 96
	maxTriples = 24
)

// centre is a place that looks like a finder pattern: rings of dark, light, dark with the ratio 1:1:3:1:1 across.
type centre struct {
	x, y   float64
	module float64 // pixels a module
	count  int     // rows in which it was seen
}

// finder looks for finder patterns in a bitmap. Its memory is taken once.
type finder struct {
	centres [maxCentres]centre
	n       int
	triples [maxTriples]triple
}

// looksLikeFinder compares five runs with 1:1:3:1:1; each may be off by half a module for each that it should have
// (ISO/IEC 18004, annex on the reference decode algorithm).
func looksLikeFinder(r *[5]int) bool {
	total := r[0] + r[1] + r[2] + r[3] + r[4]
	if total < 7 || r[0] == 0 || r[1] == 0 || r[2] == 0 || r[3] == 0 || r[4] == 0 {
		return false
	}
	// In units of 1/14 of the total, half a module is total.
	near := func(run, modules, tolerance int) bool {
		d := 14*run - 2*modules*total
		return d < tolerance*total && -d < tolerance*total
	}
	return near(r[0], 1, 1) && near(r[1], 1, 1) && near(r[2], 3, 3) && near(r[3], 1, 1) && near(r[4], 1, 1)
}

// find fills centres, looking at every step-th row of bits.
func (f *finder) find(bits plane, step int) {
	f.n = 0
	for y := step / 2; y < bits.height; y += step {
		row := bits.row(y)
		var runs [5]int
		colour := byte(0) // of the run that is counted; a row begins with light
		length := 0
		for x := 0; x <= len(row); x++ {
			if x < len(row) && row[x] == colour {
				length++
				continue
			}
			runs[0], runs[1], runs[2], runs[3], runs[4] = runs[1], runs[2], runs[3], runs[4], length
			if colour == 1 && looksLikeFinder(&runs) {
				f.consider(bits, &runs, x, y)
			}
			if x < len(row) {
				colour, length = row[x], 1
			}
		}
	}
}

// consider checks a hit across: the runs end before column end of row y.
func (f *finder) consider(bits plane, runs *[5]int, end, y int) {
	total := runs[0] + runs[1] + runs[2] + runs[3] + runs[4]
	x := float64(end-runs[4]-runs[3]) - float64(runs[2])/2
	cy, vertical, ok := across(bits, int(x), y, 0, 1, total)
	if !ok {
		return
	}
	dx, horizontal, ok := across(bits, int(x), int(cy), 1, 0, total)
	if !ok {
		return
	}
	if _, _, ok := across(bits, int(dx), int(cy), 1, 1, 0); !ok {
		if _, _, ok := across(bits, int(dx), int(cy), 1, -1, 0); !ok {
			return
		}
	}
	f.add(centre{x: dx, y: cy, module: (vertical + horizontal) / 14, count: 1})
}

// across follows the runs through (x, y) both ways along (dx, dy). It gives the centre in the coordinate that changes
// (x if both do) and the length of all five runs, which must be about wanted if that is not 0.
func across(bits plane, x, y, dx, dy, wanted int) (middle, total float64, ok bool) {
	if x < 0 || y < 0 || x >= bits.width || y >= bits.height || bits.pix[y*bits.stride+x] == 0 {
		return 0, 0, false
	}
	var back, forth [3]int // lengths of the runs from the middle outwards
	walk := func(runs *[3]int, dx, dy int) bool {
		px, py, limit := x, y, max(bits.width, bits.height)
		if wanted > 0 {
			limit = 2 * wanted
		}
		for i, colour := 0, byte(1); i < 3; i, colour = i+1, colour^1 {
			for px >= 0 && py >= 0 && px < bits.width && py < bits.height && bits.pix[py*bits.stride+px] == colour {
				runs[i]++
				px, py = px+dx, py+dy
				if limit--; limit < 0 {
					return false
				}
			}
		}
		return runs[2] > 0
	}
	if !walk(&back, -dx, -dy) || !walk(&forth, dx, dy) {
		return 0, 0, false
	}
	five := [5]int{back[2], back[1], back[0] + forth[0] - 1, forth[1], forth[2]}
	sum := five[0] + five[1] + five[2] + five[3] + five[4]
	if wanted > 0 && (5*sum > 8*wanted || 8*sum < 5*wanted) { // perspective and turning change it by less
		return 0, 0, false
	}
	if wanted == 0 {
		// Along a diagonal the rings are cut at an angle and corners are worn: only the order of sizes counts.
		ok = 2*five[2] > five[0] && 2*five[2] > five[4] && five[2] > five[1] && five[2] > five[3]
	} else {
		ok = looksLikeFinder(&five)
	}
	at := x
	if dx == 0 {
		at = y
	}
	// Pixel at spans at to at+1; back[0] and forth[0] both count it.
	return float64(at) + 0.5 + float64(forth[0]-back[0])/2, float64(sum), ok
}

// add joins hits in the same place.
func (f *finder) add(c centre) {
	for i := range f.centres[:f.n] {
		o := &f.centres[i]
		if math.Abs(o.x-c.x) < 2*o.module && math.Abs(o.y-c.y) < 2*o.module && c.module < 1.6*o.module &&
			o.module < 1.6*c.module {
			n := float64(o.count)
			o.x, o.y, o.module = (o.x*n+c.x)/(n+1), (o.y*n+c.y)/(n+1), (o.module*n+c.module)/(n+1)
			o.count++
			return
		}
	}
	if f.n < maxCentres {
		f.centres[f.n] = c
		f.n++
	}
}

// triple is three centres that may belong to one QR code.
type triple struct {
	topLeft, topRight, bottomLeft centre
	worth                         float64 // the smaller, the more it looks like a code
}

// combine lists what the centres may form, the likeliest first. The slice is valid until the next call.
func (f *finder) combine() []triple {
	n := 0
	list := f.centres[:f.n]
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			if tooDifferent(list[i].module, list[j].module) {
				continue
			}
			for k := j + 1; k < len(list); k++ {
				if tooDifferent(list[i].module, list[k].module) || tooDifferent(list[j].module, list[k].module) {
					continue
				}
				t, ok := order(list[i], list[j], list[k])
				if !ok {
					continue
				}
				// Keep the best ones in order.
				if n == maxTriples && t.worth >= f.triples[n-1].worth {
					continue
				}
				if n < maxTriples {
					n++
				}
				f.triples[n-1] = t
				for m := n - 1; m > 0 && f.triples[m].worth < f.triples[m-1].worth; m-- {
					f.triples[m], f.triples[m-1] = f.triples[m-1], f.triples[m]
				}
			}
		}
	}
	return f.triples[:n]
}

func tooDifferent(a, b float64) bool { return a > 1.8*b || b > 1.8*a }

// order names the corners: the top left one lies opposite the longest side. A code seen from behind comes out mirrored,
// which the decoder tries.
func order(a, b, c centre) (triple, bool) {
	distance := func(p, q centre) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }
	ab, bc, ca := distance(a, b), distance(b, c), distance(c, a)
	switch {
	case ab >= bc && ab >= ca:
		a, c = c, a
		ab, bc = bc, ab
	case ca >= ab && ca >= bc:
		a, b = b, a
		bc, ca = ca, bc
	}
	// Now a is the corner, bc the diagonal. After swapping measure again rather than track the names.
	ab, ca = distance(a, b), distance(a, c)
	module := (a.module + b.module + c.module) / 3
	if (b.x-a.x)*(c.y-a.y)-(b.y-a.y)*(c.x-a.x) < 0 { // rows go down, so right × down is positive
		b, c = c, b
		ab, ca = ca, ab
	}
	// Version 1 has 14 modules between the centres, version 40 has 170. A turned pattern looks up to √2 wider in its
	// rows.
	if least := min(ab, ca); least < 9*module || max(ab, ca) > 240*module {
		return triple{}, false
	}
	legs := max(ab, ca) / min(ab, ca)
	cosine := ((b.x-a.x)*(c.x-a.x) + (b.y-a.y)*(c.y-a.y)) / (ab * ca)
	if legs > 2 || math.Abs(cosine) > 0.6 {
		return triple{}, false
	}
	sizes := max(a.module, b.module, c.module) / min(a.module, b.module, c.module)
	seen := float64(min(a.count, b.count, c.count, 4))
	return triple{a, b, c, (legs - 1) + math.Abs(cosine) + 0.5*(sizes-1) - 0.05*seen}, true
}
