package terminal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"umbral/daemon/evidence/lists"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/store"
)

// shelf shows the store to package lists.
type shelf struct{ store *store.Store }

func (s shelf) List(kind string) (b []byte, lost bool, err error) {
	held, err := s.store.List(kind)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, fmt.Errorf("%w of kind %q", lists.ErrNone, kind)
	}
	return held.Bytes, held.Stale, err
}

func (s shelf) Put(kind string, signer ed25519.PublicKey, sequence uint64, b []byte) error {
	return s.store.PutList(store.List{Kind: kind, Signer: fleet.Fingerprint(signer), Sequence: sequence, Bytes: b})
}

func (s shelf) Bind(kind string, signer ed25519.PublicKey) error {
	return s.store.BindList(kind, fleet.Fingerprint(signer))
}

// takenLists are the lists as the fleet's link installs them: the decision hears of each.
type takenLists struct {
	*lists.Lists
	changed func()
}

func (l takenLists) Install(kind string, b []byte) error {
	err := l.Lists.Install(kind, b)
	if err == nil {
		l.changed()
	}
	return err
}

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
