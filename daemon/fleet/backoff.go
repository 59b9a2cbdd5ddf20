package fleet

import (
	"math/rand/v2"
	"time"
)

// backoff gives the pauses between attempts: doubling, each drawn from the upper half of its range, so
// that ten thousand terminals do not come back to a restarted broker in the same second.
type backoff struct {
	min, max time.Duration
	next     time.Duration
}

func (b *backoff) pause() time.Duration {
	b.next = min(max(b.next, b.min), b.max)
	d := b.next
	b.next = min(2*d, b.max)
	return d/2 + rand.N(d/2+1)
}

func (b *backoff) reset() { b.next = 0 }
