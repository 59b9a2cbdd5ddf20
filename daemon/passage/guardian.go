package passage

import "umbral/config/policy"

// guardian is the part of a passage in which somebody vouches for a minor who has already been recognised. They stand
// at the gate together, so that several people are no reason to refuse.
type guardian struct {
	active    bool
	began     Instant
	track     uint32
	person    string
	matched   int
	unmatched int
	live      liveness
	absent    int // frames without anybody who may be the guardian

	minorLive liveness // of the minor since this part began
	missed    int      // comparisons in a row that did not show the minor
	ready     bool     // both are in order, but for what is on file
	readied   Instant  // when they were last
	barred    int      // comparisons of the guardian that fit somebody else who is blocked
}

// forgetMinor drops the proof of life of whoever may no longer stand there.
func (g *guardian) forgetMinor() { g.minorLive, g.missed, g.ready = liveness{}, 0, false }

// awaitGuardian begins the part. The minor's evidence stands, and is looked at again on every frame.
func (m *Machine) awaitGuardian(now Instant) {
	m.now.guardian = guardian{active: true, began: now}
}

// vouch counts one frame: the tallest face that is not the minor's is the guardian's, as far as it can be used. The
// frame that grants shows both, each matched and alive.
func (m *Machine) vouch(now Instant, f *Frame) {
	a := &m.now
	g := &a.guardian
	g.ready = false
	minors := f.track(a.track)
	if minors == nil {
		a.absent++
		return // they are to stand there together
	}
	m.resume(now)
	still := m.stillMinor(now, minors)
	if !m.collecting {
		return
	}
	face := a.vouching(f)
	if face == nil {
		g.absent++
		return
	}
	if face.Problems != 0 || !face.Match.Known || m.third(f, minors, face) {
		return
	}
	if !m.countGuardian(now, face) || !still {
		return
	}
	if m.policy.Needs().Has(policy.Live) {
		switch g.live.state(&m.rules) {
		case policy.Satisfied:
			if m.rules.Fresh > 0 && g.live.alive != now {
				return
			}
		case policy.Open:
			return
		case policy.Impossible:
			m.finish(now, Deny, ReasonGuardian, ReasonNotLive)
			return
		}
	}
	g.ready, g.readied = true, now
	m.admitTogether(now)
}

// countGuardian counts a comparison of the guardian's face and reports whether enough of them fit somebody who may
// vouch.
func (m *Machine) countGuardian(now Instant, face *Face) bool {
	g := &m.now.guardian
	c := &face.Match
	if face.Track != g.track || m.rules.Fresh > 0 && g.absent > maxAbsent {
		*g = guardian{active: true, began: g.began, track: face.Track, minorLive: g.minorLive, missed: g.missed}
	}
	g.absent = 0
	if m.barred(c) {
		if g.barred++; g.barred >= m.rules.MatchFrames {
			m.finish(now, Deny, ReasonGuardian, ReasonBlockedFace)
		}
		return false
	}
	minor, _ := m.standingOf(m.subject())
	switch {
	case c.Claimed || c.Score < m.rules.Threshold || c.Score-c.Second < m.rules.Margin,
		minor == nil || !minor.vouches(c.Person):
		g.unmatched++
		return false
	case c.Person != g.person:
		g.person, g.matched, g.live = c.Person, 0, liveness{}
	}
	g.matched++
	if face.Live.Known {
		g.live.add(now, face.Live.Score, &m.rules)
	}
	return g.matched >= m.rules.MatchFrames && g.matched > g.unmatched
}

// stillMinor reports whether a frame shows the minor who was recognised, alive. Another face in the minor's place ends
// the passage.
func (m *Machine) stillMinor(now Instant, face *Face) bool {
	a := &m.now
	g := &a.guardian
	if m.rules.Fresh == 0 {
		return true
	}
	if m.policy.Needs().Has(policy.Face) {
		switch {
		case face.Problems != 0 || !face.Match.Known:
			return false
		case !m.same(&face.Match, m.subject(), a.claim != ""):
			g.minorLive = liveness{}
			if g.missed++; g.missed >= maxMissed {
				m.finish(now, Deny, m.unlike(&face.Match))
			}
			return false
		}
		g.missed = 0
	}
	if !m.policy.Needs().Has(policy.Live) {
		return true
	}
	if face.Problems != 0 || !face.Live.Known {
		return false
	}
	g.minorLive.add(now, face.Live.Score, &m.rules)
	switch g.minorLive.state(&m.rules) {
	case policy.Impossible:
		m.finish(now, Deny, ReasonNotLive)
		return false
	case policy.Open:
		return false
	}
	return g.minorLive.alive == now
}

// admitTogether lets the minor and the guardian in, if nothing on file stands against either.
func (m *Machine) admitTogether(now Instant) {
	g := &m.now.guardian
	if !g.ready || m.rules.Fresh > 0 && !m.satisfied() {
		return // a document may have been shown again meanwhile, and refused
	}
	minor, known := m.standingOf(m.subject())
	if !known {
		return
	}
	if m.rules.Fresh > 0 {
		if reasons, _ := m.ineligible(now, minor); len(reasons) > 0 {
			m.finish(now, Deny, reasons...)
			return
		}
		if !minor.vouches(g.person) {
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

// third reports whether somebody beside the minor and the guardian stands near enough to go in with them.
func (m *Machine) third(f *Frame, minor, guardian *Face) bool {
	for i := range f.Count {
		other := &f.Faces[i]
		if other != minor && other != guardian && other.beside(minor, m.rules.CrowdRatio) {
			return true
		}
	}
	return false
}

// vouching returns the face in a frame that may be the guardian's: the tallest near one beside the minor's.
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
