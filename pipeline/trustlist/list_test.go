package trustlist

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func seeded(b byte) (ed25519.PrivateKey, ed25519.PublicKey) {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
	return k, k.Public().(ed25519.PublicKey)
}

func signed(t testing.TB, l *List, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := seeded(1)
	if b, err = Sign(b, key); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRevocations(t *testing.T) {
	entries := []Entry{Person("ben"), Subject("https://id.example.org", "4711"),
		Credential("https://id.example.org", []byte{1, 2}), Person("ana"), Person("ben")}
	l, err := NewRevocations(9, noon, entries)
	b := signed(t, l, err)
	_, public := seeded(1)
	_, other := seeded(2)
	r, err := OpenRevocations(b, other, public)
	if err != nil || r.Len() != 4 || r.Sequence != 9 || !r.Issued.Equal(noon) {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, e := range entries {
		if !r.Holds(Person("nobody"), e) {
			t.Errorf("%x is not found", e)
		}
	}
	for name, e := range map[string]Entry{
		"another person": Person("an"), "a subject as a person": Person("4711"),
		"another issuer":         Subject("https://id.example.com", "4711"),
		"parts joined otherwise": Subject("https://id.example.org4", "711"),
		"token":                  Credential("https://id.example.org", []byte{1}),
	} {
		if r.Holds(e) {
			t.Errorf("%s is found", name)
		}
	}
	if r.Stale(noon.Add(time.Hour), time.Hour) || !r.Stale(noon.Add(time.Hour+time.Second), time.Hour) ||
		r.Stale(noon.Add(time.Hour), 0) || r.Stale(noon.Add(-time.Hour), time.Minute) {
		t.Error("stale")
	}
	var none *Revocations
	if none.Holds(Person("ana")) || none.Stale(noon, 0) || !none.Stale(noon, time.Hour) {
		t.Error("no list")
	}
}

// TestEntriesAreAsDocumented compares with what another language makes of the text of the documentation.
func TestEntriesAreAsDocumented(t *testing.T) {
	want := "4504a6e3e0bb5656f99492f9dacc93f8"
	if got := fmt.Sprintf("%x", Subject("https://id.example.org", "4711")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	l, err := NewRevocations(9, noon, []Entry{Person("a"), Person("b")})
	good := signed(t, l, err)
	_, public := seeded(1)
	_, other := seeded(2)
	unsigned, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	with := func(f func(*List)) []byte { c := *l; f(&c); return signed(t, &c, nil) }
	swapped := bytes.Clone(l.Content)
	copy(swapped, l.Content[entrySize:])
	copy(swapped[entrySize:], l.Content[:entrySize])
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"nothing":       {nil, ErrMalformed},
		"text":          {[]byte("not a list"), ErrMalformed},
		"unsigned":      {unsigned, ErrUnsigned},
		"cut off":       {good[:len(good)-1], ErrMalformed},
		"longer":        {append(bytes.Clone(good), 0), ErrMalformed},
		"too long":      {make([]byte, MaxBytes+1), ErrMalformed},
		"another kind":  {with(func(l *List) { l.Kind = KindIssuers }), ErrMalformed},
		"odd content":   {with(func(l *List) { l.Content = l.Content[1:] }), ErrMalformed},
		"not ascending": {with(func(l *List) { l.Content = swapped }), ErrMalformed},
		"an entry twice": {with(func(l *List) {
			l.Content = append(bytes.Clone(l.Content[:entrySize]),
				l.Content[:entrySize]...)
		}), ErrMalformed},
	} {
		if r, err := OpenRevocations(c.b, public); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, r, err, c.want)
		}
	}
	if _, err := OpenRevocations(good, other); !errors.Is(err, ErrSignature) {
		t.Errorf("another key: %v", err)
	}
	if _, err := OpenRevocations(good); !errors.Is(err, ErrSignature) {
		t.Errorf("no key: %v", err)
	}
	for i := range len(good) {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if r, err := OpenRevocations(bad, public); err == nil {
			t.Fatalf("byte %d changed: %+v", i, r)
		}
	}
	key, _ := seeded(2)
	if again, err := Sign(good, key); err != nil || len(again) != len(good) {
		t.Errorf("signed anew: %d bytes, %v", len(again), err)
	} else if _, err := OpenRevocations(again, other); err != nil {
		t.Errorf("signed anew: %v", err)
	}
}

