package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// changed returns a JSON object with members replaced, or removed where they are nil.
func changed(t *testing.T, data []byte, members map[string]any) []byte {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	for k, v := range members {
		if object[k] = v; v == nil {
			delete(object, k)
		}
	}
	return must(json.Marshal(object))
}

// jwkFile is the JWK of a key alone.
func jwkFile(k *Key) []byte { return must(json.Marshal(publicJWK(k, Claim169))) }

// Each member of a JWK alone.
func TestJWKMembers(t *testing.T) {
	keys := map[string]*Key{}
	for name, s := range signers() {
		keys[name] = must(NewKey(s.Public(), nil))
	}
	short := base64.RawURLEncoding.EncodeToString(make([]byte, 31))
	for _, c := range []struct {
		name, key string
		members   map[string]any
		ok        bool
	}{
		{"Ed25519", "EdDSA", nil, true},
		{"another curve", "EdDSA", map[string]any{"crv": "X25519"}, false},
		{"no curve", "EdDSA", map[string]any{"crv": nil}, false},
		{"another type", "EdDSA", map[string]any{"kty": "EC"}, false},
		{"a short x", "EdDSA", map[string]any{"x": short}, false},
		{"an x that is no base64url", "EdDSA", map[string]any{"x": "=" + strings.Repeat("A", 42)}, false},
		{"P-384", "ES384", nil, true},
		{"P-256", "ES256", nil, true},
		{"P-384 called P-256", "ES384", map[string]any{"crv": "P-256"}, false},
		{"P-521", "ES384", map[string]any{"crv": "P-521"}, false},
		{"an x with something behind", "ES256", map[string]any{"x": publicJWK(keys["ES256"], Claim169).X + "="}, false},
		{"no y", "ES256", map[string]any{"y": nil}, false},
		{"no x", "ES256", map[string]any{"x": nil}, false},
		{"a point off the curve", "ES256", map[string]any{"x": strings.Repeat("A", 43)}, false},
		{"RSA", "PS256", nil, true},
		{"no modulus", "PS256", map[string]any{"n": nil}, false},
		{"no exponent", "PS256", map[string]any{"e": nil}, false},
		{"a modulus that is no base64url", "PS256", map[string]any{"n": "="}, false},
		{"an exponent that is no base64url", "PS256", map[string]any{"e": "="}, false},
		{"a key id of 64 bytes", "ES256", map[string]any{"kid": strings.Repeat("k", 64)}, true},
		{"a key id of 65 bytes", "ES256", map[string]any{"kid": strings.Repeat("k", 65)}, false},
		{"a type that is a number", "ES256", map[string]any{"kty": 7}, false},
		{"no type", "ES256", map[string]any{"kty": nil}, false},
	} {
		if i, err := ParseIssuer(changed(t, jwkFile(keys[c.key]), c.members), "x", ""); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", c.name, i, err)
		}
	}
}

func TestIssuerFiles(t *testing.T) {
	key := must(NewSigningKey("ES256", "x", "")).Public
	key.From, key.Until = noon, noon.Add(time.Hour)
	file := must(MarshalIssuer(Issuer{ID: "https://id.example", Name: "Registry", Keys: []*Key{key}}))
	for name, c := range map[string]struct {
		data           []byte
		id, called     string
		wantID, wantAs string
	}{
		"as the file says": {file, "", "", "https://id.example", "Registry"},
		"as we say":        {file, "other", "Other", "other", "Other"},
		"blanks around it": {slices.Concat([]byte("\n "), file, []byte("\n")), "", "", "https://id.example",
			"Registry"},
		"whose it is not": {changed(t, file, map[string]any{"issuer": nil}), "", "", "", ""},
		"the profile in words": {changed(t, file, map[string]any{"profile": "claim-169"}), "", "",
			"https://id.example", "Registry"},
		"another profile": {changed(t, file, map[string]any{"profile": "passport"}), "", "", "", ""},
		"a key for no time": {bytes.ReplaceAll(file, fmt.Append(nil, key.Until.Unix()),
			fmt.Append(nil, key.From.Unix())), "", "", "", ""},
		"no JSON":               {[]byte("{"), "x", "", "", ""},
		"something after it":    {append(slices.Clone(file), '1'), "", "", "", ""},
		"keys that are no list": {[]byte(`{"issuer":"x","keys":7}`), "", "", "", ""},
		"no key":                {[]byte(`{"issuer":"x"}`), "", "", "", ""},
		"blanks only":           {[]byte(" \n"), "x", "", "", ""},
		"no key of any form":    {[]byte("ssh-ed25519 AAAA"), "x", "", "", ""},
		"an issuer of a number": {[]byte(`{"issuer":7,"kty":"EC"}`), "", "", "", ""},
	} {
		i, err := ParseIssuer(c.data, c.id, c.called)
		if (err == nil) != (c.wantID != "") {
			t.Errorf("%s: %+v, %v", name, i, err)
		} else if err == nil && (i.ID != c.wantID || i.Name != c.wantAs || !i.Keys[0].From.Equal(noon) ||
			!i.Keys[0].Until.Equal(noon.Add(time.Hour))) {
			t.Errorf("%s: %+v", name, i)
		}
	}
	if _, err := ParseIssuer(append(file, bytes.Repeat([]byte(" "), maxKeyFile-len(file))...), "", ""); err != nil {
		t.Errorf("a file of %d bytes: %v", maxKeyFile, err)
	}
	if _, err := ParseIssuer(append(file, bytes.Repeat([]byte(" "), maxKeyFile-len(file)+1)...), "", ""); err == nil {
		t.Errorf("a file of %d bytes is taken", maxKeyFile+1)
	}
	for n, ok := range map[int]bool{16: true, 17: false} {
		var all []json.RawMessage
		for range n {
			all = append(all, jwkFile(must(NewSigningKey("EdDSA", "x", "")).Public))
		}
		if i, err := ParseIssuer(must(json.Marshal(map[string]any{"issuer": "x", "keys": all})), "",
			""); (err == nil) != ok {
			t.Errorf("%d keys: %d, %v", n, len(i.Keys), err)
		}
	}
	if _, err := MarshalIssuer(Issuer{ID: "x"}); err == nil {
		t.Error("an issuer without keys is written")
	}
}

