package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"
)

func TestPresentation(t *testing.T) {
	_, wallet, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	holder, err := NewKey(wallet.Public(), nil)
	if err != nil {
		t.Fatal(err)
	}
	key, v := issuerOf(t, "https://id.example", nil)
	d := draft()
	d.Holder = holder
	text := mustIssue(t, d, key)
	present := func(at time.Time, nonce string) *Credential {
		t.Helper()
		shown, err := Present(text, wallet, Presented{At: at, Nonce: []byte(nonce), Audience: "gate-7"})
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Verify(shown, noon)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b := present(noon, "12345678"), present(noon, "12345678")
	if a.Replay != b.Replay || a.Replay.Key == [32]byte{} {
		t.Errorf("the same pair gives %v and %v", a.Replay, b.Replay)
	}
	if want := noon.Add(DefaultMaxAge + DefaultSkew); !a.Replay.Until.Equal(want) {
		t.Errorf("to be remembered until %v, want %v", a.Replay.Until, want)
	}
	for _, c := range []*Credential{present(noon, "12345679"), present(noon.Add(time.Second), "12345678")} {
		if c.Replay.Key == a.Replay.Key {
			t.Error("another pair gives the same key")
		}
	}
	if !bytes.Equal(a.Holder.Thumbprint(), holder.Thumbprint()) || a.Presented.Audience != "gate-7" {
		t.Errorf("%+v", a)
	}
	// What surrounds a credential in a rotating code.
	shown, err := Present(text, wallet, Presented{At: noon, Nonce: []byte("12345678"), Audience: "gate-7"})
	if err != nil {
		t.Fatal(err)
	}
	if more := len(shown) - len(text); more > 190 {
		t.Errorf("a presentation takes %d characters more than the credential", more)
	}
	// Anything signed with the holder's key for another purpose is no presentation.
	for _, external := range []string{"", "umbral presentation 2"} {
		inner, err := decodeBase45(text)
		if err != nil {
			t.Fatal(err)
		}
		other := must(sign(encode(map[int]any{3: "gate-7", 6: noon.Unix(), 7: []byte("12345678"),
			claimCredential: inner}), wallet, nil, []byte(external)))
		if _, err := v.Verify(PresentationPrefix+encodeBase45(other), noon); stepOf(err) != BadHolderSignature {
			t.Errorf("signed for %q: %v", external, err)
		}
	}
}

// A presentation counts at one terminal, unless the terminals of the site share what they were shown.
func TestPresentationCountsAtOneTerminal(t *testing.T) {
	key, _ := issuerOf(t, "https://id.example", nil)
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	d := draft()
	d.Holder = must(NewKey(wallet.Public(), nil))
	text := mustIssue(t, d, key)
	for _, c := range []struct {
		audience string
		own      []string
		shared   bool
		want     Step
	}{
		{"north", []string{"gate-1", "north"}, false, WrongAudience},
		{"north", []string{"gate-2", "north"}, false, WrongAudience},
		{"north", []string{"gate-1", "north"}, true, Passed},
		{"south", []string{"gate-1", "north"}, true, WrongAudience},
		{"gate-1", []string{"gate-1", "north"}, false, Passed},
		{"gate-1", []string{"gate-1", "north"}, true, Passed},
		{"gate-1", []string{"gate-2", "north"}, false, WrongAudience},
		{"north", nil, false, Passed},
	} {
		v := newVerifier(t, func(o *VerifierOpts) {
			o.Issuers = []Issuer{{ID: "https://id.example", Keys: []*Key{key.Public}}}
			o.Audience, o.SharedReplays = c.own, c.shared
		})
		shown := must(Present(text, wallet, Presented{At: noon, Nonce: []byte("12345678"), Audience: c.audience}))
		if _, err := v.Verify(shown, noon); stepOf(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// An issuer may restrict a credential to a site; that is no presentation, and shared names count.
func TestCredentialsAudience(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", func(o *VerifierOpts) { o.Audience = []string{"gate-1", "north"} })
	for audience, want := range map[string]Step{"gate-1": Passed, "north": Passed, "gate-2": WrongAudience} {
		text := encodeBase45(deflate(must(sign(encode(map[int]any{1: "https://id.example", 3: audience,
			169: map[int]any{1: "7"}}), key.Signer, nil, nil))))
		if _, err := v.Verify(text, noon); stepOf(err) != want {
			t.Errorf("for %s: %v, want %v", audience, err, want)
		}
	}
}
