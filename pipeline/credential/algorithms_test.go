package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rsa2048 takes a second to make.
var rsa2048 = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

// signers makes one of each algorithm that issuers may use.
func signers() map[string]crypto.Signer {
	return map[string]crypto.Signer{
		"EdDSA": must(NewSigningKey("EdDSA", "x", "")).Signer,
		"ES256": must(NewSigningKey("ES256", "x", "")).Signer,
		"ES384": must(NewSigningKey("ES384", "x", "")).Signer,
		"PS256": rsa2048(),
	}
}

func TestAlgorithms(t *testing.T) {
	all := signers()
	keys := map[string]*Key{}
	for name, s := range all {
		keys[name] = must(NewKey(s.Public(), []byte("k")))
		if got := keys[name].Algorithm(); got != name {
			t.Errorf("%s is called %s", name, got)
		}
	}
	for name, s := range all {
		text := must(Issue(draft(), s, []byte("k")))
		for other, key := range keys {
			v := trusting(t, Issuer{ID: "https://id.example", Keys: []*Key{key}})
			want := Passed
			if other != name {
				want = BadSignature
			}
			if c, err := v.Verify(text, noon); stepOf(err) != want || err == nil && !cmp.Equal(c.Identity, person()) {
				t.Errorf("signed with %s, checked with %s: %v", name, other, err)
			}
		}
	}
}

// The algorithm in the header must be the key's, even where the signature would be right.
func TestHeaderMustAgreeWithKey(t *testing.T) {
	s := rsa2048()
	data := must(inflate(must(decodeBase45(must(Issue(draft(), s, []byte("k"))))), 1<<16))
	v := trusting(t, Issuer{ID: "https://id.example", Keys: []*Key{must(NewKey(s.Public(), nil))}})
	other := bytes.Replace(data, []byte{0xa1, 1, 0x38, 0x24}, []byte{0xa1, 1, 0x38, 0x25}, 1) // PS256, PS384
	if bytes.Equal(other, data) {
		t.Fatal("the header is written otherwise")
	}
	if _, err := v.Verify(encodeBase45(deflate(other)), noon); stepOf(err) != BadSignature ||
		!strings.Contains(err.Error(), "in the header") {
		t.Errorf("%v", err)
	}
}

