package passage

import (
	"time"

	"umbral/config/policy"
)

// clock is the wall clock as last observed.
type clock struct {
	trust policy.Trust
	wall  int64 // Unix time in microseconds, at the instant
	at    Instant
	// offset is that of the local time zone, in minutes.
	offset int16
}

// Limits that keep sums of wall times within an int64.
const (
	maxWall    = int64(1) << 61        // microseconds
	maxSetWall = int64(1) << 60 / 1000 // milliseconds, as observed
	maxOffset  = int16(18 * 60)        // minutes; no zone is further from Greenwich
)

func (c clock) wallAt(now Instant) int64 { return c.wall + int64(now-c.at)/1000 }

// setClock takes the state of the wall clock.
func (m *Machine) setClock(now Instant, o *Observation) {
	o.Clock.Trust = min(o.Clock.Trust, policy.TrustNTP)
	o.Clock.Wall = max(-maxSetWall, min(o.Clock.Wall, maxSetWall))
	o.Clock.Offset = max(-maxOffset, min(o.Clock.Offset, maxOffset))
	c := clock{o.Clock.Trust, o.Clock.Wall * 1000, now, o.Clock.Offset}
	waiting := m.review.active || m.openings[forPassage].active
	switch {
	case m.collecting:
		m.clock = c
		m.note(now, o)
		m.checkRoom(now)
	case m.rules.Fresh == 0 || !waiting:
		m.clock = c
	case !m.clock.agrees(c):
		// Only what changes something is logged, and goes by, while a log waits for its end.
		m.clock = c
		m.noteMeanwhile(now, o)
	}
}

// noteMeanwhile notes an observation that may change what comes of a review, or of a grant whose entry is on its way.
func (m *Machine) noteMeanwhile(now Instant, o *Observation) {
	review := &m.openings[forReview]
	switch {
	case m.openings[forPassage].active:
		m.noteWaiting(now, forPassage, o)
	case review.active:
		m.noteWaiting(now, forReview, o)
	case m.review.active:
		review.note(now, o)
		if review.log.full() {
			m.reviewed(now, Deny, ReasonRecordFull)
		}
	}
}

// agrees reports whether a later clock says nothing new.
func (c clock) agrees(later clock) bool {
	off := later.wall - c.wallAt(later.at)
	return c.trust == later.trust && c.offset == later.offset && max(off, -off) < int64(time.Second/time.Microsecond)
}
