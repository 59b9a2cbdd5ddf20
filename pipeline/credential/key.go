package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/veraison/go-cose"
)

// Key is a public key that signatures are checked with: Ed25519 (EdDSA), ECDSA over P-256 (ES256) or P-384 (ES384), RSA
// (PS256).
type Key struct {
	// ID is the COSE kid. A key without one is tried for every credential of its issuer.
	ID []byte
	// Public is an ed25519.PublicKey, an *ecdsa.PublicKey or an *rsa.PublicKey.
	Public crypto.PublicKey
	// From is when the key came into force: a credential that is dated before it is refused. Until is from when on the
	// key is distrusted, by the terminal's clock: the holder of a retired key could date a credential back. Zero:
	// without bound.
	From, Until time.Time
	// Uses are the certificates that the key may sign; 0: all. Only keys for HCERT have them.
	Uses HCERTUse

	algorithm cose.Algorithm
}

// NewKey returns the key of an Ed25519, P-256, P-384 or RSA public key. id may be empty.
func NewKey(public crypto.PublicKey, id []byte) (*Key, error) {
	k := &Key{ID: bytes.Clone(id), Public: public}
	switch p := public.(type) {
	case ed25519.PublicKey:
		if len(p) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("credential: Ed25519 key of %d bytes, wanted %d", len(p), ed25519.PublicKeySize)
		}
		k.algorithm = cose.AlgorithmEdDSA
	case *ecdsa.PublicKey:
		if p == nil || curveOf(p) == nil {
			return nil, errors.New("credential: ECDSA key is on neither of the curves P-256 and P-384")
		}
		if _, err := p.ECDH(); err != nil { // checks that the point is on the curve
			return nil, fmt.Errorf("credential: ECDSA key: %w", err)
		}
		k.algorithm = curveOf(p).algorithm
	case *rsa.PublicKey:
		if err := checkRSA(p); err != nil {
			return nil, err
		}
		k.algorithm = cose.AlgorithmPS256
	default:
		return nil, fmt.Errorf("credential: key is a %T, wanted Ed25519, ECDSA or RSA", public)
	}
	if len(k.ID) > maxKeyID {
		return nil, fmt.Errorf("credential: key id of %d bytes, limit %d", len(k.ID), maxKeyID)
	}
	return k, nil
}

// Algorithm returns the COSE name of the key's algorithm: EdDSA, ES256, ES384 or PS256.
func (k *Key) Algorithm() string { return k.algorithm.String() }

// Thumbprint returns the SHA-256 thumbprint of the COSE key (RFC 9679): the same for the same key, whatever its id.
func (k *Key) Thumbprint() []byte {
	sum := sha256.Sum256(k.required())
	return sum[:]
}

// COSE returns the key as a COSE_Key map (RFC 9052, section 7) without its id.
func (k *Key) COSE() []byte { return k.required() }

// required returns the parameters that make the key, in deterministic CBOR (RFC 9679, section 4).
func (k *Key) required() []byte {
	switch p := k.Public.(type) {
	case ed25519.PublicKey:
		return encode(map[int]any{1: 1, -1: 6, -2: []byte(p)}) // OKP, Ed25519
	case *ecdsa.PublicKey:
		c := curveOf(p)
		x, y := c.coordinates(p)
		return encode(map[int]any{1: 2, -1: c.cose, -2: x, -3: y}) // EC2
	case *rsa.PublicKey:
		return encode(map[int]any{1: 3, -1: p.N.Bytes(), -2: exponent(p)}) // RSA (RFC 8230, section 4)
	}
	panic("credential: Key was not made by NewKey")
}

// inForce returns an error unless the key is trusted now for a credential issued then, which may be zero. skew is how
// far the issuer's clock may be ahead; it never prolongs a key's life.
func (k *Key) inForce(issued, now time.Time, skew time.Duration) error {
	if issued.IsZero() {
		issued = now.Add(skew)
	}
	switch {
	case issued.Before(k.From): // nothing is before the zero time
		return fmt.Errorf("issued %s, before the key came into force (%s)", date(issued), date(k.From))
	case !k.Until.IsZero() && !now.Before(k.Until):
		return fmt.Errorf("the key is distrusted since %s, and it is %s", date(k.Until), date(now))
	}
	return nil
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
