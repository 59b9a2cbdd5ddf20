package finger

import (
	"cmp"
	"slices"
)

// Limits of a comparison.
const (
	seeds      = 48 // pairs of minutiae that are tried as the start of an alignment
	hypotheses = 6  // alignments that are looked at closely
	bends      = 2  // times that the skin is allowed to stretch
	refits     = 3  // times that an alignment is improved

	widest    = 18 // pixels between paired minutiae after the alignment
	widestOf  = 8  // the same near the seed, before the alignment is improved
	stretch   = 12 // distance to the seed, in pixels, that allows one pixel more
	turnLimit = 20 // 1/256 turns between the directions of paired minutiae
)

// Matcher compares templates. Its memory is taken once, so one goroutine at a time may use it.
type Matcher struct {
	similar [MaxMinutiae * MaxMinutiae]int16
	seeds   [seeds]pair
	pairs   [MaxMinutiae]pair
	count   int // of pairs
	options []pair
	takenP  [MaxMinutiae]bool
	takenR  [MaxMinutiae]bool
	moved   [MaxMinutiae]Minutia
	hypo    [hypotheses]hypothesis
	shift   [MaxMinutiae][2]int32 // of the probe's minutiae, in 1/16 pixels
	off     [MaxMinutiae][2]int32 // of each pair
}

// NewMatcher takes the memory of a matcher, about 400 KB.
func NewMatcher() *Matcher { return &Matcher{options: make([]pair, 0, 8*MaxMinutiae)} }

// pair is a minutia of the probe and one of the reference, with how well they fit.
type pair struct {
	probe, ref int16
	fit        int32
}

// pose moves the probe onto the reference: it turns by turn about the probe's point and puts that on the reference's.
type pose struct {
	turn   uint16 // 1/65536 turns, counter-clockwise
	px, py int32  // 1/16 pixels
	rx, ry int32
}

type hypothesis struct {
	pose  pose
	score int32
}

// evidence is what an alignment is judged by.
type evidence struct {
	pairs    int32 // sum of the pairs' fits, × 256
	count    int32 // number of pairs
	probe    int32 // minutiae of the probe where the reference shows print
	ref      int32 // minutiae of the reference where the probe shows print
	ridges   int32 // mean agreement of the ridges' directions, −256 to 256
	overlap  int32 // cells that both show
	likeness int32 // mean of the pairs' surroundings, 0 to 1024
}

// gather finds the alignment that speaks most for one finger, and its score in scoreUnits.
func (m *Matcher) gather(probe, ref *Template) (best evidence, bestScore int32) {
	fields := probe.hasField() && ref.hasField()
	n := m.seed(probe, ref)
	top := m.hypo[:0]
	for _, s := range m.seeds[:n] {
		p, r := probe.Minutiae[s.probe], ref.Minutiae[s.ref]
		h := hypothesis{pose: pose{uint16(r.Angle-p.Angle) << 8, int32(p.X) * 16, int32(p.Y) * 16, int32(r.X) * 16, int32(r.Y) * 16}}
		h.score = m.pair(probe, ref, h.pose, widestOf, stretch)
		if m.count > 2 {
			// One refit makes seeds of the same alignment comparable.
			h.pose = m.refit(probe, ref)
			h.score = m.pair(probe, ref, h.pose, widest, 0)
		}
		top = keep(top, h)
	}
	bestScore = best.weigh(fields)
	for _, h := range top {
		m.pair(probe, ref, h.pose, widest, 0)
		for range refits {
			if m.count < 3 {
				break
			}
			h.pose = m.refit(probe, ref)
			m.pair(probe, ref, h.pose, widest, 0)
		}
		// Skin stretches: once the rigid pose is found, each minutia may follow what its neighbours do.
		for range bends {
			m.bend(probe, ref, h.pose)
			m.pair(probe, ref, h.pose, 12, 0)
		}
		clear(m.shift[:])
		ev := m.judge(probe, ref, h.pose)
		if s := ev.weigh(fields); s > bestScore {
			best, bestScore = ev, s
		}
	}
	return best, bestScore
}

// keep inserts a hypothesis into the best ones, in falling order; of two that are nearly the same only the better stays.
func keep(top []hypothesis, h hypothesis) []hypothesis {
	for i := range top {
		if top[i].pose.near(h.pose) {
			if h.score <= top[i].score {
				return top
			}
			top = append(top[:i], top[i+1:]...)
			break
		}
	}
	at := len(top)
	for at > 0 && top[at-1].score < h.score {
		at--
	}
	switch {
	case at == cap(top):
		return top
	case len(top) < cap(top):
		top = append(top, hypothesis{})
	}
	copy(top[at+1:], top[at:])
	top[at] = h
	return top
}

