package passage

// Evidence that a person has to present or do. Documents come first, since they may bring the photograph that the face is
// compared with; then what takes the person's time, one thing after the other; the authority last, when all else is there.
var askOrder = []EvidenceSet{
	1<<EvidenceCredential | 1<<EvidenceCard,
	FaceEvidence,
	1 << EvidenceSpeech,
	1 << EvidenceFinger,
	1 << EvidenceRemote,
}

// documents bring a reference of their own.
const documents = EvidenceSet(1<<EvidenceCredential | 1<<EvidenceCard)

// asked is the evidence that is to be had now: of the first group in askOrder with something open that the policy still
// depends on, everything that it depends on.
func (m *Machine) asked() EvidenceSet {
	e := m.hoped(&m.now)
	return m.askedOf(&e)
}

// hoped is the state of all evidence if reviewers accepted what is doubtful.
func (m *Machine) hoped(a *attempt) Evidences {
	e, doubtful, _ := m.evidencesOf(a)
	e.accept(doubtful)
	return e
}

func (m *Machine) askedOf(e *Evidences) EvidenceSet {
	var open EvidenceSet
	for k := range EvidenceKinds {
		if m.policy.Needs().Has(k) && e[k] == Open && m.pivotal(k, *e) {
			open = open.With(k)
		}
	}
	for _, group := range askOrder {
		if open&group != 0 {
			return open & group
		}
	}
	return 0
}

// pivotal says whether evidence k can still turn the policy: whether some outcome of the other open evidence leaves the
// verdict to it.
func (m *Machine) pivotal(k EvidenceKind, e Evidences) bool {
	var open [EvidenceKinds]EvidenceKind
	n := 0
	for other := range EvidenceKinds {
		if other != k && e[other] == Open {
			open[n] = other
			n++
		}
	}
	strong := proven
	for outcome := range 1 << n {
		for i := range n {
			e[open[i]] = Impossible
			if outcome>>i&1 == 1 {
				e[open[i]] = Satisfied
			}
		}
		with, without := e, e
		with[k], without[k] = Satisfied, Impossible
		if m.policy.Decide(&with, strong) == Satisfied && m.policy.Decide(&without, strong) != Satisfied {
			return true
		}
	}
	return false
}

// awaitsReference says whether a document that may bring a photograph of its own is still to come, so that it means
// nothing yet that the gallery does not know the face.
func (m *Machine) awaitsReference(a *attempt) bool {
	for k := range EvidenceKinds {
		if (m.policy.Needs() & documents).Has(k) && a.others[k].outcome == 0 {
			return a.claim == ""
		}
	}
	return false
}

// requestRemote asks the authority, once, as soon as everything before it is there.
func (m *Machine) requestRemote() {
	a := &m.now
	if m.collecting && !a.remote && m.policy.Needs().Has(EvidenceRemote) && m.asked() == 1<<EvidenceRemote {
		a.remote = true
		m.effects = append(m.effects, Effect{Kind: EffectRemote, Passage: m.openings[forPassage].id, Person: m.subject()})
	}
}