func TestPEMFiles(t *testing.T) {
	s, foreign := newSigner(t), must(x509.MarshalPKIXPublicKey(must(NewSigningKey("EdDSA", "x", "")).Public.Public))
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: foreign})
	i, err := ParseIssuer(slices.Concat(s.pem(), public), "x", "")
	if err != nil || len(i.Keys) != 2 {
		t.Fatalf("%+v, %v", i, err)
	}
	if c := i.Keys[0]; len(c.ID) != 0 || !c.From.Equal(noon.AddDate(-1, 0, 0)) ||
		!c.Until.Equal(noon.AddDate(1, 0, 0)) {
		t.Errorf("a certificate's key is %+v", c)
	}
	if p := i.Keys[1]; !p.From.IsZero() || !p.Until.IsZero() {
		t.Errorf("a public key is %+v", p)
	}
	many := func(n int) (all []byte) {
		for range n {
			der := must(x509.MarshalPKIXPublicKey(must(NewSigningKey("EdDSA", "x", "")).Public.Public))
			all = append(all, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})...)
		}
		return all
	}
	block := func(kind string, data []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}) }
	for name, c := range map[string]struct {
		data []byte
		ok   bool
	}{
		"16 keys": {many(16), true}, "17 keys": {many(17), false},
		"a certificate that is none":    {block("CERTIFICATE", []byte("x")), false},
		"a public key that is none":     {block("PUBLIC KEY", []byte("x")), false},
		"a public key as a certificate": {block("CERTIFICATE", foreign), false},
		"a certificate as a public key": {block("PUBLIC KEY", s.der), false},
		"a private key":                 {block("PRIVATE KEY", s.der), false}, "cut off": {s.pem()[:100], false},
	} {
		if i, err := ParseIssuer(c.data, "x", ""); (err == nil) != c.ok {
			t.Errorf("%s: %d keys, %v", name, len(i.Keys), err)
		}
	}
}

