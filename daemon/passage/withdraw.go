package passage

import "umbral/config/policy"

// watched is what the camera shows, while a grant's entry is on its way to the journal, of somebody whom the grant
// names.
type watched struct {
	absent int // frames without them since the last with them
	missed int // comparisons in a row that did not show them
}

// namedFace is somebody whom a grant names, as the camera knows them.
type namedFace struct {
	track    uint32
	person   string // empty where the policy compares no face
	claimed  bool   // compared with a document's reference
	guardian bool
}

// namedFaces returns whom the grant of a passage or a review names.
func (m *Machine) namedFaces(cause int) []namedFace {
	compared := m.policy.Needs().Has(policy.Face)
	if cause == forReview {
		r := &m.review
		return append(m.names[:0], namedFace{track: r.track, person: r.person, claimed: r.claimed})
	}
	a := &m.now
	list := append(m.names[:0], namedFace{track: a.track, person: a.person, claimed: a.claim != ""})
	if a.guardian.active {
		list = append(list, namedFace{track: a.guardian.track, person: a.guardian.person, guardian: true})
	}
	if !compared {
		for i := range list {
			list[i].person = ""
		}
	}
	return list
}

// slow reports whether an entry is on its way to the journal for so long that faces are compared again meanwhile.
func (o *opening) slow(now Instant) bool { return now.Sub(o.decided) >= confirmWithin }

// wantsNamed returns what is worth computing while the journal is slow: whether those whom the grant names still stand
// there.
func (m *Machine) wantsNamed(now Instant, f *Frame, cause int) (w [MaxFaces]Wants) {
	if m.rules.Fresh == 0 || !m.openings[cause].slow(now) {
		return w
	}
	for _, n := range m.namedFaces(cause) {
		for i := range f.Count {
			if face := &f.Faces[i]; face == f.track(n.track) && face.Problems == 0 && n.person != "" {
				w[i] = Wants{Match: true, Gallery: n.guardian}
			}
		}
	}
	return w
}

// stay takes a frame while a grant's entry is on its way to the journal. The grant is taken back when somebody whom it
// names is not seen any more, since another head may take the track over, or is somebody else by now.
func (m *Machine) stay(now Instant, cause int, f *Frame) {
	o := &m.openings[cause]
	if m.rules.Fresh == 0 {
		return
	}
	seen, changed, reason := Frame{Sequence: f.Sequence}, false, Reason("")
	for i, n := range m.namedFaces(cause) {
		w := &o.watched[i]
		face := f.track(n.track)
		if face == nil {
			changed = true
			if w.absent++; w.absent > maxAbsent {
				reason = ReasonLeft
			}
			continue
		}
		changed = changed || w.absent > 0
		w.absent = 0
		look := Face{Track: n.track}
		if n.person != "" && face.Match.Known && face.Problems == 0 && o.slow(now) {
			look.Match, changed = face.Match, true
			w.missed++
			if m.same(&look.Match, n.person, n.claimed) {
				w.missed = 0
			}
			if w.missed >= maxMissed {
				reason = m.unlike(&look.Match)
			}
		}
		seen.Add(look)
	}
	noted := Observation{Kind: ObserveFrame, Frame: seen}
	switch {
	case reason != "":
		m.fail(now, cause, &noted, reason)
	case changed:
		m.noteWaiting(now, cause, &noted)
	}
}

// noteWaiting notes an observation made while a grant's entry is on its way to the journal. A log that is full takes
// the grant back: what comes next could not be told any more.
func (m *Machine) noteWaiting(now Instant, cause int, o *Observation) {
	opening := &m.openings[cause]
	if opening.log.full() {
		m.fail(now, cause, o, ReasonRecordFull)
		return
	}
	opening.note(now, o)
}

// against returns what stands by now against a grant whose entry is on its way to the journal.
func (m *Machine) against(now Instant, cause int) []Reason {
	switch {
	case m.rules.Fresh == 0 || cause != forPassage && cause != forReview:
		return nil
	case m.clock.trust < m.rules.GrantTrust:
		return []Reason{ReasonClockUntrusted}
	case m.interlocked:
		return []Reason{ReasonInterlock}
	case !m.rules.Eligibility.Ask:
		return nil
	case cause == forReview:
		return m.againstAlone(now, m.review.person, &m.review.standing)
	}
	person := m.subject()
	s, known := m.standingOf(person)
	switch {
	case person == "" || !known:
		return nil
	case m.now.guardian.active:
		return m.againstBoth(now, s)
	}
	return m.againstAlone(now, person, s)
}

// againstAlone returns what stands against somebody who passes without a guardian.
func (m *Machine) againstAlone(now Instant, person string, s *Standing) []Reason {
	if person == "" {
		return nil
	}
	reasons, guardian := m.ineligible(now, s)
	if guardian {
		reasons = append(reasons, ReasonUnderAge)
	}
	return reasons
}

// againstBoth returns what stands against a minor and the guardian beside them.
func (m *Machine) againstBoth(now Instant, minor *Standing) []Reason {
	guardian := m.now.guardian.person
	if reasons, _ := m.ineligible(now, minor); len(reasons) > 0 {
		return reasons
	}
	s, known := m.standingOf(guardian)
	if !known || !minor.vouches(guardian) {
		return []Reason{ReasonGuardian}
	}
	if reasons, minor := m.ineligible(now, s); minor || len(reasons) > 0 {
		return append([]Reason{ReasonGuardian}, reasons...)
	}
	return nil
}

// change takes that something on file has changed. Whoever may be let in soon is looked up again; the door stays shut
// until the answer is there.
func (m *Machine) change(now Instant) {
	if m.rules.Fresh == 0 || !m.rules.Eligibility.Ask {
		return
	}
	a := &m.now
	switch {
	case m.openings[forPassage].active:
		m.lookUpWaiting(now, forPassage, a.asked[:]...)
	case m.openings[forReview].active:
		m.lookUpWaiting(now, forReview, m.review.person)
	case m.review.active && m.review.person != "":
		m.lookUp(forReview, m.review.person)
	case m.collecting && now.Sub(a.lookedUp) >= lookAgain: // those let in are looked up before they are, in any case
		a.lookedUp = now
		for _, person := range a.asked {
			if person != "" {
				m.lookUp(forPassage, person)
			}
		}
	}
}

// lookUpWaiting looks up again whom a grant names whose entry is on its way to the journal.
func (m *Machine) lookUpWaiting(now Instant, cause int, people ...string) {
	m.noteWaiting(now, cause, &Observation{Kind: ObserveChange})
	o := &m.openings[cause]
	for _, person := range people {
		if o.active && person != "" {
			o.unanswered++
			m.lookUp(cause, person)
		}
	}
}

// answered takes what is on file by now about somebody whom a grant names whose entry is on its way to the journal.
func (m *Machine) answered(now Instant, cause int, s *Standing, o *Observation) {
	opening := &m.openings[cause]
	opening.unanswered = max(0, opening.unanswered-1)
	*s = o.Standing
	if reasons := m.against(now, cause); len(reasons) > 0 {
		m.fail(now, cause, o, reasons...)
		return
	}
	m.noteWaiting(now, cause, o)
}
