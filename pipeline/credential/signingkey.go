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
	// Issuer and Name tell whose key it is, as far as the file says.
	Issuer, Name string
}

// keyIDCharacters of the thumbprint make the id of a new key: enough to tell an issuer's few keys apart, short in the
// code.
const keyIDCharacters = 6

// NewSigningKey generates a key: algorithm EdDSA (Ed25519), ES256 (ECDSA P-256) or ES384 (ECDSA P-384).
func NewSigningKey(algorithm, issuer, name string) (*SigningKey, error) {
	var signer crypto.Signer
	var err error
	switch algorithm {
	case "EdDSA":
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		return nil, fmt.Errorf("credential: algorithm %q, wanted EdDSA, ES256 or ES384", algorithm)
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

// ParseSigningKey reads a key as SigningKey.Marshal writes it, or any private JWK.
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
	if k.Public, err = j.keyOf(Claim169); err != nil {
		return nil, err
	}
	k.Signer, err = j.signer(k.Public)
	return k, err
}

// signer reads the private part, which has to belong to the public one.
func (j *jwk) signer(public *Key) (signer crypto.Signer, err error) {
	switch p := public.Public.(type) {
	case ed25519.PublicKey:
		d, err := jwkBytes("d", j.D, ed25519.SeedSize)
		if err != nil {
			return nil, err
		}
		signer = ed25519.NewKeyFromSeed(d)
	case *ecdsa.PublicKey:
		c := curveOf(p)
		d, err := jwkBytes("d", j.D, c.size)
		if err != nil {
			return nil, err
		}
		if signer, err = ecdsa.ParseRawPrivateKey(c.Curve, d); err != nil {
			return nil, fmt.Errorf("credential: private key: %w", err)
		}
	default:
		return nil, fmt.Errorf("credential: a private key for %s cannot be read, wanted EdDSA, ES256 or ES384",
			public.Algorithm())
	}
	if own := public.Public.(interface{ Equal(crypto.PublicKey) bool }); !own.Equal(signer.Public()) {
		return nil, errors.New("credential: the private and the public part of the key do not belong together")
	}
	return signer, nil
}

// Marshal returns the private key as JSON, for a file that only the issuer can read.
func (k *SigningKey) Marshal() ([]byte, error) {
	j := publicJWK(k.Public, Claim169)
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
	return indented(issuerFile{Issuer: k.Issuer, Name: k.Name, Keys: []jwk{j}})
}

// MarshalIssuer returns the public keys of an issuer as ParseIssuer reads them, for terminals.
func MarshalIssuer(i Issuer) ([]byte, error) {
	if err := checkIssuers([]Issuer{i}); err != nil {
		return nil, err
	}
	f := issuerFile{Issuer: i.ID, Name: i.Name}
	if i.Profile != Claim169 {
		f.Profile = i.Profile.String()
	}
	for _, k := range i.Keys {
		f.Keys = append(f.Keys, publicJWK(k, i.Profile))
	}
	return indented(f)
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
