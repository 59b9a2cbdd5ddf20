package credential

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"testing"
	"time"
)

// Run the targets with -fuzzminimizetime=1x: making every input that reaches something new shorter, as go test does by
// default for up to a minute each, takes all the time that there is. Then each makes tens of thousands of executions a
// minute.

func FuzzBase45(f *testing.F) {
	for _, s := range []string{"", "BB8", "%69 VD92EX0", "GGW", ":::", "0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := decodeBase45(text)
		if err == nil && encodeBase45(data) != text {
			t.Errorf("%q and %q are the same bytes", text, encodeBase45(data))
		}
		if back, err := decodeBase45(encodeBase45([]byte(text))); err != nil || string(back) != text {
			t.Errorf("%x comes back as %x, %v", text, back, err)
		}
	})
}

// fixedKeys are an issuer's key and a wallet's that are the same in every process of a fuzzing run. With others in
// each, no input that one of them signed would verify in another.
func fixedKeys(t testing.TB) (*SigningKey, *ecdsa.PrivateKey) {
	t.Helper()
	signer := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	wallet := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{9}, 32)))
	return &SigningKey{Signer: signer, Public: must(NewKey(signer.Public(), []byte("key-of-8"))),
		Issuer: "https://id.example"}, wallet
}

// fixedVerifier trusts the issuer's key for identities, and for the certificates of SE.
func fixedVerifier(t testing.TB) *Verifier {
	key, _ := fixedKeys(t)
	return trusting(t, Issuer{ID: key.Issuer, Keys: []*Key{key.Public}},
		Issuer{ID: "SE", Profile: HCERT, Keys: []*Key{key.Public}})
}

// stored is zlib without compression, which costs nothing.
func stored(data []byte) []byte {
	var b bytes.Buffer
	z := must(zlib.NewWriterLevel(&b, zlib.NoCompression))
	must(z.Write(data))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// checked verifies a text and the promises that hold for every one.
func checked(t *testing.T, v *Verifier, text string) *Credential {
	t.Helper()
	c, err := v.Verify(text, noon)
	var r *Refusal
	if err != nil && !errors.As(err, &r) {
		t.Fatalf("%T: %v", err, err)
	}
	if (c != nil) != (err == nil || r.Step >= UnknownIssuer) {
		t.Fatalf("decoded %v, and %v", c != nil, err)
	}
	if c == nil {
		return nil
	}
	if err == nil && (!c.Trusted || c.Key == nil || c.Holder != nil && c.Presented == nil) {
		t.Fatalf("accepted: %+v", c)
	}
	if _, e := c.Identity.BirthDate(); e != nil && !errors.Is(e, ErrNoBirthDate) &&
		!errors.Is(e, ErrUnreadableBirthDate) {
		t.Fatalf("birth date: %v", e)
	}
	if c.Profile == HCERT && (c.Subject == "" || c.Identity.FullName == "") {
		t.Fatalf("a certificate about nobody: %+v", c)
	}
	if err != nil {
		return nil
	}
	return c
}

// FuzzVerify gives the verifier what is inside the encodings, since random text hardly ever gets there.
func FuzzVerify(f *testing.F) {
	key, wallet := fixedKeys(f)
	v := fixedVerifier(f)
	claims := plainClaims(nil)
	plain := must(sign(encode(claims), key.Signer, key.Public.ID, nil))
	claims[8] = confirmation(must(NewKey(wallet.Public(), nil)))
	bound := must(sign(encode(claims), key.Signer, key.Public.ID, nil))
	shown := must(Present(encodeBase45(deflate(bound)), wallet,
		Presented{At: noon, Nonce: []byte("12345678"), Audience: "x"}))
	f.Add(plain, uint8(0))
	f.Add(bound, uint8(0))
	f.Add(must(decodeBase45(shown[len(PresentationPrefix):])), uint8(1))
	f.Add(must(sign(encode(certificate(nil)), key.Signer, key.Public.ID, nil)), uint8(2))
	f.Add(must(encrypt(plain, &SymmetricKey{Key: make([]byte, 16)})), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, form uint8) {
		text := encodeBase45(stored(data))
		switch form % 3 {
		case 1:
			text = PresentationPrefix + encodeBase45(data)
		case 2:
			text = HCERTPrefix + text
		}
		if c := checked(t, v, text); c != nil && c.Issuer == key.Issuer && c.Person() != "7" {
			t.Fatalf("accepted: %+v", c)
		}
	})
}

