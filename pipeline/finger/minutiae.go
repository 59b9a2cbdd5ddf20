package finger

import (
	"cmp"
	"slices"
)

// Kind says how a ridge changes at a minutia. Its values are those of ISO/IEC 19794-2, 7.4.2.
type Kind uint8

const (
	Other       Kind = 0
	Ending      Kind = 1
	Bifurcation Kind = 2
)

// Minutia is a place where a ridge ends or forks.
//
// The direction is that of ISO/IEC 19794-2, 6.4.3: from an ending along its ridge, from a bifurcation along the valley
// between its two branches. So it stays when pressure turns the one into the other.
type Minutia struct {
	X, Y    int16 // pixels at 500 dpi from the upper left corner
	Angle   Angle
	Kind    Kind
	Quality uint8 // 1 to 100; 0 where nobody said it
}

// What is taken for a minutia.
const (
	mostRaw        = 1024 // candidates of one picture
	directionReach = 12   // pixels of ridge that say which way a minutia looks
	shortestBridge = 8    // pixels of ridge between two bifurcations; less is a pore or a blot
	border         = 11   // pixels around a minutia that have to be print
	edgeBorder     = 9    // pixels to the edge of the picture
	nearest        = 7    // pixels between minutiae; nearer ones are noise
)

// locate finds the minutiae on the skeleton.
func (e *Extractor) locate() {
	e.found = e.found[:0]
	for _, spot := range e.spots {
		at := int(spot)
		n := crossings[e.around(at)]
		if n == 2 || n == 0 || len(e.found) == cap(e.found) {
			continue
		}
		x, y := at%e.stride-pad, at/e.stride-pad
		if !e.surrounded(x, y) {
			continue
		}
		m := Minutia{X: int16(x), Y: int16(y), Kind: Ending}
		ok := false
		if n == 1 {
			m.Angle, ok = e.endDirection(at)
		} else {
			m.Kind = Bifurcation
			m.Angle, ok = e.forkDirection(at)
		}
		if !ok {
			continue
		}
		orientation, _ := e.ridgeAt(x, y)
		m.Angle = along(m.Angle, orientation)
		m.Quality = e.qualityAt(x, y)
		e.found = append(e.found, m)
	}
	e.thinOut()
}

// surrounded says that a pixel has print all around it.
func (e *Extractor) surrounded(x, y int) bool {
	if x < edgeBorder || y < edgeBorder || x >= e.width-edgeBorder || y >= e.height-edgeBorder {
		return false
	}
	for a := 0; a < 256; a += 16 {
		dx, dy := int(cosine(Angle(a)))*border>>cosineShift, int(sine(Angle(a)))*border>>cosineShift
		if !e.inside((x+dx)/block, (y+dy)/block) {
			return false
		}
	}
	return true
}

// along turns the direction a that was seen on the skeleton onto the orientation of the ridges, which is steadier: the
// one of its two directions that is nearer. Where they disagree widely, as in a core, the skeleton knows better.
func along(a Angle, orientation uint8) Angle {
	o := Angle(orientation / 2)
	if apart(a, o) > 64 {
		o += 128
	}
	if apart(a, o) > 24 {
		return a
	}
	return o
}

func (e *Extractor) endDirection(at int) (Angle, bool) {
	first, branches := e.next(at, at)
	if branches != 1 {
		return 0, false
	}
	to, length, _ := e.follow(at, first, directionReach)
	return e.heading(at, to), length >= 4
}

// forkDirection is the middle of the two branches with the smallest angle between them. A fork whose branch soon meets
// another fork is none.
func (e *Extractor) forkDirection(at int) (Angle, bool) {
	var branches [4]Angle
	n := 0
	around := e.around(at)
	ring := e.ring()
	for i := range 8 {
		// The first pixel of each group around the fork, or its second one where that shares a side.
		if around>>i&1 == 0 || around>>((i+7)%8)&1 == 1 {
			continue
		}
		first := at + ring[i]
		if i%2 == 1 && around>>((i+1)%8)&1 == 1 {
			first = at + ring[(i+1)%8]
		}
		to, length, why := e.follow(at, first, directionReach)
		if why == atFork && length < shortestBridge && !e.touching(to, at) {
			return 0, false
		}
		if length < 3 && why != atFork {
			return 0, false
		}
		if n < len(branches) {
			branches[n] = e.heading(at, to)
			n++
		}
	}
	if n != 3 {
		return 0, false
	}
	best, narrowest := Angle(0), int32(256)
	for i := range n {
		a, b := branches[i], branches[(i+1)%n]
		if w := apart(a, b); w < narrowest {
			narrowest = w
			best = a + Angle(int8(b-a)/2)
		}
	}
	return best, true
}

// qualityAt is that of the worst block beside a pixel.
func (e *Extractor) qualityAt(x, y int) uint8 {
	b := &e.blocks
	r0, r1, fy := between(y, e.rows)
	c0, c1, fx := between(x, e.cols)
	q := mix(b.quality[r0*e.cols+c0], b.quality[r0*e.cols+c1], b.quality[r1*e.cols+c0], b.quality[r1*e.cols+c1], fx, fy)
	return uint8(min(max(q, 1), 100))
}

// thinOut removes minutiae that are nearer to each other than ridges are, and keeps the best of the rest.
func (e *Extractor) thinOut() {
	drop := e.blocks.marks[:len(e.found)]
	clear(drop)
	for i, a := range e.found {
		for j := i + 1; j < len(e.found); j++ {
			b := e.found[j]
			dx, dy := int32(b.X-a.X), int32(b.Y-a.Y)
			d := dx*dx + dy*dy
			if d < nearest*nearest && apart(a.Angle, b.Angle) > 64 {
				drop[i], drop[j] = 1, 1
			} else if d < nearest*nearest {
				drop[j] = 1 // twice the same
			}
		}
	}
	kept := e.found[:0]
	for i, m := range e.found {
		if drop[i] == 0 {
			kept = append(kept, m)
		}
	}
	e.found = kept
	if len(e.found) > e.opts.MaxMinutiae {
		slices.SortStableFunc(e.found, func(a, b Minutia) int { return cmp.Compare(b.Quality, a.Quality) })
		e.found = e.found[:e.opts.MaxMinutiae]
	}
	slices.SortFunc(e.found, inLines)
}
