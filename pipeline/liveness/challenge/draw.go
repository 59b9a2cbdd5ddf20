package challenge

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// The nonce's length in bytes: below 16 it could be guessed, and nothing makes more than 64.
const (
	MinNonce = 16
	MaxNonce = 64
)

// draw makes random numbers that are a function of a nonce and a purpose alone: ChaCha8 as math/rand/v2 specifies it
// (C2SP chacha8rand), keyed by HKDF-SHA-256 (RFC 5869) of the nonce with the purpose as info. Different purposes give
// independent numbers.
type draw struct{ source *rand.ChaCha8 }

func newDraw(nonce []byte, purpose string) (draw, error) {
	if len(nonce) < MinNonce || len(nonce) > MaxNonce {
		return draw{}, fmt.Errorf("challenge: nonce of %d bytes, wanted %d to %d", len(nonce), MinNonce, MaxNonce)
	}
	key, err := hkdf.Key(sha256.New, nonce, nil, "umbral challenge 1: "+purpose, 32)
	if err != nil {
		return draw{}, fmt.Errorf("challenge: %w", err)
	}
	return draw{rand.NewChaCha8([32]byte(key))}, nil
}

// below gives a number from 0 to n−1, each equally often: as many bits as n−1 has are drawn again until they make one.
// n is 1 or more.
func (d draw) below(n int) int {
	mask := uint64(1)<<bits.Len64(uint64(n-1)) - 1
	for {
		if v := d.source.Uint64() & mask; v < uint64(n) {
			return int(v)
		}
	}
}
