package journal

import (
	"context"

	"umbral/daemon/fleet"
	"umbral/daemon/store"
)

// Outbox shows the journal to the fleet's link: the same positions and hashes, and of the content only what may leave
// the terminal.
type Outbox struct {
	store *store.Store
	// pseudonym returns what the fleet calls a person.
	pseudonym func(person string) string
}

// NewOutbox returns the outbox of a store; pseudonym returns what the fleet calls a person.
func NewOutbox(s *store.Store, pseudonym func(person string) string) Outbox {
	return Outbox{s, pseudonym}
}

// Next implements the link's outbox.
func (o Outbox) Next(after fleet.Position, max int) ([]fleet.Entry, error) {
	entries, err := o.store.Next(store.Position(after), max)
	if err != nil {
		return nil, err
	}
	sent := make([]fleet.Entry, len(entries))
	for i, e := range entries {
		sent[i] = fleet.Entry{
			Position: fleet.Position(e.Position),
			Wall:     e.Wall,
			Clock:    e.Clock,
			Kind:     e.Kind,
			Payload:  public(o.store.Named(e), o.pseudonym),
			Previous: e.Previous,
			Hash:     e.Hash,
		}
	}
	return sent, nil
}

// Wait implements the link's outbox.
func (o Outbox) Wait(ctx context.Context, after fleet.Position) error {
	return o.store.Wait(ctx, store.Position(after))
}

// Ack implements the link's outbox.
func (o Outbox) Ack(p fleet.Position) error { return o.store.Ack(store.Position(p)) }

// Cursor implements the link's outbox.
func (o Outbox) Cursor() (fleet.Position, error) { return fleet.Position(o.store.Cursor()), nil }
