package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// jwk has the members of RFC 7517, RFC 7518 section 6 and RFC 8037 section 2 that keys of credentials need. nbf is when
// the key comes into force and exp from when on it is distrusted; they are not registered for keys, but common. hcert
// lists what a key of that profile may sign, all where it is left out.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	N         string `json:"n,omitempty"` // RSA
	E         string `json:"e,omitempty"` // RSA
	D         string `json:"d,omitempty"` // private
	K         string `json:"k,omitempty"` // symmetric
	Algorithm string `json:"alg,omitempty"`
	ID        string `json:"kid,omitempty"` // its bytes are the COSE kid; in HCERT's profile it is base64 of them
	NotBefore int64  `json:"nbf,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
	Use       string `json:"use,omitempty"`

	HCERT []string `json:"hcert,omitempty"`
}

// readJWKs reads a set, or a single key as a set of one.
func readJWKs(data []byte) (issuerFile, error) {
	var f issuerFile
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&f); err != nil {
		return f, fmt.Errorf("credential: key file: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return f, errors.New("credential: key file: something follows the JSON object")
	}
	if f.Keys == nil {
		var one jwk
		if err := json.Unmarshal(data, &one); err != nil {
			return f, fmt.Errorf("credential: key file: %w", err)
		}
		if one.Type == "" {
			return f, errors.New(`credential: key file: neither "keys" nor "kty" in it`)
		}
		f.Keys = []jwk{one}
	}
	return f, nil
}

// keyOf reads the public key with what the profile says of it.
func (j *jwk) keyOf(p Profile) (*Key, error) {
	k, err := j.public()
	if err != nil {
		return nil, err
	}
	if k.ID, err = p.keyID(j.ID); err != nil {
		return nil, err
	}
	if p != HCERT && len(j.HCERT) > 0 {
		return nil, fmt.Errorf("credential: JWK with uses of HCERT in a file for %s", p)
	}
	k.Uses, err = hcertUses(j.HCERT)
	return k, err
}

// public reads the public key. Its id is left to the profile.
func (j *jwk) public() (*Key, error) {
	key, err := j.publicKey()
	if err != nil {
		return nil, err
	}
	k, err := NewKey(key, nil)
	if err != nil {
		return nil, err
	}
	if j.NotBefore != 0 {
		k.From = time.Unix(j.NotBefore, 0)
	}
	if j.Expires != 0 {
		k.Until = time.Unix(j.Expires, 0)
	}
	return k, nil
}

// publicKey reads the members that make the key.
func (j *jwk) publicKey() (crypto.PublicKey, error) {
	switch {
	case j.Type == "OKP" && j.Curve == "Ed25519":
		x, err := jwkBytes("x", j.X, ed25519.PublicKeySize)
		return ed25519.PublicKey(x), err
	case j.Type == "EC":
		c := curveBy(func(c *curve) bool { return c.jwk == j.Curve })
		if c == nil {
			break
		}
		x, err := jwkBytes("x", j.X, c.size)
		if err != nil {
			return nil, err
		}
		y, err := jwkBytes("y", j.Y, c.size)
		if err != nil {
			return nil, err
		}
		key, err := c.key(x, y)
		if err != nil {
			return nil, fmt.Errorf("credential: JWK: %w", err)
		}
		return key, nil
	case j.Type == "RSA":
		n, err := base64.RawURLEncoding.DecodeString(j.N)
		if err != nil {
			return nil, errors.New("credential: JWK: n is not base64url")
		}
		e, err := base64.RawURLEncoding.DecodeString(j.E)
		if err != nil {
			return nil, errors.New("credential: JWK: e is not base64url")
		}
		return rsaKey(n, e)
	}
	return nil, fmt.Errorf("credential: JWK of kty %.20q, crv %.20q; wanted OKP Ed25519, EC P-256 or P-384, or RSA",
		j.Type, j.Curve)
}

// jwkBytes decodes a member of a fixed length.
func jwkBytes(name, text string, length int) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != length {
		return nil, fmt.Errorf("credential: JWK: %s is not base64url of %d bytes", name, length)
	}
	return b, nil
}

// publicJWK returns the JWK of a key, with its id as the profile writes it.
func publicJWK(k *Key, profile Profile) jwk {
	text := base64.RawURLEncoding.EncodeToString
	j := jwk{Algorithm: k.Algorithm(), ID: profile.keyIDText(k.ID), Use: "sig", NotBefore: seconds(k.From),
		Expires: seconds(k.Until), HCERT: k.Uses.words()}
	switch p := k.Public.(type) {
	case ed25519.PublicKey:
		j.Type, j.Curve, j.X = "OKP", "Ed25519", text(p)
	case *ecdsa.PublicKey:
		c := curveOf(p)
		x, y := c.coordinates(p)
		j.Type, j.Curve, j.X, j.Y = "EC", c.jwk, text(x), text(y)
	case *rsa.PublicKey:
		j.Type, j.N, j.E = "RSA", text(p.N.Bytes()), text(exponent(p))
	}
	return j
}
