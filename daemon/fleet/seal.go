package fleet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What only some people may read travels encrypted with HPKE (RFC 9180, base mode, DHKEM X25519 with HKDF-SHA256 and
// AES-256-GCM), whatever protects the connection: the broker reads every message.

var (
	sealKEM  = hpke.DHKEM(ecdh.X25519())
	sealKDF  = hpke.HKDFSHA256()
	sealAEAD = hpke.AES256GCM()
)

// Reader is a public key that messages are encrypted to.
type Reader struct{ public hpke.PublicKey }

// ReaderKey is the private half.
type ReaderKey struct{ private hpke.PrivateKey }

// GenerateReaderKey makes a key for reading and gives both halves: the private one as PKCS #8 PEM, the public one as
// base64 for the terminals' configuration.
func GenerateReaderKey() (private []byte, public string, err error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("fleet: make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, "", fmt.Errorf("fleet: encode a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), base64.StdEncoding.EncodeToString(k.PublicKey().Bytes()), nil
}

// ParseReader reads the base64 of an X25519 public key's 32 bytes.
func ParseReader(text string) (Reader, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return Reader{}, fmt.Errorf("fleet: reader's key: %w (wanted the base64 of 32 bytes)", err)
	}
	k, err := sealKEM.NewPublicKey(b)
	if err != nil {
		return Reader{}, fmt.Errorf("fleet: reader's key of %d bytes: %w (wanted X25519)", len(b), err)
	}
	// A point of small order makes the same secret of every message; ECDH refuses it, so that this finds it at once.
	if _, err := hpke.Seal(k, sealKDF, sealAEAD, nil, nil); err != nil {
		return Reader{}, fmt.Errorf("fleet: reader's key: %w", err)
	}
	return Reader{k}, nil
}

// ParseReaderKey reads PKCS #8 PEM, as GenerateReaderKey or "openssl genpkey -algorithm x25519" write it.
func ParseReaderKey(text []byte) (ReaderKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return ReaderKey{}, errors.New("fleet: reader's key: no PEM block")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return ReaderKey{}, fmt.Errorf("fleet: reader's key: %w", err)
	}
	x, ok := k.(*ecdh.PrivateKey)
	if !ok || x.Curve() != ecdh.X25519() {
		return ReaderKey{}, fmt.Errorf("fleet: reader's key is a %T, wanted X25519 (a key that signs is another one)", k)
	}
	p, err := hpke.NewDHKEMPrivateKey(x)
	if err != nil {
		return ReaderKey{}, fmt.Errorf("fleet: reader's key: %w", err)
	}
	return ReaderKey{p}, nil
}

// Reader is the public half.
func (k ReaderKey) Reader() Reader { return Reader{k.private.PublicKey()} }

// String gives the base64 of the key.
func (r Reader) String() string { return base64.StdEncoding.EncodeToString(r.public.Bytes()) }

// fingerprint names a public key of any kind in 32 hex digits.
func fingerprint(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:16])
}

// MaxReaders limits how many keys one message is encrypted to.
const MaxReaders = 8

// sealed is an encrypted message with several readers: a key of its own, encrypted to each.
type sealed struct {
	Schema  int         `json:"schema"`
	Readers []sealedKey `json:"readers"`
	Data    []byte      `json:"data"` // AES-256-GCM with a random nonce before it
}

// sealedKey is the message's key, encrypted to one reader.
type sealedKey struct {
	Reader string `json:"reader"` // fingerprint
	Key    []byte `json:"key"`    // HPKE: encapsulated key and ciphertext
}

const sealContext = "umbral-sealed-v1\x00"

