package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// signedClaims makes the text of a credential with these claims.
func signedClaims(key *SigningKey, claims map[int]any) string {
	return encodeBase45(deflate(must(sign(encode(claims), key.Signer, key.Public.ID, nil))))
}

// plainClaims are the fewest that make a credential.
func plainClaims(more map[int]any) map[int]any {
	c := map[int]any{1: "https://id.example", 169: map[int]any{1: "7"}}
	for k, v := range more {
		c[k] = v
	}
	return c
}

func TestVerifierOptions(t *testing.T) {
	key := must(NewSigningKey("EdDSA", "x", "")).Public
	issuers := func(n int) (list []Issuer) {
		for i := range n {
			list = append(list, Issuer{ID: fmt.Sprint(i), Keys: []*Key{key}})
		}
		return list
	}
	keys := func(n int) (list []*Key) {
		for range n {
			list = append(list, must(NewSigningKey("EdDSA", "x", "")).Public)
		}
		return list
	}
	symmetric := func(id, key int) []SymmetricKey { return []SymmetricKey{{make([]byte, id), make([]byte, key)}} }
	period := func(from, until time.Time) []Issuer {
		k := *key
		k.From, k.Until = from, until
		return []Issuer{{ID: "x", Keys: []*Key{&k}}}
	}
	for _, c := range []struct {
		name   string
		change func(*VerifierOpts)
		ok     bool
	}{
		{"the default", func(*VerifierOpts) {}, true},
		{"128 issuers", func(o *VerifierOpts) { o.Issuers = issuers(128) }, true},
		{"129 issuers", func(o *VerifierOpts) { o.Issuers = issuers(129) }, false},
		{"one issuer twice", func(o *VerifierOpts) { o.Issuers = append(issuers(1), issuers(1)...) }, false},
		{"an issuer without an id", func(o *VerifierOpts) { o.Issuers = []Issuer{{Keys: keys(1)}} }, false},
		{"an id of 255 bytes",
			func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: strings.Repeat("i", 255), Keys: keys(1)}} }, true},
		{"an id of 256 bytes",
			func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: strings.Repeat("i", 256), Keys: keys(1)}} }, false},
		{"another profile", func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "x", Profile: 2, Keys: keys(1)}} },
			false},
		{"an issuer without a key", func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "x"}} }, false},
		{"16 keys", func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "x", Keys: keys(16)}} }, true},
		{"17 keys", func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "x", Keys: keys(17)}} }, false},
		{"a nil key", func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "x", Keys: []*Key{nil}}} }, false},
		{"a key that is empty", func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "x", Keys: []*Key{{}}}} }, false},
		{"a key without an id for HCERT",
			func(o *VerifierOpts) { o.Issuers = []Issuer{{ID: "SE", Profile: HCERT, Keys: keys(1)}} }, false},
		{"a key for a second", func(o *VerifierOpts) { o.Issuers = period(noon, noon.Add(time.Second)) }, true},
		{"a key for no time", func(o *VerifierOpts) { o.Issuers = period(noon, noon) }, false},
		{"a key that only begins", func(o *VerifierOpts) { o.Issuers = period(noon, time.Time{}) }, true},
		{"a key that only ends", func(o *VerifierOpts) { o.Issuers = period(time.Time{}, noon) }, true},
		{"16 decryption keys", func(o *VerifierOpts) { o.DecryptionKeys = slices.Repeat(symmetric(0, 16), 16) }, true},
		{"17 decryption keys", func(o *VerifierOpts) { o.DecryptionKeys = slices.Repeat(symmetric(0, 16), 17) }, false},
		{"a decryption key of 24 bytes", func(o *VerifierOpts) { o.DecryptionKeys = symmetric(64, 24) }, true},
		{"a decryption key of 32 bytes", func(o *VerifierOpts) { o.DecryptionKeys = symmetric(0, 32) }, true},
		{"a decryption key of 15 bytes", func(o *VerifierOpts) { o.DecryptionKeys = symmetric(0, 15) }, false},
		{"a decryption key's id of 65 bytes", func(o *VerifierOpts) { o.DecryptionKeys = symmetric(65, 16) }, false},
		{"an age of 1 s", func(o *VerifierOpts) { o.MaxAge = time.Second }, true},
		{"an age below 1 s", func(o *VerifierOpts) { o.MaxAge = time.Second - 1 }, false},
		{"an age of 10 min", func(o *VerifierOpts) { o.MaxAge = 10 * time.Minute }, true},
		{"an age above 10 min", func(o *VerifierOpts) { o.MaxAge = 10*time.Minute + 1 }, false},
		{"no skew", func(o *VerifierOpts) { o.Skew = 0 }, true},
		{"a negative skew", func(o *VerifierOpts) { o.Skew = -1 }, false},
		{"a skew of 5 min", func(o *VerifierOpts) { o.Skew = 5 * time.Minute }, true},
		{"a skew above 5 min", func(o *VerifierOpts) { o.Skew = 5*time.Minute + 1 }, false},
		{"16 audiences", func(o *VerifierOpts) { o.Audience = make([]string, 16) }, true},
		{"17 audiences", func(o *VerifierOpts) { o.Audience = make([]string, 17) }, false},
		{"the least limits", func(o *VerifierOpts) { o.Limits = Limits{64, 64, 4, 16, 64 * 64} }, true},
		{"the largest limits", func(o *VerifierOpts) { o.Limits = maxLimits }, true},
		{"no limits", func(o *VerifierOpts) { o.Limits = Limits{} }, false},
		{"a shorter text", func(o *VerifierOpts) { o.Limits.MaxText = 63 }, false},
		{"a longer text", func(o *VerifierOpts) { o.Limits.MaxText = maxLimits.MaxText + 1 }, false},
	} {
		o := DefaultVerifierOpts()
		c.change(&o)
		if _, err := NewVerifier(o); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Each time alone, on both sides of its limit.
func TestValidity(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for _, c := range []struct {
		name   string
		claims map[int]any
		want   Step
	}{
		{"no times", nil, Passed},
		{"valid within the clocks' difference", map[int]any{5: at(DefaultSkew)}, Passed},
		{"valid a second later", map[int]any{5: at(DefaultSkew + time.Second)}, NotYetValid},
		{"issued within the clocks' difference", map[int]any{6: at(DefaultSkew)}, Passed},
		{"issued a second later", map[int]any{6: at(DefaultSkew + time.Second)}, NotYetValid},
		{"expired within the clocks' difference", map[int]any{4: at(-DefaultSkew + time.Second)}, Passed},
		{"expired a second before", map[int]any{4: at(-DefaultSkew)}, Expired},
		{"the beginning of time", map[int]any{5: 0, 6: 0}, Passed},
		{"expired at the beginning of time", map[int]any{4: 0}, Expired},
	} {
		_, err := v.Verify(signedClaims(key, plainClaims(c.claims)), noon)
		if stepOf(err) != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "2027-03-01T12:00:00Z") {
			t.Errorf("%s: the error does not say what time it is: %v", c.name, err)
		}
	}
}