// FuzzPayload signs what it is given, and so gets behind the signature.
func FuzzPayload(f *testing.F) {
	key, wallet := fixedKeys(f)
	v := fixedVerifier(f)
	for _, payload := range [][]byte{encode(plainClaims(nil)),
		indefinite(plainClaims(map[int]any{4: noon.Add(time.Hour).Unix()})),
		encode(plainClaims(map[int]any{8: confirmation(must(NewKey(wallet.Public(), nil)))}))} {
		f.Add(payload, false)
	}
	f.Add(encode(certificate(nil)), true)
	f.Fuzz(func(t *testing.T, payload []byte, health bool) {
		m := message{protected: []byte{0xa1, 1, 0x27}, content: payload}
		signature := must(key.Signer.Sign(nil, m.toBeSigned(nil), crypto.Hash(0)))
		text := encodeBase45(stored(encode([]any{m.protected, map[int]any{4: key.Public.ID}, payload, signature})))
		if health {
			text = HCERTPrefix + text
		}
		if len(text) > maxQRText {
			return
		}
		checked(t, v, text)
	})
}

// FuzzPresentation signs as a holder what it is given.
func FuzzPresentation(f *testing.F) {
	key, _ := fixedKeys(f)
	v := fixedVerifier(f)
	_, wallet := must2(ed25519.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{5}, ed25519.SeedSize))))
	bound := must(sign(encode(plainClaims(map[int]any{8: confirmation(must(NewKey(wallet.Public(), nil)))})),
		key.Signer, key.Public.ID, nil))
	f.Add(encode(map[int]any{3: "gate-7", 6: noon.Unix(), 7: []byte("12345678"), claimCredential: stored(bound)}))
	f.Fuzz(func(t *testing.T, payload []byte) {
		m := message{protected: []byte{0xa1, 1, 0x27}, content: payload}
		signature := must(wallet.Sign(nil, m.toBeSigned([]byte(presentationContext)), crypto.Hash(0)))
		c := checked(t, v,
			PresentationPrefix+encodeBase45(encode([]any{m.protected, map[int]any{}, payload, signature})))
		if c != nil && (c.Holder == nil || c.Replay.Key == [32]byte{} || len(c.Presented.Nonce) < minNonce) {
			t.Fatalf("accepted: %+v", c)
		}
	})
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

func FuzzBirthDate(f *testing.F) {
	for _, text := range []string{"20150630", "2015-06-30", "2015-06", "2015", "2015-06-30T00:00:00", "20150631", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBirthDate(text)
		if err != nil {
			if errors.Is(err, ErrNoBirthDate) != (text == "") ||
				errors.Is(err, ErrUnreadableBirthDate) == (text == "") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if again, err := ParseBirthDate(b.String()); err != nil || again != b {
			t.Fatalf("%q is written as %q, which gives %+v, %v", text, b, again, err)
		}
		if b.Earliest().After(b.Latest()) || b.Latest().Year() != b.Year ||
			b.Exact() != b.Earliest().Equal(b.Latest()) {
			t.Fatalf("%q is from %v to %v", text, b.Earliest(), b.Latest())
		}
	})
}

