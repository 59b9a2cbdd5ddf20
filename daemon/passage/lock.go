package passage

import (
	"encoding/json"
	"fmt"
)

// lock watches whether the door opens when it may and closes again.
type lock struct {
	state     Door
	allowed   Instant // until when the door may be opened
	exitUntil Instant // end of the pulse for the exit button
	opened    Instant
	alerted   bool // door-forced or door-held-open is in the journal, and door-closed is not yet
	held      bool // door-held-open is in the journal for this opening
}

func (l *lock) allow(until Instant) { l.allowed = max(l.allowed, until) }

// door takes the door's state.
func (m *Machine) door(now Instant, d Door) {
	l := &m.lock
	was := l.state
	l.state = d
	if d.Fault != was.Fault {
		reason := ReasonDoorRecovered
		if d.Fault {
			reason = ReasonDoorFault
		}
		m.alert(now, reason)
	}
	if d.Tamper != was.Tamper {
		reason := ReasonTamperClosed
		if d.Tamper {
			reason = ReasonTamper
		}
		m.alert(now, reason)
	}
	if d.Relay || was.Relay {
		l.allow(now.Add(m.rules.PassGrace))
	}
	switch {
	case d.Contact == ContactOpen && was.Contact != ContactOpen:
		l.opened, l.held = now, false
		if was.Contact == ContactClosed && now > l.allowed {
			l.alerted = true
			m.alert(now, ReasonDoorForced)
			// A contact that chatters is one alert, not hundreds.
			l.allow(now.Add(m.rules.PassGrace))
		}
	case d.Contact == ContactClosed && l.alerted:
		l.alerted = false
		m.alert(now, ReasonDoorClosed)
	}
}

// lockTime says when the door has stood open for too long.
func (m *Machine) lockTime(now Instant) {
	l := &m.lock
	if l.state.Contact == ContactOpen && !l.held && now.Sub(l.opened) >= m.rules.HeldOpen {
		l.held, l.alerted = true, true
		m.alert(now, ReasonDoorHeld)
	}
}

// Alert is the journal's entry for what is no passage: EntryAlert.
type Alert struct {
	Schema int         `json:"schema"`
	Reason Reason      `json:"reason"`
	Clock  RecordClock `json:"clock"`
}

func (m *Machine) alert(now Instant, r Reason) {
	data, err := json.Marshal(Alert{RecordSchema, r, RecordClock{m.clock.trust, m.clock.wallAt(now), m.clock.offset}})
	if err != nil {
		panic(fmt.Sprintf("passage: an alert of plain values cannot be encoded: %v", err))
	}
	m.commit++
	m.effects = append(m.effects, Effect{Kind: EffectJournal, Entry: EntryAlert, Record: data, Commit: m.commit, Reasons: []Reason{r}})
}
