package link

import (
	"context"

	"umbral/daemon/fleet"
)

// Journal is what the link needs of the terminal's journal. It is called from two goroutines of Run.
type Journal interface {
	// Next returns at most max entries after the given position, oldest first, none when there are none.
	Next(after fleet.Position, max int) ([]fleet.Entry, error)
	// Wait returns nil as soon as there is an entry after the given position, or ctx's error.
	Wait(ctx context.Context, after fleet.Position) error
	// Ack makes it durable that everything up to and including the position has reached the broker.
	Ack(fleet.Position) error
	// Cursor returns the position last given to Ack, the zero Position when there was none.
	Cursor() (fleet.Position, error)
}
