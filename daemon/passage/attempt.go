package passage

// attempt is what one passage has established so far.
type attempt struct {
	began   Instant
	track   uint32
	seen    Instant  // the subject's face was last on a frame
	problem Problems // of the subject on that frame

	crowded    bool
	crowdSince Instant
	crowdLast  Instant

	person    string // whom the matching frames agree on
	matched   int
	unmatched int
	ambiguous int // of unmatched: too close to a second person
	switched  bool
	best      Score

	live vote

	others [EvidenceKinds]other
}

type other struct {
	outcome Outcome
	subject string
}

// vote gathers liveness scores of 0 to 1. Its spread is the standard deviation, computed exactly: a passage has fewer than
// 3000 frames (its log is full before), so that n·Σx² stays below 3000²·10¹², within an int64.
type vote struct {
	frames      int
	sum, square int64
	min         Score
}

// add counts one frame. A score outside 0 to 1 counts as 0: what cannot be judged is no sign of life.
func (v *vote) add(s Score) {
	if s < 0 || s > One {
		s = 0
	}
	if v.frames == 0 {
		v.min = s
	}
	v.frames++
	v.sum += int64(s)
	v.square += int64(s) * int64(s)
	v.min = min(v.min, s)
}

// variance is the square of the spread, times the square of the number of frames.
func (v *vote) variance() int64 { return int64(v.frames)*v.square - v.sum*v.sum }

// mean is rounded down.
func (v *vote) mean() Score { return Score(v.sum / max(1, int64(v.frames))) }

