package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
)

// vectorClock is the instant that the vectors were made for.
var vectorClock = time.Unix(1_770_000_000, 0)

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newVerifier(t testing.TB, change func(*VerifierOpts)) *Verifier {
	t.Helper()
	o := DefaultVerifierOpts()
	if change != nil {
		change(&o)
	}
	v, err := NewVerifier(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func stepOf(err error) Step {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Step
	}
	return Passed
}

func TestBase45Vectors(t *testing.T) {
	var v struct {
		Good []struct{ Hex, Base45 string }
		Bad  []string
	}
	readJSON(t, pathstest.Data(t, "credentials/base45/vectors.json"), &v)
	for _, c := range v.Good {
		data, err := decodeBase45(c.Base45)
		if err != nil || hex.EncodeToString(data) != c.Hex {
			t.Errorf("%q gives %x, %v; want %s", c.Base45, data, err, c.Hex)
		}
		if text := encodeBase45(unhex(t, c.Hex)); text != c.Base45 {
			t.Errorf("%s gives %q, want %q", c.Hex, text, c.Base45)
		}
	}
	for _, text := range v.Bad {
		if data, err := decodeBase45(text); err == nil {
			t.Errorf("%q gives %x", text, data)
		}
	}
}

func TestPixelPassVectors(t *testing.T) {
	var v struct {
		Decode []struct{ QR, Text, JSON string }
		Errors []struct{ In string }
		Hex    []string `json:"claim169_string_keys_hex"`
	}
	readJSON(t, pathstest.Data(t, "credentials/pixelpass/vectors.json"), &v)
	for _, c := range v.Decode {
		data, err := decodeBase45(withoutScheme(c.QR))
		if err != nil {
			t.Fatalf("%q: %v", c.QR, err)
		}
		plain, err := inflate(data, 1000)
		if err != nil {
			t.Fatalf("%q: %v", c.QR, err)
		}
		if c.Text != "" && string(plain) != c.Text {
			t.Errorf("%q gives %q, want %q", c.QR, plain, c.Text)
		}
		if _, err := newVerifier(t, nil).Verify(c.QR, vectorClock); stepOf(err) != NotCOSE {
			t.Errorf("%q: %v, wanted to be refused as no COSE", c.QR, err)
		}
	}
	for _, c := range v.Errors {
		if _, err := decodeBase45(c.In); err == nil {
			t.Errorf("%q is taken", c.In)
		}
	}
	dec, err := DefaultLimits().decoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range v.Hex {
		id, err := parseIdentity(dec, unhex(t, h))
		if err != nil {
			t.Fatal(err)
		}
		if id.FullName != "Peter M Jhon" || id.Gender != Male || id.MaritalStatus != 2 || len(id.PhotoData) == 0 ||
			len(id.BestQualityFingers) != 2 || id.Guardian != "Jhon Honai" {
			t.Errorf("text keys give %+v", id)
		}
	}
}

// claimVector is one file of the claim 169 vectors.
type claimVector struct {
	Name          string
	QR            string          `json:"qr_data"`
	Identity      json.RawMessage `json:"expected_claim169"`
	ExpectedError string          `json:"expected_error"`
	Meta          struct {
		Issuer, Subject                string
		ExpiresAt, NotBefore, IssuedAt int64
	} `json:"expected_cwt_meta"`
	Signing *struct {
		Algorithm string
		Public    string `json:"public_key_hex"`
	} `json:"signing_key"`
	Encryption *struct {
		Key string `json:"symmetric_key_hex"`
	} `json:"encryption_key"`
}

func (c *claimVector) opts(t *testing.T, trusted bool) func(*VerifierOpts) {
	return func(o *VerifierOpts) {
		if c.Encryption != nil {
			o.DecryptionKeys = []SymmetricKey{{Key: unhex(t, c.Encryption.Key)}}
		}
		if !trusted {
			return
		}
		var public any = ed25519.PublicKey(bytes.Repeat([]byte{7}, 32))
		if c.Signing != nil {
			raw := unhex(t, c.Signing.Public)
			public = ed25519.PublicKey(raw)
			if c.Signing.Algorithm == "ES256" {
				p, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
				if err != nil {
					t.Fatal(err)
				}
				public = p
			}
		}
		key, err := NewKey(public, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Issuers = []Issuer{{ID: c.Meta.Issuer, Keys: []*Key{key}}}
	}
}

func TestClaim169Vectors(t *testing.T) {
	root := pathstest.Data(t, "credentials/claim169/test-vectors")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.json"))
	if err != nil || len(files) < 18 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	refused := map[string]Step{"Base45Decode": NotBase45, "Decompress": NotZlib, "CoseParse": NotCOSE,
		"Claim169NotFound": NotClaim169}
	for _, path := range files {
		var c claimVector
		readJSON(t, path, &c)
		t.Run(c.Name, func(t *testing.T) {
			if c.ExpectedError != "" {
				got, err := newVerifier(t, nil).Verify(c.QR, vectorClock)
				if want := refused[c.ExpectedError]; want == Passed || stepOf(err) != want || got != nil {
					t.Fatalf("%v, %v; want the step %v", got, err, want)
				}
				return
			}
			got, err := newVerifier(t, c.opts(t, false)).Verify(c.QR, vectorClock)
			if stepOf(err) != UnknownIssuer || got == nil || got.Trusted {
				t.Fatalf("without issuers: %v, %v", got, err)
			}
			c.compare(t, got)
			if c.Encryption != nil {
				if _, err := newVerifier(t, nil).Verify(c.QR, vectorClock); stepOf(err) != NotDecrypted {
					t.Errorf("without the key: %v", err)
				}
			}
			got, err = newVerifier(t, c.opts(t, true)).Verify(c.QR, vectorClock)
			want := Passed
			if c.Signing == nil {
				want = BadSignature // not signed
			}
			if stepOf(err) != want || got.Trusted != (want == Passed) {
				t.Fatalf("with its issuer: %v, want %v", err, want)
			}
			c.compare(t, got)
		})
	}
}

// The vectors that are out of date are not signed, so their times are judged on copies that are.
func TestVectorTimes(t *testing.T) {
	for name, want := range map[string]Step{"expired": Expired, "not-yet-valid": NotYetValid,
		"unknown-fields": Passed} {
		var c claimVector
		readJSON(t, pathstest.Data(t, "credentials/claim169/test-vectors/edge/"+name+".json"), &c)
		got, _ := newVerifier(t, nil).Verify(c.QR, vectorClock)
		key, verifier := issuerOf(t, c.Meta.Issuer, nil)
		text, err := Issue(Draft{Issuer: c.Meta.Issuer, IssuedAt: got.IssuedAt, NotBefore: got.NotBefore,
			Expires: got.Expires, Identity: got.Identity}, key.Signer, key.Public.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.Verify(text, vectorClock); stepOf(err) != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func (c *claimVector) compare(t *testing.T, got *Credential) {
	t.Helper()
	unix := func(at time.Time) int64 {
		if at.IsZero() {
			return 0
		}
		return at.Unix()
	}
	if m := c.Meta; got.Issuer != m.Issuer || got.Subject != m.Subject || unix(got.Expires) != m.ExpiresAt ||
		unix(got.NotBefore) != m.NotBefore || unix(got.IssuedAt) != m.IssuedAt {
		t.Errorf("claims %+v, want %+v", got, m)
	}
	// Whatever the vector names must be there, with that value.
	var want, have map[string]any
	if err := json.Unmarshal(c.Identity, &want); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(got.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &have); err != nil {
		t.Fatal(err)
	}
	biometrics, _ := have["biometrics"].(map[string]any)
	if c.Name == "with-face" {
		// The vector lists ff fd fe e0 as the picture's first bytes, its code holds ff d8 ff e0, as a JPEG begins.
		want["face"].([]any)[0].(map[string]any)["data"] = base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff\xe0\x00\x10"))
	}
	for name, v := range want {
		h := have[name]
		if h == nil {
			h = biometrics[name]
		}
		if !within(v, h) {
			t.Errorf("%s is %v, want %v", name, h, v)
		}
	}
}

// within says whether all of want is in have.
func within(want, have any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, is := have.(map[string]any)
		for k, v := range w {
			if !is || !within(v, h[k]) {
				return false
			}
		}
		return true
	case []any:
		h, is := have.([]any)
		if !is || len(h) != len(w) {
			return false
		}
		for i := range w {
			if !within(w[i], h[i]) {
				return false
			}
		}
		return true
	}
	return want == have
}

// coseVector is one of the examples of the COSE working group.
type coseVector struct {
	Title string
	Fail  bool
	Input struct {
		Sign0 *struct {
			Key      map[string]string
			External string
		}
		Encrypted *struct {
			External   string
			Recipients []struct{ Key map[string]string }
		}
		Plaintext    string
		PlaintextHex string `json:"plaintext_hex"`
	}
	Output struct{ CBOR string }
}

func (c *coseVector) coordinate(t *testing.T, name string) []byte {
	key := c.Input.Sign0.Key
	if h := key[name+"_hex"]; h != "" {
		return unhex(t, h)
	}
	b, err := base64.RawURLEncoding.DecodeString(key[name])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCOSEVectors(t *testing.T) {
	root := pathstest.Data(t, "credentials/cose")
	dec, err := DefaultLimits().decoder()
	if err != nil {
		t.Fatal(err)
	}
	signed, encrypted := 0, 0
	for _, pattern := range []string{"sign1-tests/*.json", "CWT/A_3.json", "ecdsa-examples/ecdsa-sig-*.json",
		"eddsa-examples/eddsa-sig-*.json", "encrypted-tests/*.json", "aes-gcm-examples/aes-gcm-enc-*.json"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, path := range files {
			var c coseVector
			readJSON(t, path, &c)
			name := filepath.Base(path)
			data := unhex(t, strings.ToLower(c.Output.CBOR))
			m, err := parseMessage(dec, data)
			var content []byte
			switch {
			case c.Input.Sign0 != nil:
				public := c.signer(t)
				if public == nil || name == "ecdsa-sig-04.json" { // P-256 with SHA-512
					t.Logf("%s: %s is for algorithms that credentials may not use", name, c.Title)
					continue
				}
				signed++
				if err == nil {
					content, err = m.content, m.verify(public, unhex(t, c.Input.Sign0.External))
				}
			case c.Input.Encrypted != nil:
				encrypted++
				key, e := base64.RawURLEncoding.DecodeString(c.Input.Encrypted.Recipients[0].Key["k"])
				if e != nil {
					t.Fatal(e)
				}
				if err == nil {
					content, err = m.decrypt(key, unhex(t, c.Input.Encrypted.External))
				}
			}
			if (err != nil) != c.Fail {
				t.Errorf("%s (%s): %v, fails %v", name, c.Title, err, c.Fail)
			}
			want := []byte(c.Input.Plaintext)
			if c.Input.PlaintextHex != "" {
				want = unhex(t, c.Input.PlaintextHex)
			}
			if err == nil && !bytes.Equal(content, want) {
				t.Errorf("%s gives %q", name, content)
			}
		}
	}
	if signed < 12 || encrypted < 13 {
		t.Errorf("%d signed, %d encrypted messages: the set is smaller than it was", signed, encrypted)
	}
}

// signer is the vector's key, nil for curves that credentials may not use.
func (c *coseVector) signer(t *testing.T) *Key {
	var public any
	switch c.Input.Sign0.Key["crv"] {
	case "Ed25519":
		public = ed25519.PublicKey(c.coordinate(t, "x"))
	default:
		of := curveBy(func(k *curve) bool { return k.jwk == c.Input.Sign0.Key["crv"] })
		if of == nil {
			return nil
		}
		p, err := of.key(c.coordinate(t, "x"), c.coordinate(t, "y"))
		if err != nil {
			t.Fatal(err)
		}
		public = p
	}
	key, err := NewKey(public, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Other kinds of COSE messages are refused by name.
func TestOtherCOSE(t *testing.T) {
	root := pathstest.Data(t, "credentials/cose")
	for file, want := range map[string]string{
		"mac0-tests/mac-pass-01.json": "COSE_Mac0", "sign-tests/sign-pass-01.json": "COSE_Sign",
		"aes-gcm-examples/aes-gcm-01.json": "COSE_Encrypt",
	} {
		var c coseVector
		readJSON(t, filepath.Join(root, file), &c)
		text := encodeBase45(deflate(unhex(t, strings.ToLower(c.Output.CBOR))))
		if _, err := newVerifier(t, nil).Verify(text, vectorClock); stepOf(err) != NotCOSE ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
