package terminal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"umbral/config"
	"umbral/daemon/clock"
	"umbral/daemon/frames"
	"umbral/daemon/journal"
	"umbral/daemon/state"
	"umbral/daemon/store"
	"umbral/drivers/camera"
)

// vitals are what everything else in a terminal stands on, and what is reported of it: its clock, models, camera and store.
type vitals struct {
	cfg      *config.Config
	digest   string // of the configuration
	clock    *clock.Clock
	health   *health
	watch    *frames.Latency
	pulse    *pulse
	panics   *panics
	models   *frames.Models
	camera   camera.Source
	store    *store.Store
	journal  *journal.Journal
	recovery store.Recovery
	boot     uint64
	key      store.Key // what everything stored is sealed with
	identity ed25519.PrivateKey
}

func newVitals(cfg *config.Config, digest string, log *slog.Logger, opened *closers) (_ *vitals, err error) {
	v := vitals{
		cfg: cfg, digest: digest, clock: clock.New(cfg.Clock.NTP, cfg.Clock.MaxDrift), health: newHealth(time.Now), watch: new(frames.Latency),
		pulse: new(pulse), panics: newPanics(log),
	}
	if v.models, err = frames.Open(cfg, frames.ModelsDir(cfg)); err != nil {
		return nil, err
	}
	opened.add(func() error { v.models.Close(); return nil })
	if v.camera, err = openCamera(&cfg.Camera); err != nil {
		return nil, err
	}
	opened.add(v.camera.Halt)
	if v.key, err = state.LoadKey(cfg); err != nil {
		return nil, err
	}
	if v.identity, err = state.IdentityKey(v.key); err != nil {
		return nil, err
	}
	if v.store, v.recovery, err = state.Open(cfg, v.key, v.clock); err != nil {
		return nil, err
	}
	opened.add(v.store.Close)
	v.clock.Trusted(v.store.LastTrusted())
	v.journal = journal.New(v.store)
	v.boot, err = v.begin(log)
	return &v, err
}

// begin journals the start and returns its number.
func (v *vitals) begin(log *slog.Logger) (boot uint64, err error) {
	if v.recovery.Happened() {
		v.health.set(conditionLost, state.RecoveryText(v.recovery))
		log.Warn("the store was damaged or set back", "recovery", fmt.Sprintf("%+v", v.recovery))
	}
	start, err := json.Marshal(map[string]any{"version": Version, "config": v.digest, "recovered": v.recovery.Happened()})
	if err != nil {
		return 0, err
	}
	p, err := v.store.Append(journal.EntryStart, start)
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
