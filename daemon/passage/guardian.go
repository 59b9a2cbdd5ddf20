package passage

// guardian is the part of a passage in which somebody vouches for a minor who has already been recognised. They stand at
// the gate together, so that several people are no reason to refuse.
type guardian struct {
	active    bool
	began     Instant
	track     uint32
	person    string
	matched   int
	unmatched int
	live      vote
}

// awaitGuardian begins the part. The minor's own evidence stands.
func (m *Machine) awaitGuardian(now Instant) {
	m.now.guardian = guardian{active: true, began: now}
	m.now.crowded = false
}

// vouch counts one frame: the tallest face that is not the minor's is the guardian's, as far as it can be used.
func (m *Machine) vouch(now Instant, f *Frame) {
	a := &m.now
	g := &a.guardian
	minors := f.track(a.track)
	if minors == nil {
		return // they are to stand there together
	}
	a.seen = now
	face := a.vouching(f)
	if face == nil || face.Problems != 0 || !face.Match.Known || m.third(f, minors, face) {
		return
	}
	c := &face.Match
	if face.Track != g.track {
		*g = guardian{active: true, began: g.began, track: face.Track}
	}
	minor, _ := m.standingOf(m.subject())
	switch {
	case c.Claimed || c.Score < m.rules.Threshold || c.Score-c.Second < m.rules.Margin || minor == nil || !minor.vouches(c.Person):
		g.unmatched++
		return
	case c.Person != g.person:
		g.person, g.matched, g.live = c.Person, 0, vote{}
	}
	g.matched++
	if face.Live.Known {
		g.live.add(face.Live.Score)
	}
	if g.matched < m.rules.MatchFrames || g.matched <= g.unmatched {
		return
	}
	if m.policy.Needs().Has(EvidenceLive) {
		switch g.live.truth(&m.rules) {
		case Open:
			return
		case Impossible:
			m.finish(now, Deny, ReasonGuardian, ReasonNotLive)
			return
		}
	}
	s, known := m.standingOf(g.person)
	if !known {
		return
	}
	if reasons, minor := m.ineligible(now, s); minor || len(reasons) > 0 {
		m.finish(now, Deny, append([]Reason{ReasonGuardian}, reasons...)...)
		return
	}
	m.grant(now, m.grantReason(), ReasonGuardianPresent)
}

// third says whether somebody beside the minor and the guardian stands near enough to go in with them.
func (m *Machine) third(f *Frame, minor, guardian *Face) bool {
	for i := range f.Count {
		other := &f.Faces[i]
		if other != minor && other != guardian && int64(other.Box.Height())*int64(One) >= int64(m.rules.CrowdRatio)*int64(minor.Box.Height()) {
			return true
		}
	}
	return false
}

// vouching is the face in a frame that may be the guardian's: the tallest near one beside the minor's.
func (a *attempt) vouching(f *Frame) *Face {
	var tallest *Face
	for i := range f.Count {
		face := &f.Faces[i]
		if face.Track != 0 && face.Track != a.track && face.near() && (tallest == nil || face.Box.Height() > tallest.Box.Height()) {
			tallest = face
		}
	}
	return tallest
}