// near says that two poses put the same point within a few pixels, and turn by about the same angle.
func (p pose) near(q pose) bool {
	x, y := q.apply(p.px, p.py)
	return abs(int32(int16(p.turn-q.turn))) < 3*256 && abs(x-p.rx) < 6*16 && abs(y-p.ry) < 6*16
}

// apply moves a point of the probe, in 1/16 pixels.
func (p pose) apply(x, y int32) (int32, int32) {
	cos, sin := fineCosine(p.turn), fineCosine(p.turn-16384)
	dx, dy := x-p.px, p.py-y // y up
	const half = 1 << (cosineShift - 1)
	return p.rx + (dx*cos-dy*sin+half)>>cosineShift, p.ry - (dx*sin+dy*cos+half)>>cosineShift
}

// fineCosine interpolates the table.
func fineCosine(turn uint16) int32 {
	i, rest := uint8(turn>>8), int32(turn&255)
	return cosines[i] + (cosines[i+1]-cosines[i])*rest>>8
}

// seed finds the pairs of minutiae with the most similar surroundings.
func (m *Matcher) seed(probe, ref *Template) int {
	n, floor := 0, int32(200)
	for i := range probe.Minutiae {
		row := m.similar[i*MaxMinutiae:]
		for j := range ref.Minutiae {
			s := alike(&probe.surroundings[i], &ref.surroundings[j])
			row[j] = int16(s)
			if s <= floor {
				continue
			}
			at := n
			if n < seeds {
				n++
			} else {
				at = seeds - 1
			}
			for at > 0 && m.seeds[at-1].fit < s {
				m.seeds[at] = m.seeds[at-1]
				at--
			}
			m.seeds[at] = pair{int16(i), int16(j), s}
			if n == seeds {
				floor = m.seeds[seeds-1].fit
			}
		}
	}
	return n
}

// pair aligns the probe and pairs each minutia with the nearest free one that looks the same way. The distance may be
// reach pixels, and one more for each stretch pixels from the pose's centre. It returns the sum of the fits.
func (m *Matcher) pair(probe, ref *Template, p pose, reach, stretch int32) int32 {
	m.options = m.options[:0]
	turn := angleOf(p.turn)
	for i, a := range probe.Minutiae {
		x, y := p.apply(int32(a.X)*16, int32(a.Y)*16)
		x, y = x+m.shift[i][0], y+m.shift[i][1]
		limit := reach * 16
		if stretch > 0 {
			dx, dy := int32(a.X)-p.px>>4, int32(a.Y)-p.py>>4
			limit = min(limit+int32(root(int64(dx*dx+dy*dy)))*16/stretch, widest*16)
		}
		m.moved[i] = Minutia{X: int16(x >> 4), Y: int16(y >> 4), Angle: a.Angle + turn}
		low, _ := slices.BinarySearchFunc(ref.Minutiae, int16((y-limit)>>4), func(b Minutia, y int16) int { return cmp.Compare(b.Y, y) })
		for j := low; j < len(ref.Minutiae); j++ {
			b := ref.Minutiae[j]
			dx, dy := int32(b.X)*16-x, int32(b.Y)*16-y
			if dy > limit {
				break
			}
			d2 := dx*dx + dy*dy
			turned := apart(m.moved[i].Angle, b.Angle)
			if d2 > limit*limit || turned > turnLimit || len(m.options) == cap(m.options) {
				continue
			}
			fit := 256 - 256*d2/(4*widest*widest*64) // half is left at the widest distance
			fit = fit * (2*turnLimit*turnLimit - turned*turned) / (2 * turnLimit * turnLimit)
			fit = fit * (1024 + int32(m.similar[i*MaxMinutiae+j])) / 2048
			m.options = append(m.options, pair{int16(i), int16(j), fit})
		}
	}
	slices.SortFunc(m.options, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.fit, a.fit), cmp.Compare(a.probe, b.probe), cmp.Compare(a.ref, b.ref))
	})
	clear(m.takenP[:len(probe.Minutiae)])
	clear(m.takenR[:len(ref.Minutiae)])
	m.count = 0
	var sum int32
	for _, o := range m.options {
		if !m.takenP[o.probe] && !m.takenR[o.ref] {
			m.takenP[o.probe], m.takenR[o.ref] = true, true
			m.pairs[m.count] = o
			m.count++
			sum += o.fit
		}
	}
	return sum
}

