package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
		ID: "40212345", Version: "1.0", Language: "spa", FullName: "Ana María Núñez", FirstName: "Ana",
		MiddleName: "María", LastName: "Núñez",
		DateOfBirth: "19900515", Gender: Female, Address: "Calle 1\nMontevideo", Email: "ana@example.org",
		Phone:       "+598 99 123 456",
		Nationality: "URY", MaritalStatus: 2, Guardian: "40200000", PhotoData: []byte("\xff\xd8\xff\xe0 no picture"),
		PhotoFormat:        1,
		BestQualityFingers: []int{2, 7}, SecondaryFullName: "安娜", SecondaryLanguage: "zho", LocationCode: "48Q5",
		LegalStatus: "citizen", CountryOfIssuance: "URY",
		Biometrics: map[Part][]Biometric{
			RightThumb: {{Data: []byte("FMR\x00 20"), Format: FormatTemplate, SubFormat: 1, Issuer: "VendorA"}},
			Face: {{Data: []byte{1, 2, 3}, Format: FormatTemplate, SubFormat: 100},
				{Data: []byte{4}, Format: FormatUnknown, SubFormat: -1},
				{Data: []byte{5}, Format: FormatImage, SubFormat: 0}},
		},
	}
}

func draft() Draft {
	return Draft{Issuer: "https://id.example", Subject: "40212345", Identity: person(), IssuedAt: noon.Add(-time.Hour),
		NotBefore: noon.Add(-time.Hour), Expires: noon.AddDate(1, 0, 0), TokenID: []byte{0xb, 0x71}}
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
			if c.Issuer != key.Issuer || c.IssuerName != "Registry" || c.Subject != d.Subject ||
				c.Person() != d.Subject || !c.Expires.Equal(d.Expires) ||
				!c.NotBefore.Equal(d.NotBefore) || !bytes.Equal(c.TokenID, d.TokenID) || !c.Trusted ||
				c.Encrypted != (encrypt != nil) || c.Key != key.Public || c.Holder != nil {
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
	unbound, err := Present(with(func(*Draft) {}, key), wallet,
		Presented{At: noon, Nonce: []byte("12345678"), Audience: "gate-7"})
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
