package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"umbral/config/paths/pathstest"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// issuerOf makes an issuer and a verifier that trusts it.
func issuerOf(t testing.TB, id string, change func(*VerifierOpts)) (*SigningKey, *Verifier) {
	t.Helper()
	key, err := NewSigningKey("EdDSA", id, "Test")
	if err != nil {
		t.Fatal(err)
	}
	return key, newVerifier(t, func(o *VerifierOpts) {
		o.Issuers = []Issuer{{ID: id, Name: "Test", Keys: []*Key{key.Public}}}
		if change != nil {
			change(o)
		}
	})
}

// person is an identity that uses everything.
func person() Identity {
	return Identity{
		ID: "40212345", Version: "1.0", Language: "spa", FullName: "Ana María Núñez", FirstName: "Ana", MiddleName: "María", LastName: "Núñez",
		DateOfBirth: "19900515", Gender: Female, Address: "Calle 1\nMontevideo", Email: "ana@example.org", Phone: "+598 99 123 456",
		Nationality: "URY", MaritalStatus: 2, Guardian: "40200000", PhotoData: []byte("\xff\xd8\xff\xe0 no picture"), PhotoFormat: 1,
		BestQualityFingers: []int{2, 7}, SecondaryFullName: "安娜", SecondaryLanguage: "zho", LocationCode: "48Q5", LegalStatus: "citizen", CountryOfIssuance: "URY",
		Biometrics: map[Part][]Biometric{
			RightThumb: {{Data: []byte("FMR\x00 20"), Format: FormatTemplate, SubFormat: 1, Issuer: "VendorA"}},
			Face: {{Data: []byte{1, 2, 3}, Format: FormatTemplate, SubFormat: 100}, {Data: []byte{4}, Format: FormatUnknown, SubFormat: -1},
				{Data: []byte{5}, Format: FormatImage, SubFormat: 0}},
		},
	}
}

func draft() Draft {
	return Draft{Issuer: "https://id.example", Subject: "40212345", Identity: person(), IssuedAt: noon.Add(-time.Hour), NotBefore: noon.Add(-time.Hour), Expires: noon.AddDate(1, 0, 0), TokenID: []byte{0xb, 0x71}}
}

