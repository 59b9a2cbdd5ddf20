package passage

import "umbral/config/policy"

// referReasons returns what a reviewer has to judge.
func (m *Machine) referReasons(doubtful policy.Set) []Reason {
	reasons := []Reason{ReasonNeedsReview}
	for k := range policy.Kinds {
		if doubtful.Has(k) {
			reasons = m.addDetail(reasons, k)
		}
	}
	if doubtful == 0 {
		reasons = addReason(reasons, ReasonWeak)
	}
	return reasons
}

// addDetail adds what was found wrong with evidence, where there is a reason for it.
func (m *Machine) addDetail(reasons []Reason, k policy.Kind) []Reason {
	if detail := Reason(m.now.others[k].detail); detail.known() {
		return addReason(reasons, detail)
	}
	return reasons
}

func (m *Machine) grantReason() Reason {
	if m.policy.Needs().Has(policy.Face) {
		return ReasonMatched
	}
	return ReasonEvidence
}

func (m *Machine) denyReasons(e *policy.States, doubtful, mismatch policy.Set) []Reason {
	var reasons []Reason
	for k := range policy.Kinds {
		if e[k] != policy.Impossible || !m.policy.Needs().Has(k) {
			continue
		}
		r := ReasonRefused
		switch {
		case k == policy.Face && 2*m.now.ambiguous >= m.now.unmatched:
			r = ReasonAmbiguous
		case k == policy.Face:
			r = ReasonNotEnrolled
		case k == policy.Live:
			r = ReasonNotLive
		case mismatch.Has(k):
			r = ReasonSubjectMismatch
		case doubtful.Has(k):
			r = ReasonNeedsReview
		}
		reasons = addReason(reasons, r)
		if r == ReasonRefused || r == ReasonNeedsReview {
			reasons = m.addDetail(reasons, k)
		}
	}
	if len(reasons) == 0 {
		reasons = addReason(reasons, ReasonWeak)
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
	if a.guardian.active {
		m.finish(now, Deny, ReasonUnderAge, ReasonGuardian, ReasonTimeOut)
		return
	}
	e, doubtful, mismatch := m.evidences()
	weak := m.policy.Decide(&e, proven) == policy.Satisfied
	for _, r := range m.denyReasons(&e, doubtful, mismatch) {
		if r != ReasonWeak || weak && m.policy.Decide(&e, m.fuse(&e).state) != policy.Satisfied {
			reasons = addReason(reasons, r)
		}
	}
	if m.rules.Eligibility.Ask && a.asked[0] != "" && !a.stands[0] {
		reasons = addReason(reasons, ReasonStandingUnknown)
	}
	for k := range policy.Kinds {
		switch {
		case !m.policy.Needs().Has(k) || e[k] != policy.Open:
		case policy.Camera.Has(k):
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

// telling returns the reason that helps the person most: not that something was refused, but what was wrong with it.
func telling(reasons []Reason) Reason {
	if reasons[0] == ReasonRefused && len(reasons) > 1 {
		return reasons[1]
	}
	return reasons[0]
}
