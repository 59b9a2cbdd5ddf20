package symbol

// What counts as an edge along a line.
const (
	leastSpan  = 40 // in luma, between the darkest and the lightest nearby
	leastSwing = 10 // between a bar and the gap beside it
	swingReach = 3  // segments to each side that are nearby
	leastEdges = 32 // of a bar code of two characters there are 32
)

// edgeFinder finds where a line of samples turns from light to dark and back, in fractions of a pixel. An edge is
// halfway in luma between the extremes on its two sides: a threshold for the whole line would lose narrow bars, which
// blur makes lighter, and narrow gaps.
type edgeFinder struct {
	edges   []float32 // the first from light to dark, then in turn; an even number
	lo, hi  []byte    // of the segments
	swings  []int     // for each segment, what a turn has to exceed
	samples []byte
}

func newEdgeFinder(length int) edgeFinder {
	n := length/gateSegment + 2
	return edgeFinder{edges: make([]float32, 0, length), lo: make([]byte, n), hi: make([]byte, n),
		swings: make([]int, n)}
}

// find replaces the edges by those of the samples. An edge has at least the share-th part of the range nearby.
func (f *edgeFinder) find(samples []byte, share int) {
	f.samples, f.edges = samples, f.edges[:0]
	f.measure(share)
	// The extreme that was passed last, and the one that is being approached.
	last, next, dark := -1, 0, false
	for from := 0; from < len(samples); from += gateSegment {
		segment := from / gateSegment
		swing, extreme := f.swings[segment], int(samples[next])
		if swing > 255 && (dark && int(f.lo[segment]) >= extreme || !dark && int(f.hi[segment]) <= extreme) {
			continue // nothing turns, and nothing goes further
		}
		for i, v := range samples[from:min(from+gateSegment, len(samples))] {
			d := int(v) - extreme
			if !dark {
				d = -d
			}
			switch {
			case d < 0: // further in the direction
				next, extreme = from+i, int(v)
			case d >= swing:
				if last >= 0 && (dark || len(f.edges) > 0) {
					f.edges = append(f.edges, f.between(last, next))
				}
				last, next, extreme, dark = next, from+i, int(v), !dark
			}
		}
	}
	if last >= 0 && (dark || len(f.edges) > 0) && f.differ(last, next) {
		f.edges = append(f.edges, f.between(last, next))
	}
	f.edges = f.edges[:len(f.edges)&^1]
}

// measure finds for each segment by how much the samples must turn.
func (f *edgeFinder) measure(share int) {
	n := (len(f.samples) + gateSegment - 1) / gateSegment
	for i := range n {
		lo, hi := byte(255), byte(0)
		for _, v := range f.samples[i*gateSegment : min((i+1)*gateSegment, len(f.samples))] {
			lo, hi = min(lo, v), max(hi, v)
		}
		f.lo[i], f.hi[i] = lo, hi
	}
	for i := range n {
		lo, hi := byte(255), byte(0)
		for j := max(i-swingReach, 0); j < min(i+swingReach+1, n); j++ {
			lo, hi = min(lo, f.lo[j]), max(hi, f.hi[j])
		}
		span := int(hi) - int(lo)
		if f.swings[i] = max(span/share, leastSwing); span < leastSpan {
			f.swings[i] = 256 // nothing turns here
		}
	}
}

// differ reports whether two samples differ by as much as an edge.
func (f *edgeFinder) differ(i, j int) bool {
	d := int(f.samples[i]) - int(f.samples[j])
	return max(d, -d) >= f.swings[j/gateSegment]
}

// between returns where the luma between two extremes is halfway.
func (f *edgeFinder) between(i, j int) float32 {
	half := float32(int(f.samples[i])+int(f.samples[j])) / 2
	up := f.samples[j] > f.samples[i]
	for k := i + 1; k <= j; k++ {
		a, b := float32(f.samples[k-1]), float32(f.samples[k])
		if up && b >= half || !up && b <= half {
			if a == b {
				return float32(k)
			}
			return float32(k-1) + (half-a)/(b-a)
		}
	}
	return float32(j)
}
