package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hcertSigner is somebody who signs HCERT: a key and the certificate that names it.
type hcertSigner struct {
	private crypto.Signer
	der     []byte
}

// newSigner makes a signer for these uses; none: for all.
func newSigner(t testing.TB, uses ...string) hcertSigner {
	t.Helper()
	return certified(t, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), uses...)
}

func certified(t testing.TB, private crypto.Signer, uses ...string) hcertSigner {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{Country: []string{"SE"}}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0)}
	for _, u := range uses {
		var id asn1.ObjectIdentifier
		for n := range strings.SplitSeq(u, ".") {
			id = append(id, must(strconv.Atoi(n)))
		}
		template.UnknownExtKeyUsage = append(template.UnknownExtKeyUsage, id)
	}
	return hcertSigner{private, must(x509.CreateCertificate(rand.Reader, template, template, private.Public(), private))}
}

func (s *hcertSigner) keyID() []byte {
	sum := sha256.Sum256(s.der)
	return sum[:8]
}

func (s *hcertSigner) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.der})
}

// sign makes the text of a code of these claims.
func (s *hcertSigner) sign(claims map[int]any) string {
	return HCERTPrefix + encodeBase45(deflate(must(sign(encode(claims), s.private, s.keyID(), nil))))
}

// certificate is an HCERT about a vaccination, changed.
func certificate(change func(claims map[int]any, certificate map[string]any)) map[int]any {
	c := map[string]any{
		"ver": "1.3.0", "dob": "1990-05-15", "nam": map[string]any{"fn": "Núñez", "fnt": "NUNEZ", "gn": "Ana María", "gnt": "ANA<MARIA"},
		"v": []any{map[string]any{"co": "SE", "ci": "URN:UVCI:01:SE:ABC#X", "tg": "840539006", "dn": 2}},
	}
	claims := map[int]any{1: "SE", 4: noon.AddDate(0, 6, 0).Unix(), 6: noon.AddDate(0, -1, 0).Unix(), claimHealth: map[int]any{1: c}}
	if change != nil {
		change(claims, c)
	}
	return claims
}

func trusting(t testing.TB, issuers ...Issuer) *Verifier {
	return newVerifier(t, func(o *VerifierOpts) { o.Issuers = issuers })
}

func TestHCERT(t *testing.T) {
	s := newSigner(t)
	v := trusting(t, must(ParseHCERTIssuer(s.pem(), "SE", "Sweden")))
	c, err := v.Verify(s.sign(certificate(nil)), noon)
	if err != nil {
		t.Fatal(err)
	}
	if c.Profile != HCERT || !c.Trusted || c.Issuer != "SE" || c.IssuerName != "Sweden" || c.Identity.FullName != "Ana María Núñez" || c.Identity.FirstName != "Ana María" ||
		c.Identity.LastName != "Núñez" || c.Identity.Version != "1.3.0" || c.Identity.CountryOfIssuance != "SE" {
		t.Errorf("%+v", c)
	}
	if c.Identifier() != (Identifier{"SE", "URN:UVCI:01:SE:ABC#X"}) || string(c.TokenID) != c.Subject {
		t.Errorf("%+v, token %q", c.Identifier(), c.TokenID)
	}
	if b, err := c.Identity.BirthDate(); err != nil || b != (BirthDate{1990, time.May, 15}) {
		t.Errorf("born %v, %v", b, err)
	}
	if c.KeyID() != base64.StdEncoding.EncodeToString(s.keyID()) {
		t.Errorf("key id %q", c.KeyID())
	}
	for dob, want := range map[string]string{"1990": "1990", "1990-05": "1990-05", "1990-05-15T00:00:00": "1990-05-15"} {
		c, err := v.Verify(s.sign(certificate(func(_ map[int]any, c map[string]any) { c["dob"] = dob })), noon)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := c.Identity.BirthDate(); err != nil || b.String() != want {
			t.Errorf("%q gives %v, %v", dob, b, err)
		}
	}
}

