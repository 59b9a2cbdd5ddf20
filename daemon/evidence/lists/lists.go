// Package lists keeps the signed lists that the fleet or a file gave: what was revoked, and who else is trusted to issue.
// The store holds their bytes; they are verified again whenever they are read.
package lists

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"umbral/config/policy"
	"umbral/pipeline/credential"
	"umbral/pipeline/trustlist"
)

// Shelf keeps the bytes of lists.
type Shelf interface {
	// List returns the list held of a kind and whether a later one of its signer was held and is lost. Without one the error
	// wraps ErrNone.
	List(kind string) (b []byte, lost bool, err error)
	// Put keeps a list of a signer, never in place of a later one.
	Put(kind string, signer ed25519.PublicKey, sequence uint64, b []byte) error
	// Bind names the signer of a list that an older program put there.
	Bind(kind string, signer ed25519.PublicKey) error
}

// Errors of Lists.
var (
	// ErrNone is wrapped by a Shelf's error where it holds no list of a kind.
	ErrNone = errors.New("no list")
	// ErrNoKey is returned where no key is configured that lists could be verified with.
	ErrNoKey = errors.New("lists: no list is trusted here: credential.list_key names no key")
)

// Opts is what Lists are made of.
type Opts struct {
	Shelf  Shelf
	Key    ed25519.PublicKey // nil: no list counts
	MaxAge time.Duration     // of the revocation list; 0: it may have any age, or be missing
	// Clock returns the wall time and the trust in it. With less than Trust nobody can tell how old a list is.
	Clock func() (time.Time, policy.Trust)
	Trust policy.Trust
	// Issuers is told of the issuers of a list, beside those that are configured; nil where nobody reads credentials.
	Issuers func([]credential.Issuer) error
	Log     *slog.Logger
}

// Lists are the lists that count now. Its methods may be called by several goroutines.
type Lists struct {
	o       Opts
	revoked atomic.Pointer[trustlist.Revocations]
	// unreliable says that a revocation list was held which is lost or no longer verifies, and that none came since.
	unreliable atomic.Bool
	issuers    atomic.Uint64 // number of the list of issuers, 0 for none
}

// New returns the lists that the shelf holds. A list that no longer verifies, since the site has another key by now, is left
// out. The revocations are then stale, whatever age the site allows, and so are they after a rollback that lost a later
// list.
func New(o Opts) (*Lists, error) {
	l := &Lists{o: o}
	if o.Key == nil {
		return l, nil
	}
	for _, kind := range []string{trustlist.KindRevocation, trustlist.KindIssuers} {
		held, lost, err := o.Shelf.List(kind)
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err = l.use(kind, held); err == nil {
			err = o.Shelf.Bind(kind, o.Key)
		}
		if err != nil {
			o.Log.Warn("a list in the store is not used", "list", kind, "error", err)
		}
		if kind == trustlist.KindRevocation && (err != nil || lost) {
			l.unreliable.Store(true)
		}
	}
	return l, nil
}

// use verifies a list and goes by it from now on.
func (l *Lists) use(kind string, b []byte) error {
	switch kind {
	case trustlist.KindRevocation:
		r, err := trustlist.OpenRevocations(b, l.o.Key)
		if err != nil {
			return err
		}
		l.revoked.Store(r)
		return nil
	case trustlist.KindIssuers:
		list, files, err := trustlist.OpenIssuers(b, l.o.Key)
		if err != nil {
			return err
		}
		issuers := make([]credential.Issuer, 0, len(files))
		for i, file := range files {
			issuer, err := credential.ParseIssuer(file, "", "")
			if err != nil {
				return fmt.Errorf("lists: issuer %d: %w", i, err)
			}
			issuers = append(issuers, issuer)
		}
		if l.o.Issuers != nil {
			if err := l.o.Issuers(issuers); err != nil {
				return err
			}
		}
		l.issuers.Store(list.Sequence)
		return nil
	}
	return fmt.Errorf("lists: kind %.40q, known are %s and %s", kind, trustlist.KindRevocation, trustlist.KindIssuers)
}

// Held returns the number of the list of a kind, 0 for none, and reports whether lists of the kind count here.
func (l *Lists) Held(kind string) (sequence uint64, wanted bool) {
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
	return sequence, l.o.Key != nil
}

// Install verifies a list, keeps it and goes by it. It counts once it is on the disk, so that a restart never goes back to
// an older one.
func (l *Lists) Install(kind string, b []byte) error {
	if l.o.Key == nil {
		return ErrNoKey
	}
	list, err := trustlist.Open(b, kind, l.o.Key)
	if err != nil {
		return err
	}
	if err := l.o.Shelf.Put(kind, l.o.Key, list.Sequence, b); err != nil {
		return err
	}
	if kind == trustlist.KindRevocation {
		l.unreliable.Store(false)
	}
	return l.use(kind, b)
}

// Revoked reports whether somebody was revoked by the id under which the terminal knows them.
func (l *Lists) Revoked(person string) bool { return l.revoked.Load().Holds(trustlist.Person(person)) }

// RevokedCredential reports whether a credential, or everything of its subject, was revoked.
func (l *Lists) RevokedCredential(c *credential.Credential) bool {
	entries := []trustlist.Entry{trustlist.Subject(c.Issuer, c.Subject)}
	if len(c.TokenID) > 0 {
		entries = append(entries, trustlist.Credential(c.Issuer, c.TokenID))
	}
	return l.revoked.Load().Holds(entries...)
}

// Stale reports whether the revocation list is older than the site allows, or can't be relied on. Under a clock that nobody
// vouches for any list may be.
func (l *Lists) Stale() bool {
	if l.unreliable.Load() {
		return true
	}
	if l.o.MaxAge == 0 {
		return false
	}
	now, trust := l.o.Clock()
	return trust < l.o.Trust || l.revoked.Load().Stale(now, l.o.MaxAge)
}