func TestHoldersOfAllAlgorithms(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	for name, s := range signers() {
		d := draft()
		d.Holder = must(NewKey(s.Public(), nil))
		shown := must(Present(mustIssue(t, d, key), s,
			Presented{At: noon, Nonce: []byte("12345678"), Audience: "gate-7"}))
		if c, err := v.Verify(shown, noon); err != nil || !bytes.Equal(c.Holder.Thumbprint(), d.Holder.Thumbprint()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every form of a public key gives the same key.
func TestPublicKeyFiles(t *testing.T) {
	for name, s := range signers() {
		key := must(NewKey(s.Public(), []byte("k1")))
		for form, data := range map[string][]byte{
			"JWK":  must(MarshalIssuer(Issuer{ID: "x", Keys: []*Key{key}})),
			"COSE": key.COSE(),
			"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY",
				Bytes: must(x509.MarshalPKIXPublicKey(s.Public()))}),
		} {
			got, err := ParsePublicKey(data)
			if err != nil || !bytes.Equal(got.Thumbprint(), key.Thumbprint()) || got.Algorithm() != name {
				t.Errorf("%s as %s: %v", name, form, err)
			}
			if form == "JWK" && string(got.ID) != "k1" {
				t.Errorf("%s as %s: id %q", name, form, got.ID)
			}
		}
	}
}

func TestPrivateKeyFiles(t *testing.T) {
	for _, algorithm := range []string{"EdDSA", "ES256", "ES384"} {
		key, other := must(NewSigningKey(algorithm, "x", "")), must(NewSigningKey(algorithm, "x", ""))
		file := must(key.Marshal())
		again, err := ParseSigningKey(file)
		if err != nil || !bytes.Equal(again.Public.Thumbprint(), key.Public.Thumbprint()) ||
			string(again.Public.ID) != string(key.Public.ID) {
			t.Errorf("%s: %v", algorithm, err)
		}
		mixed := publicJWK(key.Public, Claim169)
		d := must(readJWKs(must(other.Marshal()))).Keys[0].D
		mixed.D = d
		if _, err := ParseSigningKey(must(indented(mixed))); err == nil ||
			!strings.Contains(err.Error(), "belong together") {
			t.Errorf("%s: another's private part: %v", algorithm, err)
		}
		mixed.D = d[:len(d)-4]
		if _, err := ParseSigningKey(must(indented(mixed))); err == nil {
			t.Errorf("%s: a short private part is taken", algorithm)
		}
	}
	if _, err := NewSigningKey("PS256", "x", ""); err == nil {
		t.Error("an RSA key is made")
	}
	j := publicJWK(must(NewKey(rsa2048().Public(), nil)), Claim169)
	j.D = "AQ"
	if _, err := ParseSigningKey(must(indented(j))); err == nil || !strings.Contains(err.Error(), "PS256") {
		t.Errorf("an RSA key: %v", err)
	}
}

func TestWeakKeys(t *testing.T) {
	n := rsa2048().N
	with := func(n *big.Int, e int) *rsa.PublicKey { return &rsa.PublicKey{N: n, E: e} }
	large := func(bits uint) *big.Int {
		return new(big.Int).SetBit(new(big.Int).SetBit(new(big.Int), int(bits)-1, 1), 0, 1)
	}
	p521 := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	for name, public := range map[string]crypto.PublicKey{
		"2047 bits": with(large(2047), 65537), "4097 bits": with(large(4097), 65537),
		"an even modulus":    with(new(big.Int).Sub(n, big.NewInt(1)), 65537),
		"a negative modulus": with(new(big.Int).Neg(n), 65537), "no modulus": with(nil, 65537),
		"exponent 1": with(n, 1), "an even exponent": with(n, 65536),
		"a negative exponent": with(n, -3), "no key": (*rsa.PublicKey)(nil), "no ECDSA key": (*ecdsa.PublicKey)(nil),
		"P-521": p521.Public(), "text": "key",
	} {
		if k, err := NewKey(public, nil); err == nil {
			t.Errorf("%s: taken as %s", name, k.Algorithm())
		}
	}
	for name, public := range map[string]crypto.PublicKey{"2048 bits": with(large(2048), 65537),
		"4096 bits": with(large(4096), 3)} {
		if _, err := NewKey(public, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	beyond := int64(1)<<32 + 1
	if _, err := NewKey(with(n, int(beyond)), nil); err == nil && int64(int(beyond)) == beyond {
		t.Error("an exponent of 33 bits is taken")
	}
	if k, err := rsaKey(n.Bytes(), []byte{1, 0, 0, 1}); err != nil || k.E != 1<<24+1 {
		t.Errorf("an exponent of 4 bytes: %v", err)
	}
	if _, err := NewKey(rsa2048().Public(), make([]byte, maxKeyID)); err != nil {
		t.Errorf("a key id of %d bytes: %v", maxKeyID, err)
	}
	if _, err := NewKey(rsa2048().Public(), make([]byte, maxKeyID+1)); err == nil {
		t.Error("a key id that is too long is taken")
	}
}

// A COSE key whose parameters are of another kind must not become a key.
func TestCOSEKeysThatAreNone(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	p384 := must(NewSigningKey("ES384", "x", "")).Public
	x, y := curveOf(p384.Public.(*ecdsa.PublicKey)).coordinates(p384.Public.(*ecdsa.PublicKey))
	for name, key := range map[string]map[int]any{
		"no type":                   {-1: 2, -2: x, -3: y},
		"another type":              {1: 4, -1: 2, -2: x, -3: y},
		"no curve":                  {1: 2, -2: x, -3: y},
		"a curve that is text":      {1: 2, -1: "P-384", -2: x, -3: y},
		"P-384 called P-256":        {1: 2, -1: 1, -2: x, -3: y},
		"P-521":                     {1: 2, -1: 3, -2: x, -3: y},
		"no x":                      {1: 2, -1: 2, -3: y},
		"no y":                      {1: 2, -1: 2, -2: x},
		"a point off the curve":     {1: 2, -1: 2, -2: y, -3: x},
		"x and y divided elsewhere": {1: 2, -1: 2, -2: x[:47], -3: append([]byte{x[47]}, y...)},
		"Ed25519 of another length": {1: 1, -1: 6, -2: x},
		"X25519":                    {1: 1, -1: 4, -2: make([]byte, 32)},
		"Ed25519 without a curve":   {1: 1, -2: make([]byte, 32)},
		"RSA without a modulus":     {1: 3, -2: []byte{1, 0, 1}},
		"RSA without an exponent":   {1: 3, -1: rsa2048().N.Bytes()},
		"RSA with a number":         {1: 3, -1: rsa2048().N.Bytes(), -2: 65537},
		"RSA with a long exponent":  {1: 3, -1: rsa2048().N.Bytes(), -2: []byte{1, 0, 0, 0, 1}},
		"an exponent of 65 bits":    {1: 3, -1: rsa2048().N.Bytes(), -2: []byte{1, 0, 0, 0, 0, 0, 1, 0, 1}},
		"RSA with a long modulus":   {1: 3, -1: append(make([]byte, maxRSA/8), 1), -2: []byte{1, 0, 1}},
		"a modulus with zeros before": {1: 3, -1: append(make([]byte, maxRSA/8-255), rsa2048().N.Bytes()...),
			-2: []byte{1, 0, 1}},
		"RSA with a modulus of 1024": {1: 3, -1: rsa2048().N.Bytes()[:128], -2: []byte{1, 0, 1}},
	} {
		if k, err := keyFromCOSE(dec, encode(key)); err == nil {
			t.Errorf("%s: taken as %s", name, k.Algorithm())
		}
	}
	if k, err := keyFromCOSE(dec, encode(map[int]any{1: 2, 2: []byte("id"), -1: 2, -2: x, -3: y})); err != nil ||
		string(k.ID) != "id" {
		t.Errorf("P-384: %v", err)
	}
}
