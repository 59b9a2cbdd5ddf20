package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SigningKey is an issuer's private key.
type SigningKey struct {
	Signer crypto.Signer
	Public *Key
	// Issuer and Name are whose it is, as far as the file says.
	Issuer, Name string
}

// keyIDCharacters of the thumbprint make the id of a new key: enough to tell an issuer's few keys apart, short in the code.
const keyIDCharacters = 6

// NewSigningKey makes a key: algorithm EdDSA (Ed25519) or ES256 (ECDSA P-256).
func NewSigningKey(algorithm, issuer, name string) (*SigningKey, error) {
	var signer crypto.Signer
	var err error
	switch algorithm {
	case "EdDSA":
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, fmt.Errorf("credential: algorithm %q, wanted EdDSA or ES256", algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("credential: making a key: %w", err)
	}
	public, err := NewKey(signer.Public(), nil)
	if err != nil {
		return nil, err
	}
	public.ID = []byte(base64.RawURLEncoding.EncodeToString(public.Thumbprint())[:keyIDCharacters])
	return &SigningKey{Signer: signer, Public: public, Issuer: issuer, Name: name}, nil
}

// ParseSigningKey reads what SigningKey.Marshal wrote, or any private JWK.
func ParseSigningKey(data []byte) (*SigningKey, error) {
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("credential: key file of %d bytes, limit %d", len(data), maxKeyFile)
	}
	f, err := readJWKs(data)
	if err != nil {
		return nil, err
	}
	if len(f.Keys) != 1 {
		return nil, fmt.Errorf("credential: %d keys in the file, wanted the one to sign with", len(f.Keys))
	}
	j := f.Keys[0]
	if j.D == "" {
		return nil, errors.New(`credential: the key has no private part "d" (the public file?)`)
	}
	k := &SigningKey{Issuer: f.Issuer, Name: f.Name}
	if k.Public, err = j.public(); err != nil {
		return nil, err
	}
	d, err := base64.RawURLEncoding.DecodeString(j.D)
	if err != nil || len(d) != 32 {
		return nil, errors.New(`credential: the private part "d" is not base64url of 32 bytes`)
	}
	switch public := k.Public.Public.(type) {
	case ed25519.PublicKey:
		private := ed25519.NewKeyFromSeed(d)
		if !public.Equal(private.Public()) {
			return nil, errors.New("credential: the private and the public part of the key do not belong together")
		}
		k.Signer = private
	case *ecdsa.PublicKey:
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
		if err != nil {
			return nil, fmt.Errorf("credential: private key: %w", err)
		}
		if !public.Equal(private.Public()) {
			return nil, errors.New("credential: the private and the public part of the key do not belong together")
		}
		k.Signer = private
	}
	return k, nil
}

// Marshal writes the private key as JSON, for a file that only the issuer can read.
func (k *SigningKey) Marshal() ([]byte, error) {
	j := publicJWK(k.Public)
	switch s := k.Signer.(type) {
	case ed25519.PrivateKey:
		j.D = base64.RawURLEncoding.EncodeToString(s.Seed())
	case *ecdsa.PrivateKey:
		d, err := s.Bytes()
		if err != nil {
			return nil, fmt.Errorf("credential: private key: %w", err)
		}
		j.D = base64.RawURLEncoding.EncodeToString(d)
	default:
		return nil, fmt.Errorf("credential: a %T cannot be written to a file", s)
	}
	return indented(issuerFile{k.Issuer, k.Name, []jwk{j}})
}

// MarshalIssuer writes the public side, as ParseIssuer reads it: what terminals are given.
func MarshalIssuer(i Issuer) ([]byte, error) {
	if err := checkIssuers([]Issuer{i}); err != nil {
		return nil, err
	}
	f := issuerFile{Issuer: i.ID, Name: i.Name}
	for _, k := range i.Keys {
		f.Keys = append(f.Keys, publicJWK(k))
	}
	return indented(f)
}

func publicJWK(k *Key) jwk {
	text := base64.RawURLEncoding.EncodeToString
	j := jwk{Algorithm: k.Algorithm(), ID: string(k.ID), Use: "sig", NotBefore: seconds(k.From), Expires: seconds(k.Until)}
	switch p := k.Public.(type) {
	case ed25519.PublicKey:
		j.Type, j.Curve, j.X = "OKP", "Ed25519", text(p)
	case *ecdsa.PublicKey:
		point, err := p.Bytes()
		if err != nil {
			panic("credential: a key that was checked cannot be written: " + err.Error())
		}
		j.Type, j.Curve, j.X, j.Y = "EC", "P-256", text(point[1:33]), text(point[33:])
	}
	return j
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func indented(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}

// ParsePublicKey reads a single public key in any of ParseIssuer's forms.
func ParsePublicKey(data []byte) (*Key, error) {
	i, err := ParseIssuer(data, "holder", "")
	if err != nil {
		return nil, err
	}
	if len(i.Keys) != 1 {
		return nil, fmt.Errorf("credential: %d keys, wanted one", len(i.Keys))
	}
	return i.Keys[0], nil
}

// ParseSymmetricKey reads a JWK of kty oct, or the bare 16, 24 or 32 bytes.
func ParseSymmetricKey(data []byte) (SymmetricKey, error) {
	k := SymmetricKey{Key: data}
	if len(data) > 32 || len(data) > 0 && data[0] == '{' {
		if len(data) > maxKeyFile {
			return k, fmt.Errorf("credential: key file of %d bytes, limit %d", len(data), maxKeyFile)
		}
		f, err := readJWKs(data)
		if err != nil {
			return k, err
		}
		if len(f.Keys) != 1 || f.Keys[0].Type != "oct" {
			return k, errors.New("credential: wanted one JWK of kty oct")
		}
		if k.Key, err = base64.RawURLEncoding.DecodeString(f.Keys[0].K); err != nil {
			return k, errors.New(`credential: JWK: "k" is not base64url`)
		}
		k.ID = []byte(f.Keys[0].ID)
	}
	return k, checkSymmetric([]SymmetricKey{k})
}
