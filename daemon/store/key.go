package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// KeySize is the length of a terminal key in bytes (AES-256).
const KeySize = 32

// Key is the terminal key, from which every other key is derived. It prints as its name only.
type Key [KeySize]byte

// String hides the key from logs.
func (Key) String() string { return "store.Key" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "store.Key" }

// Format hides the key from every verb.
func (Key) Format(f fmt.State, _ rune) { io.WriteString(f, "store.Key") }

// MarshalText hides the key from JSON and from structured logs.
func (Key) MarshalText() ([]byte, error) { return []byte("store.Key"), nil }

// credentialName is the name under which the unit's LoadCredential= passes the key.
const credentialName = "umbral.key"

// LoadKey reads the terminal key: from $CREDENTIALS_DIRECTORY/umbral.key when that variable is set (systemd's
// LoadCredential= or LoadCredentialEncrypted=), else from path. The file holds exactly 32 bytes and, outside the
// credentials directory, must be closed to group and others. A missing file gives an error that wraps fs.ErrNotExist.
func LoadKey(path string) (Key, error) {
	credential := false
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		c := filepath.Join(dir, credentialName)
		if _, err := os.Stat(c); err == nil {
			path, credential = c, true
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("store: terminal key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("store: terminal key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != KeySize {
		return Key{}, fmt.Errorf("store: terminal key %s: %w: %d bytes, wanted a file of exactly %d random bytes",
			path, ErrKey, info.Size(), KeySize)
	}
	if perm := info.Mode().Perm(); !credential && perm&0o077 != 0 {
		return Key{}, fmt.Errorf("store: terminal key %s: %w: mode %04o lets others read it (chmod 600)",
			path, ErrKey, perm)
	}
	var k Key
	if _, err := io.ReadFull(f, k[:]); err != nil {
		return Key{}, fmt.Errorf("store: terminal key %s: %w", path, err)
	}
	if k == (Key{}) {
		return Key{}, fmt.Errorf("store: terminal key %s: %w: all zero", path, ErrKey)
	}
	return k, nil
}

// CreateKey makes a terminal key of 32 random bytes in a new file with mode 0600, on the disk when it returns. It never
// replaces a file: an error that wraps fs.ErrExist means that path already has a key.
func CreateKey(path string) (Key, error) {
	var k Key
	rand.Read(k[:])
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Key{}, fmt.Errorf("store: create terminal key: %w", err)
	}
	_, err = f.Write(k[:])
	err = errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
	if err != nil {
		os.Remove(path)
		return Key{}, fmt.Errorf("store: create terminal key %s: %w", path, err)
	}
	return k, nil
}

// LoadOrCreateKey is LoadKey, and CreateKey where there is no key yet: for the demo and for first starts without a
// credential. Where dir holds a store already, a missing key is ErrKey: a new one could not open it, and would make the
// store look damaged to whoever checks it.
func LoadOrCreateKey(path, dir string) (Key, error) {
	k, err := LoadKey(path)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return k, err
	case Exists(dir):
		return Key{}, fmt.Errorf("store: %w: %s holds a store but its key is not at %s (bring the key back; one that systemd passes as a credential is found through $CREDENTIALS_DIRECTORY)",
			ErrKey, dir, path)
	}
	return CreateKey(path)
}
