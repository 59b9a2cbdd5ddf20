package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"
)

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

// FuzzVerify gives the verifier what is inside the encodings, since random text hardly ever gets there.
func FuzzVerify(f *testing.F) {
	key, v := issuerOf(f, "https://id.example", nil)
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	d := draft()
	d.Holder = must(NewKey(wallet.Public(), nil))
	plain := must(inflate(must(decodeBase45(mustIssue(f, draft(), key))), 1<<16))
	bound := must(inflate(must(decodeBase45(mustIssue(f, d, key))), 1<<16))
	f.Add(plain, []byte{})
	f.Add(bound, must(decodeBase45(must(Present(mustIssue(f, d, key), wallet, Presented{At: noon, Nonce: []byte("12345678"), Audience: "x"}))[len(PresentationPrefix):])))
	f.Fuzz(func(t *testing.T, data, outer []byte) {
		check := func(text string) {
			c, err := v.Verify(text, noon)
			var r *Refusal
			if err != nil && !errors.As(err, &r) {
				t.Fatalf("%T: %v", err, err)
			}
			if err == nil && (c.Issuer != "https://id.example" || !c.Trusted || c.Identity.ID != "40212345") {
				t.Fatalf("accepted: %+v", c)
			}
		}
		check(encodeBase45(deflate(data)))
		check(encodeBase45(data))
		check(PresentationPrefix + encodeBase45(outer))
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
	for _, algorithm := range []string{"EdDSA", "ES256"} {
		key := must(NewSigningKey(algorithm, "x", "y"))
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
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
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
	dec := must(DefaultLimits().decoder())
	f.Fuzz(func(t *testing.T, protected, unprotected []byte) {
		data := append([]byte{0x84}, encode(protected)...)
		data = append(append(data, unprotected...), 0x40, 0x40)
		if m, err := parseMessage(dec, data); err == nil && (m.encrypted || len(m.signature) > 0) {
			t.Errorf("another message than was written: %+v", m)
		}
	})
}
