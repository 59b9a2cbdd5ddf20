package fleet

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Position is the place of an entry in the journal: the terminal's boot counter and the entry's
// number within the journal. Positions only grow; the zero Position stands before the first entry.
type Position struct {
	Boot     uint64
	Sequence uint64
}

// Compare orders positions: by boot, then by sequence.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Boot, q.Boot), cmp.Compare(p.Sequence, q.Sequence))
}

// String gives "boot/sequence".
func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Boot, p.Sequence) }

// Entry is one journal entry as the fleet may see it.
type Entry struct {
	Position
	Wall  time.Time // the terminal's wall clock when the entry was committed
	Clock string    // trust in that clock, e.g. "ntp", "rtc", "unknown"
	Kind  string    // what happened, e.g. "passage"; also the last level of the topic
	// Payload is one JSON value, already without biometrics and identity numbers in clear; nil for an
	// entry whose content stays on the terminal (kind and hashes are still sent, so the chain stays whole).
	Payload  []byte
	Previous [32]byte // hash of the entry before this one
	Hash     [32]byte // hash of this entry, over content that may be richer than Payload
}

// Journal is what the link needs of the terminal's journal. It is called from two goroutines of Run.
type Journal interface {
	// Next returns at most max entries after the given position, oldest first, none when there are none.
	Next(after Position, max int) ([]Entry, error)
	// Wait returns nil as soon as there is an entry after the given position, or ctx's error.
	Wait(ctx context.Context, after Position) error
	// Ack makes it durable that everything up to and including the position has reached the broker.
	Ack(Position) error
	// Cursor returns the position last given to Ack, the zero Position when there was none.
	Cursor() (Position, error)
}
