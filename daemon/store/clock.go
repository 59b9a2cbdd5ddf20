package store

import (
	"fmt"
	"time"
)

// The words of Opts.Clock for how far the clock is trusted, least first. Any other word counts as TrustUnknown.
const (
	TrustUnknown = "unknown" // nothing vouches for the clock
	TrustRTC     = "rtc"     // a battery kept it going since it was set
	TrustBroker  = "broker"  // the operator's broker vouches for it
	TrustNTP     = "ntp"     // a time server vouches for it
)

// trust is the rank of a word.
type trust uint8

const (
	trustUnknown trust = iota
	trustRTC
	trustBroker
	trustNTP
	trusts
)

var trustWords = [trusts]string{TrustUnknown, TrustRTC, TrustBroker, TrustNTP}

func (t trust) String() string { return trustWords[min(t, trusts-1)] }

func trustOf(word string) trust {
	for t, w := range trustWords {
		if w == word {
			return trust(t)
		}
	}
	return trustUnknown
}

// reading is what the clock told, in nanoseconds since 1970, and how far it was trusted.
type reading struct {
	at    int64
	trust trust
	word  string // the clock's own word for trust
}

// marks are the latest instants that the clock told with each trust, 0 for none. A mark is raised only by a clock of
// the same trust, and lowered only by one of more.
type marks [trusts]int64

// last returns the latest instant that was told with at least the trust t.
func (m *marks) last(t trust) int64 {
	at := int64(0)
	for _, mark := range m[t:] {
		at = max(at, mark)
	}
	return at
}

func (m *marks) raise(r reading) { m[r.trust] = max(m[r.trust], r.at) }

// clockSlack is how far a mark may lie ahead of a better clock before that corrects it: clocks that agree differ a
// little.
const clockSlack = int64(time.Second)

// read asks the clock. A battery clock that is further ahead of the last trusted instant than ahead was more likely set
// wrong than left alone for so long, and counts as unknown.
func (m *marks) read(clock func() (time.Time, string), ahead time.Duration) (reading, error) {
	wall, word := clock()
	if n := len(word); n == 0 || n > MaxClock {
		return reading{}, fmt.Errorf("store: %w: clock trust %q, limit 1 to %d bytes", ErrInvalid, word, MaxClock)
	}
	r := reading{nanoseconds(wall), trustOf(word), word}
	if last := m.last(trustRTC); r.trust == trustRTC && last > 0 && r.at-last > int64(ahead) {
		r.trust, r.word = trustUnknown, TrustUnknown
	}
	return r, nil
}

// KindClock is the kind of entry that records the correction of a mark: Correction as JSON.
const KindClock = "clock"

// Correction is the payload of KindClock. The clock had told a later instant with less trust; from this entry on, the
// better clock counts.
type Correction struct {
	Was      time.Time `json:"was,omitzero"` // the latest instant withdrawn; zero where only Codes and Commands move
	WasTrust string    `json:"was_trust,omitempty"`
	Now      time.Time `json:"now"`
	Trust    string    `json:"trust"`
	// Codes and Commands that expire before these instants are refused, because the terminal may have forgotten that
	// they were used. Zero where none is.
	Codes    time.Time `json:"codes,omitzero"`
	Commands time.Time `json:"commands,omitzero"`
}

// told reads the clock for a change, and first corrects and journals what an earlier, less trusted clock left.
func (c *change) told() (reading, error) {
	l := &c.next.ledger
	r, err := l.Marks.read(c.s.clock, c.s.opts.ClockAhead)
	if err != nil || l.Marks.last(r.trust) > r.at+clockSlack { // a clock that is wrong itself corrects nothing
		return r, err
	}
	wrong := Correction{Now: instant(r.at), Trust: r.trust.String()}
	was := r.at + clockSlack
	for t := range r.trust {
		if l.Marks[t] > was {
			was, wrong.Was, wrong.WasTrust = l.Marks[t], instant(l.Marks[t]), t.String()
		}
	}
	moved := c.moveFloors(r)
	if wrong.WasTrust == "" && !moved {
		return r, nil
	}
	for t := range r.trust {
		l.Marks[t] = min(l.Marks[t], r.at)
	}
	if l.Forgot > r.at { // what expired since was forgotten too early
		c.raiseFloors(r, min(l.Forgot, r.at+int64(c.s.opts.NonceLife)), min(l.Forgot, r.at+int64(c.s.opts.ReplayLife)))
		l.Forgot = r.at
	}
	if l.ReplayFloor > r.at {
		wrong.Codes = instant(l.ReplayFloor)
	}
	if l.NonceFloor > r.at {
		wrong.Commands = instant(l.NonceFloor)
	}
	return r, c.journal(KindClock, wrong)
}

// raiseFloors refuses commands and codes that expire before the given instants.
func (c *change) raiseFloors(r reading, nonces, codes int64) {
	l := &c.next.ledger
	l.NonceFloor, l.ReplayFloor = max(l.NonceFloor, nonces), max(l.ReplayFloor, codes)
	l.FloorTrust = r.trust
}

// moveFloors sets the floors of a recovery anew by a better clock than the one they were set by, and reports whether it
// did. They stay as they are where the clock that set them has passed them and the better one agrees.
func (c *change) moveFloors(r reading) bool {
	l := &c.next.ledger
	floor := max(l.NonceFloor, l.ReplayFloor)
	if floor == 0 || r.trust <= l.FloorTrust {
		return false
	}
	passed := l.FloorTrust > trustUnknown && l.Marks[l.FloorTrust] >= floor && r.at >= floor
	l.FloorTrust = r.trust
	if passed {
		return false
	}
	l.NonceFloor, l.ReplayFloor = r.at+int64(c.s.opts.NonceLife), r.at+int64(c.s.opts.ReplayLife)
	return true
}

// setFloors refuses, after a recovery, what may have been used in the time that was lost.
func (l *ledger) setFloors(r reading, o *Opts) {
	from := max(r.at, l.Marks.last(r.trust))
	if from > r.at { // the clock is behind: a right one sets the floors anew
		r.trust = trustUnknown
	}
	nonces, codes := from+int64(o.NonceLife), from+int64(o.ReplayLife)
	if r.trust <= l.FloorTrust {
		nonces, codes = max(nonces, l.NonceFloor), max(codes, l.ReplayFloor)
	}
	l.NonceFloor, l.ReplayFloor, l.FloorTrust = nonces, codes, r.trust
}

// toldBefore derives marks from entries, given from the newest to the oldest.
type toldBefore struct {
	marks     marks
	corrected trust // the most trust of a clock that corrected the others since
}

func (b *toldBefore) add(e *Entry) {
	t := trustOf(e.Clock)
	if t >= b.corrected {
		b.marks.raise(reading{at: nanoseconds(e.Told), trust: t})
	}
	if e.Kind == KindClock {
		b.corrected = max(b.corrected, t)
	}
}

// adopt gives marks to a ledger without any. Floors that such a ledger has from a recovery long ago are over.
func (l *ledger) adopt(m marks) {
	l.Marks = m
	if last := m.last(trustRTC); l.NonceFloor <= last && l.ReplayFloor <= last {
		l.NonceFloor, l.ReplayFloor = 0, 0
	}
}

// LastTrusted returns the latest instant that a clock of at least TrustRTC told, and the zero time before the first. A
// battery clock that tells an earlier one has lost its time.
func (s *Store) LastTrusted() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.state.Marks.last(trustRTC); at > 0 {
		return instant(at)
	}
	return time.Time{}
}
