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

// lists are the signed lists that the fleet or a file gave: what was revoked, and who else is trusted to issue. The store
// holds their bytes; they are verified again whenever they are read.
type lists struct {
	store  *store.Store
	key    ed25519.PublicKey // nil: no list counts
	maxAge time.Duration     // of the revocation list; 0: it may have any age, or be missing

	revoked atomic.Pointer[trustlist.Revocations]
	// unreliable says that a revocation list was held which is lost or no longer verifies, and that none came since.
	unreliable atomic.Bool
	issuers    atomic.Uint64 // number of the list of issuers, 0 for none
	// trust is told of the issuers of a list, beside those that the configuration names.
	trust func([]credential.Issuer) error
	// changed is told of every list that counts from now on.
	changed func()
}

func newLists(cfg *config.Config, s *store.Store) (*lists, error) {
	l := &lists{store: s, maxAge: cfg.Eligibility.RevocationMax, trust: func([]credential.Issuer) error { return nil }, changed: func() {}}
	if cfg.Credential.ListKey == "" {
		return l, nil
	}
	var err error
	if l.key, err = fleet.ParsePublicKey(cfg.Credential.ListKey); err != nil {
		return nil, fmt.Errorf("terminal: credential.list_key: %w", err)
	}
	return l, nil
}

// load uses what the store holds. A list that no longer verifies, since the site has another key by now, is left out. The
// revocations are then stale, whatever age the site allows, and so are they after a rollback that lost a later list.
func (l *lists) load(log *slog.Logger) error {
	if l.key == nil {
		return nil
	}
	for _, kind := range []string{trustlist.KindRevocation, trustlist.KindIssuers} {
		held, err := l.store.List(kind)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = l.use(kind, held.Bytes)
		if err == nil {
			err = l.store.BindList(kind, fleet.Fingerprint(l.key)) // a list of an older program names no signer
		}
		if err != nil {
			log.Warn("a list in the store is not used", "list", kind, "error", err)
		}
		if kind == trustlist.KindRevocation && (err != nil || held.Stale) {
			l.unreliable.Store(true)
		}
	}
	return nil
}

// use verifies a list and goes by it from now on.
func (l *lists) use(kind string, b []byte) (sequence uint64, err error) {
	switch kind {
	case trustlist.KindRevocation:
		r, err := trustlist.OpenRevocations(b, l.key)
		if err != nil {
			return 0, err
		}
		l.revoked.Store(r)
		return r.Sequence, nil
	case trustlist.KindIssuers:
		list, files, err := trustlist.OpenIssuers(b, l.key)
		if err != nil {
			return 0, err
		}
		issuers := make([]credential.Issuer, 0, len(files))
		for i, file := range files {
			issuer, err := credential.ParseIssuer(file, "", "")
			if err != nil {
				return 0, fmt.Errorf("terminal: issuer %d of the list: %w", i, err)
			}
			issuers = append(issuers, issuer)
		}
		if err := l.trust(issuers); err != nil {
			return 0, err
		}
		l.issuers.Store(list.Sequence)
		return list.Sequence, nil
	}
	return 0, fmt.Errorf("terminal: list of kind %.40q, known are %s and %s", kind, trustlist.KindRevocation, trustlist.KindIssuers)
}

// Held is link.Lists'.
func (l *lists) Held(kind string) (sequence uint64, wanted bool) {
	switch kind {
	case trustlist.KindRevocation:
		if r := l.revoked.Load(); r != nil {
			sequence = r.Sequence
		}
	case trustlist.KindIssuers:
		sequence = l.issuers.Load()
	default:
		return 0, false
	}
	return sequence, l.key != nil
}

// Install is link.Lists'. A list counts once it is on the disk, so that a restart never goes back to an older one.
func (l *lists) Install(kind string, b []byte) error {
	list, err := trustlist.Open(b, kind, l.key)
	if err != nil {
		return err
	}
	if err := l.store.PutList(store.List{Kind: kind, Signer: fleet.Fingerprint(l.key), Sequence: list.Sequence, Bytes: b}); err != nil {
		return err
	}
	if kind == trustlist.KindRevocation {
		l.unreliable.Store(false)
	}
	if _, err = l.use(kind, b); err == nil {
		l.changed()
	}
	return err
}

// revokedPerson says whether somebody was revoked by the id under which the terminal knows them.
func (l *lists) revokedPerson(id string) bool { return l.revoked.Load().Holds(trustlist.Person(id)) }

// revokedCredential says whether a credential, or everything of its subject, was revoked.
func (l *lists) revokedCredential(c *credential.Credential) bool {
	entries := []trustlist.Entry{trustlist.Subject(c.Issuer, c.Subject)}
	if len(c.TokenID) > 0 {
		entries = append(entries, trustlist.Credential(c.Issuer, c.TokenID))
	}
	return l.revoked.Load().Holds(entries...)
}

// stale reports whether the revocation list is older than the site allows, or cannot be relied on.
func (l *lists) stale(now time.Time) bool {
	return l.unreliable.Load() || l.maxAge > 0 && l.revoked.Load().Stale(now, l.maxAge)
}
