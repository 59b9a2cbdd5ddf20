package credential

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

// A retired key is refused whatever date the signer gives: whoever has it can date back.
func TestKeyRotation(t *testing.T) {
	const id = "https://id.example"
	old := must(NewSigningKey("ES256", id, ""))
	young := must(NewSigningKey("EdDSA", id, ""))
	end, change := noon.Add(30*time.Minute), noon.Add(-30*time.Minute)
	old.Public.Until, young.Public.From = end, change
	v := newVerifier(t, func(o *VerifierOpts) {
		o.Issuers = []Issuer{{ID: id, Keys: []*Key{old.Public, young.Public}}}
	})
	for _, c := range []struct {
		name        string
		key         *SigningKey
		kid         []byte
		issued, now time.Time
		step        Step
	}{
		{"old key", old, old.Public.ID, noon.Add(-time.Hour), noon, Passed},
		{"old key, no key id", old, nil, noon.Add(-time.Hour), noon, Passed},
		{"new key", young, young.Public.ID, noon.Add(-time.Minute), noon, Passed},
		{"new key, no key id", young, nil, noon.Add(-time.Minute), noon, Passed},
		{"new key from its first second on", young, nil, change, noon, Passed},
		{"old key until its last second", old, nil, noon.Add(-time.Hour), end.Add(-time.Second), Passed},
		{"old key, distrusted by now", old, nil, noon.Add(-time.Hour), end, BadSignature},
		{"old key, dated back by years", old, nil, noon.AddDate(-3, 0, 0), end.Add(time.Minute), BadSignature},
		{"new key, dated before it came into force", young, nil, change.Add(-time.Second), noon, BadSignature},
		{"out of date as well", old, nil, noon.Add(-time.Hour), noon.AddDate(2, 0, 0), Expired},
	} {
		d := draft()
		d.IssuedAt, d.NotBefore = c.issued, time.Time{}
		got, err := v.Verify(mustIssueAs(t, d, c.key, c.kid), c.now)
		if stepOf(err) != c.step || got.Trusted != (c.step == Passed) {
			t.Errorf("%s: trusted %v, %v, want %v", c.name, got.Trusted, err, c.step)
		}
	}
}

// A credential without a date is judged by the clock.
func TestKeyInForceWithoutDate(t *testing.T) {
	k := &Key{From: noon, Until: noon.Add(time.Hour)}
	for _, c := range []struct {
		now  time.Time
		want bool
	}{{noon, true}, {noon.Add(-3 * time.Second), true}, {noon.Add(-6 * time.Second), false}, {noon.Add(time.Hour - 1),
		true}, {noon.Add(time.Hour), false}} {
		if err := k.inForce(time.Time{}, c.now, 5*time.Second); (err == nil) != c.want {
			t.Errorf("%v: %v, want %v", c.now, err, c.want)
		}
	}
}

// One key under two ids could be distrusted under one of them only.
func TestAKeyTwice(t *testing.T) {
	key := must(NewSigningKey("EdDSA", "https://id.example", ""))
	again := must(NewKey(key.Public.Public, []byte("other")))
	o := DefaultVerifierOpts()
	o.Issuers = []Issuer{{ID: key.Issuer, Keys: []*Key{key.Public, again}}}
	if _, err := NewVerifier(o); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("%v", err)
	}
	o.Issuers = []Issuer{{ID: key.Issuer, Keys: []*Key{key.Public}}, {ID: "https://other.example", Keys: []*Key{again}}}
	if _, err := NewVerifier(o); err != nil {
		t.Errorf("two issuers with one key: %v", err)
	}
}

func TestKeyFiles(t *testing.T) {
	for _, algorithm := range []string{"EdDSA", "ES256"} {
		key := must(NewSigningKey(algorithm, "https://id.example", "Registry"))
		key.Public.From = noon
		private := must(key.Marshal())
		again, err := ParseSigningKey(private)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Public.Thumbprint(), key.Public.Thumbprint()) || !again.Public.From.Equal(noon) ||
			again.Issuer != key.Issuer {
			t.Errorf("%s: the key has changed in its file", algorithm)
		}
		public := must(MarshalIssuer(Issuer{ID: key.Issuer, Name: key.Name, Keys: []*Key{key.Public}}))
		if bytes.Contains(public, []byte(`"d"`)) {
			t.Fatal("the private part stands in the public file")
		}
		if _, err := ParseSigningKey(public); err == nil || !strings.Contains(err.Error(), "public file") {
			t.Errorf("signing with the public file: %v", err)
		}
		der := must(x509.MarshalPKIXPublicKey(key.Public.Public))
		for name, data := range map[string][]byte{
			"JWK set":  public,
			"PEM":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
			"COSE key": key.Public.COSE(),
		} {
			i, err := ParseIssuer(data, "https://id.example", "")
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !bytes.Equal(i.Keys[0].Thumbprint(), key.Public.Thumbprint()) {
				t.Errorf("%s: another key", name)
			}
		}
	}
	for name, data := range map[string]string{
		"nothing": " ", "half a PEM": "-----BEGIN PUBLIC KEY-----\nMF",
		"a private PEM":         "-----BEGIN PRIVATE KEY-----\nMFkw\n-----END PRIVATE KEY-----\n",
		"a point off the curve": `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`,
		"RSA":                   `{"kty":"RSA","n":"AQ","e":"AQ"}`, "two objects": `{"keys":[]}{}`,
		"no keys": `{"keys":[]}`, "text": "hello",
	} {
		if _, err := ParseIssuer([]byte(data), "x", ""); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	// A COSE key off the curve must not become a holder's key.
	off := encode(map[int]any{1: 2, -1: 1, -2: bytes.Repeat([]byte{1}, 32), -3: bytes.Repeat([]byte{1}, 32)})
	dec := must(DefaultLimits().decoder())
	if _, err := keyFromCOSE(dec, off); err == nil {
		t.Error("a COSE key off the curve is taken")
	}
	if _, err := keyFromCOSE(dec, []byte("\xa4\x01\x02 \xf7001X 00000000000000000000000000000000")); err == nil {
		t.Error("a COSE key with a curve that is no number is taken")
	}
	if _, err := keyFromCOSE(dec,
		encode(map[int]any{1: 2, -1: 1, -2: bytes.Repeat([]byte{1}, 32), -3: true})); err == nil {
		t.Error("a compressed COSE key is taken")
	}
}
