package mqtt

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is the pauses between attempts: doubling, each drawn from the upper half of its range, so
// that ten thousand terminals do not come back to a restarted broker in the same second.
type Backoff struct {
	Min, Max time.Duration
	next     time.Duration
}

// NewBackoff returns the pauses of half a second to a minute.
func NewBackoff() Backoff { return Backoff{Min: 500 * time.Millisecond, Max: time.Minute} }

// Pause returns how long to wait before the next attempt.
func (b *Backoff) Pause() time.Duration {
	b.next = min(max(b.next, b.Min), b.Max)
	d := b.next
	b.next = min(2*d, b.Max)
	return d/2 + rand.N(d/2+1)
}

// Reset makes the next pause the shortest.
func (b *Backoff) Reset() { b.next = 0 }

// Sleep returns after d, or when ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
