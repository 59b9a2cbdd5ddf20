package trustlist

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Kinds of lists.
const (
	KindRevocation = "revocation"
	KindIssuers    = "issuers"
)

// MaxBytes limits a list, signature and all.
const MaxBytes = 2 << 20

const (
	magic   = "UMBLIST1"
	domain  = "umbral-list-v1\x00"
	maxKind = 32
	maxTime = 253_402_300_799 // the end of year 9999
)

// Errors that callers tell apart.
var (
	// ErrMalformed: the bytes are no list.
	ErrMalformed = errors.New("no list")
	// ErrUnsigned: the list is yet to be signed.
	ErrUnsigned = errors.New("not signed")
	// ErrSignature: none of the keys has signed it.
	ErrSignature = errors.New("not signed with a trusted key")
)

// List is a list of any kind, with its content undecoded.
type List struct {
	Kind     string
	Sequence uint64    // grows with every list of a signer; the numbers of two signers say nothing of each other
	Issued   time.Time // full seconds
	Content  []byte
	Signer   Signer // zero unless Open has verified the signature
}

// Signer tells the keys that sign lists apart: the SHA-256 of the public key. A list is newer than another of its kind
// only where both have one signer.
type Signer [sha256.Size]byte

// SignerOf returns the signer that a key stands for.
func SignerOf(key ed25519.PublicKey) Signer { return sha256.Sum256(key) }

func (l *List) check() error {
	switch {
	case len(l.Kind) == 0 || len(l.Kind) > maxKind:
		return fmt.Errorf("trustlist: kind of %d bytes, limit 1 to %d", len(l.Kind), maxKind)
	case l.Sequence == 0:
		return errors.New("trustlist: sequence number 0, the first is 1")
	case l.Issued.Unix() < 0 || l.Issued.Unix() > maxTime:
		return fmt.Errorf("trustlist: made %v, wanted a time from 1970 to 9999", l.Issued)
	case len(magic)+1+len(l.Kind)+20+len(l.Content)+ed25519.SignatureSize > MaxBytes:
		return fmt.Errorf("trustlist: content of %d bytes, limit %d for the whole list", len(l.Content), MaxBytes)
	}
	return nil
}

// Encode returns the list without a signature.
func (l *List) Encode() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	b := append([]byte(magic), byte(len(l.Kind)))
	b = append(b, l.Kind...)
	b = binary.BigEndian.AppendUint64(b, l.Sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(l.Issued.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(len(l.Content)))
	return append(b, l.Content...), nil
}

// Sign signs an encoded list. It replaces the signature of a list that is signed already.
func Sign(b []byte, key ed25519.PrivateKey) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("trustlist: private key of %d bytes, Ed25519 private keys have %d", len(key),
			ed25519.PrivateKeySize)
	}
	_, signed, err := decode(b)
	if err != nil {
		return nil, err
	}
	return append(bytes.Clone(signed), ed25519.Sign(key, append([]byte(domain), signed...))...), nil
}

// Read decodes a list, signed or not, without verifying it. Content is part of b.
func Read(b []byte) (List, error) {
	l, _, err := decode(b)
	return l, err
}

// Open decodes a list of a kind and verifies that one of the keys has signed it. Content is part of b.
func Open(b []byte, kind string, keys ...ed25519.PublicKey) (List, error) {
	l, signed, err := decode(b)
	if err != nil {
		return List{}, err
	}
	if l.Kind != kind {
		return List{}, fmt.Errorf("trustlist: %w of kind %q: it is one of kind %q", ErrMalformed, kind, l.Kind)
	}
	signature := b[len(signed):]
	if len(signature) == 0 {
		return List{}, fmt.Errorf("trustlist: list %d of kind %q is %w", l.Sequence, kind, ErrUnsigned)
	}
	message := append([]byte(domain), signed...)
	for _, k := range keys {
		if len(k) == ed25519.PublicKeySize && ed25519.Verify(k, message, signature) {
			l.Signer = SignerOf(k)
			return l, nil
		}
	}
	return List{}, fmt.Errorf("trustlist: list %d of kind %q is %w (%d keys tried)", l.Sequence, kind, ErrSignature,
		len(keys))
}

// decode decodes a list, and returns the bytes that its signature covers.
func decode(b []byte) (l List, signed []byte, err error) {
	bad := func(format string, args ...any) (List, []byte, error) {
		return List{}, nil, fmt.Errorf("trustlist: %w: "+format, append([]any{ErrMalformed}, args...)...)
	}
	if len(b) > MaxBytes {
		return bad("%d bytes, limit %d", len(b), MaxBytes)
	}
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok || len(rest) < 1 {
		return bad("it does not begin with %s", magic)
	}
	n := int(rest[0])
	if n == 0 || n > maxKind || len(rest) < 1+n+20 {
		return bad("%d bytes are too few", len(b))
	}
	l.Kind, rest = string(rest[1:1+n]), rest[1+n:]
	l.Sequence = binary.BigEndian.Uint64(rest)
	issued, size := binary.BigEndian.Uint64(rest[8:]), uint64(binary.BigEndian.Uint32(rest[16:]))
	rest = rest[20:]
	if issued > maxTime || l.Sequence == 0 {
		return bad("number %d, made at second %d", l.Sequence, issued)
	}
	l.Issued = time.Unix(int64(issued), 0).UTC()
	if left := uint64(len(rest)); left != size && left != size+ed25519.SignatureSize {
		return bad("content of %d bytes, but %d follow (is it cut off?)", size, left)
	}
	l.Content = rest[:size:size]
	return l, b[:len(b)-len(rest)+int(size)], nil
}
