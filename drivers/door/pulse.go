package door

import (
	"fmt"
	"time"
)

// Pulse reckons when a relay that was energised must be let go. It starts no timer and switches nothing: the door's Run
// does, with what Pulse says. The zero Pulse is at rest, with MaxPulse as its maximum.
type Pulse struct {
	// Max is the longest that the relay may be energised without a rest; 0 or anything above MaxPulse means MaxPulse.
	Max time.Duration

	since, until time.Time
}

func (p *Pulse) max() time.Duration {
	if p.Max <= 0 || p.Max > MaxPulse {
		return MaxPulse
	}
	return p.Max
}

// Check returns ErrPulse for a length that no pulse may have.
func (p *Pulse) Check(length time.Duration) error {
	if length <= 0 || length > p.max() {
		return fmt.Errorf("door: %w: %v, limit above 0 to %v", ErrPulse, length, p.max())
	}
	return nil
}

// Extend begins a pulse now, or moves the end of the one that runs: to now+length, not beyond the maximum counted from its
// beginning, and not to an earlier time. It returns the end.
func (p *Pulse) Extend(now time.Time, length time.Duration) time.Time {
	if p.since.IsZero() {
		p.since, p.until = now, now
	}
	end := now.Add(length)
	if last := p.since.Add(p.max()); end.After(last) {
		end = last
	}
	if end.After(p.until) {
		p.until = end
	}
	return p.until
}

// Until is the end of the pulse that runs; zero at rest.
func (p *Pulse) Until() time.Time { return p.until }

// End brings the pulse to rest.
func (p *Pulse) End() { p.since, p.until = time.Time{}, time.Time{} }
