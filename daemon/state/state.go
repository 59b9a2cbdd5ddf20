// Package state opens what a terminal keeps between runs: the key that everything is sealed with, the identity that is made
// of it, and the store.
package state

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"umbral/config"
	"umbral/daemon/clock"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// LoadKey loads the key that everything stored is sealed with, and makes one at the first start.
func LoadKey(cfg *config.Config) (store.Key, error) {
	if err := os.MkdirAll(cfg.Terminal.StateDir, 0o700); err != nil {
		return store.Key{}, fmt.Errorf("state: terminal.state_dir: %w", err)
	}
	return store.LoadOrCreateKey(keyFile(cfg), cfg.Terminal.StateDir)
}

func keyFile(cfg *config.Config) string {
	if cfg.Store.KeyFile != "" {
		return cfg.Store.KeyFile
	}
	return filepath.Join(cfg.Terminal.StateDir, "umbral.key")
}

// StoreOpts returns the store's limits as configured.
func StoreOpts(cfg *config.Config, key store.Key) store.Opts {
	o := store.DefaultOpts()
	o.Key = key
	o.FileBytes, o.JournalBytes = int64(cfg.Store.FileMiB)<<20, int64(cfg.Store.JournalMiB)<<20
	o.People, o.CopyEvery = cfg.Store.People, cfg.Store.CopyInterval
	o.Faces, o.EraseAfter = cfg.Store.Faces, cfg.Store.EraseAfter
	// A code that was shown has to be remembered while it could be accepted; a bar code's for three steps of 30 s.
	o.ReplayLife = max(cfg.Credential.MaxAge+2*cfg.Credential.MaxSkew, 90*time.Second) + time.Second
	o.NonceLife = link.NonceLife(cfg.Fleet.CommandMaxAge, cfg.Fleet.CommandMaxSkew) + time.Second
	o.Rename = renamePeople
	return o
}

// Open opens the store of a configuration.
func Open(cfg *config.Config, key store.Key, c *clock.Clock) (*store.Store, store.Recovery, error) {
	o := StoreOpts(cfg, key)
	o.Clock = c.Stamp
	return store.Open(cfg.Terminal.StateDir, o)
}

// RecoveryText tells the operator what happened to a store.
func RecoveryText(r store.Recovery) string {
	text := "The store was damaged (" + r.Reason + "). "
	if r.Rollback != "" {
		text = "The store was set back (" + r.Reason + "). "
	}
	if r.RestoredFrom == "" {
		return text + "There was no copy: it began anew, and nobody is enrolled."
	}
	return text + fmt.Sprintf("It goes on from %s; entries after %v are lost.", filepath.Base(r.RestoredFrom), r.LostAfter)
}

// renamePeople finds the ids of people in the entries of a terminal's journal.
func renamePeople(kind string, payload []byte, name func(id string) string) ([]byte, error) {
	switch kind {
	case passage.EntryPassage, passage.EntryCommand, passage.EntryExit, passage.EntryReview:
		return passage.Rename(payload, name)
	}
	return store.RenameMembers(kind, payload, name)
}

// IdentityKey derives the key with which the terminal signs what it asks of people and of the authority.
func IdentityKey(key store.Key) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, key[:], nil, "umbral terminal identity v1", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// PageKey derives the key of the tokens with which the pages show what is personal, so that links outlive a restart.
func PageKey(key store.Key) ([]byte, error) {
	return hkdf.Key(sha256.New, key[:], nil, "umbral page tokens v1", sha256.Size)
}

// Identity is the public key with which the terminal of a configuration signs what it asks, as configurations have it.
func Identity(cfg config.Config) (string, error) {
	key, err := LoadKey(&cfg)
	if err != nil {
		return "", err
	}
	private, err := IdentityKey(key)
	if err != nil {
		return "", err
	}
	return fleet.FormatPublicKey(private.Public().(ed25519.PublicKey)), nil
}

// Check reads the store of a configuration and changes nothing.
func Check(cfg config.Config) (store.Report, error) {
	key, keyErr := store.LoadKey(keyFile(&cfg))
	if keyErr == nil {
		return store.Check(cfg.Terminal.StateDir, key)
	}
	// Without the key the pages and the links of the chain can be verified all the same.
	r, err := store.Check(cfg.Terminal.StateDir)
	if err == nil && !errors.Is(keyErr, fs.ErrNotExist) {
		r.Problems = append(r.Problems, keyErr.Error())
	}
	return r, err
}
