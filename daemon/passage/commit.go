package passage

import "umbral/config/policy"

// Causes for which the door may open. Each has one opening, so at most one waits for its commit.
const (
	forPassage = iota
	forCommand
	forExit
	forReview
	openingCount
)

// opening is one decision on its way through the journal to the door.
type opening struct {
	entry       string // kind of its journal entries
	id          ID
	began       Instant
	clock       clock // at began
	log         recorder
	command     string // id of the command, for the answer
	interlocked bool   // at began

	active     bool // granted, and waiting for the commit
	token      uint64
	decided    Instant
	deadline   Instant
	watched    [2]watched // what the camera shows meanwhile
	unanswered int        // look-ups meanwhile
}

// open starts an opening under the next ID.
func (m *Machine) open(now Instant, cause int) *opening {
	id := m.next
	m.next.Number++
	return m.openAs(now, cause, id)
}

// openAs starts an opening's log under an ID.
func (m *Machine) openAs(now Instant, cause int, id ID) *opening {
	o := &m.openings[cause]
	o.id, o.began = id, now
	o.clock = clock{m.clock.trust, m.clock.wallAt(now), now, m.clock.offset}
	o.interlocked = m.interlocked
	o.log.reset()
	return o
}

func (o *opening) note(now Instant, obs *Observation) { o.log.add(now-o.began, obs) }

// verdict puts the record of a decision into the effects. A grant then waits for its commit.
func (m *Machine) verdict(now Instant, cause int, v Verdict, reasons []Reason) {
	o := &m.openings[cause]
	r := m.record(now, cause, v, reasons)
	m.commit++
	m.effects = append(m.effects, Effect{
		Kind: EffectJournal, Entry: o.entry, Record: r.encode(), Decision: r, Commit: m.commit,
		Verdict: v, Reasons: r.Reasons, Person: r.Person, Passage: o.id,
	})
	if v == Grant {
		o.active, o.token, o.decided, o.deadline = true, m.commit, now, m.deadline(now, cause)
		o.watched, o.unanswered = [2]watched{}, 0
	}
}

// deadline returns until when a grant has to be committed: what it rests on may be no older than Rules.Fresh at the
// opening.
func (m *Machine) deadline(now Instant, cause int) Instant {
	until, need := now.Add(m.rules.CommitTimeout), m.policy.Needs()
	if m.rules.Fresh == 0 {
		return until
	}
	a, r := &m.now, &m.review
	switch {
	case cause == forReview && r.compare:
		return min(until, r.matched.Add(m.rules.Fresh))
	case cause == forPassage && a.guardian.active:
		return min(until, a.guardian.readied.Add(m.rules.Fresh))
	case cause == forPassage:
		if need.Has(policy.Face) {
			until = min(until, a.agreed.Add(m.rules.Fresh))
		}
		if need.Has(policy.Live) && now.Sub(a.live.alive) <= m.rules.Fresh {
			until = min(until, a.live.alive.Add(m.rules.Fresh))
		}
	}
	return until
}

// committed is the only way to the door.
func (m *Machine) committed(now Instant, token uint64) {
	for cause := range m.openings {
		o := &m.openings[cause]
		if !o.active || o.token != token {
			continue
		}
		if o.unanswered > 0 {
			m.fail(now, cause, &Observation{Kind: ObserveCommitted, Commit: 1}, ReasonStandingUnknown)
			return
		}
		o.active = false
		m.effects = append(m.effects, Effect{Kind: EffectOpenDoor, Passage: o.id, Pulse: m.rules.Pulse})
		m.lock.allow(now.Add(m.rules.Pulse + m.rules.PassGrace))
		switch cause {
		case forPassage:
			m.conclude(now, Grant, "")
		case forCommand:
			m.answer(o.command, Grant, ReasonCommand)
		case forExit:
			m.lock.exitUntil = now.Add(m.rules.Pulse)
		case forReview:
			m.concludeReview(now, Grant, ReasonReviewApproved)
		}
	}
}

func (m *Machine) commitFailed(now Instant, token uint64) {
	for cause := range m.openings {
		if o := &m.openings[cause]; o.active && o.token == token {
			// In the log the passage's first journal effect has the number 1, as it will have in the replay.
			m.fail(now, cause, &Observation{Kind: ObserveCommitFailed, Commit: 1}, ReasonJournal)
		}
	}
}

// fail turns a grant whose entry is on its way to the journal into a denial. Its own record has the same ID: should the
// first one reach the disk after all, the second says that the door did not open.
func (m *Machine) fail(now Instant, cause int, why *Observation, reasons ...Reason) {
	o := &m.openings[cause]
	o.active = false
	o.note(now, why)
	if cause == forPassage {
		m.finish(now, Deny, reasons...)
		return
	}
	m.verdict(now, cause, Deny, reasons)
	if cause == forReview {
		m.concludeReview(now, Deny, reasons[0])
	}
	if cause == forCommand {
		m.answer(o.command, Deny, reasons[0])
	}
}

// command decides a command of the fleet.
func (m *Machine) command(now Instant, obs *Observation) {
	c := &obs.Command
	switch {
	case c.ID == "" || !validName(c.ID) || !validName(c.Key) || !validName(c.Name):
		m.answer(c.ID, Deny, ReasonCommandUnreadable)
		return
	case c.Name != CommandOpen:
		m.answer(c.ID, Deny, ReasonUnknownCommand)
		return
	case m.openings[forCommand].active:
		m.answer(c.ID, Deny, ReasonBusy)
		return
	}
	o := m.open(now, forCommand)
	o.command = c.ID
	o.note(now, obs)
	if m.clock.trust < m.rules.CommandTrust {
		m.verdict(now, forCommand, Deny, []Reason{ReasonClockUntrusted})
		m.answer(c.ID, Deny, ReasonClockUntrusted)
		return
	}
	m.verdict(now, forCommand, Grant, []Reason{ReasonCommand})
}

func (m *Machine) answer(command string, v Verdict, r Reason) {
	m.effects = append(m.effects, Effect{Kind: EffectAnswer, Command: command, Verdict: v, Reasons: []Reason{r}})
}
