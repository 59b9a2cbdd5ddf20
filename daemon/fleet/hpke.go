package fleet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
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

// Recipient is a public key that messages are encrypted to.
type Recipient struct{ public hpke.PublicKey }

// RecipientKey is the private half.
type RecipientKey struct{ private hpke.PrivateKey }

// GenerateRecipientKey makes a key for reading and returns both halves: the private one as PKCS #8 PEM, the public one as
// base64 for the terminals' configuration.
func GenerateRecipientKey() (private []byte, public string, err error) {
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

// ParseRecipient reads the base64 of an X25519 public key's 32 bytes.
func ParseRecipient(text string) (Recipient, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return Recipient{}, fmt.Errorf("fleet: recipient's key: %w (wanted the base64 of 32 bytes)", err)
	}
	k, err := sealKEM.NewPublicKey(b)
	if err != nil {
		return Recipient{}, fmt.Errorf("fleet: recipient's key of %d bytes: %w (wanted X25519)", len(b), err)
	}
	// A point of small order makes the same secret of every message; ECDH refuses it, so that this finds it at once.
	if _, err := hpke.Seal(k, sealKDF, sealAEAD, nil, nil); err != nil {
		return Recipient{}, fmt.Errorf("fleet: recipient's key: %w", err)
	}
	return Recipient{k}, nil
}

// ParseRecipientKey reads PKCS #8 PEM, as GenerateRecipientKey or "openssl genpkey -algorithm x25519" write it.
func ParseRecipientKey(text []byte) (RecipientKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return RecipientKey{}, errors.New("fleet: recipient's key: no PEM block")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return RecipientKey{}, fmt.Errorf("fleet: recipient's key: %w", err)
	}
	x, ok := k.(*ecdh.PrivateKey)
	if !ok || x.Curve() != ecdh.X25519() {
		return RecipientKey{}, fmt.Errorf("fleet: recipient's key is a %T, wanted X25519 (a key that signs is another one)", k)
	}
	p, err := hpke.NewDHKEMPrivateKey(x)
	if err != nil {
		return RecipientKey{}, fmt.Errorf("fleet: recipient's key: %w", err)
	}
	return RecipientKey{p}, nil
}

// IsZero reports whether k is no key.
func (k RecipientKey) IsZero() bool { return k.private == nil }

// IsZero reports whether r is no key.
func (r Recipient) IsZero() bool { return r.public == nil }

// Recipient returns the public half.
func (k RecipientKey) Recipient() Recipient { return Recipient{k.private.PublicKey()} }

// String returns the base64 of the key.
func (r Recipient) String() string { return base64.StdEncoding.EncodeToString(r.public.Bytes()) }

// MaxRecipients limits how many keys one message is encrypted to.
const MaxRecipients = 8

// sealed is an encrypted message with several recipients: a key of its own, encrypted to each.
type sealed struct {
	Schema  int         `json:"schema"`
	Readers []sealedKey `json:"readers"`
	Data    []byte      `json:"data"` // AES-256-GCM with a random nonce before it
}

// sealedKey is the message's key, encrypted to one recipient.
type sealedKey struct {
	Reader string `json:"reader"` // fingerprint
	Key    []byte `json:"key"`    // HPKE: encapsulated key and ciphertext
}

const sealContext = "umbral-sealed-v1\x00"

// Seal encrypts to all recipients. The context says what it is and where it belongs; who opens it must name the same.
func Seal(readers []Recipient, context string, plain []byte) ([]byte, error) {
	if len(readers) == 0 || len(readers) > MaxRecipients {
		return nil, fmt.Errorf("fleet: %d recipients, allowed 1 to %d", len(readers), MaxRecipients)
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
		m.Readers = append(m.Readers, sealedKey{Fingerprint(r.public.Bytes()), b})
	}
	return EncodeJSON(m)
}

// ErrNotRecipient means that the message was not encrypted to this key.
var ErrNotRecipient = errors.New("fleet: encrypted to other keys, not to this key")

// Unseal decrypts what Seal made.
func Unseal(k RecipientKey, context string, b []byte) ([]byte, error) {
	members, err := strictObject(b, "schema", "readers", "data")
	if err != nil {
		return nil, fmt.Errorf("fleet: encrypted message: %w", err)
	}
	var schema int
	m := sealed{}
	if err := errors.Join(member(members, "schema", &schema), member(members, "readers", &m.Readers), base64Member(members, "data", &m.Data)); err != nil {
		return nil, fmt.Errorf("fleet: encrypted message: %w", err)
	}
	if schema != Schema || len(m.Readers) > MaxRecipients {
		return nil, fmt.Errorf("fleet: encrypted message of schema %d, this program reads %d, to %d readers, limit %d", schema, Schema, len(m.Readers), MaxRecipients)
	}
	own := Fingerprint(k.private.PublicKey().Bytes())
	i := slices.IndexFunc(m.Readers, func(r sealedKey) bool { return r.Reader == own })
	if i < 0 {
		return nil, ErrNotRecipient
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

// letter is a message to one recipient who answers it: the answer is encrypted under a key that both ends derive from the
// message (RFC 9180 section 9.8), so that only who could read the one can write the other.
type letter struct {
	Enc  []byte `json:"enc"`  // encapsulated key
	Data []byte `json:"data"` // ciphertext
}

const (
	letterContext = "umbral-remote-question-v1\x00"
	replyExport   = "umbral-remote-answer-v1"
)

// sealLetter encrypts and returns the cipher of the answer.
func sealLetter(to Recipient, context string, plain []byte) (letter, cipher.AEAD, error) {
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

// openLetter decrypts and returns the cipher of the answer.
func openLetter(k RecipientKey, context string, l letter) ([]byte, cipher.AEAD, error) {
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
