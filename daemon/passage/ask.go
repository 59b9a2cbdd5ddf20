package passage

import "umbral/config/policy"

// Evidence that a person has to present or do. Documents come first, since they may bring the photograph that the face
// is compared with; then what takes the person's time, one thing after the other; the authority last, when all else is
// there.
var askOrder = []policy.Set{
	1<<policy.Credential | 1<<policy.Card,
	policy.Camera,
	1 << policy.Speech,
	1 << policy.Finger,
	1 << policy.Remote,
}

// documents bring a reference of their own.
const documents = policy.Set(1<<policy.Credential | 1<<policy.Card)

// asked returns the evidence that is to be had now: of the first group in askOrder with something open that the policy
// still depends on, everything that it depends on.
func (m *Machine) asked() policy.Set {
	e := m.hoped(&m.now)
	return m.askedOf(&e)
}

// hoped returns the state of all evidence as if reviewers had accepted what is doubtful.
func (m *Machine) hoped(a *attempt) policy.States {
	e, doubtful, _ := m.evidencesOf(a)
	e.Accept(doubtful)
	return e
}

func (m *Machine) askedOf(e *policy.States) policy.Set {
	var open policy.Set
	for k := range policy.Kinds {
		if m.policy.Needs().Has(k) && e[k] == policy.Open && m.pivotal(k, *e) {
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

// pivotal reports whether evidence k can still turn the policy: whether some outcome of the other open evidence leaves
// the verdict to it.
func (m *Machine) pivotal(k policy.Kind, e policy.States) bool {
	var open [policy.Kinds]policy.Kind
	n := 0
	for other := range policy.Kinds {
		if other != k && e[other] == policy.Open {
			open[n] = other
			n++
		}
	}
	strong := proven
	for outcome := range 1 << n {
		for i := range n {
			e[open[i]] = policy.Impossible
			if outcome>>i&1 == 1 {
				e[open[i]] = policy.Satisfied
			}
		}
		with, without := e, e
		with[k], without[k] = policy.Satisfied, policy.Impossible
		if m.policy.Decide(&with, strong) == policy.Satisfied && m.policy.Decide(&without, strong) != policy.Satisfied {
			return true
		}
	}
	return false
}

// awaitsReference reports whether a document that may bring a photograph of its own is still to come, so that it means
// nothing yet that the gallery does not know the face.
func (m *Machine) awaitsReference(a *attempt) bool {
	for k := range policy.Kinds {
		if (m.policy.Needs() & documents).Has(k) && a.others[k].outcome == 0 {
			return a.claim == ""
		}
	}
	return false
}
