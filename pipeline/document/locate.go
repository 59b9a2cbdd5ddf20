package document

import (
	"math"
	"slices"
)

// pose is where a card lies in the picture.
type pose struct {
	side    Side
	toImage homography // from mm on the card to pixels
	found   int        // characters of captions that stand where they should
	spread  float64    // how well, in mm
}

// match is an anchor found in a line of text.
type match struct {
	anchor *anchor
	line   int
	points []tie
}

// matches finds anchors in what was read.
func matches(lines []line) []match {
	var all []match
	for i := range anchors {
		a := &anchors[i]
		for k := range lines {
			if points := a.find(&lines[k]); points != nil {
				all = append(all, match{a, k, points})
			}
		}
	}
	return all
}

// find looks for an anchor's characters in a line, in order; short anchors must be complete, of longer ones a quarter may
// be unreadable.
func (a *anchor) find(l *line) []tie {
	need := len(a.chars)
	if need > 3 {
		need = (3*need + 3) / 4
	}
	for start := range l.glyphs {
		var points []tie
		at := start
		for i, c := range a.chars {
			// A character may be missing, or read as another one, or something may stand between two.
			for k := at; k < min(at+2, len(l.glyphs)); k++ {
				if l.glyphs[k].char == c {
					points = append(points, tie{card: a.place(i), picture: l.place(&l.glyphs[k])})
					at = k + 1
					break
				}
			}
		}
		if len(points) >= need {
			return points
		}
	}
	return nil
}

// first guesses the pose from one anchor: its glyphs and the direction of its line.
func (m *match) first(lines []line) (homography, bool) {
	a, b := m.points[0], m.points[len(m.points)-1]
	span := b.card.X - a.card.X
	l := &lines[m.line]
	scale := b.picture.minus(a.picture).dot(l.along) / span
	if !(scale > 0) || math.IsInf(scale, 0) {
		return homography{}, false
	}
	u := l.along.times(scale)
	v := l.along.normal().times(scale)
	origin := a.picture.minus(u.times(a.card.X)).minus(v.times(a.card.Y))
	return affine(origin, u, v), true
}

// locate finds the poses of cards whose captions are among lines, the surest first, at most limit.
func locate(lines []line, limit int) []pose {
	all := matches(lines)
	used := make([]bool, len(all))
	var poses []pose
	for i := range all {
		if used[i] || len(poses) == limit {
			continue
		}
		h, ok := all[i].first(lines)
		if !ok {
			continue
		}
		members := []int{i}
		side := all[i].anchor.side
		for k := range all {
			if k != i && !used[k] && all[k].anchor.side == side && all[k].anchor != all[i].anchor && near(&h, &all[k], &all[i]) {
				members = append(members, k)
			}
		}
		var ties []tie
		found := 0
		for _, k := range members {
			ties = append(ties, all[k].points...)
			found += len(all[k].points)
		}
		// Two characters alone may be anywhere on a poster.
		if found < 4 {
			continue
		}
		h, _ = fit(h, ties)
		if strays := strayTies(&h, side, lines, ties, 0.1); len(strays) > 0 {
			h, _ = fit(h, slices.Concat(ties, strays, rowTies(&h, side, lines)))
			ties = append(ties, strayTies(&h, side, lines, ties, 0.03)...)
		}
		ties = append(ties, rowTies(&h, side, lines)...)
		h, spread := fit(h, ties)
		if !plausible(&h) || spread > 1.5 {
			continue
		}
		for _, k := range members {
			used[k] = true
		}
		poses = append(poses, pose{side: side, toImage: h, found: found, spread: spread})
	}
	slices.SortStableFunc(poses, func(a, b pose) int { return b.found - a.found })
	return poses
}

// near tells whether an anchor stands about where the pose guessed from another one expects it.
func near(h *homography, m, origin *match) bool {
	for _, t := range m.points {
		scale := math.Sqrt(h.area(t.card))
		away := t.card.minus(origin.points[0].card).length()
		if h.apply(t.card).minus(t.picture).length() > scale*(2+0.2*away) {
			return false
		}
	}
	return true
}