// What a presentation needs, each alone, by a holder whose signature is right.
func TestPresentationLimits(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	d := draft()
	d.Holder = must(NewKey(wallet.Public(), nil))
	inner := must(decodeBase45(mustIssue(t, d, key)))
	show := func(change map[int]any) error {
		c := map[int]any{3: "gate-7", 6: noon.Unix(), 7: []byte("12345678"), claimCredential: inner}
		for k, value := range change {
			if c[k] = value; value == nil {
				delete(c, k)
			}
		}
		_, err := v.Verify(PresentationPrefix+encodeBase45(must(sign(encode(c), wallet, nil,
			[]byte(presentationContext)))), noon)
		return err
	}
	at := func(d time.Duration) map[int]any { return map[int]any{6: noon.Add(d).Unix()} }
	for _, c := range []struct {
		name   string
		change map[int]any
		want   Step
	}{
		{"in order", nil, Passed},
		{"8 random bytes", map[int]any{7: make([]byte, 8)}, Passed},
		{"7 random bytes", map[int]any{7: make([]byte, 7)}, NotCOSE},
		{"32 random bytes", map[int]any{7: make([]byte, 32)}, Passed},
		{"33 random bytes", map[int]any{7: make([]byte, 33)}, NotCOSE},
		{"no random bytes", map[int]any{7: nil}, NotCOSE},
		{"no time stamp", map[int]any{6: nil}, NotCOSE},
		{"no audience", map[int]any{3: nil}, NotCOSE},
		{"an empty audience", map[int]any{3: ""}, NotCOSE},
		{"a list of one audience", map[int]any{3: []any{"gate-7"}}, Passed},
		{"two audiences", map[int]any{3: []any{"gate-7", "gate-8"}}, NotCOSE},
		{"no credential", map[int]any{claimCredential: nil}, NotCOSE},
		{"a credential of text", map[int]any{claimCredential: "x"}, NotCOSE},
		{"as old as may be", at(-DefaultMaxAge - DefaultSkew), Passed},
		{"a second older", at(-DefaultMaxAge - DefaultSkew - time.Second), Stale},
		{"as far ahead as may be", at(DefaultSkew), Passed},
		{"a second further", at(DefaultSkew + time.Second), Stale},
	} {
		if err := show(c.change); stepOf(err) != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	secret := &SymmetricKey{Key: make([]byte, 16)}
	if _, err := v.Verify(PresentationPrefix+encodeBase45(must(encrypt(encode(map[int]any{}), secret))),
		noon); stepOf(err) != NotCOSE {
		t.Errorf("encrypted: %v", err)
	}
	for name, p := range map[string]Presented{
		"7 random bytes":  {At: noon, Nonce: make([]byte, 7), Audience: "x"},
		"33 random bytes": {At: noon, Nonce: make([]byte, 33), Audience: "x"},
		"no audience":     {At: noon, Nonce: make([]byte, 8)},
	} {
		if _, err := Present(encodeBase45(inner), wallet, p); err == nil {
			t.Errorf("%s: presented", name)
		}
	}
	for _, n := range []int{8, 32} {
		if _, err := Present(encodeBase45(inner), wallet,
			Presented{At: noon, Nonce: make([]byte, n), Audience: "x"}); err != nil {
			t.Errorf("%d random bytes: %v", n, err)
		}
	}
	if _, err := Present("?", wallet, Presented{At: noon, Nonce: make([]byte, 8), Audience: "x"}); err == nil {
		t.Error("what is no credential is presented")
	}
}

// A printed copy is refused where holders are required, and only there; a bound credential is never taken alone.
func TestRequireHolder(t *testing.T) {
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	holder := must(NewKey(wallet.Public(), nil))
	for _, required := range []bool{false, true} {
		key, v := issuerOf(t, "https://id.example", func(o *VerifierOpts) { o.RequireHolder = required })
		bound := draft()
		bound.Holder = holder
		shown := must(Present(mustIssue(t, bound, key), wallet,
			Presented{At: noon, Nonce: []byte("12345678"), Audience: "x"}))
		copied := map[bool]Step{false: Passed, true: NoPresentation}[required]
		for text, want := range map[string]Step{mustIssue(t, draft(), key): copied,
			mustIssue(t, bound, key): NoPresentation, shown: Passed} {
			if c, err := v.Verify(text, noon); stepOf(err) != want || want == NoPresentation && !c.Trusted {
				t.Errorf("required %v, bound %v: %v, want %v", required, c.Holder != nil, err, want)
			}
		}
	}
}

// A header that asks for something we do not understand is refused, wherever it stands and whatever it lists.
func TestCriticalHeaders(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	payload := encode(plainClaims(nil))
	for name, header := range map[string]map[any]any{
		"a header of nobody":    {1: -8, 2: []any{-70001}, -70001: true},
		"one that is known":     {1: -8, 2: []any{1}},
		"a header in words":     {1: -8, 2: []any{"reserved"}, "reserved": true},
		"without the list":      {1: -8},
		"a header that is none": {1: -8, -70001: true},
	} {
		protected := encode(header)
		m := message{protected: protected, content: payload}
		signature := must(key.Signer.Sign(rand.Reader, m.toBeSigned(nil), crypto.Hash(0)))
		text := encodeBase45(deflate(encode(cbor.Tag{Number: tagSign1,
			Content: []any{protected, map[int]any{}, payload, signature}})))
		want := NotCOSE
		if header[2] == nil {
			want = Passed
		}
		if _, err := v.Verify(text, noon); stepOf(err) != want || want == NotCOSE &&
			!strings.Contains(err.Error(), "crit") {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// The largest text and the most bytes that come out of one.
func TestSizes(t *testing.T) {
	key, _ := issuerOf(t, "https://id.example", nil)
	text := signedClaims(key, plainClaims(nil))
	size := len(must(inflate(must(decodeBase45(text)), 1<<16)))
	for _, c := range []struct {
		text, inflated int
		want           Step
	}{{len(text), size, Passed}, {len(text) - 1, size, TooLarge}, {len(text), size - 1, NotZlib}} {
		v := newVerifier(t, func(o *VerifierOpts) {
			o.Issuers = []Issuer{{ID: "https://id.example", Keys: []*Key{key.Public}}}
			o.Limits.MaxText, o.Limits.MaxInflated = c.text, c.inflated
		})
		if _, err := v.Verify(text, noon); stepOf(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestSchemes(t *testing.T) {
	long := strings.Repeat("s", 32)
	for text, want := range map[string]string{
		"mosip://ABC": "ABC", "a://ABC": "ABC", "zZ09a://ABC": "ABC", "Az://": "", long + "://ABC": "ABC",
		long + "s://ABC": long + "s://ABC",
		"ABC":            "ABC", "abc": "abc", "MOSIP://ABC": "MOSIP://ABC", "://ABC": "://ABC", "a-b://ABC": "a-b://ABC",
		"a b://ABC": "a b://ABC", "é://A": "é://A",
		"a`://A": "a`://A", "a{://A": "a{://A", "a@://A": "a@://A", "a[://A": "a[://A", "a/://A": "a/://A",
		"a:://A": "a:://A",
	} {
		if got := withoutScheme(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestContexts(t *testing.T) {
	for text, want := range map[string]bool{
		"HC2:": true, "AZ0:x": true, "ZA9:x": true, "HC2": false, "HC:2": false, "hC2:": false, "Hc2:": false,
		"HCA:": false, "HC2;": false, "": false, "@A1:": false, "A[1:": false,
		"AA/:": false, "AA::": false,
	} {
		if got := hasContext(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	// No credential of ours begins like that.
	for level := range 256 {
		for method := 0x08; method < 0x80; method += 0x10 {
			header := method<<8 | level
			if header%31 == 0 && hasContext(encodeBase45([]byte{byte(header >> 8), byte(header)})+":") {
				t.Errorf("zlib's header %04x is a context", header)
			}
		}
	}
}

func TestDecryption(t *testing.T) {
	key, _ := issuerOf(t, "https://id.example", nil)
	secret := SymmetricKey{ID: []byte("a"), Key: bytes.Repeat([]byte{1}, 16)}
	other := SymmetricKey{ID: []byte("b"), Key: bytes.Repeat([]byte{2}, 16)}
	content := must(sign(encode(plainClaims(nil)), key.Signer, nil, nil))
	seal := func(content []byte, k SymmetricKey) string { return encodeBase45(deflate(must(encrypt(content, &k)))) }
	with := func(keys ...SymmetricKey) *Verifier {
		return newVerifier(t, func(o *VerifierOpts) {
			o.Issuers, o.DecryptionKeys = []Issuer{{ID: "https://id.example", Keys: []*Key{key.Public}}}, keys
		})
	}
	anonymous := func(k SymmetricKey) SymmetricKey { return SymmetricKey{Key: k.Key} }
	for _, c := range []struct {
		name string
		text string
		v    *Verifier
		want Step
	}{
		{"its key", seal(content, secret), with(other, secret), Passed},
		{"its key, which has no id", seal(content, secret), with(other, anonymous(secret)), Passed},
		{"no id in the message", seal(content, anonymous(secret)), with(other, secret), Passed},
		{"its key under another id", seal(content, secret), with(SymmetricKey{ID: []byte("c"), Key: secret.Key}),
			NotDecrypted},
		{"another key", seal(content, secret), with(SymmetricKey{ID: []byte("a"), Key: other.Key}), NotDecrypted},
		{"a longer key", seal(content, secret), with(SymmetricKey{ID: []byte("a"), Key: make([]byte, 32)}),
			NotDecrypted},
		{"claims that are not signed", seal(encode(plainClaims(nil)), secret), with(secret), BadSignature},
		{"nothing inside", seal(nil, secret), with(secret), NotCOSE},
		{"something else inside", seal([]byte("text"), secret), with(secret), NotCOSE},
		{"encrypted twice", seal(must(encrypt(content, &secret)), secret), with(secret), NotCOSE},
	} {
		if got, err := c.v.Verify(c.text, noon); stepOf(err) != c.want || got != nil && !got.Encrypted {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestNamesOfRefusedIssuers(t *testing.T) {
	key, _ := issuerOf(t, "https://id.example", nil)
	s := newSigner(t)
	v := trusting(t, must(ParseHCERTIssuer(s.pem(), "SE", "")), Issuer{ID: "a", Keys: []*Key{key.Public}},
		Issuer{ID: "b", Keys: []*Key{key.Public}})
	if _, err := v.Verify(signedClaims(key, plainClaims(nil)), noon); err == nil ||
		!strings.Contains(err.Error(),
			`issuer "https://id.example" is not among the 2 that are trusted for claim-169`) {
		t.Errorf("%v", err)
	}
}

// A key of the holder does not make up for an identity that is none, and an identity may stand beside other claims.
func TestIdentityAndOtherClaims(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	holder := confirmation(must(NewSigningKey("ES256", "x", "")).Public)
	for name, c := range map[string]struct {
		claims map[int]any
		want   Step
	}{
		"an identity that is none":               {map[int]any{169: 7}, NotClaim169},
		"an identity that is none, and a holder": {map[int]any{169: 7, 8: holder}, NotClaim169},
		"a holder that is none":                  {map[int]any{8: 7}, NotClaim169},
		"a health certificate beside it":         {map[int]any{claimHealth: map[int]any{1: 1}}, Passed},
	} {
		if _, err := v.Verify(signedClaims(key, plainClaims(c.claims)), noon); stepOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