func FuzzHCERTTrust(f *testing.F) {
	key, _ := fixedKeys(f)
	f.Add(must(MarshalIssuer(Issuer{ID: "SE", Profile: HCERT, Keys: []*Key{key.Public}})))
	f.Add([]byte(`[{"kid":"AAECAwQFBgc=","country":"SE","certificateType":"DSC","rawData":"MAA="}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		issuers, err := ParseHCERTTrust(data)
		if err != nil {
			return
		}
		for _, i := range issuers {
			if again, err := ParseHCERTIssuer(must(MarshalIssuer(i)), i.ID, i.Name); err != nil ||
				len(again.Keys) != len(i.Keys) || i.Profile != HCERT {
				t.Fatalf("%+v is read back as %+v, %v", i, again, err)
			}
		}
	})
}

func FuzzIdentity(f *testing.F) {
	id := person()
	f.Add(encode(id.attributes()))
	f.Add([]byte{0xa1, 0x61, '4', 0x63, 'A', 'n', 'a'})
	dec := must(DefaultLimits().decoder())
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := parseIdentity(dec, data)
		if err != nil {
			return
		}
		(&Credential{Identity: *id}).DecodePhoto()
		if id.check() != nil {
			return // text that an issuer of ours would refuse, such as a date of birth
		}
		again, err := parseIdentity(dec, encode(id.attributes()))
		if err != nil {
			t.Fatalf("%+v is not read back: %v", id, err)
		}
		if !bytes.Equal(encode(again.attributes()), encode(id.attributes())) {
			t.Fatalf("%+v comes back as %+v", id, again)
		}
	})
}

func FuzzParseIssuer(f *testing.F) {
	issuer, wallet := fixedKeys(f)
	for _, key := range []*SigningKey{issuer, {Signer: wallet, Public: must(NewKey(wallet.Public(), nil))}} {
		f.Add(must(key.Marshal()))
		f.Add(key.Public.COSE())
	}
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if i, err := ParseIssuer(data, "", ""); err == nil {
			for _, k := range i.Keys {
				k.Thumbprint()
			}
			if _, err := MarshalIssuer(i); err != nil {
				t.Errorf("a file that was read cannot be written: %v", err)
			}
		}
		if k, err := ParseSigningKey(data); err == nil {
			if _, err := k.Marshal(); err != nil {
				t.Error(err)
			}
		}
		ParseSymmetricKey(data)
	})
}

func FuzzBarcode(f *testing.F) {
	f.Add("11010519491231002X94287082")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBarcode(text)
		if err != nil {
			return
		}
		if b.Number+b.TOTP != text {
			t.Errorf("%q is split into %+v", text, b)
		}
		b.Check([]byte("12345678901234567890"), noon, 0)
	})
}

func FuzzEnrolment(f *testing.F) {
	_, wallet := fixedKeys(f)
	f.Add(must(decodeBase45(must(NewEnrolment(wallet, noon, "7H3K"))[len(EnrolmentPrefix):])))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEnrolment(EnrolmentPrefix + encodeBase45(data))
		if err == nil && (e.Key == nil || e.At.IsZero()) {
			t.Errorf("taken: %+v", e)
		}
	})
}

// FuzzHeaders goes where only a whole message leads: the header maps, which nobody has signed yet when they are read.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte{0xa1, 1, 0x26}, []byte{0xa1, 4, 0x42, '1', '1'})
	f.Add([]byte{0xa2, 1, 0x27, 2, 0x81, 4}, []byte{0xa1, 5, 0x4c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0xa1, 4, 0x42, '1', '1'}, []byte{0xa1, 1, 0, 0x40, 0x42})
	dec := must(DefaultLimits().decoder())
	f.Fuzz(func(t *testing.T, protected, unprotected []byte) {
		if dec.Wellformed(unprotected) != nil {
			return // it would run into what follows, and be another message
		}
		data := append([]byte{0x84}, encode(protected)...)
		data = append(append(data, unprotected...), 0x40, 0x40)
		if m, err := parseMessage(dec, data); err == nil && (m.encrypted || len(m.signature) > 0) {
			t.Errorf("another message than was written: %+v", m)
		}
	})
}