// strayTies adds characters of captions that were read alone, or with one character of their caption missing: detectors
// split captions whose characters stand far apart. Without those of the upper rows, how far the card leans would be
// unknown. The nearest glyph counts, if it is nearer to its place than strayReach and reach for each millimetre from the
// middle of those that are known.
func strayTies(h *homography, side Side, lines []line, known []tie, reach float64) []tie {
	const strayReach = 1.5
	var middle Point
	for i := range known {
		middle = middle.plus(known[i].card.times(1 / float64(len(known))))
	}
	var ties []tie
	for i := range anchors {
		a := &anchors[i]
		if a.side != side {
			continue
		}
		for k, char := range a.chars {
			place := a.place(k)
			if slices.ContainsFunc(known, func(t tie) bool { return t.card == place }) {
				continue
			}
			expected := h.apply(place)
			best := math.Sqrt(h.area(place)) * (strayReach + reach*place.minus(middle).length())
			stray := tie{card: place}
			found := false
			for l := range lines {
				for g := range lines[l].glyphs {
					if lines[l].glyphs[g].char != char {
						continue
					}
					at := lines[l].place(&lines[l].glyphs[g])
					if d := at.minus(expected).length(); d < best {
						best, stray.picture, found = d, at, true
					}
				}
			}
			if found {
				ties = append(ties, stray)
			}
		}
	}
	return ties
}

// rows are where lines of text run, by side.
var rows = [2][]float64{
	Front: {rowName, rowSex, rowBirth, rowAddress, rowAddress + addressPitch, rowNumber},
	Back:  {9.9, 19.2, rowAuthority, rowValidity},
}

// isText reports whether a line is likely text of several characters.
func (l *line) isText() bool {
	if l.read {
		return len(l.glyphs) >= 3
	}
	return l.width > 2.5*l.height
}

// rowTies adds the ends of lines of text that run along rows of the card: they fix the perspective where there are no
// captions.
func rowTies(h *homography, side Side, lines []line) []tie {
	back, ok := h.inverse()
	if !ok {
		return nil
	}
	var ties []tie
	for i := range lines {
		l := &lines[i]
		a, b := l.at(-0.45, 0), l.at(0.45, 0)
		ca, cb := back.apply(a), back.apply(b)
		if cb.X-ca.X < 8 || ca.X < 0 || cb.X > CardWidth+4 || math.Abs(cb.Y-ca.Y) > 0.25*(cb.X-ca.X) || !l.isText() {
			continue
		}
		for _, y := range rows[side] {
			if math.Abs(ca.Y-y) < 1.2 && math.Abs(cb.Y-y) < 2.5 {
				ties = append(ties, tie{card: Point{0, y}, picture: a, rowOnly: true}, tie{card: Point{0, y}, picture: b, rowOnly: true})
				break
			}
		}
	}
	return ties
}

// plausible refuses maps that no camera gives: mirrored, far from a card's proportions, or of extreme perspective.
func plausible(h *homography) bool {
	corners := cardCorners(h)
	for _, c := range corners {
		if !c.finite() {
			return false
		}
	}
	for i := range corners {
		a, b, c := corners[i], corners[(i+1)%4], corners[(i+2)%4]
		if b.minus(a).cross(c.minus(b)) <= 0 {
			return false
		}
	}
	top, right := corners[1].minus(corners[0]).length(), corners[2].minus(corners[1]).length()
	low, left := corners[2].minus(corners[3]).length(), corners[3].minus(corners[0]).length()
	ratio := (top + low) / (left + right)
	return ratio > 0.9 && ratio < 2.6 && max(top/low, low/top) < 2 && max(left/right, right/left) < 2
}

// cardCorners are the corners in the picture, clockwise from the upper left of the card.
func cardCorners(h *homography) [4]Point {
	return [4]Point{
		h.apply(Point{0, 0}), h.apply(Point{CardWidth, 0}),
		h.apply(Point{CardWidth, CardHeight}), h.apply(Point{0, CardHeight}),
	}
}

// pixels is the resolution in the middle of the card, in pixels of the picture a millimetre.
func (p *pose) pixels() float64 {
	return math.Sqrt(p.toImage.area(Point{CardWidth / 2, CardHeight / 2}))
}