// Seal encrypts to all readers. The context says what it is and where it belongs; who opens it must name the same.
func Seal(readers []Reader, context string, plain []byte) ([]byte, error) {
	if len(readers) == 0 || len(readers) > MaxReaders {
		return nil, fmt.Errorf("fleet: %d readers, allowed 1 to %d", len(readers), MaxReaders)
	}
	var key [32]byte
	rand.Read(key[:])
	aead, err := messageCipher(key[:])
	if err != nil {
		return nil, err
	}
	m := sealed{Schema: Schema, Data: aead.Seal(nil, nil, plain, []byte(sealContext+context))}
	for _, r := range readers {
		b, err := hpke.Seal(r.public, sealKDF, sealAEAD, []byte(sealContext+context), key[:])
		if err != nil {
			return nil, fmt.Errorf("fleet: encrypt: %w", err)
		}
		m.Readers = append(m.Readers, sealedKey{fingerprint(r.public.Bytes()), b})
	}
	return encodeJSON(m)
}

// errNotReader means that the message was not encrypted to this key.
var errNotReader = errors.New("fleet: encrypted to other readers, not to this key")

// Unseal decrypts what Seal made.
func Unseal(k ReaderKey, context string, b []byte) ([]byte, error) {
	members, err := strictObject(b, "schema", "readers", "data")
	if err != nil {
		return nil, fmt.Errorf("fleet: encrypted message: %w", err)
	}
	var schema int
	m := sealed{}
	if err := errors.Join(member(members, "schema", &schema), member(members, "readers", &m.Readers), base64Member(members, "data", &m.Data)); err != nil {
		return nil, fmt.Errorf("fleet: encrypted message: %w", err)
	}
	if schema != Schema || len(m.Readers) > MaxReaders {
		return nil, fmt.Errorf("fleet: encrypted message of schema %d, this program reads %d, to %d readers, limit %d", schema, Schema, len(m.Readers), MaxReaders)
	}
	own := fingerprint(k.private.PublicKey().Bytes())
	i := slices.IndexFunc(m.Readers, func(r sealedKey) bool { return r.Reader == own })
	if i < 0 {
		return nil, errNotReader
	}
	key, err := hpke.Open(k.private, sealKDF, sealAEAD, []byte(sealContext+context), m.Readers[i].Key)
	if err != nil {
		return nil, fmt.Errorf("fleet: encrypted message: %w", err)
	}
	aead, err := messageCipher(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, m.Data, []byte(sealContext+context))
	if err != nil {
		return nil, fmt.Errorf("fleet: encrypted message: %w (was it made for something else?)", err)
	}
	return plain, nil
}

func messageCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// letter is a message to one reader who answers it: the answer is encrypted under a key that both ends derive from the
// message (RFC 9180 section 9.8), so that only who could read the one can write the other.
type letter struct {
	Enc  []byte `json:"enc"`  // encapsulated key
	Data []byte `json:"data"` // ciphertext
}

const (
	letterContext = "umbral-remote-question-v1\x00"
	replyExport   = "umbral-remote-answer-v1"
)

// sealLetter encrypts and gives the cipher of the answer.
func sealLetter(to Reader, context string, plain []byte) (letter, cipher.AEAD, error) {
	enc, s, err := hpke.NewSender(to.public, sealKDF, sealAEAD, []byte(letterContext+context))
	if err != nil {
		return letter{}, nil, fmt.Errorf("fleet: encrypt: %w", err)
	}
	data, err := s.Seal(nil, plain)
	if err != nil {
		return letter{}, nil, fmt.Errorf("fleet: encrypt: %w", err)
	}
	key, err := s.Export(replyExport, 32)
	if err != nil {
		return letter{}, nil, fmt.Errorf("fleet: encrypt: %w", err)
	}
	aead, err := messageCipher(key)
	return letter{enc, data}, aead, err
}

// openLetter decrypts and gives the cipher of the answer.
func openLetter(k ReaderKey, context string, l letter) ([]byte, cipher.AEAD, error) {
	r, err := hpke.NewRecipient(l.Enc, k.private, sealKDF, sealAEAD, []byte(letterContext+context))
	if err != nil {
		return nil, nil, fmt.Errorf("fleet: decrypt: %w", err)
	}
	plain, err := r.Open(nil, l.Data)
	if err != nil {
		return nil, nil, fmt.Errorf("fleet: decrypt: %w (was it encrypted to another key?)", err)
	}
	key, err := r.Export(replyExport, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("fleet: decrypt: %w", err)
	}
	aead, err := messageCipher(key)
	return plain, aead, err
}
