package store

import (
	"fmt"
	"time"
)

// Counter is a monotonic counter in hardware, such as one of a TPM, that nobody can set back. With one, a rollback of
// the whole directory is noticed too, head mark and all.
type Counter interface {
	// String names the counter, for messages.
	String() string
	// Read returns its value.
	Read() (uint64, error)
	// Advance adds one. When it returns nil, the new value survives a power cut.
	Advance() error
}

// counterEvery is how often a running store advances the counter, beside once at each Open: such counters wear out. A
// rollback within that time goes unnoticed by it.
const counterEvery = time.Hour

// advanceCounter advances the hardware counter, if there is one. Status tells of a failure.
func (s *Store) advanceCounter() {
	if s.opts.Counter == nil {
		return
	}
	err := s.advance(s.opts.Counter)
	if err == nil {
		s.counted = time.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counterFault = err
}

// advance lets the file say first what the counter is about to tell. So the file is never behind the counter, unless it
// was exchanged for an older one.
func (s *Store) advance(counter Counter) error {
	v, err := counter.Read()
	if err != nil {
		return fmt.Errorf("store: %v: %w", counter, err)
	}
	err = s.commit(func(c *change) error {
		c.next.Counter = v + 1
		return nil
	})
	if err != nil {
		return err
	}
	if err := counter.Advance(); err != nil {
		return fmt.Errorf("store: %v: %w", counter, err)
	}
	return nil
}

// checkCounter compares the file with the hardware counter, and makes a recovery of what disagrees.
func (s *Store) checkCounter(found *snapshot, rec *Recovery) {
	counter := s.opts.Counter
	if counter == nil {
		return
	}
	v, err := counter.Read()
	reason := ""
	switch held := found.Counter; {
	case err != nil:
		reason = fmt.Sprintf("%v cannot be read: %v", counter, err)
	case held == 0: // the first time
	case v > held:
		reason = fmt.Sprintf("%v tells %d, and the database is of %d (was a backup restored?)", counter, v, held)
	case v+1 < held:
		reason = fmt.Sprintf("%v tells %d, and the database is of %d (was the board exchanged?)", counter, v, held)
	}
	if reason == "" || rec.Happened() {
		return
	}
	rec.Reason, rec.Rollback, rec.LostAfter, rec.RestoredFrom = reason, RollbackCounter, found.head, s.path(liveName)
}
