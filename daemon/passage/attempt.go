package passage

import "umbral/config/policy"

// attempt is what one passage has established so far.
type attempt struct {
	began   Instant
	track   uint32
	seen    Instant  // the subject's face was last on a frame
	problem Problems // of the subject on that frame

	crowded    bool
	crowdSince Instant
	crowdLast  Instant

	person     string // whom the matching frames agree on
	before     string // the person before a gap
	matched    int
	unmatched  int
	ambiguous  int // of unmatched: too close to a second person
	switched   bool
	best       Score
	sum        int64   // of the matched frames' scores
	compared   Instant // when the face was last compared
	agreed     Instant // when it last matched
	references uint32  // the most that were searched
	claim      string  // whose reference a document brought; only comparisons with it count

	live liveness

	// Comparisons while the person spoke: that it was the same one all along.
	stayed  int
	swapped int

	others [policy.Kinds]other
	plain  Instant // the last frame that only showed that the person is there

	asked     [2]string // whose standing was asked for: the subject and the guardian
	standings [2]Standing
	stands    [2]bool
	lookedUp  Instant // when last after a change
	guardian  guardian
	confirm   confirmation

	absent int // frames without the subject since the last with it
	barred int // comparisons that fit somebody else who is blocked
}

type other struct {
	outcome Outcome
	score   Score
	subject string
	detail  string
}

// collect counts the evidence of one frame and reports whether the frame counted.
func (m *Machine) collect(now Instant, f *Frame) bool {
	a := &m.now
	subject := f.track(a.track)
	if subject == nil {
		a.absent++
		return false
	}
	m.resume(now)
	a.problem = subject.Problems
	if f.rival(subject, m.rules.CrowdRatio) {
		if !a.crowded {
			a.crowded, a.crowdSince = true, now
		}
		a.crowdLast = now
	}
	if a.crowded || subject.Problems != 0 {
		return false
	}
	need := m.policy.Needs()
	if need.Has(policy.Face) {
		if subject.Match.Known {
			a.compared = now
		}
		speaking := need.Has(policy.Speech) && subject.Match.Known && m.asked().Has(policy.Speech)
		matched := m.match(now, &subject.Match)
		switch {
		case speaking && matched:
			a.stayed++
		case speaking:
			a.swapped++
		}
		if !matched {
			return false
		}
	}
	if need.Has(policy.Live) && subject.Live.Known {
		a.live.add(now, subject.Live.Score, &m.rules)
	}
	return true
}

// maxAbsent is for how many frames a track may miss its face. After more of them another head may have taken it over,
// so that what the camera established counts no more.
const maxAbsent = 1

// resume notes that the subject's face is on a frame, and begins the camera's evidence again after a gap.
func (m *Machine) resume(now Instant) {
	a := &m.now
	again := m.rules.Fresh > 0 && a.absent > maxAbsent
	a.seen, a.absent = now, 0
	switch {
	case again && a.guardian.active:
		a.guardian.forgetMinor() // every frame compares the minor
	case again:
		if a.person != "" {
			a.before = a.person
		}
		a.person, a.matched, a.best, a.sum, a.live = "", 0, 0, 0, liveness{}
		if !m.policy.Needs().Has(policy.Face) {
			a.others[policy.Speech] = other{} // nothing would tell that somebody else has spoken
		}
	}
}

// barred reports whether a face is that of somebody who is blocked, whatever it was compared with.
func (m *Machine) barred(c *Match) bool {
	return m.rules.Fresh > 0 && c.Barred >= m.rules.Threshold
}

// barredOut reports whether enough comparisons fit somebody who is blocked. It doesn't matter how many do not: a
// blocked person can turn away often enough.
func (a *attempt) barredOut(r *Rules) bool { return a.barred >= r.MatchFrames }

// same reports whether a comparison says that the face is that of a person recognised before, and of nobody who is
// barred.
func (m *Machine) same(c *Match, person string, claimed bool) bool {
	threshold, margin := m.rules.Threshold, m.rules.Margin
	if claimed {
		threshold, margin = m.rules.VerifyThreshold, 0
	}
	return c.Known && person != "" && c.Person == person && c.Claimed == claimed &&
		c.Score >= threshold && c.Score-c.Second >= margin && !m.barred(c)
}

// unlike returns why a comparison does not show the person who was recognised before.
func (m *Machine) unlike(c *Match) Reason {
	if m.barred(c) {
		return ReasonBlockedFace
	}
	return ReasonIdentityChanged
}

