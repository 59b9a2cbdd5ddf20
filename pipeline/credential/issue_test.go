package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

func TestDraftLimits(t *testing.T) {
	key := must(NewSigningKey("EdDSA", "https://id.example", ""))
	text := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name   string
		change func(*Draft)
		ok     bool
	}{
		{"in order", func(*Draft) {}, true},
		{"no issuer", func(d *Draft) { d.Issuer = "" }, false},
		{"an issuer of 255 bytes", func(d *Draft) { d.Issuer = text(255) }, true},
		{"an issuer of 256 bytes", func(d *Draft) { d.Issuer = text(256) }, false},
		{"no instant of issue", func(d *Draft) { d.IssuedAt = time.Time{} }, false},
		{"a token id of 64 bytes", func(d *Draft) { d.TokenID = make([]byte, 64) }, true},
		{"a token id of 65 bytes", func(d *Draft) { d.TokenID = make([]byte, 65) }, false},
		{"a subject of 1024 bytes", func(d *Draft) { d.Subject = text(1024) }, true},
		{"a subject of 1025 bytes", func(d *Draft) { d.Subject = text(1025) }, false},
		{"without an end", func(d *Draft) { d.Expires = time.Time{} }, true},
		{"ends when it is issued", func(d *Draft) { d.Expires, d.NotBefore = d.IssuedAt, time.Time{} }, false},
		{"ends when it begins", func(d *Draft) { d.NotBefore = d.Expires }, false},
		{"a wrong identity", func(d *Draft) { d.Identity.Gender = 4 }, false},
		{"a wrong key to encrypt with", func(d *Draft) { d.Encrypt = &SymmetricKey{Key: make([]byte, 15)} }, false},
		{"more than a code holds", func(d *Draft) { d.Identity.PhotoData = noise(4000) }, false},
	} {
		d := draft()
		c.change(&d)
		if _, err := Issue(d, key.Signer, nil); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := Issue(draft(), key.Signer, make([]byte, maxKeyID+1)); err == nil {
		t.Error("a key id of 65 bytes is taken")
	}
	if _, err := Issue(draft(), foreignSigner{}, nil); err == nil {
		t.Error("a key of another algorithm signs")
	}
}

// foreignSigner has a public key that credentials may not use.
type foreignSigner struct{ crypto.Signer }

func (foreignSigner) Public() crypto.PublicKey { return "key" }

// What is left out is not there, rather than empty.
func TestFewestClaims(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	c, err := v.Verify(mustIssue(t, Draft{Issuer: "https://id.example", IssuedAt: noon}, key), noon)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject != "" || c.TokenID != nil || !c.NotBefore.IsZero() || !c.Expires.IsZero() || c.Holder != nil ||
		c.Replay.Key != [32]byte{} || !c.IssuedAt.Equal(noon) {
		t.Errorf("%+v", c)
	}
	data := must(inflate(must(decodeBase45(mustIssue(t, Draft{Issuer: "https://id.example", IssuedAt: noon}, key))),
		1<<16))
	m := must(parseMessage(must(DefaultLimits().decoder()), data))
	if !bytes.Equal(m.content, encode(map[int]any{1: "https://id.example", 6: noon.Unix(), 169: map[int]any{}})) {
		t.Errorf("%x", m.content)
	}
}

// A text that fills a code to the last character is issued, and one character more is not.
func TestLargestText(t *testing.T) {
	key := must(NewSigningKey("EdDSA", "https://id.example", ""))
	seen := map[bool]int{}
	for n := 2650; n < 2760; n++ {
		d := draft()
		d.Identity = Identity{PhotoFormat: 1, PhotoData: noise(n)}
		text, err := Issue(d, key.Signer, nil)
		if err == nil {
			seen[true] = max(seen[true], len(text))
			continue
		}
		seen[false]++
		if !strings.Contains(err.Error(), "a QR code holds 4296") {
			t.Fatal(err)
		}
	}
	if seen[true] > maxQRText || seen[true] < maxQRText-2 || seen[false] == 0 {
		t.Errorf("the longest text has %d characters, and %d were refused", seen[true], seen[false])
	}
}

// noise returns bytes that cannot be compressed.
func noise(n int) []byte {
	b, x := make([]byte, n), uint64(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return b
}

func TestEnrolmentLimits(t *testing.T) {
	key := must(NewSigningKey("EdDSA", "x", ""))
	code := func(claims map[int]any) string {
		return EnrolmentPrefix + encodeBase45(must(sign(encode(claims), key.Signer, nil, []byte(enrolmentContext))))
	}
	holder := confirmation(key.Public)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"in order":           {code(map[int]any{6: noon.Unix(), 8: holder}), true},
		"blanks around it":   {" " + code(map[int]any{6: noon.Unix(), 8: holder}) + "\n", true},
		"no time stamp":      {code(map[int]any{8: holder}), false},
		"no key":             {code(map[int]any{6: noon.Unix()}), false},
		"a key that is none": {code(map[int]any{6: noon.Unix(), 8: 7}), false},
		"claims that are none": {EnrolmentPrefix + encodeBase45(must(sign([]byte{1}, key.Signer, nil,
			[]byte(enrolmentContext)))), false},
		"no COSE":   {EnrolmentPrefix + encodeBase45([]byte("x")), false},
		"no base45": {EnrolmentPrefix + "?", false},
		"signed for another purpose": {EnrolmentPrefix + encodeBase45(must(sign(encode(map[int]any{6: noon.Unix(),
			8: holder}), key.Signer, nil, []byte("umbral enrolment 2")))), false},
		"without the prefix": {strings.TrimPrefix(code(map[int]any{6: noon.Unix(), 8: holder}),
			EnrolmentPrefix), false},
		"a text of 4296 and no more": {EnrolmentPrefix + strings.Repeat("0", 4296-len(EnrolmentPrefix)), false},
		"a text of more than a code": {code(map[int]any{6: noon.Unix(), 8: holder}) + strings.Repeat(" ", 4296), false},
		"indefinite lengths": {EnrolmentPrefix + encodeBase45(must(sign(indefinite(map[int]any{6: noon.Unix(),
			2: "7H3K", 8: holder}), key.Signer, nil, []byte(enrolmentContext)))), true},
	} {
		if e, err := ParseEnrolment(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if _, err := NewEnrolment(foreignSigner{}, noon, ""); err == nil {
		t.Error("a key of another algorithm enrols")
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
	forged := EnrolmentPrefix + encodeBase45(must(sign(encode(map[int]any{6: noon.Unix(), 8: confirmation(key)}),
		wallet, nil, []byte(enrolmentContext))))
	for name, text := range map[string]string{
		"somebody else's key": forged, "cut off": text[:len(text)-3], "a presentation": PresentationPrefix + text,
		"nothing":   "",
		"too large": EnrolmentPrefix + strings.Repeat("0", 5000),
	} {
		if _, err := ParseEnrolment(text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
