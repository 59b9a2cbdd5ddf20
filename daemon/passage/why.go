package passage

// referReasons says what a reviewer has to judge.
func (m *Machine) referReasons(doubtful EvidenceSet) []Reason {
	reasons := []Reason{ReasonNeedsReview}
	for k := range EvidenceKinds {
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
func (m *Machine) addDetail(reasons []Reason, k EvidenceKind) []Reason {
	if detail := Reason(m.now.others[k].detail); detail.known() {
		return addReason(reasons, detail)
	}
	return reasons
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
	weak := m.policy.Decide(&e, proven) == Satisfied
	for _, r := range m.denyReasons(&e, doubtful, mismatch) {
		if r != ReasonWeak || weak && m.policy.Decide(&e, m.strength(&e)) != Satisfied {
			reasons = addReason(reasons, r)
		}
	}
	if m.rules.Eligibility.Ask && a.asked[0] != "" && !a.stands[0] {
		reasons = addReason(reasons, ReasonStandingUnknown)
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

// telling is the reason that helps the person most: not that something was refused, but what was wrong with it.
func telling(reasons []Reason) Reason {
	if reasons[0] == ReasonRefused && len(reasons) > 1 {
		return reasons[1]
	}
	return reasons[0]
}
