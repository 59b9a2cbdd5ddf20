package terminal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"umbral/config"
	"umbral/daemon/fleet"
	"umbral/daemon/store"
	"umbral/pipeline/credential"
	"umbral/pipeline/trustlist"
)

// revocations is the signed list of what was revoked, as the store holds it.
type revocations struct {
	key    ed25519.PublicKey // nil: there is no list
	maxAge time.Duration     // 0: it may have any age, or be missing
	list   atomic.Pointer[trustlist.Revocations]
}

func newRevocations(cfg *config.Config, s *store.Store, log *slog.Logger) (*revocations, error) {
	r := &revocations{maxAge: cfg.Eligibility.RevocationMax}
	if cfg.Credential.ListKey == "" {
		return r, nil
	}
	var err error
	if r.key, err = fleet.ParsePublicKey(cfg.Credential.ListKey); err != nil {
		return nil, fmt.Errorf("terminal: credential.list_key: %w", err)
	}
	held, err := s.List(trustlist.KindRevocation)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		if err := r.take(held.Bytes); err != nil {
			// Signed with a key that no longer counts: the list is as good as none, and stale where it may not be missing.
			log.Warn("the revocation list in the store is not used", "error", err)
		}
	}
	return r, nil
}

// take verifies a list and uses it from now on.
func (r *revocations) take(b []byte) error {
	list, err := trustlist.OpenRevocations(b, r.key)
	if err != nil {
		return err
	}
	r.list.Store(list)
	return nil
}

// person says whether somebody was revoked by the id under which the terminal knows them.
func (r *revocations) person(id string) bool { return r.list.Load().Holds(trustlist.Person(id)) }

// credential says whether a credential, or all of its subject, was revoked.
func (r *revocations) credential(c *credential.Credential) bool {
	entries := []trustlist.Entry{trustlist.Subject(c.Issuer, c.Subject)}
	if len(c.TokenID) > 0 {
		entries = append(entries, trustlist.Credential(c.Issuer, c.TokenID))
	}
	return r.list.Load().Holds(entries...)
}

// stale says whether the list is older than the site allows.
func (r *revocations) stale(now time.Time) bool {
	return r.maxAge > 0 && r.list.Load().Stale(now, r.maxAge)
}