// match counts one comparison and reports whether the frame is the person's: only such a frame may speak for their
// liveness or end in a grant.
func (m *Machine) match(now Instant, c *Match) bool {
	a := &m.now
	if !c.Known || c.Claimed != (a.claim != "") || c.Claimed && c.Person != a.claim {
		return false // a comparison from before the document, or with another reference
	}
	threshold, margin := m.rules.Threshold, m.rules.Margin
	if c.Claimed {
		threshold, margin = m.rules.VerifyThreshold, 0
	}
	if m.barred(c) {
		a.barred++
		return false
	}
	like := c.Person != "" && c.Score >= threshold
	if !like || c.Score-c.Second < margin {
		a.unmatched++
		if like {
			a.ambiguous++
		}
		return false
	}
	if c.Person != a.person {
		// What was seen before belongs to somebody else, or to nobody; only the frames that spoke against a match stay.
		if a.person != "" || a.before != "" && a.before != c.Person {
			a.unmatched, a.ambiguous, a.switched = 0, 0, true
			a.others = [policy.Kinds]other{}
			a.stayed, a.swapped = 0, 0
			a.forgetStandings()
		}
		a.person, a.before = c.Person, ""
		a.matched, a.best, a.sum, a.live = 0, c.Score, 0, liveness{}
	}
	a.matched++
	a.agreed = now
	a.best = max(a.best, c.Score)
	a.sum += int64(c.Score)
	a.references = max(a.references, c.References)
	return true
}

// faceState returns the state of the face: the frames that match against those that do not.
func (a *attempt) faceState(r *Rules) policy.State {
	switch {
	case a.matched >= r.MatchFrames && a.matched > a.unmatched:
		return policy.Satisfied
	case a.unmatched >= r.NoMatchFrames && a.unmatched >= a.matched:
		return policy.Impossible
	}
	return policy.Open
}

// recognised returns the person whose face was established, or "".
func (m *Machine) recognised() string {
	if m.now.faceState(&m.rules) == policy.Satisfied {
		return m.now.person
	}
	return ""
}

// subject returns whom the passage is about: whoever was recognised, or whom the first accepted evidence names where
// the policy needs no face, or is satisfied without it; empty while nobody is known.
func (m *Machine) subject() string {
	if person := m.recognised(); person != "" {
		return person
	}
	named := m.named()
	if named == "" || !m.policy.Needs().Has(policy.Face) {
		return named
	}
	if m.satisfied() {
		return named
	}
	return ""
}

// named returns whom the first accepted evidence names, or "".
func (m *Machine) named() string {
	for k := range m.now.others {
		if o := &m.now.others[k]; o.outcome == Accepted && o.subject != "" {
			return o.subject
		}
	}
	return ""
}

// takeReference compares the face with a document's reference from now on. What was counted before was another
// comparison, also where an earlier document has brought a reference of the same subject: now both have to match.
func (m *Machine) takeReference(subject string) {
	a := &m.now
	if m.rules.Fresh > 0 {
		// What names nobody was done by whoever stood there before the document was.
		for k := range a.others {
			if o := &a.others[k]; o.subject == "" && !documents.Has(policy.Kind(k)) {
				*o = other{}
			}
		}
	}
	a.claim = subject
	a.person, a.before = "", ""
	a.matched, a.unmatched, a.ambiguous, a.best, a.sum, a.references = 0, 0, 0, 0, 0, 0
	a.live = liveness{}
	a.stayed, a.swapped = 0, 0
}

// sameAllAlong reports whether whoever spoke was the person of the passage: of the comparisons meanwhile, one a second,
// at least one was made and at most a quarter missed. Somebody who holds up a picture and speaks in its place is
// another face.
func (a *attempt) sameAllAlong() bool { return a.stayed > 0 && 3*a.swapped <= a.stayed }

// evidences returns the state of all evidence. doubtful has the kinds that a reviewer could still accept, mismatch
// those that speak of another person.
func (m *Machine) evidences() (e policy.States, doubtful, mismatch policy.Set) {
	return m.evidencesOf(&m.now)
}

func (m *Machine) evidencesOf(a *attempt) (e policy.States, doubtful, mismatch policy.Set) {
	e[policy.Face] = a.faceState(&m.rules)
	e[policy.Live] = a.live.state(&m.rules)
	if e[policy.Face] == policy.Impossible && m.awaitsReference(a) {
		e[policy.Face] = policy.Open
	}
	subject := a.person
	for k := range a.others {
		o, kind := &a.others[k], policy.Kind(k)
		if o.outcome == Accepted && o.subject != "" && subject == "" {
			subject = o.subject
		}
		switch {
		case o.outcome == 0:
		case o.outcome == Accepted && o.subject != "" && o.subject != subject:
			e[k] = policy.Impossible
			mismatch = mismatch.With(kind)
		case o.outcome == Accepted:
			e[k] = policy.Satisfied
		case o.outcome == Doubtful, o.outcome == Refused && m.rules.Review.Failures.Has(kind):
			e[k] = policy.Impossible
			doubtful = doubtful.With(kind)
		default:
			e[k] = policy.Impossible
		}
	}
	return e, doubtful, mismatch
}