// What issuers leave out.
func TestHCERTVariants(t *testing.T) {
	s := newSigner(t)
	v := trusting(t, must(ParseHCERTIssuer(s.pem(), "SE", "")))
	for name, test := range map[string]struct {
		change func(claims map[int]any, c map[string]any)
		full   string
	}{
		"no issuer, which the entry names": {func(claims map[int]any, _ map[string]any) { delete(claims, 1) }, "Ana María Núñez"},
		"no surname but the standardised":  {func(_ map[int]any, c map[string]any) { delete(c["nam"].(map[string]any), "fn") }, "Ana María NUNEZ"},
		"no forename but the standardised": {func(_ map[int]any, c map[string]any) { delete(c["nam"].(map[string]any), "gn") }, "ANA MARIA Núñez"},
		"no forename":                      {func(_ map[int]any, c map[string]any) { c["nam"] = map[string]any{"fnt": "NUNEZ"} }, "NUNEZ"},
		"a test rather than a vaccination": {func(_ map[int]any, c map[string]any) { c["t"] = c["v"]; delete(c, "v") }, "Ana María Núñez"},
		"groups that are null":             {func(_ map[int]any, c map[string]any) { c["t"], c["r"] = nil, []any{} }, "Ana María Núñez"},
		"other members and claims":         {func(claims map[int]any, c map[string]any) { claims[500], c["more"] = 1, 2 }, "Ana María Núñez"},
		"the longest name and id": {func(_ map[int]any, c map[string]any) {
			c["nam"] = map[string]any{"fn": strings.Repeat("n", maxClaimText)}
			c["v"] = []any{map[string]any{"co": "SE", "ci": strings.Repeat("u", maxCertificateID)}}
		}, strings.Repeat("n", maxClaimText)},
		"a date of birth that is not known": {func(_ map[int]any, c map[string]any) { c["dob"] = "" }, "Ana María Núñez"},
	} {
		c, err := v.Verify(s.sign(certificate(test.change)), noon)
		if err != nil || c.Identity.FullName != test.full || c.Issuer != "SE" {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func TestHCERTRefusals(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	tests := newSigner(t, "1.3.6.1.4.1.1847.2021.1.1")
	issuer := must(ParseHCERTIssuer(slices.Concat(s.pem(), tests.pem()), "SE", ""))
	v := trusting(t, issuer)
	whole := s.sign(certificate(nil))
	changed := func(change func(claims map[int]any, c map[string]any)) string { return s.sign(certificate(change)) }
	in := func(change func(c map[string]any)) string {
		return changed(func(_ map[int]any, c map[string]any) { change(c) })
	}
	secret := &SymmetricKey{Key: make([]byte, 16)}
	for _, c := range []struct {
		name, text string
		step       Step
	}{
		{"whole", whole, Passed},
		{"no context", strings.TrimPrefix(whole, HCERTPrefix), WrongContext},
		{"the next version's context", "HC2:" + strings.TrimPrefix(whole, HCERTPrefix), WrongContext},
		{"another context", "HL0:" + strings.TrimPrefix(whole, HCERTPrefix), WrongContext},
		{"no base45", "HC1:abc", NotBase45},
		{"no zlib", "HC1:" + encodeBase45([]byte("something")), NotZlib},
		{"encrypted", HCERTPrefix + encodeBase45(deflate(must(encrypt(must(sign(encode(certificate(nil)), s.private, s.keyID(), nil)), secret)))), NotCOSE},
		{"an identity rather than a certificate", changed(func(claims map[int]any, _ map[string]any) {
			delete(claims, claimHealth)
			claims[claimIdentity] = map[int]any{1: "7"}
		}), NotClaim169},
		{"another member of the claim", changed(func(claims map[int]any, c map[string]any) { claims[claimHealth] = map[int]any{2: c} }), NotClaim169},
		{"a claim that is no map", changed(func(claims map[int]any, _ map[string]any) { claims[claimHealth] = "x" }), NotClaim169},
		{"no name", in(func(c map[string]any) { delete(c, "nam") }), NotClaim169},
		{"an empty name", in(func(c map[string]any) { c["nam"] = map[string]any{} }), NotClaim169},
		{"a name without letters", in(func(c map[string]any) { c["nam"] = map[string]any{"fnt": "<<"} }), NotClaim169},
		{"a long name", in(func(c map[string]any) { c["nam"] = map[string]any{"fn": strings.Repeat("n", maxClaimText+1)} }), NotClaim169},
		{"no date of birth", in(func(c map[string]any) { delete(c, "dob") }), NotClaim169},
		{"a date of birth that is a number", in(func(c map[string]any) { c["dob"] = 19900515 }), NotClaim169},
		{"no version", in(func(c map[string]any) { delete(c, "ver") }), NotClaim169},
		{"nothing certified", in(func(c map[string]any) { delete(c, "v") }), NotClaim169},
		{"two vaccinations", in(func(c map[string]any) { c["v"] = append(c["v"].([]any), c["v"].([]any)...) }), NotClaim169},
		{"a test as well", in(func(c map[string]any) { c["t"] = c["v"] }), NotClaim169},
		{"no id", in(func(c map[string]any) { c["v"] = []any{map[string]any{"co": "SE"}} }), NotClaim169},
		{"a long id", in(func(c map[string]any) { c["v"] = []any{map[string]any{"ci": strings.Repeat("u", maxCertificateID+1)}} }), NotClaim169},
		{"another country", changed(func(claims map[int]any, _ map[string]any) { claims[1] = "FI" }), UnknownIssuer},
		{"a signer who is not in the list", other.sign(certificate(nil)), UnknownIssuer},
		{"no key id", HCERTPrefix + encodeBase45(deflate(must(sign(encode(certificate(nil)), s.private, nil, nil)))), UnknownIssuer},
		{"a signer's id, another's signature", HCERTPrefix + encodeBase45(deflate(must(sign(encode(certificate(nil)), other.private, s.keyID(), nil)))), BadSignature},
		{"a vaccination by a signer of tests", tests.sign(certificate(nil)), WrongKeyUsage},
		{"a test by a signer of tests", tests.sign(certificate(func(_ map[int]any, c map[string]any) { c["t"] = c["v"]; delete(c, "v") })), Passed},
		{"tomorrow's", changed(func(claims map[int]any, _ map[string]any) { claims[6] = noon.Add(time.Hour).Unix() }), NotYetValid},
		{"yesterday's", changed(func(claims map[int]any, _ map[string]any) { claims[4] = noon.Add(-time.Hour).Unix() }), Expired},
	} {
		got, err := v.Verify(c.text, noon)
		if stepOf(err) != c.step {
			t.Errorf("%s: %v, want %v", c.name, err, c.step)
		}
		if err != nil && strings.Contains(err.Error(), "Núñez") {
			t.Errorf("%s: the error names the person: %v", c.name, err)
		}
		if got != nil && got.Trusted != (c.step == Passed || c.step > WrongKeyUsage) {
			t.Errorf("%s: trusted %v", c.name, got.Trusted)
		}
	}
	if _, err := v.Verify(whole, noon.AddDate(2, 0, 0)); stepOf(err) != Expired {
		t.Errorf("in two years: %v", err)
	}
	holders := newVerifier(t, func(o *VerifierOpts) { o.Issuers, o.RequireHolder = []Issuer{issuer}, true })
	if _, err := holders.Verify(whole, noon); stepOf(err) != NoPresentation {
		t.Errorf("where holders are required: %v", err)
	}
}

// The certificate bounds its key.
func TestHCERTSignerRetires(t *testing.T) {
	s := newSigner(t)
	v := trusting(t, must(ParseHCERTIssuer(s.pem(), "SE", "")))
	eternal := s.sign(certificate(func(claims map[int]any, _ map[string]any) { delete(claims, 4) }))
	if _, err := v.Verify(eternal, noon); err != nil {
		t.Error(err)
	}
	if c, err := v.Verify(eternal, noon.AddDate(1, 0, 0)); stepOf(err) != BadSignature || c.Trusted {
		t.Errorf("after the certificate's end: trusted %v, %v", c.Trusted, err)
	}
}

// Who may certify vaccinations may not issue identities, and the other way round, whatever they call themselves.
func TestProfilesAreApart(t *testing.T) {
	s := newSigner(t)
	health := must(ParseHCERTIssuer(s.pem(), "SE", ""))
	key := must(NewKey(s.private.Public(), nil))
	d := draft()
	d.Issuer = "SE"
	identity := must(Issue(d, s.private, s.keyID()))
	for name, c := range map[string]struct {
		issuer Issuer
		text   string
		want   Step
	}{
		"a certificate by its signer":           {health, s.sign(certificate(nil)), Passed},
		"an identity by a certificate's signer": {health, identity, UnknownIssuer},
		"an identity by its issuer":             {Issuer{ID: "SE", Keys: []*Key{key}}, identity, Passed},
		"a certificate by an identity's issuer": {Issuer{ID: "SE", Keys: []*Key{key}}, s.sign(certificate(nil)), UnknownIssuer},
	} {
		if _, err := trusting(t, c.issuer).Verify(c.text, noon); stepOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	o := DefaultVerifierOpts()
	o.Issuers = []Issuer{health, {ID: "SE", Keys: []*Key{key}}}
	if _, err := NewVerifier(o); err == nil {
		t.Error("one id for two profiles is taken")
	}
}

func TestHCERTUses(t *testing.T) {
	for _, c := range []struct {
		uses []string
		want HCERTUse
		text string
	}{
		{nil, 0, "all"},
		{[]string{"1.3.6.1.5.5.7.3.77"}, 0, "all"},
		{[]string{"1.3.6.1.4.1.1847.2021.1.4"}, 0, "all"},
		{[]string{"1.3.6.1.4.1.1847.2021.1.1"}, HCERTTest, "test"},
		{[]string{"1.3.6.1.4.1.1847.2021.1.2"}, HCERTVaccination, "vaccination"},
		{[]string{"1.3.6.1.4.1.0.1847.2021.1.3"}, HCERTRecovery, "recovery"},
		{[]string{"1.3.6.1.4.1.0.1847.2021.1.1", "1.3.6.1.4.1.1847.2021.1.3", "1.3.6.1.5.5.7.3.77"}, HCERTTest | HCERTRecovery, "test, recovery"},
	} {
		s := newSigner(t, c.uses...)
		k, err := hcertKey(s.der)
		if err != nil || k.Uses != c.want || k.Uses.String() != c.text {
			t.Errorf("%v gives %v, %v; want %v", c.uses, k.Uses, err, c.want)
		}
		if again, err := hcertUses(k.Uses.words()); err != nil || again != k.Uses {
			t.Errorf("%v is written as %v, which gives %v, %v", k.Uses, k.Uses.words(), again, err)
		}
	}
}
