package credential

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"slices"

	"github.com/veraison/go-cose"
)

// curve is an elliptic curve that keys may be on, under its names, with the algorithm that it is used with.
type curve struct {
	elliptic.Curve
	cose      int64  // RFC 9053, section 7.1
	jwk       string // RFC 7518, section 6.2.1.1
	size      int    // bytes of a coordinate
	algorithm cose.Algorithm
}

var curves = []curve{
	{elliptic.P256(), 1, "P-256", 32, cose.AlgorithmES256},
	{elliptic.P384(), 2, "P-384", 48, cose.AlgorithmES384},
}

// curveBy returns the curve that fits, nil where none does.
func curveBy(fits func(*curve) bool) *curve {
	for i := range curves {
		if fits(&curves[i]) {
			return &curves[i]
		}
	}
	return nil
}

// curveOf returns the curve of a key, nil for one that is not supported.
func curveOf(p *ecdsa.PublicKey) *curve {
	return curveBy(func(c *curve) bool { return c.Curve == p.Curve })
}

// key returns the public key with these coordinates, of the curve's size each.
func (c *curve) key(x, y []byte) (*ecdsa.PublicKey, error) {
	return ecdsa.ParseUncompressedPublicKey(c.Curve, slices.Concat([]byte{4}, x, y))
}

// coordinates returns x and y of a key that NewKey has checked.
func (c *curve) coordinates(p *ecdsa.PublicKey) (x, y []byte) {
	point, err := p.Bytes() // 4, x, y
	if err != nil {
		panic("credential: a key that was checked cannot be written: " + err.Error())
	}
	return point[1 : 1+c.size], point[1+c.size:]
}