// refit finds the pose that brings the pairs nearest to each other in the sense of least squares, heavier where they
// fit better.
func (m *Matcher) refit(probe, ref *Template) pose {
	var weights, px, py, rx, ry int64
	for _, o := range m.pairs[:m.count] {
		a, b, w := probe.Minutiae[o.probe], ref.Minutiae[o.ref], int64(o.fit)+1
		weights += w
		px, py, rx, ry = px+w*int64(a.X), py+w*int64(a.Y), rx+w*int64(b.X), ry+w*int64(b.Y)
	}
	p := pose{px: int32(px * 16 / weights), py: int32(py * 16 / weights), rx: int32(rx * 16 / weights), ry: int32(ry * 16 / weights)}
	var dot, cross int64
	for _, o := range m.pairs[:m.count] {
		a, b, w := probe.Minutiae[o.probe], ref.Minutiae[o.ref], int64(o.fit)+1
		ax, ay := int64(int32(a.X)*16-p.px), -int64(int32(a.Y)*16-p.py)
		bx, by := int64(int32(b.X)*16-p.rx), -int64(int32(b.Y)*16-p.ry)
		dot += w * (ax*bx + ay*by)
		cross += w * (ax*by - ay*bx)
	}
	for dot > 1<<30 || dot < -1<<30 || cross > 1<<30 || cross < -1<<30 {
		dot, cross = dot>>1, cross>>1
	}
	p.turn = direction(int32(cross), int32(dot))
	return p
}

// bend sets for each minutia of the probe how far the pairs around it lie from where the pose puts them: a mean in which
// near pairs count most. A minutia's own pair does not count, so chance pairs get no nearer to each other.
func (m *Matcher) bend(probe, ref *Template, p pose) {
	const near, doubt = 48, 256 // pixels at which a pair counts half; what stands against any shift
	for i := range m.count {
		o := m.pairs[i]
		a, b := probe.Minutiae[o.probe], ref.Minutiae[o.ref]
		x, y := p.apply(int32(a.X)*16, int32(a.Y)*16)
		m.off[i] = [2]int32{int32(b.X)*16 - x, int32(b.Y)*16 - y}
	}
	for i, a := range probe.Minutiae {
		var x, y, weights int32 = 0, 0, doubt
		for k := range m.count {
			o := m.pairs[k]
			if int(o.probe) == i {
				continue
			}
			b := probe.Minutiae[o.probe]
			dx, dy := int32(b.X-a.X), int32(b.Y-a.Y)
			d2 := dx*dx + dy*dy
			if d2 > 16*near*near {
				continue
			}
			w := o.fit * 2 * (near * near) / (near*near + d2*d2/(near*near))
			x, y, weights = x+w*m.off[k][0], y+w*m.off[k][1], weights+w
		}
		m.shift[i] = [2]int32{x / weights, y / weights}
	}
}

// judge collects the evidence of the pairs that were found with a pose.
func (m *Matcher) judge(probe, ref *Template, p pose) evidence {
	ev := evidence{count: int32(m.count)}
	for _, o := range m.pairs[:m.count] {
		ev.pairs += o.fit
		ev.likeness += int32(m.similar[int(o.probe)*MaxMinutiae+int(o.ref)])
	}
	if m.count > 0 {
		ev.likeness /= int32(m.count)
	}
	for i := range probe.Minutiae {
		if ref.print.deep(int32(m.moved[i].X), int32(m.moved[i].Y)) {
			ev.probe++
		}
	}
	back := pose{-p.turn, p.rx, p.ry, p.px, p.py}
	for _, b := range ref.Minutiae {
		x, y := back.apply(int32(b.X)*16, int32(b.Y)*16)
		if probe.print.deep(x>>4, y>>4) {
			ev.ref++
		}
	}
	ev.ridges, ev.overlap = compareFields(probe, ref, p)
	return ev
}

// compareFields compares the directions of the ridges where both prints show them.
func compareFields(probe, ref *Template, p pose) (agreement, cells int32) {
	turn := uint8(p.turn >> 7)
	fields := probe.hasField() && ref.hasField()
	var sum, weights int32
	for r := range int32(probe.print.rows) {
		for c := range int32(probe.print.columns) {
			i := int(r)*probe.print.columns + int(c)
			if !probe.print.cells[i] {
				continue
			}
			x, y := p.apply((c*Cell+Cell/2)*16, (r*Cell+Cell/2)*16)
			if !ref.print.at(x>>4, y>>4) {
				continue
			}
			cells++
			if fields {
				j := int(y>>4)/Cell*ref.Field.Columns + int(x>>4)/Cell
				w := int32(min(probe.Field.Quality[i], ref.Field.Quality[j]))
				sum += w * cosines2[probe.Field.Orientation[i]+turn-ref.Field.Orientation[j]]
				weights += w
			}
		}
	}
	if weights > 0 {
		agreement = sum / weights
	}
	return agreement, cells
}
