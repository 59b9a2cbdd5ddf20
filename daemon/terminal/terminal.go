package terminal

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"umbral/config"
	"umbral/config/paths"
	"umbral/daemon/fleet/link"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/drivers/camera"
	"umbral/drivers/door"
	"umbral/pipeline/face"
	"umbral/pipeline/gallery"
	"umbral/pipeline/vision"
)

// Terminal is one gate terminal. New takes all that it needs, Run works until its context ends.
type Terminal struct {
	cfg       config.Config
	log       *slog.Logger
	clock     *clock
	health    *health
	watch     *stopwatch
	view      *view
	budget    *Budget
	store     *store.Store
	recovery  store.Recovery
	people    *people
	eyes      *eyes
	sight     *sight
	camera    camera.Source
	door      door.Door
	decider   *decider
	link      *link.Link // nil where there is no fleet
	claims    *claims
	lists     *lists
	documents *documents    // nil where the policy knows no document
	speaker   *speaker      // nil where it knows no challenge
	authority *authority    // nil where it knows no authority
	reviews   *reviews      // nil where nobody reviews
	fingers   *fingers      // nil where there is no fingerprint sensor
	issuer    *issuer       // nil where no credentials are issued
	local     *local.Server // nil where the configuration names neither address nor socket
	boot      uint64
	digest    string // of the configuration
	identity  ed25519.PrivateKey
	pulse     pulse
	outage    outage
}

// New builds a terminal. digest names the configuration it was built from, for the fleet.
func New(cfg config.Config, digest string, log *slog.Logger) (_ *Terminal, err error) {
	t := &Terminal{cfg: cfg, log: log, digest: digest, watch: new(stopwatch), health: newHealth(time.Now)}
	releaseRelay(&cfg.Door, log)
	t.clock = newClock(cfg.Clock.NTP, cfg.Clock.MaxDrift)
	// Reading models leaves their files and unpacked weights behind; an eager collector uses that memory for the next one.
	defer debug.SetGCPercent(debug.SetGCPercent(eagerCollector))
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.eyes, err = openEyes(&cfg, ModelsDir(&cfg)); err != nil {
		return nil, err
	}
	if t.camera, err = openCamera(&cfg.Camera); err != nil {
		return nil, err
	}
	t.budget = budgetOf(&cfg, t.eyes, t.camera.Stats().PoolBytes)
	if err = t.budget.check(); err != nil {
		return nil, err
	}
	key, err := terminalKey(&cfg)
	if err != nil {
		return nil, err
	}
	if err = t.openStore(key); err != nil {
		return nil, err
	}
	if err = t.build(key); err != nil {
		return nil, err
	}
	// Model files, and what building took beside, would otherwise stay resident until the collector next runs, which on the
	// steady path it never needs to.
	debug.FreeOSMemory()
	return t, nil
}

// eagerCollector is the collector's percentage (debug.SetGCPercent).
const eagerCollector = 10

// ModelsDir is where the configuration finds the model files.
func ModelsDir(cfg *config.Config) string {
	if cfg.Models.Dir != "" {
		return cfg.Models.Dir
	}
	return paths.Models()
}

