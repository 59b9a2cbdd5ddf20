package credential

import (
	"crypto/ed25519"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// coseKey is a COSE_Key (RFC 9052, section 7; RFC 9053, section 7; RFC 8230, section 4). What the negative labels hold
// depends on the type.
type coseKey struct {
	Type int64           `cbor:"1,keyasint"`
	ID   []byte          `cbor:"2,keyasint"`
	P1   cbor.RawMessage `cbor:"-1,keyasint"` // curve; RSA: modulus
	P2   cbor.RawMessage `cbor:"-2,keyasint"` // x; RSA: exponent
	P3   cbor.RawMessage `cbor:"-3,keyasint"` // y
}

// keyFromCOSE reads a COSE_Key, as in cnf or in a key file. go-cose could too, but its version 1.3.0 panics on a curve
// that is no number.
func keyFromCOSE(dec cbor.DecMode, data []byte) (*Key, error) {
	var c coseKey
	if err := dec.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("credential: COSE key: %w", err)
	}
	switch c.Type {
	case 1:
		return c.okp(dec)
	case 2:
		return c.ec2(dec)
	case 3:
		return c.rsa(dec)
	}
	return nil, fmt.Errorf("credential: COSE key of type %d, wanted Ed25519 (1), P-256 or P-384 (2) or RSA (3)", c.Type)
}

// curve reads the curve of an elliptic key.
func (c *coseKey) curve(dec cbor.DecMode) (n int64, err error) {
	if len(c.P1) == 0 {
		return 0, fmt.Errorf("credential: COSE key of type %d without a curve", c.Type)
	}
	if err := dec.Unmarshal(c.P1, &n); err != nil {
		return 0, fmt.Errorf("credential: COSE key: curve: %w", err)
	}
	return n, nil
}

func coordinate(dec cbor.DecMode, name string, raw cbor.RawMessage, size int) ([]byte, error) {
	b, err := byteString(dec, raw)
	if err != nil || len(b) != size {
		return nil, fmt.Errorf("credential: COSE key: %s is not %d bytes (missing, compressed or of another curve?)",
			name, size)
	}
	return b, nil
}

func (c *coseKey) okp(dec cbor.DecMode) (*Key, error) {
	n, err := c.curve(dec)
	if err != nil {
		return nil, err
	}
	if n != 6 {
		return nil, fmt.Errorf("credential: COSE key of type 1 on curve %d, wanted Ed25519 (6)", n)
	}
	x, err := coordinate(dec, "x", c.P2, ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	return NewKey(ed25519.PublicKey(x), c.ID)
}

func (c *coseKey) ec2(dec cbor.DecMode) (*Key, error) {
	n, err := c.curve(dec)
	if err != nil {
		return nil, err
	}
	of := curveBy(func(c *curve) bool { return c.cose == n })
	if of == nil {
		return nil, fmt.Errorf("credential: COSE key of type 2 on curve %d, wanted P-256 (1) or P-384 (2)", n)
	}
	x, err := coordinate(dec, "x", c.P2, of.size)
	if err != nil {
		return nil, err
	}
	y, err := coordinate(dec, "y", c.P3, of.size)
	if err != nil {
		return nil, err
	}
	public, err := of.key(x, y)
	if err != nil {
		return nil, fmt.Errorf("credential: COSE key: %w", err)
	}
	return NewKey(public, c.ID)
}

func (c *coseKey) rsa(dec cbor.DecMode) (*Key, error) {
	n, err := byteString(dec, c.P1)
	if err != nil {
		return nil, fmt.Errorf("credential: COSE key: modulus: %w", err)
	}
	e, err := byteString(dec, c.P2)
	if err != nil {
		return nil, fmt.Errorf("credential: COSE key: exponent: %w", err)
	}
	public, err := rsaKey(n, e)
	if err != nil {
		return nil, err
	}
	return NewKey(public, c.ID)
}
