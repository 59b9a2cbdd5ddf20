package passage

import "time"

// confirmation is the last look at what is on file, made when nothing else stands against a grant any more. The answers
// have to come at once: what was seen on the frame that asked for it still holds then.
type confirmation struct {
	asked  bool
	at     Instant // of the frame that everything else was there
	passed bool    // set while the decision is made again with the answers
}

// confirmWithin bounds the time from the frame to the last answer. Without it the next good frame asks again.
const confirmWithin = 250 * time.Millisecond

// answered reports whether the confirmation has all its answers in time.
func (c *confirmation) answered(now Instant, a *attempt) bool {
	if !c.asked {
		return false
	}
	for i := range a.asked {
		if a.asked[i] != "" && !a.stands[i] {
			return false
		}
	}
	c.asked = false
	return now.Sub(c.at) <= confirmWithin
}

// confirm looks up again what is on file about everybody whom a grant would name, and reports whether the answers are
// there already.
func (m *Machine) confirm(now Instant) bool {
	a := &m.now
	if m.rules.Fresh == 0 || !m.rules.Eligibility.Ask || a.asked[0] == "" || a.confirm.passed {
		return true
	}
	if a.confirm.asked && now.Sub(a.confirm.at) <= confirmWithin {
		return false
	}
	a.confirm = confirmation{asked: true, at: now}
	for i, person := range a.asked {
		if person != "" {
			a.stands[i] = false
			m.lookUp(forPassage, person)
		}
	}
	return false
}

// confirmed decides again with what is on file now.
func (m *Machine) confirmed(now Instant) {
	a := &m.now
	a.confirm.passed = true
	if a.guardian.active {
		m.admitTogether(now)
	} else {
		m.decide(now, true)
	}
	a.confirm.passed = false
}

func (m *Machine) lookUp(cause int, person string) {
	m.effects = append(m.effects, Effect{Kind: EffectLookUp, Passage: m.openings[cause].id, Person: person})
}