// decide ends the passage when its policy is decided. A grant needs a frame that counted, so that somebody good to see
// stands there alone at that moment.
func (m *Machine) decide(now Instant, counted bool) {
	e, doubtful, mismatch := m.evidences()
	fusion := m.fuse(&e)
	switch m.policy.Decide(&e, fusion.state) {
	case policy.Satisfied:
		if counted && m.aliveNow(now, &e, &fusion) && m.allowed(now) {
			m.grant(now, m.grantReason())
		}
	case policy.Impossible:
		switch m.hope(e, doubtful) {
		case policy.Satisfied:
			if m.referable(now) {
				m.finish(now, Refer, m.referReasons(doubtful)...)
			}
		case policy.Impossible:
			m.finish(now, Deny, m.denyReasons(&e, doubtful, mismatch)...)
		}
	}
}

// satisfied reports whether the policy is satisfied.
func (m *Machine) satisfied() bool {
	e, _, _ := m.evidences()
	return m.policy.Decide(&e, m.fuse(&e).state) == policy.Satisfied
}

// aliveNow reports whether the subject has looked alive a moment ago, as far as the policy is satisfied by that. The
// journal has the rest of Rules.Fresh for the entry.
func (m *Machine) aliveNow(now Instant, e *policy.States, fusion *Fusion) bool {
	if m.rules.Fresh == 0 || e[policy.Live] != policy.Satisfied || now.Sub(m.now.live.alive) <= m.rules.Fresh/2 {
		return true
	}
	without := *e
	without[policy.Live] = policy.Open
	return m.policy.Decide(&without, fusion.state) == policy.Satisfied
}

// allowed reports whether the person of a satisfied policy may pass. Where what is on file decides that and is not
// known yet, it has asked for it; where it stands against the person, the passage has ended.
func (m *Machine) allowed(now Instant) bool {
	person := m.subject()
	if !m.rules.Eligibility.Ask || person == "" {
		return true
	}
	s, known := m.standingOf(person)
	if !known {
		return false
	}
	reasons, guardian := m.ineligible(now, s)
	switch {
	case len(reasons) > 0:
		m.finish(now, Deny, reasons...)
		return false
	case guardian:
		m.awaitGuardian(now)
		return false
	}
	return true
}

// grant ends the passage with a grant, unless something beside the person's evidence stands against it.
func (m *Machine) grant(now Instant, reasons ...Reason) {
	switch {
	case m.clock.trust < m.rules.GrantTrust:
		m.finish(now, Deny, ReasonClockUntrusted)
	case now < m.grantedUntil(m.subject()):
		m.finish(now, Deny, ReasonLingering)
	case m.interlocked:
		m.finish(now, Deny, ReasonInterlock)
	case m.confirm(now):
		m.finish(now, Grant, reasons...)
	}
}

// hope returns what would become of the policy if reviewers accepted what is doubtful. While it is open the passage
// goes on: they are asked when everything else is there.
func (m *Machine) hope(e policy.States, doubtful policy.Set) policy.State {
	e.Accept(doubtful)
	if doubtful != 0 && e[policy.Remote] == policy.Open {
		e.Accept(1 << policy.Remote) // an authority that was to be asked after it: the reviewer is in its place
	}
	fusion := m.fuse(&e)
	t := m.policy.Decide(&e, fusion.state)
	if t == policy.Impossible && fusion.Final && m.rules.Review.on() {
		return m.policy.Decide(&e, proven) // comparisons that are too weak are a doubt, too
	}
	return t
}

// referable reports whether reviewers may be asked: what is on file against the person, and the clock, are not theirs
// to overrule, and nobody far away sees that a guardian is there.
func (m *Machine) referable(now Instant) bool {
	person := m.subject()
	switch {
	case m.clock.trust < m.rules.GrantTrust:
		m.finish(now, Deny, ReasonClockUntrusted)
		return false
	case now < m.grantedUntil(person):
		m.finish(now, Deny, ReasonLingering)
		return false
	case !m.rules.Eligibility.Ask || person == "":
		return true
	}
	s, known := m.standingOf(person)
	if !known {
		return false
	}
	reasons, guardian := m.ineligible(now, s)
	if guardian {
		reasons = append(reasons, ReasonUnderAge)
	}
	if len(reasons) > 0 {
		m.finish(now, Deny, reasons...)
		return false
	}
	return true
}

// progress returns how much of the evidence from the camera is there, in percent.
func (m *Machine) progress() int {
	a, r := &m.now, &m.rules
	parts, sum := 0, 0
	if m.policy.Needs().Has(policy.Face) {
		parts++
		sum += max(min(100, a.matched*100/r.MatchFrames), min(100, a.unmatched*100/r.NoMatchFrames))
	}
	if m.policy.Needs().Has(policy.Live) {
		parts++
		sum += min(100, a.live.frames*100/r.LiveFrames)
	}
	if parts == 0 {
		return 0
	}
	return sum / parts
}
