package terminal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/store"
)

// outbox shows the journal to the fleet's link: the same positions and hashes, and of the content only what may leave
// the terminal.
type outbox struct {
	store *store.Store
	// public gives the JSON that may leave the terminal, nil where nothing of the content may.
	public func(store.Entry) []byte
}

func (o outbox) Next(after fleet.Position, max int) ([]fleet.Entry, error) {
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
			Payload:  o.public(o.store.Named(e)),
			Previous: e.Previous,
			Hash:     e.Hash,
		}
	}
	return sent, nil
}

func (o outbox) Wait(ctx context.Context, after fleet.Position) error {
	return o.store.Wait(ctx, store.Position(after))
}

func (o outbox) Ack(p fleet.Position) error { return o.store.Ack(store.Position(p)) }

func (o outbox) Cursor() (fleet.Position, error) { return fleet.Position(o.store.Cursor()), nil }

// nonces remembers in the store which commands were obeyed.
type nonces struct{ store *store.Store }

// Use keeps a digest, so that a long nonce of a long key name costs no more than a short one.
func (n nonces) Use(key, nonce string, until time.Time) (fresh bool, err error) {
	h := sha256.New()
	h.Write([]byte(key))
	h.Write([]byte{0})
	h.Write([]byte(nonce))
	err = n.store.UseNonce(h.Sum(nil), until)
	switch {
	case errors.Is(err, store.ErrReplayed):
		return false, nil
	case errors.Is(err, store.ErrClock):
		return false, fmt.Errorf("%w: %w", link.ErrClock, err)
	}
	return err == nil, err
}
