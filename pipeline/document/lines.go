package document

import (
	"math"
	"slices"
)

// The post-processing of a DB text detector (Liao et al., "Real-time Scene Text Detection with Differentiable
// Binarization", AAAI 2020) with the numbers that PP-OCRv4 was published with.
const (
	mapThreshold = 0.3 // a pixel of the map counts as text above this
	boxScore     = 0.6 // mean of the map inside a box that counts
	unclip       = 1.5 // how far the shrunken region that the map shows is enlarged again: area · unclip ÷ perimeter
	leastSide    = 3   // pixels of the map, before enlarging
	maxRuns      = 1 << 15
)

// run is a piece of a row of the map above the threshold.
type run struct {
	y, x0, x1 int32 // x1 excluded
	set       int32 // the run that stands for its connected component; its own index if itself
}

// lineFinder turns the map of a text detector into boxes. Its memory is allocated once.
type lineFinder struct {
	runs []run
}

func newLineFinder() *lineFinder { return &lineFinder{runs: make([]run, 0, maxRuns)} }

// boxes finds at most limit boxes in a map of w × h probabilities, the longest first, in pixels of the map. A map of
// more than maxRuns pieces is noise; what is beyond them is left out.
func (f *lineFinder) boxes(probability []float32, w, h, limit int) []box {
	f.scan(probability, w, h)
	points := map[int32][]Point{}
	for i := range f.runs {
		r := &f.runs[i]
		root := f.root(int32(i))
		x0, x1, y := float64(r.x0), float64(r.x1-1), float64(r.y)
		points[root] = append(points[root], Point{x0, y}, Point{x1, y})
	}
	var found []box
	for _, p := range points {
		b := smallestRectangle(hull(p))
		// The points are centres of pixels; the pixels reach half further.
		if b.width+1 < leastSide || b.height+1 < leastSide {
			continue
		}
		if b.score = meanInside(probability, w, h, &b); b.score < boxScore {
			continue
		}
		d := b.width * b.height * unclip / (2 * (b.width + b.height))
		b.width, b.height = b.width+2*d, b.height+2*d
		found = append(found, b)
	}
	slices.SortFunc(found, func(a, b box) int {
		switch {
		case a.width != b.width:
			return int(math.Copysign(1, b.width-a.width))
		case a.centre.Y != b.centre.Y:
			return int(math.Copysign(1, a.centre.Y-b.centre.Y))
		}
		return int(math.Copysign(1, a.centre.X-b.centre.X))
	})
	return found[:min(len(found), limit)]
}

// scan collects the runs and joins those of neighbouring rows that touch, also by a corner.
func (f *lineFinder) scan(probability []float32, w, h int) {
	f.runs = f.runs[:0]
	above := 0 // the first run of the row above
	for y := range h {
		row := probability[y*w:][:w]
		first := len(f.runs)
		for x := 0; x < w; x++ {
			if !(row[x] > mapThreshold) {
				continue
			}
			from := x
			for x < w && row[x] > mapThreshold {
				x++
			}
			if len(f.runs) == maxRuns {
				return
			}
			i := int32(len(f.runs))
			f.runs = append(f.runs, run{y: int32(y), x0: int32(from), x1: int32(x), set: i})
			for k := above; k < first; k++ {
				if o := &f.runs[k]; o.x0 <= int32(x) && o.x1 >= int32(from) {
					f.join(int32(k), i)
				}
			}
		}
		above = first
	}
}

func (f *lineFinder) root(i int32) int32 {
	for f.runs[i].set != i {
		f.runs[i].set = f.runs[f.runs[i].set].set
		i = f.runs[i].set
	}
	return i
}

func (f *lineFinder) join(a, b int32) {
	a, b = f.root(a), f.root(b)
	f.runs[max(a, b)].set = min(a, b)
}

// meanInside is the mean of the map over the pixels whose centres lie in b.
func meanInside(probability []float32, w, h int, b *box) float64 {
	up := b.along.normal()
	reachX := (math.Abs(b.along.X)*b.width + math.Abs(up.X)*b.height) / 2
	reachY := (math.Abs(b.along.Y)*b.width + math.Abs(up.Y)*b.height) / 2
	sum, n := 0.0, 0
	for y := max(0, int(b.centre.Y-reachY)); y <= min(h-1, int(b.centre.Y+reachY)+1); y++ {
		for x := max(0, int(b.centre.X-reachX)); x <= min(w-1, int(b.centre.X+reachX)+1); x++ {
			d := Point{float64(x), float64(y)}.minus(b.centre)
			if math.Abs(d.dot(b.along)) <= b.width/2+1e-6 && math.Abs(d.dot(up)) <= b.height/2+1e-6 {
				sum += float64(probability[y*w+x])
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