// spread is rounded down.
func (v *vote) spread() Score {
	n := int64(max(1, v.frames))
	low, high := int64(0), int64(One)
	for low < high {
		if middle := (low + high + 1) / 2; middle*middle*n*n <= v.variance() {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return Score(low)
}

// truth is the vote's result so far. A minimum that is too low stays so, hence it decides as soon as there are enough
// frames; mean and spread may still come right.
func (v *vote) truth(r *Rules) Truth {
	n := int64(v.frames)
	switch {
	case v.frames < r.LiveFrames:
		return Open
	case v.min < r.LiveMin:
		return Impossible
	case v.sum >= int64(r.LiveThreshold)*n && v.variance() <= int64(r.LiveSpread)*int64(r.LiveSpread)*n*n:
		return Satisfied
	case v.frames >= r.NotLiveFrames:
		return Impossible
	}
	return Open
}

// collect counts the evidence of one frame and says whether the frame counted.
func (m *Machine) collect(now Instant, f *Frame) bool {
	a := &m.now
	subject := f.track(a.track)
	if subject == nil {
		return false
	}
	a.seen, a.problem = now, subject.Problems
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
	if need.Has(EvidenceFace) && !m.match(&subject.Match) {
		return false
	}
	if need.Has(EvidenceLive) && subject.Live.Known {
		a.live.add(subject.Live.Score)
	}
	return true
}

// match counts one comparison and says whether the frame is the person's: only such a frame may speak for their liveness
// or end in a grant.
func (m *Machine) match(c *Match) bool {
	a := &m.now
	if !c.Known {
		return false
	}
	like := c.Person != "" && c.Score >= m.rules.Threshold
	if !like || c.Score-c.Second < m.rules.Margin {
		a.unmatched++
		if like {
			a.ambiguous++
		}
		return false
	}
	if c.Person != a.person {
		// What was seen before belongs to somebody else, or to nobody; only the frames that spoke against a match stay.
		if a.person != "" {
			a.unmatched, a.ambiguous, a.switched = 0, 0, true
			a.others = [EvidenceKinds]other{}
		}
		a.person, a.matched, a.best, a.live = c.Person, 0, c.Score, vote{}
	}
	a.matched++
	a.best = max(a.best, c.Score)
	return true
}

// faceTruth weighs the frames that match against those that do not.
func (a *attempt) faceTruth(r *Rules) Truth {
	switch {
	case a.matched >= r.MatchFrames && a.matched > a.unmatched:
		return Satisfied
	case a.unmatched >= r.NoMatchFrames && a.unmatched >= a.matched:
		return Impossible
	}
	return Open
}

// recognised is the person whose face was established, or "".
func (m *Machine) recognised() string {
	if m.now.faceTruth(&m.rules) == Satisfied {
		return m.now.person
	}
	return ""
}

// evidences is the state of all evidence. doubtful has the kinds that a reviewer could still accept, mismatch those that
// speak of another person.
func (m *Machine) evidences() (e Evidences, doubtful, mismatch EvidenceSet) {
	a := &m.now
	e[EvidenceFace] = a.faceTruth(&m.rules)
	e[EvidenceLive] = a.live.truth(&m.rules)
	subject := a.person
	for k := range a.others {
		o, kind := &a.others[k], EvidenceKind(k)
		if o.outcome == Accepted && o.subject != "" && subject == "" {
			subject = o.subject
		}
		switch {
		case o.outcome == 0:
		case o.outcome == Accepted && o.subject != "" && o.subject != subject:
			e[k] = Impossible
			mismatch = mismatch.With(kind)
		case o.outcome == Accepted:
			e[k] = Satisfied
		case o.outcome == Doubtful:
			e[k] = Impossible
			doubtful = doubtful.With(kind)
		default:
			e[k] = Impossible
		}
	}
	return e, doubtful, mismatch
}

// decide ends the passage when its policy is decided. A grant needs a frame that counted, so that somebody good to see
// stands there alone at that moment.
func (m *Machine) decide(now Instant, counted bool) {
	e, doubtful, mismatch := m.evidences()
	switch m.policy.Decide(&e) {
	case Satisfied:
		if !counted {
			return
		}
		switch {
		case m.clock.trust < m.rules.GrantTrust:
			m.finish(now, Deny, ReasonClockUntrusted)
		case now < m.grantedUntil(m.recognised()):
			m.finish(now, Deny, ReasonLingering)
		default:
			m.finish(now, Grant, m.grantReason())
		}
	case Impossible:
		if m.acceptable(e, doubtful) {
			m.finish(now, Refer, ReasonNeedsReview)
			return
		}
		m.finish(now, Deny, m.denyReasons(&e, doubtful, mismatch)...)
	}
}

// acceptable says whether the policy would be satisfied if a reviewer accepted what is doubtful.
func (m *Machine) acceptable(e Evidences, doubtful EvidenceSet) bool {
	for k := range EvidenceKinds {
		if doubtful.Has(k) {
			e[k] = Satisfied
		}
	}
	return doubtful != 0 && m.policy.Decide(&e) == Satisfied
}

func (m *Machine) grantReason() Reason {
	if m.policy.Needs().Has(EvidenceFace) {
		return ReasonMatched
	}
	return ReasonEvidence
}

func (m *Machine) denyReasons(e *Evidences, doubtful, mismatch EvidenceSet) []Reason {
	var reasons []Reason
	for k := range EvidenceKinds {
		if e[k] != Impossible || !m.policy.Needs().Has(k) {
			continue
		}
		r := ReasonRefused
		switch {
		case k == EvidenceFace && 2*m.now.ambiguous >= m.now.unmatched:
			r = ReasonAmbiguous
		case k == EvidenceFace:
			r = ReasonNotEnrolled
		case k == EvidenceLive:
			r = ReasonNotLive
		case mismatch.Has(k):
			r = ReasonSubjectMismatch
		case doubtful.Has(k):
			r = ReasonNeedsReview
		}
		reasons = addReason(reasons, r)
	}
	return reasons
}

// timeOut denies a passage that took too long, and says what was missing.
func (m *Machine) timeOut(now Instant) {
	a := &m.now
	reasons := []Reason{ReasonTimeOut}
	if a.crowded {
		reasons = addReason(reasons, ReasonSeveralPeople)
	}
	if a.switched {
		reasons = addReason(reasons, ReasonIdentityChanged)
	}
	e, doubtful, mismatch := m.evidences()
	for _, r := range m.denyReasons(&e, doubtful, mismatch) {
		reasons = addReason(reasons, r)
	}
	for k := range EvidenceKinds {
		switch {
		case !m.policy.Needs().Has(k) || e[k] != Open:
		case FaceEvidence.Has(k):
			reasons = addReason(reasons, ReasonLowQuality)
		default:
			reasons = addReason(reasons, ReasonEvidencePending)
		}
	}
	m.finish(now, Deny, reasons...)
}

func addReason(reasons []Reason, r Reason) []Reason {
	for _, have := range reasons {
		if have == r {
			return reasons
		}
	}
	return append(reasons, r)
}

// progress is how much of the evidence from the camera is there, in percent.
func (m *Machine) progress() int {
	a, r := &m.now, &m.rules
	parts, sum := 0, 0
	if m.policy.Needs().Has(EvidenceFace) {
		parts++
		sum += max(min(100, a.matched*100/r.MatchFrames), min(100, a.unmatched*100/r.NoMatchFrames))
	}
	if m.policy.Needs().Has(EvidenceLive) {
		parts++
		sum += min(100, a.live.frames*100/r.LiveFrames)
	}
	if parts == 0 {
		return 0
	}
	return sum / parts
}