func TestProfilesNames(t *testing.T) {
	for p, want := range map[Profile]string{Claim169: "claim-169", HCERT: "hcert", 2: "profile-2"} {
		if got := p.String(); got != want {
			t.Errorf("%d is %q, want %q", uint8(p), got, want)
		}
	}
	for text, ok := range map[string]bool{"AAECAwQFBgc=": true, "AAECAwQFBgc": true, "-_ECAwQFBgc=": true,
		"+/ECAwQFBgc=": true, "AAECAwQFBg==": false, "AAECAwQFBgcI": false, "": false, "????????????": false} {
		if id, err := HCERT.keyID(text); (err == nil) != ok {
			t.Errorf("%q: %x, %v", text, id, err)
		}
	}
	if n := Claim169.maxKeys(); n != 16 {
		t.Errorf("%d keys an issuer", n)
	}
	if n := HCERT.maxKeys(); n != 256 {
		t.Errorf("%d keys a country", n)
	}
	for _, c := range []struct {
		p         Profile
		key, with string
		want      bool
	}{
		{Claim169, "a", "a", true}, {Claim169, "a", "b", false}, {Claim169, "", "b", true}, {Claim169, "a", "", true},
		{HCERT, "a", "a", true}, {HCERT, "a", "b", false}, {HCERT, "a", "", false}, {HCERT, "", "b", false},
	} {
		if got := c.p.names(&Key{ID: []byte(c.key)}, []byte(c.with)); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestSigningKeyFiles(t *testing.T) {
	key := must(NewSigningKey("ES256", "https://id.example", "Registry"))
	file := must(key.Marshal())
	again := must(ParseSigningKey(file))
	if again.Issuer != key.Issuer || again.Name != key.Name || !key.Signer.(*ecdsa.PrivateKey).Equal(again.Signer) {
		t.Errorf("%+v", again)
	}
	if n := len(key.Public.ID); n != keyIDCharacters {
		t.Errorf("a key id of %d characters", n)
	}
	pad := func(n int) []byte { return append(slices.Clone(file), bytes.Repeat([]byte(" "), n-len(file))...) }
	two := fmt.Appendf(nil, `{"keys":[%s,%s]}`, jwkFile(key.Public), jwkFile(key.Public))
	for name, c := range map[string]struct {
		data []byte
		ok   bool
	}{
		"the largest file": {pad(maxKeyFile), true}, "a larger file": {pad(maxKeyFile + 1), false},
		"two keys": {two, false}, "no key": {[]byte(`{"keys":[]}`), false},
		"no JSON": {[]byte("x"), false}, "the public half": {jwkFile(key.Public), false},
		"another type": {[]byte(`{"kty":"oct","k":"AA","d":"AA"}`), false},
	} {
		if _, err := ParseSigningKey(c.data); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&SigningKey{Signer: foreignSigner{}, Public: key.Public}).Marshal(); err == nil {
		t.Error("a signer that has no key is written")
	}
	if _, err := ParsePublicKey(fmt.Appendf(nil, `{"keys":[%s,%s]}`, jwkFile(key.Public),
		jwkFile(must(NewSigningKey("EdDSA", "x", "")).Public))); err == nil {
		t.Error("two keys are one")
	}
}

func TestSymmetricKeys(t *testing.T) {
	text := func(n int) string { return base64.RawURLEncoding.EncodeToString(make([]byte, n)) }
	brace := append([]byte{'{'}, make([]byte, 15)...)
	for name, c := range map[string]struct {
		data []byte
		want SymmetricKey
		ok   bool
	}{
		"16 bytes":           {make([]byte, 16), SymmetricKey{Key: make([]byte, 16)}, true},
		"24 bytes":           {make([]byte, 24), SymmetricKey{Key: make([]byte, 24)}, true},
		"32 bytes":           {make([]byte, 32), SymmetricKey{Key: make([]byte, 32)}, true},
		"15 bytes":           {make([]byte, 15), SymmetricKey{}, false},
		"33 bytes":           {make([]byte, 33), SymmetricKey{}, false},
		"nothing":            {nil, SymmetricKey{}, false},
		"16 bytes like JSON": {brace, SymmetricKey{}, false},
		"a JWK": {[]byte(`{"kty":"oct","k":"` + text(16) + `","kid":"site"}`),
			SymmetricKey{ID: []byte("site"), Key: make([]byte, 16)}, true},
		"a short JWK":  {[]byte(`{"kty":"oct","k":"` + text(15) + `"}`), SymmetricKey{}, false},
		"no base64url": {[]byte(`{"kty":"oct","k":"="}`), SymmetricKey{}, false},
		"another type": {[]byte(`{"kty":"EC","k":"` + text(16) + `"}`), SymmetricKey{}, false},
		"two JWKs":     {[]byte(`{"keys":[{"kty":"oct","k":"` + text(16) + `"},{"kty":"oct","k":"` + text(16) + `"}]}`), SymmetricKey{}, false},
		"no JSON":      {[]byte("{" + strings.Repeat("x", 40)), SymmetricKey{}, false},
		"the largest file": {[]byte(`{"kty":"oct","k":"` + text(16) + `"}` + strings.Repeat(" ",
			maxKeyFile-len(`{"kty":"oct","k":""}`)-22)), SymmetricKey{ID: []byte{}, Key: make([]byte, 16)}, true},
		"too large": {[]byte(`{"kty":"oct","k":"` + text(16) + `"}` + strings.Repeat(" ", maxKeyFile)),
			SymmetricKey{}, false},
	} {
		got, err := ParseSymmetricKey(c.data)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(c.want, got); c.ok && diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
