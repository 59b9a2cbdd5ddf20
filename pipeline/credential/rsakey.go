package credential

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"math"
	"math/big"
)

// Sizes of RSA keys, in bits. RFC 8230 (section 6.1) asks for the least, and the cost of a signature limits the most.
const (
	minRSA = 2048
	maxRSA = 4096
)

// checkRSA refuses keys that are too weak, or too costly to check signatures with.
func checkRSA(p *rsa.PublicKey) error {
	switch {
	case p == nil || p.N == nil:
		return errors.New("credential: RSA key without a modulus")
	case p.N.Sign() < 0 || p.N.BitLen() < minRSA || p.N.BitLen() > maxRSA || p.N.Bit(0) == 0:
		return fmt.Errorf("credential: RSA modulus of %d bits, wanted an odd one of %d to %d", p.N.BitLen(), minRSA,
			maxRSA)
	case p.E < 3 || p.E&1 == 0 || p.E > math.MaxInt32:
		return fmt.Errorf("credential: RSA exponent %d, wanted an odd one from 3 to %d", p.E, math.MaxInt32)
	}
	return nil
}

// exponent returns an RSA key's exponent, big-endian without leading zeros.
func exponent(p *rsa.PublicKey) []byte { return big.NewInt(int64(p.E)).Bytes() }

// rsaKey returns the RSA key of a modulus and an exponent, which may be as long as the limits allow.
func rsaKey(n, e []byte) (*rsa.PublicKey, error) {
	if len(n) > maxRSA/8 || len(e) > 4 {
		return nil, fmt.Errorf("credential: RSA modulus of %d bytes, limit %d, exponent of %d, limit 4", len(n),
			maxRSA/8, len(e))
	}
	p := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	return p, checkRSA(p)
}
