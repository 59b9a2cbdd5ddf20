package passage

import (
	"encoding/json"
	"fmt"
	"time"
)

// doorwatch watches whether the door opens when it may and closes again.
type doorwatch struct {
	state     Door
	allowed   Instant // until when the door may be opened
	exited    Instant // when the exit button opened last
	exitUntil Instant // end of its pulse
	opened    Instant
	forced    bool // the door stands open although nothing had released it
	held      bool // the door has stood open for too long
	other     bool // the other door is open, as its contact says
}

func (w *doorwatch) allow(until Instant) { w.allowed = max(w.allowed, until) }

// door takes the door's state.
func (m *Machine) door(now Instant, d Door) {
	w := &m.lock
	was := w.state
	w.state = d
	if d.Fault != was.Fault {
		reason := ReasonDoorRecovered
		if d.Fault {
			reason = ReasonDoorFault
		}
		m.alert(now, InputHardware, reason)
	}
	if d.Tamper != was.Tamper {
		reason := ReasonTamperClosed
		if d.Tamper {
			reason = ReasonTamper
		}
		m.alert(now, InputHousing, reason)
	}
	if d.Relay || was.Relay {
		w.allow(now.Add(m.rules.PassGrace))
	}
	switch {
	case d.Contact == ContactOpen && was.Contact != ContactOpen:
		w.opened = now
		if was.Contact == ContactClosed && now > w.allowed {
			w.forced = true
			m.alert(now, InputContact, ReasonDoorForced)
		}
	case d.Contact == ContactClosed && (w.forced || w.held):
		w.forced, w.held = false, false
		m.alert(now, InputContact, ReasonDoorClosed)
	}
}

// doorTime says when the door has stood open for too long.
func (m *Machine) doorTime(now Instant) {
	w := &m.lock
	if w.state.Contact == ContactOpen && !w.held && now.Sub(w.opened) >= m.rules.HeldOpen {
		w.held = true
		m.alert(now, InputContact, ReasonDoorHeld)
	}
}

// interlock takes the state of the other door's contact. While that chatters the other door counts as open.
func (m *Machine) interlock(now Instant, up bool) {
	if m.lock.other == up {
		return
	}
	m.lock.other = up
	calm := m.within(now, InputInterlock, ReasonInterlockChatters)
	m.setInterlock(now, up || !calm)
}

func (m *Machine) setInterlock(now Instant, up bool) {
	if m.interlocked == up {
		return
	}
	m.interlocked = up
	o := Observation{Kind: ObserveInterlock, Up: up}
	if m.collecting {
		m.note(now, &o)
		m.checkRoom(now)
	}
	switch {
	case m.rules.Fresh > 0:
		m.noteMeanwhile(now, &o)
	case m.review.active && !m.openings[forReview].active:
		m.openings[forReview].note(now, &o)
	}
}

// Alarms is what is wrong at the door and the terminal's inputs now. The journal tells when that began and ended.
type Alarms struct {
	Forced  bool // the door stands open although nothing had released it
	Held    bool // the door has stood open for too long
	Housing bool // the housing is open
	Chatter InputSet
}

func (m *Machine) alarms() (a Alarms) {
	a = Alarms{Forced: m.lock.forced, Held: m.lock.held, Housing: m.lock.state.Tamper}
	for in := range inputCount {
		if m.inputs[in].chatters {
			a.Chatter |= 1 << in
		}
	}
	return a
}

// Alert is the journal's entry for what is no passage: EntryAlert.
type Alert struct {
	Schema int    `json:"schema"`
	Reason Reason `json:"reason"`
	// Count is 0 for a single event. Else its input chattered: so many events were not journalled one by one in the last
	// period, and Reason is that of the latest.
	Count uint32      `json:"count,omitempty"`
	Clock RecordClock `json:"clock"`
}

// alert journals an input's alert unless the input chatters.
func (m *Machine) alert(now Instant, in Input, r Reason) {
	if m.within(now, in, r) {
		m.journalAlert(now, r, 0)
	}
}

func (m *Machine) journalAlert(now Instant, r Reason, count uint32) {
	data, err := json.Marshal(Alert{RecordSchema, r, count, RecordClock{m.clock.trust, m.clock.wallAt(now), m.clock.offset}})
	if err != nil {
		panic(fmt.Sprintf("passage: an alert of plain values cannot be encoded: %v", err))
	}
	m.commit++
	m.effects = append(m.effects, Effect{Kind: EffectJournal, Entry: EntryAlert, Record: data, Commit: m.commit, Reasons: []Reason{r}})
}

// exitSpacing is the least time between two openings by an exit button that chatters: nobody is locked in by it, and it
// does not fill the journal.
const exitSpacing = 15 * time.Second

// exit opens for somebody who leaves. Presses while the door is already released for one are the same press.
func (m *Machine) exit(now Instant) {
	w := &m.lock
	w.allow(now.Add(m.rules.PassGrace))
	calm := m.within(now, InputExit, ReasonExitChatters)
	switch {
	case !m.rules.ExitOpens || m.openings[forExit].active || now < w.exitUntil:
		return
	case !calm && now.Sub(w.exited) < exitSpacing:
		return
	}
	w.exited = now
	o := m.open(now, forExit)
	o.note(now, &Observation{Kind: ObserveExit})
	m.verdict(now, forExit, Grant, []Reason{ReasonExit})
}
