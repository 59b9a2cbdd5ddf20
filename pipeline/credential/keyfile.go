package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// maxKeyFile bounds a file of keys.
const maxKeyFile = 256 << 10

// issuerFile is Umbral's own form: a JWK set (RFC 7517, section 5) that also says whose keys they are.
type issuerFile struct {
	Issuer string `json:"issuer,omitempty"`
	Name   string `json:"name,omitempty"`
	Keys   []jwk  `json:"keys"`
}

// jwk has the members of RFC 7517, RFC 7518 section 6.2 and RFC 8037 section 2 that keys of credentials need. nbf and exp
// bound when the key signs; they are not registered for keys, but common.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	D         string `json:"d,omitempty"` // private
	K         string `json:"k,omitempty"` // symmetric
	Algorithm string `json:"alg,omitempty"`
	ID        string `json:"kid,omitempty"` // its bytes are the COSE kid
	NotBefore int64  `json:"nbf,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
	Use       string `json:"use,omitempty"`
}

// ParseIssuer reads the keys of an issuer from a file: a JWK or JWK set (JSON), a COSE_Key (CBOR), or PEM (public keys or
// certificates). id and name say whose they are; where they are empty, the file must ("issuer" beside "keys").
func ParseIssuer(data []byte, id, name string) (Issuer, error) {
	i := Issuer{ID: id, Name: name}
	if len(data) > maxKeyFile {
		return i, fmt.Errorf("credential: key file of %d bytes, limit %d", len(data), maxKeyFile)
	}
	text := bytes.TrimSpace(data)
	var err error
	switch {
	case len(text) == 0:
		return i, errors.New("credential: key file is empty")
	case text[0] == '{':
		err = i.fromJSON(text)
	case bytes.Contains(text, []byte("-----BEGIN ")):
		i.Keys, err = keysFromPEM(text)
	default:
		var dec cbor.DecMode
		if dec, err = DefaultLimits().decoder(); err != nil {
			return i, fmt.Errorf("credential: %w", err)
		}
		var k *Key
		if k, err = keyFromCOSE(dec, data); err != nil {
			err = fmt.Errorf("%w (wanted JWK, PEM or COSE_Key)", err)
		}
		i.Keys = []*Key{k}
	}
	if err != nil {
		return i, err
	}
	return i, checkIssuers([]Issuer{i})
}

func (i *Issuer) fromJSON(data []byte) error {
	f, err := readJWKs(data)
	if err != nil {
		return err
	}
	if i.ID == "" {
		i.ID = f.Issuer
	}
	if i.Name == "" {
		i.Name = f.Name
	}
	if len(f.Keys) > maxKeys {
		return fmt.Errorf("credential: %d keys, limit %d", len(f.Keys), maxKeys)
	}
	for n, j := range f.Keys {
		k, err := j.public()
		if err != nil {
			return fmt.Errorf("key %d: %w", n, err)
		}
		i.Keys = append(i.Keys, k)
	}
	return nil
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

func (j *jwk) public() (*Key, error) {
	field := func(name, text string, length int) ([]byte, error) {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(b) != length {
			return nil, fmt.Errorf("credential: JWK: %s is not base64url of %d bytes", name, length)
		}
		return b, nil
	}
	x, err := field("x", j.X, 32)
	if err != nil {
		return nil, err
	}
	var public crypto.PublicKey
	switch j.Type + " " + j.Curve {
	case "OKP Ed25519":
		public = ed25519.PublicKey(x)
	case "EC P-256":
		y, err := field("y", j.Y, 32)
		if err != nil {
			return nil, err
		}
		if public, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...)); err != nil {
			return nil, fmt.Errorf("credential: JWK: %w", err)
		}
	default:
		return nil, fmt.Errorf("credential: JWK of kty %.20q, crv %.20q; wanted OKP Ed25519 or EC P-256", j.Type, j.Curve)
	}
	k, err := NewKey(public, []byte(j.ID))
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

func keysFromPEM(data []byte) ([]*Key, error) {
	var keys []*Key
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		var public crypto.PublicKey
		var err error
		var from, until time.Time
		switch block.Type {
		case "PUBLIC KEY":
			public, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "CERTIFICATE":
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err == nil {
				public, from, until = c.PublicKey, c.NotBefore, c.NotAfter
			}
		default:
			return nil, fmt.Errorf("credential: PEM block %.40q, wanted PUBLIC KEY or CERTIFICATE", block.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("credential: PEM: %w", err)
		}
		k, err := NewKey(public, nil)
		if err != nil {
			return nil, err
		}
		k.From, k.Until = from, until
		if keys = append(keys, k); len(keys) > maxKeys {
			return nil, fmt.Errorf("credential: more than %d keys in PEM (limit)", maxKeys)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("credential: no whole PEM block in the file (cut off?)")
	}
	return keys, nil
}
