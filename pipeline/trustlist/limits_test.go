package trustlist

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// raw writes a signed list without any check.
func raw(begin, kind string, sequence, issued uint64, size int, content []byte) []byte {
	b := append([]byte(begin), byte(len(kind)))
	b = append(b, kind...)
	b = binary.BigEndian.AppendUint64(b, sequence)
	b = binary.BigEndian.AppendUint64(b, issued)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = append(b, content...)
	key, _ := seeded(1)
	return append(b, ed25519.Sign(key, append([]byte(domain), b...))...)
}

// Each field alone is out of its limits; the signature is always right.
func TestFieldsAreChecked(t *testing.T) {
	_, public := seeded(1)
	long := strings.Repeat("k", maxKind)
	for _, c := range []struct {
		name, kind string
		b          []byte
		ok         bool
	}{
		{"the longest kind", long, raw(magic, long, 1, 1, 2, []byte("ab")), true},
		{"the latest time", "k", raw(magic, "k", 1, maxTime, 2, []byte("ab")), true},
		{"no content", "k", raw(magic, "k", 1, 0, 0, nil), true},
		{"no magic", "k", raw("", "k", 1, 1, 2, []byte("ab")), false},
		{"another magic", "k", raw("UMBLIST2", "k", 1, 1, 2, []byte("ab")), false},
		{"no kind", "", raw(magic, "", 1, 1, 2, []byte("ab")), false},
		{"a kind that is too long", long + "k", raw(magic, long+"k", 1, 1, 2, []byte("ab")), false},
		{"number 0", "k", raw(magic, "k", 0, 1, 2, []byte("ab")), false},
		{"too late", "k", raw(magic, "k", 1, maxTime+1, 2, []byte("ab")), false},
		{"a size beyond the end", "k", raw(magic, "k", 1, 1, 2+ed25519.SignatureSize+1, []byte("ab")), false},
		{"a size before the end", "k", raw(magic, "k", 1, 1, 1, []byte("ab")), false},
		{"a large size", "k", raw(magic, "k", 1, 1, 1<<32-1, []byte("ab")), false},
	} {
		l, err := Open(c.b, c.kind, public)
		if c.ok && (err != nil || l.Kind != c.kind) || !c.ok && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", c.name, l, err)
		}
	}
}

// A list that is cut off is refused wherever that is, before anything behind the cut is looked at.
func TestCutOff(t *testing.T) {
	_, public := seeded(1)
	whole := raw(magic, "k", 1, 1, 2, []byte("ab"))
	for n := range whole {
		want := ErrMalformed
		if n == len(whole)-ed25519.SignatureSize {
			want = ErrUnsigned
		}
		if l, err := Open(slices.Clip(whole[:n]), "k", public); !errors.Is(err, want) {
			t.Errorf("%d of %d bytes: %+v, %v, want %v", n, len(whole), l, err, want)
		}
	}
	if _, err := Open(whole, "k", public); err != nil {
		t.Error(err)
	}
}

