package credential

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
)

func TestClaimLimits(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	long := strings.Repeat("x", maxClaimText)
	for _, c := range []struct {
		name string
		of   map[any]any
		ok   bool
	}{
		{"nothing", map[any]any{}, true},
		{"the longest texts", map[any]any{1: long, 2: long, 3: long}, true},
		{"a long issuer", map[any]any{1: long + "x"}, false},
		{"a long subject", map[any]any{2: long + "x"}, false},
		{"a long audience", map[any]any{3: long + "x"}, false},
		{"several of the longest audiences", map[any]any{3: []any{long, long}}, true},
		{"a long audience among several", map[any]any{3: []any{"a", long + "x"}}, false},
		{"an issuer that is a number", map[any]any{1: 7}, false},
		{"an audience that is a number", map[any]any{3: 7}, false},
		{"an audience that is a list of numbers", map[any]any{3: []any{7}}, false},
		{"16 audiences", map[any]any{3: repeated(16, "a")}, true},
		{"17 audiences", map[any]any{3: repeated(17, "a")}, false},
		{"a token id of 64 bytes", map[any]any{7: make([]byte, 64)}, true},
		{"a token id of 65 bytes", map[any]any{7: make([]byte, 65)}, false},
		{"a token id of text", map[any]any{7: "x"}, false},
		{"the earliest time", map[any]any{4: earliest, 5: earliest, 6: earliest}, true},
		{"before the earliest time", map[any]any{4: earliest - 1}, false},
		{"the latest time", map[any]any{5: latest}, true},
		{"after the latest time", map[any]any{5: latest + 1}, false},
		{"the earliest time as a fraction", map[any]any{6: float64(earliest)}, true},
		{"before the earliest time as a fraction", map[any]any{6: float64(earliest) - 0.5}, false},
		{"the latest time as a fraction", map[any]any{6: float64(latest)}, true},
		{"after the latest time as a fraction", map[any]any{6: float64(latest) + 1}, false},
		{"not a number", map[any]any{6: math.NaN()}, false},
		{"infinity", map[any]any{6: math.Inf(1)}, false},
		{"a time of text", map[any]any{6: "2027-03-01"}, false},
		{"a claim in words", map[any]any{"name": 1}, true},
		{"another claim", map[any]any{99: 1}, true},
	} {
		if got, err := parseClaims(dec, encode(c.of)); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	for name, data := range map[string][]byte{"no bytes": nil, "a list": encode([]any{1}), "half a map": {0xa1, 1},
		"a claim twice": {0xa2, 1, 0x61, 'a', 1, 0x61, 'a'}} {
		if got, err := parseClaims(dec, data); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Every claim comes into its own field.
func TestClaims(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	got := must(parseClaims(dec,
		encode(map[any]any{1: "i", 2: "s", 3: []any{"a", "b"}, 4: 40, 5: 50, 6: 60.25, 7: []byte{7}, 8: 8, 169: 169,
			claimCredential: 1, claimHealth: 2})))
	raw := func(v any) cbor.RawMessage { return encode(v) }
	want := &claims{issuer: "i", subject: "s", audience: []string{"a", "b"}, expires: time.Unix(40, 0).UTC(),
		notBefore: time.Unix(50, 0).UTC(), issuedAt: time.Unix(60, 250_000_000).UTC(),
		tokenID: []byte{7}, holder: raw(8), identity: raw(169), presentation: raw(1), health: raw(2)}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(claims{})); diff != "" {
		t.Error(diff)
	}
	if one := must(parseClaims(dec, encode(map[any]any{3: "a"}))); !slices.Equal(one.audience, []string{"a"}) {
		t.Errorf("one audience: %q", one.audience)
	}
}

func TestHolderKeys(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	key := must(NewSigningKey("ES256", "x", "")).Public
	if got, err := holderKey(dec, encode(confirmation(key))); err != nil ||
		!bytes.Equal(got.Thumbprint(), key.Thumbprint()) {
		t.Errorf("%v", err)
	}
	for name, cnf := range map[string]any{"a number": 7, "a key id": map[int]any{3: []byte("id")},
		"a key that is none": map[int]any{1: map[int]any{1: 9}}} {
		if k, err := holderKey(dec, encode(cnf)); err == nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
}