func TestListsAreBounded(t *testing.T) {
	many := make([]Entry, MaxEntries+1)
	for i := range many {
		binary.BigEndian.PutUint32(many[i][:], uint32(i))
	}
	if _, err := NewRevocations(1, noon, many); err == nil {
		t.Errorf("%d entries", len(many))
	}
	l, err := NewRevocations(1, noon, many[:MaxEntries])
	b := signed(t, l, err)
	_, public := seeded(1)
	if r, err := OpenRevocations(b, public); err != nil || r.Len() != MaxEntries || !r.Holds(many[MaxEntries-1]) ||
		r.Holds(many[MaxEntries]) || len(b) > MaxBytes {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	for name, l := range map[string]List{
		"no kind":   {Sequence: 1, Issued: noon},
		"long kind": {Kind: strings.Repeat("k", maxKind+1), Sequence: 1, Issued: noon},
		"no number": {Kind: "k", Issued: noon}, "no time": {Kind: "k", Sequence: 1},
		"large": {Kind: "k", Sequence: 1, Issued: noon, Content: make([]byte, MaxBytes)},
	} {
		if b, err := l.Encode(); err == nil {
			t.Errorf("%s: %d bytes", name, len(b))
		}
	}
}

func TestIssuers(t *testing.T) {
	files := []json.RawMessage{[]byte(`{"issuer":"https://id.example.org","keys":[]}`),
		[]byte(`{"issuer":"b","keys":[]}`)}
	l, err := NewIssuers(3, noon, files)
	b := signed(t, l, err)
	_, public := seeded(1)
	got, list, err := OpenIssuers(b, public)
	if err != nil || got.Sequence != 3 || len(list) != 2 || string(list[0]) != string(files[0]) {
		t.Errorf("%+v, %s, %v", got, list, err)
	}
	for name, files := range map[string][]json.RawMessage{
		"many": make([]json.RawMessage, MaxIssuers+1), "large": {append([]byte("{"), make([]byte, MaxIssuerBytes)...)},
		"no object": {[]byte("[]")}, "empty": {nil},
	} {
		if _, err := NewIssuers(3, noon, files); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	for _, content := range []string{"", "{}", "[1]", `["x"]`, "[{}] x"} {
		if _, _, err := OpenIssuers(signed(t,
			&List{Kind: KindIssuers, Sequence: 1, Issued: noon,
				Content: []byte(content)}, nil), public); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", content, err)
		}
	}
}

func TestParseEntry(t *testing.T) {
	for line, want := range map[string]Entry{
		" person ana ": Person("ana"), "subject https://id.example.org 4711": Subject("https://id.example.org", "4711"),
		"credential https://id.example.org 0102": Credential("https://id.example.org", []byte{1, 2}),
	} {
		if e, err := ParseEntry(line); err != nil || e != want {
			t.Errorf("%q: %x, %v", line, e, err)
		}
	}
	for _, line := range []string{"", "person", "person a b", "subject a", "credential a", "credential a zz",
		"credential a ", "people a", "person " + strings.Repeat("x", MaxPart+1)} {
		if e, err := ParseEntry(line); err == nil {
			t.Errorf("%.40q: %x", line, e)
		}
	}
}

func FuzzList(f *testing.F) {
	l, err := NewRevocations(9, noon, []Entry{Person("a"), Person("b")})
	f.Add(signed(f, l, err))
	l, err = NewIssuers(3, noon, []json.RawMessage{[]byte(`{"issuer":"b","keys":[]}`)})
	f.Add(signed(f, l, err))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Read(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("unnamed error: %v", err)
			}
			return
		}
		plain, err := l.Encode()
		if err != nil || !bytes.HasPrefix(b, plain) {
			t.Fatalf("%x decodes to %+v, which encodes to %x, %v", b, l, plain, err)
		}
		if r, err := l.Revocations(); err == nil && r.Len() > 0 && !r.Holds(Entry(r.at(0))) {
			t.Fatal("the first entry is not found")
		}
		l.Issuers()
	})
}

func FuzzParseEntry(f *testing.F) {
	f.Add("credential https://id.example.org 0102")
	f.Add("person ana")
	f.Add("subject https://id.example.org did:1")
	f.Add("person " + strings.Repeat("x", MaxPart))
	f.Add("person " + strings.Repeat("x", MaxPart+1))
	f.Add("subject issuer")
	f.Add("credential issuer 0")
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEntry(line)
		words := strings.Fields(line)
		short := len(words) > 1 && len(words[1]) <= MaxPart
		if len(words) == 3 && words[0] == "subject" {
			short = short && len(words[2]) <= MaxPart
		}
		var want Entry
		switch {
		case !short:
		case len(words) == 2 && words[0] == "person":
			want = Person(words[1])
		case len(words) == 3 && words[0] == "subject":
			want = Subject(words[1], words[2])
		case len(words) == 3 && words[0] == "credential" && len(words[2]) <= 2*MaxPart:
			if token, bad := hex.DecodeString(words[2]); bad == nil {
				want = Credential(words[1], token)
			}
		}
		if e != want || (err == nil) != (want != Entry{}) {
			t.Fatalf("%q is %x (%v), want %x", line, e, err, want)
		}
	})
}

func BenchmarkHolds(b *testing.B) {
	many := make([]Entry, MaxEntries)
	for i := range many {
		many[i] = Person(fmt.Sprint(i))
	}
	l, err := NewRevocations(1, noon, many)
	if err != nil {
		b.Fatal(err)
	}
	r, err := l.Revocations()
	if err != nil {
		b.Fatal(err)
	}
	e := Person("nobody")
	b.ReportAllocs()
	for b.Loop() {
		if r.Holds(e) {
			b.Fatal("found")
		}
	}
}
