package terminal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"umbral/config"
	"umbral/daemon/fleet/link"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/drivers/camera"
)

// vitals are what everything else in a terminal stands on, and what is reported of it: its clock, models, camera and store.
type vitals struct {
	cfg      *config.Config
	digest   string // of the configuration
	clock    *clock
	health   *health
	watch    *latency
	pulse    *pulse
	panics   *panics
	models   *faceModels
	camera   camera.Source
	store    *store.Store
	journal  *journal
	recovery store.Recovery
	boot     uint64
	key      store.Key // what everything stored is sealed with
	identity ed25519.PrivateKey
}

func newVitals(cfg *config.Config, digest string, log *slog.Logger, opened *closers) (_ *vitals, err error) {
	v := vitals{
		cfg: cfg, digest: digest, clock: newClock(cfg.Clock.NTP, cfg.Clock.MaxDrift), health: newHealth(time.Now), watch: new(latency),
		pulse: new(pulse), panics: newPanics(log),
	}
	if v.models, err = openFaceModels(cfg, ModelsDir(cfg)); err != nil {
		return nil, err
	}
	opened.add(func() error { v.models.close(); return nil })
	if v.camera, err = openCamera(&cfg.Camera); err != nil {
		return nil, err
	}
	opened.add(v.camera.Halt)
	if v.key, err = terminalKey(cfg); err != nil {
		return nil, err
	}
	if v.identity, err = identityKey(v.key); err != nil {
		return nil, err
	}
	if v.store, v.recovery, err = openStore(cfg, v.key, v.clock); err != nil {
		return nil, err
	}
	opened.add(v.store.Close)
	v.clock.since(v.store.LastTrusted())
	v.journal = &journal{store: v.store}
	v.boot, err = v.begin(log)
	return &v, err
}

// terminalKey loads the key that everything stored is sealed with, and makes one at the first start.
func terminalKey(cfg *config.Config) (store.Key, error) {
	if err := os.MkdirAll(cfg.Terminal.StateDir, 0o700); err != nil {
		return store.Key{}, fmt.Errorf("terminal: terminal.state_dir: %w", err)
	}
	return store.LoadOrCreateKey(keyFile(cfg), cfg.Terminal.StateDir)
}

func keyFile(cfg *config.Config) string {
	if cfg.Store.KeyFile != "" {
		return cfg.Store.KeyFile
	}
	return filepath.Join(cfg.Terminal.StateDir, "umbral.key")
}

// storeOpts returns the store's limits as configured.
func storeOpts(cfg *config.Config, key store.Key) store.Opts {
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

// openStore opens the store of a configuration.
func openStore(cfg *config.Config, key store.Key, c *clock) (*store.Store, store.Recovery, error) {
	o := storeOpts(cfg, key)
	o.Clock = c.forStore
	return store.Open(cfg.Terminal.StateDir, o)
}

// begin journals the start and returns its number.
func (v *vitals) begin(log *slog.Logger) (boot uint64, err error) {
	if v.recovery.Happened() {
		v.health.set(conditionLost, recoveryText(v.recovery))
		log.Warn("the store was damaged or set back", "recovery", fmt.Sprintf("%+v", v.recovery))
	}
	start, err := json.Marshal(map[string]any{"version": Version, "config": v.digest, "recovered": v.recovery.Happened()})
	if err != nil {
		return 0, err
	}
	p, err := v.store.Append(entryStart, start)
	switch {
	case err == nil:
		return p.Boot, nil
	case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrReadOnly):
		// The terminal lives and says what is wrong; nothing opens until the journal can be written.
		log.Error("the journal can't be written", "error", err)
		head, _ := v.store.Head()
		return head.Boot + 1, nil
	}
	return 0, err
}

func recoveryText(r store.Recovery) string {
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
