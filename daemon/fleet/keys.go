package fleet

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// GenerateKey makes a command key and gives both halves: the private one as PKCS #8 PEM for the
// operator's machine, the public one as base64 for the terminals' configuration.
func GenerateKey() (private []byte, public string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("fleet: make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return nil, "", fmt.Errorf("fleet: encode a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), FormatPublicKey(pub), nil
}

// FormatPublicKey gives the base64 (RFC 4648 section 4) of the key's 32 bytes.
func FormatPublicKey(k ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(k) }

// ParsePublicKey reads what FormatPublicKey gives, or a PEM "PUBLIC KEY" as openssl writes it.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	text = strings.TrimSpace(text)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("fleet: public key: %w", err)
		}
		pub, ok := k.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("fleet: public key is a %T, wanted Ed25519", k)
		}
		return pub, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("fleet: public key: %w (wanted the base64 of 32 bytes, or PEM)", err)
	}
	if len(b) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("fleet: public key of %d bytes, wanted %d", len(b), ed25519.PublicKeySize)
	}
	return ed25519.PublicKey(b), nil
}

// ParsePrivateKey reads PKCS #8 PEM, as GenerateKey or "openssl genpkey -algorithm ed25519" write it.
func ParsePrivateKey(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("fleet: private key: no PEM block")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("fleet: private key: %w", err)
	}
	priv, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("fleet: private key is a %T, wanted Ed25519", k)
	}
	return priv, nil
}

// Signer is a private key with the name the terminals know it by.
type Signer struct {
	Name    string
	Private ed25519.PrivateKey
}

// RandomHex returns n random bytes in hex.
func RandomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, or ends the program
	return hex.EncodeToString(b)
}

// NamedKey is a public key with its name. It has no rights of its own.
type NamedKey struct {
	Name   string
	Public ed25519.PublicKey
}

// CheckNamedKeys returns an error if a name or a key is malformed, or used twice.
func CheckNamedKeys(keys []NamedKey) error {
	for i, k := range keys {
		switch {
		case !ValidLevel(k.Name, MaxTerminal):
			return fmt.Errorf("fleet: key name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(k.Name, 80), MaxTerminal)
		case len(k.Public) != ed25519.PublicKeySize:
			return fmt.Errorf("fleet: key %q has %d bytes, Ed25519 public keys have %d", k.Name, len(k.Public), ed25519.PublicKeySize)
		}
		for _, other := range keys[:i] {
			switch {
			case other.Name == k.Name:
				return fmt.Errorf("fleet: two keys are named %q", k.Name)
			case other.Public.Equal(k.Public):
				return fmt.Errorf("fleet: keys %q and %q are the same key: each needs its own", other.Name, k.Name)
			}
		}
	}
	return nil
}

// Fingerprint returns the name of a public key of any kind: 32 hex digits.
func Fingerprint(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:16])
}
