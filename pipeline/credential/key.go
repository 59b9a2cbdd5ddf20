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

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Key is a public key that signatures are checked with: Ed25519 (EdDSA) or ECDSA over P-256 (ES256).
type Key struct {
	// ID is the COSE kid. A key without one is tried for every credential of its issuer.
	ID []byte
	// Public is an ed25519.PublicKey or an *ecdsa.PublicKey.
	Public crypto.PublicKey
	// From is when the key came into force: a credential that is dated before it is refused. Until is from when on the key
	// is distrusted, by the terminal's clock: whoever has a retired key could date a credential back. Zero: without bound.
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

// inForce returns an error unless the key is trusted now for a credential issued then, which may be zero. skew is how far
// the issuer's clock may be ahead; it never prolongs a key's life.
func (k *Key) inForce(issued, now time.Time, skew time.Duration) error {
	if issued.IsZero() {
		issued = now.Add(skew)
	}
	switch {
	case !k.From.IsZero() && issued.Before(k.From):
		return fmt.Errorf("issued %s, before the key came into force (%s)", date(issued), date(k.From))
	case !k.Until.IsZero() && !now.Before(k.Until):
		return fmt.Errorf("the key is distrusted since %s, and it is %s", date(k.Until), date(now))
	}
	return nil
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// keyFromCOSE reads a COSE_Key (RFC 9052, section 7; RFC 9053, section 7), as in cnf or in a key file. go-cose could too,
// but its version 1.3.0 panics on a curve that is no number.
func keyFromCOSE(dec cbor.DecMode, data []byte) (*Key, error) {
	var c struct {
		Type  int64           `cbor:"1,keyasint"`
		ID    []byte          `cbor:"2,keyasint"`
		Curve int64           `cbor:"-1,keyasint"`
		X     cbor.RawMessage `cbor:"-2,keyasint"`
		Y     cbor.RawMessage `cbor:"-3,keyasint"`
	}
	if err := dec.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("credential: COSE key: %w", err)
	}
	coordinate := func(name string, raw cbor.RawMessage) ([]byte, error) {
		b, err := byteString(dec, raw)
		if err != nil || len(b) != 32 {
			return nil, fmt.Errorf("credential: COSE key: %s is not 32 bytes (missing, compressed or of another curve?)", name)
		}
		return b, nil
	}
	x, err := coordinate("x", c.X)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Type == 1 && c.Curve == 6: // OKP, Ed25519
		return NewKey(ed25519.PublicKey(x), c.ID)
	case c.Type == 2 && c.Curve == 1: // EC2, P-256
		y, err := coordinate("y", c.Y)
		if err != nil {
			return nil, err
		}
		point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, fmt.Errorf("credential: COSE key: %w", err)
		}
		return NewKey(point, c.ID)
	}
	return nil, fmt.Errorf("credential: COSE key of type %d on curve %d, wanted Ed25519 (1, 6) or P-256 (2, 1)", c.Type, c.Curve)
}
