package passage

import (
	"time"

	"umbral/config/policy"
)

// Wants returns, for each face of a frame that has tracks, boxes and problems but neither Match nor Live yet, what is
// worth computing before the frame is observed: what is not wanted cannot change the verdict.
func (m *Machine) Wants(now Instant, f *Frame) [MaxFaces]Wants {
	var w [MaxFaces]Wants
	now = min(max(now, m.last), maxInstant)
	g := *f
	g.normalise()
	var subject *Face
	switch {
	case m.review.active && !m.reviewOver(now):
		return m.wantsReviewed(now, &g)
	case m.openings[forPassage].active:
		return m.wantsNamed(now, &g, forPassage)
	case m.collecting && m.now.guardian.active && !m.left(now) && !m.tooLong(now):
		return m.wantsGuardian(&g)
	case m.collecting && !m.left(now):
		if a := &m.now; !a.crowded || now.Sub(a.crowdLast) >= m.rules.CrowdClear {
			subject = g.track(a.track)
		}
	case m.shown.active && now < m.shown.until && !m.review.active:
	default: // outside a passage, or at the end of one
		subject = g.front()
		if subject != nil && (!subject.near() || m.isHeld(now, subject.Track) ||
			m.rules.StartFrames > 1 && (m.approach.track != subject.Track || m.approach.frames+1 < m.rules.StartFrames)) {
			subject = nil
		}
	}
	if subject == nil || subject.Problems != 0 || g.rival(subject, m.rules.CrowdRatio) {
		return w
	}
	for i := range g.Count {
		if &g.Faces[i] == subject {
			w[i] = m.wanted(now)
		}
	}
	return w
}

// wanted returns what is worth computing of the subject's face. While the person presents or does something else, a
// look a second is enough to see that it is still the same one.
func (m *Machine) wanted(now Instant) Wants {
	need := m.policy.Needs()
	w := Wants{Match: need.Has(policy.Face), Live: need.Has(policy.Live)}
	if need&^policy.Camera == 0 {
		return w
	}
	a := &m.now
	if !m.collecting {
		a = new(attempt) // this frame may begin a passage
	}
	e := m.hoped(a)
	switch {
	case m.askedOf(&e)&^policy.Camera == 0:
		return w
	case w.Match && a.faceState(&m.rules) == policy.Impossible: // until a document brings a reference
	case w.Match && e[policy.Face] == policy.Open, w.Live && e[policy.Live] == policy.Open:
		return w
	}
	return Wants{Match: w.Match && now.Sub(a.compared) >= lookAgain}
}

// ignoreUnwanted takes out of a frame what was computed although nobody wanted it, so that the verdict is the same
// whatever a terminal computes.
func (m *Machine) ignoreUnwanted(now Instant, f *Frame) {
	if m.policy.Needs()&^policy.Camera == 0 || m.now.guardian.active {
		return
	}
	w := m.wanted(now)
	if subject := f.track(m.now.track); subject != nil {
		if !w.Match {
			subject.Match = Match{}
		}
		if !w.Live {
			subject.Live = Live{}
		}
	}
}

const lookAgain = time.Second

// wantsGuardian returns what is worth computing while somebody is to vouch for a minor: of both faces.
func (m *Machine) wantsGuardian(f *Frame) (w [MaxFaces]Wants) {
	guardian, minor := m.now.vouching(f), f.track(m.now.track)
	need := m.policy.Needs()
	for i := range f.Count {
		switch face := &f.Faces[i]; {
		case face.Problems != 0:
		case face == guardian:
			w[i] = Wants{Match: true, Gallery: true, Live: need.Has(policy.Live)}
		case face == minor && m.rules.Fresh > 0:
			w[i] = Wants{Match: need.Has(policy.Face), Live: need.Has(policy.Live)}
		}
	}
	return w
}
