package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/veraison/go-cose"
)

// Key is a public key that signatures are checked with: Ed25519 (EdDSA) or ECDSA over P-256 (ES256).
type Key struct {
	// ID is the COSE kid. A key without one is tried for every credential of its issuer.
	ID []byte
	// Public is an ed25519.PublicKey or an *ecdsa.PublicKey.
	Public crypto.PublicKey
	// From and Until bound when the key signed: a credential's iat must lie in between. Zero: without bound.
	From, Until time.Time

	algorithm cose.Algorithm
}

// NewKey takes an Ed25519 or P-256 public key. id may be empty.
func NewKey(public crypto.PublicKey, id []byte) (*Key, error) {
	k := &Key{ID: bytes.Clone(id), Public: public}
	switch p := public.(type) {
	case ed25519.PublicKey:
		if len(p) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("credential: Ed25519 key of %d bytes, wanted %d", len(p), ed25519.PublicKeySize)
		}
		k.algorithm = cose.AlgorithmEdDSA
	case *ecdsa.PublicKey:
		if p == nil || p.Curve != elliptic.P256() {
			return nil, errors.New("credential: ECDSA key is not on the curve P-256")
		}
		if _, err := p.ECDH(); err != nil { // checks that the point is on the curve
			return nil, fmt.Errorf("credential: P-256 key: %w", err)
		}
		k.algorithm = cose.AlgorithmES256
	default:
		return nil, fmt.Errorf("credential: key is a %T, wanted Ed25519 or ECDSA P-256", public)
	}
	if len(k.ID) > maxKeyID {
		return nil, fmt.Errorf("credential: key id of %d bytes, limit %d", len(k.ID), maxKeyID)
	}
	return k, nil
}

// Algorithm is the COSE name of the key's algorithm: EdDSA or ES256.
func (k *Key) Algorithm() string { return k.algorithm.String() }

// Thumbprint is the SHA-256 thumbprint of the COSE key (RFC 9679): the same for the same key, whatever its id.
func (k *Key) Thumbprint() []byte {
	sum := sha256.Sum256(k.required())
	return sum[:]
}

// COSE is the key as a COSE_Key map (RFC 9052, section 7) without its id.
func (k *Key) COSE() []byte { return k.required() }

// required holds the parameters that make the key, in deterministic CBOR (RFC 9679, section 4).
func (k *Key) required() []byte {
	switch p := k.Public.(type) {
	case ed25519.PublicKey:
		return encode(map[int]any{1: 1, -1: 6, -2: []byte(p)}) // OKP, Ed25519
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 4, x, y
		if err != nil {
			panic("credential: a key that was checked cannot be written: " + err.Error())
		}
		return encode(map[int]any{1: 2, -1: 1, -2: point[1:33], -3: point[33:]}) // EC2, P-256
	}
	panic("credential: Key was not made by NewKey")
}

// validAt says whether the key may have signed at that instant.
func (k *Key) validAt(at time.Time) error {
	if !k.From.IsZero() && at.Before(k.From) {
		return fmt.Errorf("issued %s, before the key was valid (%s)", date(at), date(k.From))
	}
	if !k.Until.IsZero() && !at.Before(k.Until) {
		return fmt.Errorf("issued %s, after the key was valid (%s)", date(at), date(k.Until))
	}
	return nil
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// keyFromCOSE reads a COSE_Key, as in cnf or in a key file. go-cose checks its parameters.
func keyFromCOSE(data []byte) (*Key, error) {
	var c cose.Key
	if err := c.UnmarshalCBOR(data); err != nil {
		return nil, fmt.Errorf("credential: COSE key: %w", err)
	}
	if c.Type == cose.KeyTypeEC2 {
		// A compressed point is no longer than what PublicKey understands, but it would give a wrong key.
		if _, _, y, _ := c.EC2(); len(y) == 0 {
			return nil, errors.New("credential: COSE key: y is missing or compressed, which is not supported")
		}
	}
	public, err := c.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("credential: COSE key: %w", err)
	}
	if c.Type == cose.KeyTypeEC2 {
		if p, is := public.(*ecdsa.PublicKey); !is || p.Curve != elliptic.P256() || !p.Curve.IsOnCurve(p.X, p.Y) {
			return nil, errors.New("credential: COSE key: not a point of the curve P-256")
		}
	}
	return NewKey(public, c.ID)
}
