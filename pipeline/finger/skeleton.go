package finger

// Lengths along a skeleton, in pixels: about one ridge period is noise of the thinning, not of the finger.
const (
	longestSpur     = 9
	longestFragment = 14
	widestGap       = 11
	gapTurn         = 24 // 1/256 turns that the ends at a gap may turn away from the line between them
)

// next follows a ridge: the places that continue it from at, coming from the neighbour before (or from at itself at the
// start). Places beside before are passed over, since the line turns no sharper than that.
func (e *Extractor) next(at, before int) (to int, branches int) {
	for _, d := range e.ring() {
		q := at + d
		if e.ridge[q] == 0 || q == before || before != at && e.touching(q, before) {
			continue
		}
		if branches == 0 || e.beside(at, q) && !e.beside(at, to) {
			if branches > 0 && e.touching(q, to) {
				to = q // the same branch, by its nearer pixel
				continue
			}
			if branches == 0 {
				to = q
			}
			branches++
			continue
		}
		if e.touching(q, to) {
			continue
		}
		branches++
	}
	return to, branches
}

// touching says that two places are the same or neighbours; beside, that they share a side.
func (e *Extractor) touching(a, b int) bool {
	dx, dy := e.vector(a, b)
	return abs(dx) <= 1 && abs(dy) <= 1
}

func (e *Extractor) beside(a, b int) bool {
	d := b - a
	return d == 1 || d == -1 || d == e.stride || d == -e.stride
}

// vector is the way from a to b in pixels, y down.
func (e *Extractor) vector(a, b int) (dx, dy int32) {
	return int32(b%e.stride - a%e.stride), int32(b/e.stride - a/e.stride)
}

// follow walks a ridge from start through first for at most steps pixels and returns where it stopped, how many pixels
// it took, and what stopped it.
func (e *Extractor) follow(start, first, steps int) (at, length int, why stop) {
	before, at := start, first
	for length = 1; length < steps; length++ {
		to, branches := e.next(at, before)
		switch {
		case branches == 0:
			return at, length, atEnd
		case branches > 1 || crossings[e.around(at)] > 2:
			return at, length, atFork
		}
		before, at = at, to
	}
	return at, length, onRidge
}

type stop uint8

const (
	onRidge stop = iota
	atEnd
	atFork
)

// clean removes from the skeleton what is no ridge of the finger: spurs, gaps, fragments.
func (e *Extractor) clean() {
	e.cut(longestSpur, 0)
	e.bridge()
	e.cut(longestSpur, longestFragment)
	e.compact()
}

// compact forgets the places that are no longer on the skeleton.
func (e *Extractor) compact() {
	kept := e.spots[:0]
	for _, at := range e.spots {
		if e.ridge[at] == 1 {
			kept = append(kept, at)
		}
	}
	e.spots = kept
}

// isEnd says that a ridge ends at a place of the skeleton.
func (e *Extractor) isEnd(at int) bool { return e.ridge[at] == 1 && crossings[e.around(at)] == 1 }

// cut removes the ends that run into a fork after at most spur pixels, and the lines of at most fragment pixels.
func (e *Extractor) cut(spur, fragment int) {
	for _, spot := range e.spots {
		at := int(spot)
		if e.ridge[at] == 0 {
			continue
		}
		if around := e.around(at); around == 0 {
			e.ridge[at] = 0
			continue
		} else if crossings[around] != 1 {
			continue
		}
		first, branches := e.next(at, at)
		if branches != 1 {
			continue
		}
		_, length, why := e.follow(at, first, max(spur, fragment)+1)
		if why == atFork && length <= spur || why == atEnd && length <= fragment {
			e.erase(at, first, length, why == atEnd)
		}
	}
	e.compact()
}

// erase removes a line from its end on, with its last pixel or without.
func (e *Extractor) erase(start, first, length int, whole bool) {
	before, at := start, first
	e.ridge[start] = 0
	for i := 1; i < length; i++ {
		to, branches := e.next(at, before)
		e.ridge[at] = 0
		if branches != 1 {
			return
		}
		before, at = at, to
	}
	if whole {
		e.ridge[at] = 0
	}
}

// ridgeEnd is a place where a ridge ends and the direction away from it.
type ridgeEnd struct {
	at  int32
	out Angle
}

// bridge closes gaps: two ends that face each other over a short distance, in the line of their ridges, are one ridge
// that was too dry to print.
func (e *Extractor) bridge() {
	ends := e.ends[:0]
	for _, spot := range e.spots {
		if at := int(spot); e.isEnd(at) && len(ends) < cap(ends) {
			if first, branches := e.next(at, at); branches == 1 {
				to, length, _ := e.follow(at, first, 10)
				if length >= 4 {
					ends = append(ends, ridgeEnd{at: spot, out: e.heading(to, at)})
				}
			}
		}
	}
	for i, a := range ends {
		if e.ridge[a.at] == 0 {
			continue
		}
		best, nearest := -1, int32(widestGap*widestGap+1)
		for j, b := range ends[i+1:] {
			dx, dy := e.vector(int(a.at), int(b.at))
			if d := dx*dx + dy*dy; d < nearest && d > 2 {
				line := e.heading(int(a.at), int(b.at))
				if apart(a.out, line) <= gapTurn && apart(b.out, line+128) <= gapTurn {
					best, nearest = i+1+j, d
				}
			}
		}
		if best >= 0 && e.isEnd(int(a.at)) && e.isEnd(int(ends[best].at)) {
			e.draw(int(a.at), int(ends[best].at))
		}
	}
}

// heading is the direction from one place to another.
func (e *Extractor) heading(from, to int) Angle {
	dx, dy := e.vector(from, to)
	return angleOf(direction(-dy, dx))
}

// draw connects two places by a line of the skeleton.
func (e *Extractor) draw(from, to int) {
	dx, dy := e.vector(from, to)
	steps := max(abs(dx), abs(dy))
	for s := int32(1); s < steps; s++ {
		x, y := (2*s*dx+steps*sign(dx))/(2*steps), (2*s*dy+steps*sign(dy))/(2*steps)
		at := from + int(y)*e.stride + int(x)
		if e.ridge[at] == 0 {
			e.ridge[at] = 1
			if len(e.spots) < cap(e.spots) {
				e.spots = append(e.spots, int32(at))
			}
		}
	}
}

func sign(x int32) int32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
