package terminal

import (
	"crypto/ed25519"
	"log/slog"
	"testing"
	"time"

	"umbral/daemon/store"
	"umbral/pipeline/trustlist"
)

// signedRevocations makes a revocation list with a number.
func signedRevocations(t *testing.T, number uint64, key ed25519.PrivateKey) []byte {
	t.Helper()
	list, err := trustlist.NewRevocations(number, time.Now(), []trustlist.Entry{trustlist.Person("eve")})
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

// TestAListOfAnotherSigner changes the key of the lists while one is held: that no longer verifies, so nobody can rely on
// it, and the new signer's first list is taken whatever its number.
func TestAListOfAnotherSigner(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	desk, err := OpenDesk(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	lists := func(key ed25519.PrivateKey) *lists {
		t.Helper()
		l, err := newLists(&cfg, desk.store)
		if err != nil {
			t.Fatal(err)
		}
		l.key = key.Public().(ed25519.PublicKey)
		if err := l.load(slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		return l
	}
	_, before, _ := ed25519.GenerateKey(nil)
	_, after, _ := ed25519.GenerateKey(nil)
	// As an older program left it, without a signer.
	if err := desk.store.PutList(store.List{Kind: trustlist.KindRevocation, Sequence: 500, Bytes: signedRevocations(t, 500, before)}); err != nil {
		t.Fatal(err)
	}
	l := lists(before)
	if l.stale(time.Now()) || !l.revokedPerson("eve") {
		t.Error("the list that is held does not count")
	}
	if err := l.Install(trustlist.KindRevocation, signedRevocations(t, 499, before)); err == nil {
		t.Error("an older list of the same signer was taken")
	}
	l = lists(after)
	if !l.stale(time.Now()) || l.revokedPerson("eve") {
		t.Error("a list that does not verify is not stale")
	}
	if err := l.Install(trustlist.KindRevocation, signedRevocations(t, 1, after)); err != nil {
		t.Errorf("the new signer's first list: %v", err)
	}
	if l.stale(time.Now()) || !l.revokedPerson("eve") {
		t.Error("the new signer's list does not count")
	}
	if l = lists(after); l.stale(time.Now()) {
		t.Error("stale after a restart")
	}
	if l = lists(before); !l.stale(time.Now()) {
		t.Error("the new signer's list is not stale for the old key")
	}
	if err := l.Install(trustlist.KindRevocation, signedRevocations(t, 499, before)); err == nil {
		t.Error("back at the old key, an older list was taken")
	}
}