// threads is the number configured, or one a processor up to four: more gain nothing on models this small.
func threads(configured int) int {
	if configured > 0 {
		return configured
	}
	return min(runtime.GOMAXPROCS(0), 4)
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

// storeOpts are the store's limits as configured.
func storeOpts(cfg *config.Config, key store.Key) store.Opts {
	o := store.DefaultOpts()
	o.Key = key
	o.FileBytes, o.JournalBytes = int64(cfg.Store.FileMiB)<<20, int64(cfg.Store.JournalMiB)<<20
	o.People, o.CopyEvery = cfg.Store.People, cfg.Store.CopyInterval
	// A code that was shown has to be remembered while it could be accepted; a bar code's for three steps of 30 s.
	o.ReplayLife = max(cfg.Credential.MaxAge+2*cfg.Credential.MaxSkew, 90*time.Second) + time.Second
	o.NonceLife = link.NonceLife(cfg.Fleet.CommandMaxAge, cfg.Fleet.CommandMaxSkew) + time.Second
	o.Rename = renamePeople
	return o
}

// renamePeople finds the ids of people in the entries of a terminal's journal.
func renamePeople(kind string, payload []byte, name func(id string) string) ([]byte, error) {
	switch kind {
	case passage.EntryPassage, passage.EntryCommand, passage.EntryExit, passage.EntryReview:
		return passage.Rename(payload, name)
	}
	return store.RenameMembers(kind, payload, name)
}

func (t *Terminal) openStore(key store.Key) (err error) {
	o := storeOpts(&t.cfg, key)
	o.Clock = t.clock.forStore
	if t.store, t.recovery, err = store.Open(t.cfg.Terminal.StateDir, o); err != nil {
		return err
	}
	if t.recovery.Happened() {
		t.health.set(conditionLost, recoveryText(t.recovery))
		t.log.Warn("the store was damaged or set back", "recovery", fmt.Sprintf("%+v", t.recovery))
	}
	start, err := json.Marshal(map[string]any{"version": Version, "config": t.digest, "recovered": t.recovery.Happened()})
	if err != nil {
		return err
	}
	p, err := t.store.Append(entryStart, start)
	switch {
	case err == nil:
		t.boot = p.Boot
	case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrReadOnly):
		// The terminal lives and says what is wrong; nothing opens until the journal can be written.
		t.log.Error("the journal can't be written", "error", err)
		head, _ := t.store.Head()
		t.boot = head.Boot + 1
	default:
		return err
	}
	return nil
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

// build connects the parts.
func (t *Terminal) build(key store.Key) error {
	cfg := &t.cfg
	refs := gallery.New(cfg.Gallery.Capacity)
	tracker, err := face.NewTracker(face.DefaultTrackerOpts())
	if err != nil {
		return err
	}
	t.view = newView(cfg.Camera.Width, cfg.Camera.Height)
	t.sight = &sight{
		decoder: vision.NewDecoder(2*cfg.Camera.Width, 2*cfg.Camera.Height), image: vision.NewImage(cfg.Camera.Width, cfg.Camera.Height),
		analyzer: t.eyes.analyzer, passive: t.eyes.passive, tracker: tracker, gallery: refs, watch: t.watch, view: t.view,
	}
	alias, err := aliasKey(key)
	if err != nil {
		return err
	}
	if t.identity, err = identityKey(key); err != nil {
		return err
	}
	t.people = &people{store: t.store, gallery: refs, sight: t.sight, model: t.eyes.feature, verify: t.eyes.verify.score, identify: t.eyes.identify.score, alias: alias}
	t.people.changed = func() { t.decider.observe(passage.Observation{Kind: passage.ObserveChange}) }
	stale, err := t.people.load()
	if err != nil {
		return err
	}
	if stale > 0 {
		t.log.Warn("references of another model are not searched: enrol these people anew", "references", stale)
	}
	if err := t.people.rememberNames(); err != nil {
		return err
	}
	if t.door, err = openDoor(&cfg.Door); err != nil {
		return err
	}
	rules, err := rulesOf(cfg, t.eyes)
	if err != nil {
		return err
	}
	machine, err := passage.New(rules, passage.ID{Boot: t.boot, Number: 1})
	if err != nil {
		return err
	}
	t.decider = newDecider(machine, t.clock, t.door, t.log)
	t.decider.append = t.appendEntry
	t.decider.decided = t.view.decided
	t.decider.demand = t.view.setDemand
	alarms := &alarms{health: t.health, show: t.door.Show}
	t.decider.alarmed = alarms.set
	t.decider.changed = func(s passage.Screen) {
		t.view.setScreen(s)
		alarms.shown(s)
	}
	t.view.setScreen(machine.Screen())
	if err := t.buildEvidence(); err != nil {
		return err
	}
	if err := t.buildFleet(); err != nil {
		return err
	}
	return t.buildLocal()
}

func (t *Terminal) buildLocal() (err error) {
	c := &t.cfg.Local
	if c.HTTP == "" && c.Socket == "" {
		return nil
	}
	t.local, err = local.New(local.Opts{HTTP: c.HTTP, NextFreePort: c.NextFreePort, Socket: c.Socket, Log: t.log}, newDesktop(t))
	return err
}

// Page is the address of the technician's page, empty without one.
func (t *Terminal) Page() string {
	if t.local == nil {
		return ""
	}
	return t.local.Address()
}

// appendEntry commits an entry; it is what every part journals with.
func (t *Terminal) appendEntry(kind string, payload []byte) error {
	_, err := t.store.Append(kind, payload)
	t.outage.noted(err)
	return err
}

// close releases what New took; each part may be missing.
func (t *Terminal) close() error {
	var errs []error
	if t.local != nil {
		t.local.Close()
	}
	if t.camera != nil {
		errs = append(errs, t.camera.Halt())
	}
	if t.door != nil {
		errs = append(errs, t.door.Halt())
	}
	if t.fingers != nil {
		errs = append(errs, t.fingers.sensor.Halt())
	}
	if t.store != nil {
		errs = append(errs, t.store.Close())
	}
	if t.eyes != nil {
		t.eyes.close()
	}
	return errors.Join(errs...)
}

// Run works until ctx ends and then leaves the hardware inert and everything written.
func (t *Terminal) Run(ctx context.Context) error {
	// The frame loop allocates nothing, so that an eager collector costs nothing and keeps the heap within the budget.
	defer debug.SetGCPercent(debug.SetGCPercent(eagerCollector))
	err := t.supervise(ctx)
	stop, _ := json.Marshal(map[string]any{"version": Version})
	if e := t.appendEntry(entryStop, stop); e != nil {
		t.log.Error("the journal can't be written", "error", e)
	}
	return errors.Join(err, t.close())
}
