package lists

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/pipeline/trustlist"
)

// memory is a Shelf as the store is one.
type memory struct {
	lists map[string]kept
	lost  bool
	err   error
}

type kept struct {
	signer   string
	sequence uint64
	bytes    []byte
}

func (m *memory) List(kind string) ([]byte, bool, error) {
	k, ok := m.lists[kind]
	if !ok {
		return nil, false, fmt.Errorf("%w: %s", ErrNone, kind)
	}
	return k.bytes, m.lost, nil
}

func (m *memory) Put(kind string, signer ed25519.PublicKey, sequence uint64, b []byte) error {
	if m.err != nil {
		return m.err
	}
	if k := m.lists[kind]; k.signer == string(signer) && sequence < k.sequence {
		return errors.New("older than the one that is held")
	}
	m.lists[kind] = kept{string(signer), sequence, b}
	return nil
}

func (m *memory) Bind(kind string, signer ed25519.PublicKey) error {
	k := m.lists[kind]
	k.signer = string(signer)
	m.lists[kind] = k
	return nil
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// signed makes a revocation list of eve.
func signed(t *testing.T, number uint64, key ed25519.PrivateKey) []byte {
	t.Helper()
	list, err := trustlist.NewRevocations(number, noon, []trustlist.Entry{trustlist.Person("eve")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := list.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if b, err = trustlist.Sign(b, key); err != nil {
		t.Fatal(err)
	}
	return b
}

func pair(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

func opened(t *testing.T, m *memory, key ed25519.PublicKey, change func(*Opts)) *Lists {
	t.Helper()
	o := Opts{
		Shelf: m, Key: key, Clock: func() (time.Time, policy.Trust) { return noon, policy.TrustNTP }, Trust: policy.TrustRTC,
		Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The key of the lists changes while one is held: it no longer verifies, so nobody can rely on it, and the new signer's
// first list is taken whatever its number.
func TestAListOfAnotherSigner(t *testing.T) {
	m := &memory{lists: map[string]kept{}}
	oldKey, before := pair(t)
	newKey, after := pair(t)
	m.lists[trustlist.KindRevocation] = kept{"", 500, signed(t, 500, before)} // as an older program left it, without a signer
	l := opened(t, m, oldKey, nil)
	if l.Stale() || !l.Revoked("eve") {
		t.Error("the list that is held does not count")
	}
	if err := l.Install(trustlist.KindRevocation, signed(t, 499, before)); err == nil {
		t.Error("an older list of the same signer was taken")
	}
	l = opened(t, m, newKey, nil)
	if !l.Stale() || l.Revoked("eve") {
		t.Error("a list that does not verify is not stale")
	}
	if err := l.Install(trustlist.KindRevocation, signed(t, 1, after)); err != nil {
		t.Errorf("the new signer's first list: %v", err)
	}
	if l.Stale() || !l.Revoked("eve") {
		t.Error("the new signer's list does not count")
	}
	if l = opened(t, m, newKey, nil); l.Stale() {
		t.Error("stale after a restart")
	}
	if l = opened(t, m, oldKey, nil); !l.Stale() {
		t.Error("the new signer's list is not stale for the old key")
	}
}

// How old a list is can be told only by a clock that is trusted as far as the site asks.
func TestStale(t *testing.T) {
	public, private := pair(t)
	day := 24 * time.Hour
	for _, c := range []struct {
		name  string
		max   time.Duration
		held  bool
		lost  bool
		later time.Duration
		trust policy.Trust
		want  bool
	}{
		{"young", day, true, false, time.Hour, policy.TrustRTC, false},
		{"at its limit", day, true, false, day, policy.TrustRTC, false},
		{"too old", day, true, false, day + time.Second, policy.TrustRTC, true},
		{"none", day, false, false, 0, policy.TrustNTP, true},
		{"none, and none is asked for", 0, false, false, 0, policy.TrustNTP, false},
		{"old, and any age is allowed", 0, true, false, 1000 * day, policy.TrustNTP, false},
		{"young by a clock that nobody vouches for", day, true, false, time.Hour, policy.TrustUnknown, true},
		{"any age, by a clock that nobody vouches for", 0, true, false, 0, policy.TrustUnknown, false},
		{"a later one is lost", 0, true, true, 0, policy.TrustNTP, true},
	} {
		m := &memory{lists: map[string]kept{}, lost: c.lost}
		if c.held {
			m.lists[trustlist.KindRevocation] = kept{"", 1, signed(t, 1, private)}
		}
		l := opened(t, m, public, func(o *Opts) {
			o.MaxAge = c.max
			o.Clock = func() (time.Time, policy.Trust) { return noon.Add(c.later), c.trust }
		})
		if l.Stale() != c.want {
			t.Errorf("%s: stale is %v", c.name, l.Stale())
		}
	}
}

// A list counts only when it verifies and is on the disk.
func TestInstallRefuses(t *testing.T) {
	public, private := pair(t)
	_, other := pair(t)
	m := &memory{lists: map[string]kept{}}
	l := opened(t, m, public, nil)
	if err := l.Install(trustlist.KindRevocation, signed(t, 1, other)); err == nil || l.Revoked("eve") || len(m.lists) != 0 {
		t.Errorf("a list of another signer: %v, revoked %v, kept %d", err, l.Revoked("eve"), len(m.lists))
	}
	m.err = errors.New("no space left")
	if err := l.Install(trustlist.KindRevocation, signed(t, 1, private)); !errors.Is(err, m.err) || l.Revoked("eve") {
		t.Errorf("a list that could not be kept: %v, revoked %v", err, l.Revoked("eve"))
	}
	m.err = nil
	if err := l.Install(trustlist.KindRevocation, signed(t, 1, private)); err != nil || !l.Revoked("eve") {
		t.Errorf("a good list: %v, revoked %v", err, l.Revoked("eve"))
	}
	if n, wanted := l.Held(trustlist.KindRevocation); n != 1 || !wanted {
		t.Errorf("number %d is held, wanted %v", n, wanted)
	}
	bare := opened(t, m, nil, nil)
	if err := bare.Install(trustlist.KindRevocation, signed(t, 2, private)); !errors.Is(err, ErrNoKey) || bare.Revoked("eve") {
		t.Errorf("without a key: %v, revoked %v", err, bare.Revoked("eve"))
	}
	if _, wanted := bare.Held(trustlist.KindRevocation); wanted {
		t.Error("without a key lists are wanted")
	}
}
