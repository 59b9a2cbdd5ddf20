package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

// box seals values with AES-256-GCM under random 96-bit nonces (NIST SP 800-38D, 8.2.2: fewer than 2^32 values per
// key).
type box struct{ aead cipher.AEAD }

// sealOverhead is what sealing adds to a value: a nonce of 12 bytes and a tag of 16.
const sealOverhead = 28

func newBox(key []byte) (box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, fmt.Errorf("store: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return box{}, fmt.Errorf("store: %w", err)
	}
	return box{aead}, nil
}

// seal binds the value to its place, so that a sealed value cannot be moved to another bucket or key.
func (b box) seal(bucket string, key, plain []byte) []byte {
	return b.aead.Seal(nil, nil, plain, place(bucket, key))
}

func (b box) open(bucket string, key, sealed []byte) ([]byte, error) {
	return b.openTo(nil, bucket, key, sealed)
}

// openTo is open into the space behind dst, which it appends to.
func (b box) openTo(dst []byte, bucket string, key, sealed []byte) ([]byte, error) {
	plain, err := b.aead.Open(dst, nil, sealed, place(bucket, key))
	if err != nil {
		return nil, fmt.Errorf("store: %w: a value in %q fails its authentication", ErrDamaged, bucket)
	}
	return plain, nil
}

func place(bucket string, key []byte) []byte {
	return append(append([]byte(bucket), 0), key...)
}

// keys are all that is derived from the terminal key.
type keys struct {
	values  box      // state, settings, nonces
	journal box      // payloads of entries
	wrap    box      // keys of people
	names   [32]byte // HMAC key that turns ids of people into bbolt keys
	id      [16]byte // names the terminal key without revealing it
}

func deriveKeys(k Key) (*keys, error) {
	var d keys
	for _, b := range []struct {
		to   *box
		info string
	}{{&d.values, "values"}, {&d.journal, "journal"}, {&d.wrap, "wrap"}} {
		raw, err := derive(k, b.info, KeySize)
		if err != nil {
			return nil, err
		}
		if *b.to, err = newBox(raw); err != nil {
			return nil, err
		}
	}
	names, err := derive(k, "names", len(d.names))
	if err != nil {
		return nil, err
	}
	id, err := derive(k, "id", len(d.id))
	if err != nil {
		return nil, err
	}
	copy(d.names[:], names)
	copy(d.id[:], id)
	return &d, nil
}

func derive(k Key, info string, n int) ([]byte, error) {
	raw, err := hkdf.Key(sha256.New, k[:], nil, "umbral store v1 "+info, n)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return raw, nil
}

// tag is the bbolt key of a person: the id itself, often an employee number, stays out of the file.
func (k *keys) tag(id string) []byte {
	m := hmac.New(sha256.New, k.names[:])
	m.Write([]byte(id))
	return m.Sum(nil)[:16]
}