func TestEncodeLimits(t *testing.T) {
	most := MaxBytes - len(magic) - 1 - maxKind - 20 - ed25519.SignatureSize
	whole := List{Kind: strings.Repeat("k", maxKind), Sequence: 1, Issued: time.Unix(maxTime, 0),
		Content: make([]byte, most)}
	b := signed(t, &whole, nil)
	_, public := seeded(1)
	if l, err := Open(b, whole.Kind, public); err != nil || len(b) != MaxBytes || len(l.Content) != most {
		t.Errorf("the largest list: %d bytes, %v", len(b), err)
	}
	early := List{Kind: "k", Sequence: 1, Issued: time.Unix(0, 0)}
	if _, err := early.Encode(); err != nil {
		t.Errorf("the earliest time: %v", err)
	}
	for name, change := range map[string]func(*List){
		"one byte more":  func(l *List) { l.Content = make([]byte, most+1) },
		"a second later": func(l *List) { l.Issued = time.Unix(maxTime+1, 0) },
		"before 1970":    func(l *List) { l.Issued = time.Unix(-1, 0) }, "number 0": func(l *List) { l.Sequence = 0 },
	} {
		l := whole
		change(&l)
		if _, err := l.Encode(); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

// A list says who signed it, once that was verified: its number counts among the lists of that signer only.
func TestSigner(t *testing.T) {
	l, err := NewRevocations(9, noon, []Entry{Person("a")})
	b := signed(t, l, err)
	_, first := seeded(1)
	otherKey, other := seeded(2)
	r, err := OpenRevocations(b, other, first)
	if err != nil || r.Signer != SignerOf(first) || r.Signer == SignerOf(other) || r.Signer == (Signer{}) {
		t.Errorf("signed by %x, %v", r.Signer, err)
	}
	again, err := Sign(b, otherKey)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := OpenRevocations(again, other, first); err != nil || r.Signer != SignerOf(other) {
		t.Errorf("signed anew by %x, %v", r.Signer, err)
	}
	if l, err := Read(b); err != nil || l.Signer != (Signer{}) {
		t.Errorf("read without a key: signed by %x, %v", l.Signer, err)
	}
	files, err := NewIssuers(3, noon, []json.RawMessage{[]byte(`{"issuer":"b","keys":[]}`)})
	if l, _, err := OpenIssuers(signed(t, files, err), first); err != nil || l.Signer != SignerOf(first) {
		t.Errorf("issuers signed by %x, %v", l.Signer, err)
	}
}

// Keys of another length verify nothing, and are no reason to fail.
func TestKeysOfAnotherLength(t *testing.T) {
	l, err := NewRevocations(9, noon, nil)
	b := signed(t, l, err)
	_, public := seeded(1)
	for _, key := range []ed25519.PublicKey{nil, public[:31], append(bytes.Clone(public), 0)} {
		if _, err := OpenRevocations(b, key); !errors.Is(err, ErrSignature) {
			t.Errorf("a key of %d bytes: %v", len(key), err)
		}
	}
	private, _ := seeded(1)
	for _, key := range []ed25519.PrivateKey{nil, private[:63], append(bytes.Clone(private), 0)} {
		if _, err := Sign(b, key); err == nil {
			t.Errorf("signed with a private key of %d bytes", len(key))
		}
	}
}

// The content is checked also where a list was not opened as one of its kind.
func TestContentOfAnotherKind(t *testing.T) {
	content := []byte(`[{"issuer":"b"}]`) // 16 bytes: an entry as well
	if len(content) != entrySize {
		t.Fatal(len(content))
	}
	revocations, issuers := List{Kind: KindRevocation, Content: content}, List{Kind: KindIssuers, Content: content}
	if r, err := revocations.Revocations(); err != nil || r.Len() != 1 {
		t.Errorf("%v", err)
	}
	if _, err := issuers.Revocations(); !errors.Is(err, ErrMalformed) {
		t.Errorf("issuers as revocations: %v", err)
	}
	if files, err := issuers.Issuers(); err != nil || len(files) != 1 {
		t.Errorf("%v", err)
	}
	if _, err := revocations.Issuers(); !errors.Is(err, ErrMalformed) {
		t.Errorf("revocations as issuers: %v", err)
	}
}

func TestTooManyEntries(t *testing.T) {
	content := make([]byte, (MaxEntries+1)*entrySize)
	for i := range MaxEntries + 1 {
		binary.BigEndian.PutUint32(content[i*entrySize:], uint32(i))
	}
	l := List{Kind: KindRevocation, Content: content}
	if _, err := l.Revocations(); !errors.Is(err, ErrMalformed) {
		t.Errorf("%d entries: %v", MaxEntries+1, err)
	}
	l.Content = content[:MaxEntries*entrySize]
	if _, err := l.Revocations(); err != nil {
		t.Errorf("%d entries: %v", MaxEntries, err)
	}
}

func TestIssuersLimits(t *testing.T) {
	file := func(n int) json.RawMessage { return []byte(`{"k":"` + strings.Repeat("x", n-8) + `"}`) }
	many := make([]json.RawMessage, MaxIssuers)
	for i := range many {
		many[i] = file(8 + i)
	}
	if _, err := NewIssuers(1, noon, many); err != nil {
		t.Errorf("%d issuers: %v", len(many), err)
	}
	if _, err := NewIssuers(1, noon, append(many, file(8))); err == nil {
		t.Errorf("%d issuers are taken", MaxIssuers+1)
	}
	if _, err := NewIssuers(1, noon, []json.RawMessage{file(MaxIssuerBytes)}); err != nil {
		t.Errorf("a file of %d bytes: %v", MaxIssuerBytes, err)
	}
	if _, err := NewIssuers(1, noon, []json.RawMessage{file(MaxIssuerBytes + 1)}); err == nil {
		t.Errorf("a file of %d bytes is taken", MaxIssuerBytes+1)
	}
}

func TestEntryLimits(t *testing.T) {
	part, token := strings.Repeat("p", MaxPart), strings.Repeat("ab", MaxPart)
	for _, line := range []string{
		"person " + part, "subject " + part + " 7", "subject i " + part, "credential " + part + " 00",
		"credential i " + token,
	} {
		if _, err := ParseEntry(line); err != nil {
			t.Errorf("%.20q… of %d: %v", line, len(line), err)
		}
	}
	for name, line := range map[string]string{
		"a long person": "person p" + part, "a long issuer of a subject": "subject p" + part + " 7",
		"a long subject": "subject i p" + part,
		"a long issuer":  "credential p" + part + " 00", "a long token": "credential i " + token + "ab",
		"half a byte": "credential i abc", "a token that is not hex": "credential i xy",
		"three words of another kind": "credentials i 00", "a kind with three words too few": "subject i",
		"persons": "persons ana",
	} {
		if e, err := ParseEntry(line); err == nil {
			t.Errorf("%s: %x", name, e)
		}
	}
	if a, b := Credential("i", []byte("7")), Subject("i", "7"); a == b {
		t.Errorf("a credential and a subject are one entry: %x", a)
	}
	if fmt.Sprint(Person("a")) == fmt.Sprint(Entry{}) {
		t.Error("an entry is empty")
	}
}
