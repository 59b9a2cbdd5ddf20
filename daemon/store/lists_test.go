package store

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestAListsNumberIsItsSigners changes the signer, and back.
func TestAListsNumberIsItsSigners(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	put := func(signer string, n uint64, want error) {
		t.Helper()
		err := s.PutList(List{Kind: "revocation", Signer: signer, Sequence: n, Bytes: []byte{byte(n)}})
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("number %d of %q: %v, want %v", n, signer, err, want)
		}
	}
	put("a", 500, nil)
	put("b", 1, nil)
	put("b", 1, nil) // the same again
	put("a", 499, ErrReplayed)
	put("b", 3, nil)
	put("b", 2, ErrReplayed)
	closed(t, s)
	s = opened(t, dir, o)
	put("a", 499, ErrReplayed)
	put("a", 501, nil)
	put("b", 2, ErrReplayed)
	if l, err := s.List("revocation"); err != nil || l.Signer != "a" || l.Sequence != 501 || l.Stale {
		t.Errorf("%+v, %v", l, err)
	}
	put(strings.Repeat("x", MaxSigner), 1, nil)
	put(strings.Repeat("x", MaxSigner+1), 1, ErrInvalid)
	if err := s.PutList(List{Kind: "revocation", Signer: "a", Sequence: 501, Bytes: []byte("another")}); err != nil {
		t.Errorf("number 501 of a signer whose list is no longer held: %v", err)
	}
	if err := s.PutList(List{Kind: "revocation", Signer: "a", Sequence: 501, Bytes: []byte("yet another")}); !errors.Is(err, ErrReplayed) {
		t.Errorf("another number 501: %v", err)
	}
}

// TestManySignersAreNotRememberedForEver changes the signer more often than numbers are kept: the held one's still
// counts.
func TestManySignersAreNotRememberedForEver(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	for i := range 3 * maxNumbers {
		if err := s.PutList(List{Kind: "k", Signer: strings.Repeat("x", i%60) + string(rune('a'+i%26)), Sequence: uint64(i + 5), Bytes: []byte{1}}); err != nil {
			t.Fatal(err)
		}
		if n := len(s.state.Lists); n > maxNumbers {
			t.Fatalf("%d numbers, limit %d", n, maxNumbers)
		}
	}
	l, err := s.List("k")
	if err != nil {
		t.Fatal(err)
	}
	l.Sequence--
	if err := s.PutList(l); !errors.Is(err, ErrReplayed) {
		t.Errorf("an older list of the signer whose list is held: %v", err)
	}
}

// TestTheSignerOfAnOldListIsBound names who signed a list that an older program had put there.
func TestTheSignerOfAnOldListIsBound(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	writeSchema2(t, dir, o)
	s := opened(t, dir, o)
	put := func(signer string, n uint64) error {
		return s.PutList(List{Kind: "revocation", Signer: signer, Sequence: n, Bytes: []byte{byte(n)}})
	}
	if err := s.BindList("revocation", "a"); err != nil {
		t.Fatal(err)
	}
	if err := put("a", 8); !errors.Is(err, ErrReplayed) {
		t.Errorf("number 8 after 9: %v", err)
	}
	if err := s.BindList("revocation", "b"); err != nil {
		t.Fatal(err)
	}
	if l, err := s.List("revocation"); err != nil || l.Signer != "a" || !bytes.Equal(l.Bytes, []byte("bytes")) {
		t.Errorf("%+v, %v", l, err)
	}
	if err := put("b", 1); err != nil {
		t.Errorf("number 1 of another signer: %v", err)
	}
	if err := s.BindList("issuers", "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no list: %v", err)
	}
	for _, bad := range []string{"", strings.Repeat("x", MaxSigner+1)} {
		if err := s.BindList("revocation", bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("signer of %d bytes: %v", len(bad), err)
		}
	}
}

func TestDecodeList(t *testing.T) {
	l := List{Kind: "k", Signer: "abc", Sequence: 3, Received: instant(5), Bytes: []byte("x")}
	whole := l.encode()
	if got, err := decodeList("k", whole); err != nil || got.Signer != "abc" || got.Sequence != 3 || !got.Received.Equal(l.Received) || string(got.Bytes) != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range whole {
		if got, err := decodeList("k", whole[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut off at %d: %+v, %v", n, got, err)
		}
	}
	longSigner := bytes.Clone(whole)
	longSigner[24] = MaxSigner + 1
	tooLong := List{Kind: "k", Sequence: 3, Bytes: make([]byte, MaxList+1)}
	noNumber := List{Kind: "k", Bytes: []byte("x")}
	beforeTime := bytes.Clone(whole)
	beforeTime[16] = 0x80
	for name, b := range map[string][]byte{
		"signer": append(longSigner, make([]byte, 100)...), "bytes": tooLong.encode(), "number": noNumber.encode(), "time": beforeTime,
	} {
		if got, err := decodeList("k", b); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %+v, %v", name, got.Sequence, err)
		}
	}
	longest := List{Kind: "k", Signer: strings.Repeat("x", MaxSigner), Sequence: 1, Bytes: make([]byte, MaxList)}
	if _, err := decodeList("k", longest.encode()); err != nil {
		t.Errorf("the longest list: %v", err)
	}
}