func mustIssue(t testing.TB, d Draft, key *SigningKey) string {
	t.Helper()
	text, err := Issue(d, key.Signer, key.Public.ID)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestIssueAndVerify(t *testing.T) {
	secret := SymmetricKey{ID: []byte("site"), Key: bytes.Repeat([]byte{9}, 32)}
	for _, algorithm := range []string{"EdDSA", "ES256"} {
		for _, encrypt := range []*SymmetricKey{nil, &secret, {Key: bytes.Repeat([]byte{8}, 16)}} {
			key, err := NewSigningKey(algorithm, "https://id.example", "Registry")
			if err != nil {
				t.Fatal(err)
			}
			v := newVerifier(t, func(o *VerifierOpts) {
				o.Issuers = []Issuer{{ID: key.Issuer, Name: key.Name, Keys: []*Key{key.Public}}}
				o.DecryptionKeys = []SymmetricKey{secret, {Key: bytes.Repeat([]byte{8}, 16)}}
			})
			d := draft()
			d.Encrypt = encrypt
			c, err := v.Verify(mustIssue(t, d, key), noon)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(d.Identity, c.Identity); diff != "" {
				t.Errorf("%s: %s", algorithm, diff)
			}
			if c.Issuer != key.Issuer || c.IssuerName != "Registry" || c.Subject != d.Subject || c.Person() != d.Subject || !c.Expires.Equal(d.Expires) ||
				!c.NotBefore.Equal(d.NotBefore) || !bytes.Equal(c.TokenID, d.TokenID) || !c.Trusted || c.Encrypted != (encrypt != nil) || c.Key != key.Public || c.Holder != nil {
				t.Errorf("%s: %+v", algorithm, c)
			}
		}
	}
}

// Each step is reached by a code that passes all the steps before it.
func TestRefusalsInOrder(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", func(o *VerifierOpts) { o.Audience = []string{"gate-7", "north"} })
	other, _ := issuerOf(t, "https://id.example", nil)
	wallet, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	thief, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	holder, err := NewKey(wallet.Public(), nil)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Draft), k *SigningKey) string {
		d := draft()
		change(&d)
		return mustIssue(t, d, k)
	}
	bound := with(func(d *Draft) { d.Holder = holder }, key)
	show := func(signer *ecdsa.PrivateKey, at time.Time, audience string) string {
		text, err := Present(bound, signer, Presented{At: at, Nonce: []byte("12345678"), Audience: audience})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	unbound, err := Present(with(func(*Draft) {}, key), wallet, Presented{At: noon, Nonce: []byte("12345678"), Audience: "gate-7"})
	if err != nil {
		t.Fatal(err)
	}
	anonymous := encodeBase45(deflate(must(sign(encode(map[int]any{1: "https://id.example"}), key.Signer, nil, nil))))
	for _, c := range []struct {
		name string
		text string
		step Step
	}{
		{"longer than a QR code", strings.Repeat("0", 4297), TooLarge},
		{"a web address", "https://example.org/", NotBase45},
		{"base45 of something else", encodeBase45([]byte("something else")), NotZlib},
		{"a zlib bomb", encodeBase45(deflate(make([]byte, 1<<20))), NotZlib},
		{"bytes after the zlib data", encodeBase45(append(deflate([]byte{0xa0}), 0)), NotZlib},
		{"claims without COSE", encodeBase45(deflate(encode(map[int]any{1: "x"}))), NotCOSE},
		{"nesting", encodeBase45(deflate(bytes.Repeat([]byte{0x81}, 1000))), NotCOSE},
		{"no identity", anonymous, NotClaim169},
		{"another issuer", with(func(d *Draft) { d.Issuer = "https://elsewhere.example" }, key), UnknownIssuer},
		{"another key id", with(func(*Draft) {}, other), UnknownIssuer},
		{"another key", mustIssueAs(t, draft(), other, key.Public.ID), BadSignature},
		{"tomorrow's", with(func(d *Draft) { d.NotBefore = noon.Add(time.Minute) }, key), NotYetValid},
		{"issued tomorrow", with(func(d *Draft) { d.IssuedAt = noon.Add(time.Minute) }, key), NotYetValid},
		{"yesterday's", with(func(d *Draft) { d.Expires = noon.Add(-time.Minute) }, key), Expired},
		{"a bound one alone", bound, NoPresentation},
		{"an unbound one presented", unbound, BadHolderSignature},
		{"somebody else's phone", show(thief, noon, "gate-7"), BadHolderSignature},
		{"for another gate", show(wallet, noon, "gate-8"), WrongAudience},
		{"a screenshot", show(wallet, noon.Add(-time.Minute), "gate-7"), Stale},
		{"from the future", show(wallet, noon.Add(time.Minute), "gate-7"), Stale},
		{"in order", show(wallet, noon.Add(-20*time.Second), "gate-7"), Passed},
		{"for the site", show(wallet, noon.Add(3*time.Second), "north"), WrongAudience},
	} {
		got, err := v.Verify(c.text, noon)
		if stepOf(err) != c.step {
			t.Errorf("%s: %v, want %v", c.name, err, c.step)
		}
		if decoded := c.step == Passed || c.step >= UnknownIssuer; decoded != (got != nil) {
			t.Errorf("%s: decoded %v", c.name, got != nil)
		}
		if got != nil && got.Trusted != (c.step == Passed || c.step > BadSignature) {
			t.Errorf("%s: trusted %v", c.name, got.Trusted)
		}
		if err != nil && strings.Contains(err.Error(), "Ana") {
			t.Errorf("%s: the error names the person: %v", c.name, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func mustIssueAs(t testing.TB, d Draft, key *SigningKey, id []byte) string {
	t.Helper()
	text, err := Issue(d, key.Signer, id)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

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
		other := must(sign(encode(map[int]any{3: "gate-7", 6: noon.Unix(), 7: []byte("12345678"), claimCredential: inner}), wallet, nil, []byte(external)))
		if _, err := v.Verify(PresentationPrefix+encodeBase45(other), noon); stepOf(err) != BadHolderSignature {
			t.Errorf("signed for %q: %v", external, err)
		}
	}
}

// Every bit of a code is covered by a signature or by the encoding's own checks.
func TestNoBitCanChange(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	d := draft()
	d.Identity = Identity{ID: "1", FullName: "Ana"}
	text := mustIssue(t, d, key)
	compressed, err := decodeBase45(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := inflate(compressed, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	bits := 8
	if testing.Short() {
		bits = 1
	}
	for i := range data {
		for bit := range bits {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << bit
			c, err := v.Verify(encodeBase45(deflate(changed)), noon)
			if err == nil && !cmp.Equal(c.Identity, d.Identity) {
				t.Errorf("bit %d of byte %d: accepted as %+v", bit, i, c.Identity)
			}
		}
	}
}

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
	}{{noon, true}, {noon.Add(-3 * time.Second), true}, {noon.Add(-6 * time.Second), false}, {noon.Add(time.Hour - 1), true}, {noon.Add(time.Hour), false}} {
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
		text := encodeBase45(deflate(must(sign(encode(map[int]any{1: "https://id.example", 3: audience, 169: map[int]any{1: "7"}}), key.Signer, nil, nil))))
		if _, err := v.Verify(text, noon); stepOf(err) != want {
			t.Errorf("for %s: %v, want %v", audience, err, want)
		}
	}
}

// The same subject of two issuers is two holders.
func TestIdentifier(t *testing.T) {
	a, b := &Credential{Issuer: "a", Subject: "4711"}, &Credential{Issuer: "b", Subject: "4711"}
	if a.Identifier() == b.Identifier() || a.Person() != b.Person() {
		t.Errorf("%+v and %+v", a.Identifier(), b.Identifier())
	}
	byID := &Credential{Issuer: "a", Identity: Identity{ID: "7"}}
	if got := byID.Identifier(); got != (Identifier{"a", "7"}) {
		t.Errorf("%+v", got)
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
		if !bytes.Equal(again.Public.Thumbprint(), key.Public.Thumbprint()) || !again.Public.From.Equal(noon) || again.Issuer != key.Issuer {
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
		"nothing": " ", "half a PEM": "-----BEGIN PUBLIC KEY-----\nMF", "a private PEM": "-----BEGIN PRIVATE KEY-----\nMFkw\n-----END PRIVATE KEY-----\n",
		"a point off the curve": `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`,
		"RSA":                   `{"kty":"RSA","n":"AQ","e":"AQ"}`, "two objects": `{"keys":[]}{}`, "no keys": `{"keys":[]}`, "text": "hello",
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
	if _, err := keyFromCOSE(dec, encode(map[int]any{1: 2, -1: 1, -2: bytes.Repeat([]byte{1}, 32), -3: true})); err == nil {
		t.Error("a compressed COSE key is taken")
	}
}

// RFC 6238, appendix B, the rows for SHA-1.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		text, err := NewBarcode("11010519491231002X", secret, time.Unix(unix, 0))
		if err != nil || text != "11010519491231002X"+want {
			t.Errorf("%d gives %q, %v; want %s", unix, text, err, want)
		}
		b, err := ParseBarcode(text)
		if err != nil || b.Number != "11010519491231002X" || b.TOTP != want {
			t.Errorf("%q gives %+v, %v", text, b, err)
		}
	}
}

func TestTOTPWindow(t *testing.T) {
	secret := []byte("12345678901234567890")
	b, err := ParseBarcode(must(NewBarcode("40212345", secret, noon)))
	if err != nil {
		t.Fatal(err)
	}
	step := uint64(noon.Unix()) / 30
	for _, c := range []struct {
		at   time.Duration
		last uint64
		want Step
	}{
		{0, 0, Passed}, {59 * time.Second, 0, Passed}, {-30 * time.Second, 0, Passed}, {60 * time.Second, 0, BadHolderSignature},
		{-31 * time.Second, 0, BadHolderSignature}, {0, step - 1, Passed}, {0, step, Replayed}, {0, step + 1, Replayed},
	} {
		p, err := b.Check(secret, noon.Add(c.at), c.last)
		if stepOf(err) != c.want {
			t.Errorf("%v, last %d: %v, want %v", c.at, c.last, err, c.want)
		}
		if err == nil && (p.Step != step || !p.Replay.Until.Equal(noon.Add(time.Minute)) || p.Replay.Key == [32]byte{}) {
			t.Errorf("%v: %+v", c.at, p)
		}
	}
	if _, err := b.Check([]byte("another secret, 20 B"), noon, 0); stepOf(err) != BadHolderSignature {
		t.Errorf("another person's secret: %v", err)
	}
	for text, want := range map[string]Step{"": NotClaim169, "5901234123457": Passed, "12345678901": NotClaim169, "AB12345678901234": NotClaim169, strings.Repeat("1", 33): TooLarge} {
		if _, err := ParseBarcode(text); stepOf(err) != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestPhotos(t *testing.T) {
	c := &Credential{}
	if _, err := c.DecodePhoto(); err != ErrNoPhoto {
		t.Errorf("without a photograph: %v", err)
	}
	for name, data := range map[string]string{
		"JPEG 2000": "\x00\x00\x00\x0cjP  \r\n\x87\n", "AVIF": "\x00\x00\x00\x1cftypavif", "WSQ": "\xff\xa0", "unknown": "?",
	} {
		c.Identity.Biometrics = map[Part][]Biometric{Face: {{Data: []byte(data), Format: FormatImage, SubFormat: 1}}}
		if _, err := c.DecodePhoto(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	picture, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	c.Identity = Identity{PhotoData: picture[:min(len(picture), maxPhotoBytes)], PhotoFormat: 1}
	if _, err := c.DecodePhoto(); len(picture) > maxPhotoBytes && err == nil {
		t.Error("half a JPEG is decoded")
	}
}

// The photographs of the vectors are WebP: VP8 in RIFF.
func TestVectorPhotos(t *testing.T) {
	for _, name := range []string{"claim169-example", "refugee-identity"} {
		var v claimVector
		readJSON(t, pathstest.Data(t, "credentials/claim169/test-vectors/valid/"+name+".json"), &v)
		c, _ := newVerifier(t, nil).Verify(v.QR, vectorClock)
		img, err := c.DecodePhoto()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %d×%d", name, img.Width, img.Height)
		if img.Width < 32 || img.Height < 32 {
			t.Errorf("%s: %d×%d", name, img.Width, img.Height)
		}
		c.limits.MaxPhotoPixels = img.Width*img.Height - 1
		if _, err := c.DecodePhoto(); err == nil {
			t.Errorf("%s: decoded beyond the limit", name)
		}
	}
}

func TestEnrolment(t *testing.T) {
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	text := must(NewEnrolment(wallet, noon, "7H3K"))
	e, err := ParseEnrolment(text)
	if err != nil || !e.At.Equal(noon) || e.Claim != "7H3K" || !wallet.PublicKey.Equal(e.Key.Public) {
		t.Errorf("%+v, %v", e, err)
	}
	other := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	key := must(NewKey(other.Public(), nil))
	forged := EnrolmentPrefix + encodeBase45(must(sign(encode(map[int]any{6: noon.Unix(), 8: confirmation(key)}), wallet, nil, []byte(enrolmentContext))))
	for name, text := range map[string]string{
		"somebody else's key": forged, "cut off": text[:len(text)-3], "a presentation": PresentationPrefix + text, "nothing": "",
		"too large": EnrolmentPrefix + strings.Repeat("0", 5000),
	} {
		if _, err := ParseEnrolment(text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
