package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"

	"umbral/config"
	"umbral/daemon/fleet/link"
	"umbral/daemon/journal"
	"umbral/daemon/local"
	"umbral/daemon/state"
)

// Terminal is one gate terminal. New takes all that it needs, Run works until its context ends.
type Terminal struct {
	*gate
	local *local.Server // nil where the configuration names neither address nor socket
}

// gate is what a terminal is made of but for the pages, which look at it. Each stage is built from those before it.
type gate struct {
	*vitals
	*senses
	*judgement
	closers
	log  *slog.Logger
	link *link.Link // nil where there is no fleet
}

// closers release what was opened, the last first.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c closers) close() error {
	var errs []error
	for _, f := range slices.Backward(c) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// New builds a terminal. digest names the configuration it was built from, for the fleet.
func New(cfg config.Config, digest string, log *slog.Logger) (_ *Terminal, err error) {
	releaseRelay(&cfg.Door, log)
	// Reading models leaves their files and unpacked weights behind; an eager collector uses that memory for the next one.
	defer debug.SetGCPercent(debug.SetGCPercent(eagerCollector))
	g, err := newGate(&cfg, digest, log)
	if err != nil {
		return nil, err
	}
	t := &Terminal{gate: g}
	if c := &cfg.Local; c.HTTP != "" || c.Socket != "" {
		server, err := newPages(c, g, log)
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		t = &Terminal{gate: g, local: server}
	}
	// Model files, and what building took beside, would otherwise stay resident until the collector next runs, which on the
	// steady path it never needs to.
	debug.FreeOSMemory()
	return t, nil
}

// newPages starts to listen for the pages and the tool.
func newPages(c *config.Local, g *gate, log *slog.Logger) (*local.Server, error) {
	key, err := state.PageKey(g.key)
	if err != nil {
		return nil, err
	}
	return local.New(local.Opts{HTTP: c.HTTP, NextFreePort: c.NextFreePort, Socket: c.Socket, Key: key, Log: log}, newLocalAPI(g))
}

func newGate(cfg *config.Config, digest string, log *slog.Logger) (_ *gate, err error) {
	var opened closers
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.close())
		}
	}()
	v, err := newVitals(cfg, digest, log, &opened)
	if err != nil {
		return nil, err
	}
	s, err := newSenses(v, log, &opened)
	if err != nil {
		return nil, err
	}
	j, err := newJudgement(v, s, log, &opened)
	if err != nil {
		return nil, err
	}
	l, err := newLink(v, s, j, log)
	if err != nil {
		return nil, err
	}
	return &gate{vitals: v, senses: s, judgement: j, closers: opened, log: log, link: l}, nil
}

// eagerCollector is the collector's percentage (debug.SetGCPercent).
const eagerCollector = 10

// Page returns the address of the technician's page, empty without one.
func (t *Terminal) Page() string {
	if t.local == nil {
		return ""
	}
	return t.local.Address()
}

// Links returns the links to the technician's page and to the gate's screen, with tokens in them; empty without pages.
func (t *Terminal) Links() (page, screen string) {
	if t.local == nil {
		return "", ""
	}
	p, errPage := t.local.Link(local.ScopePage)
	s, errScreen := t.local.Link(local.ScopeScreen)
	if errPage != nil || errScreen != nil {
		return "", ""
	}
	return p.Page, s.Page
}

// Run works until ctx ends and then leaves the hardware inert and everything written.
func (t *Terminal) Run(ctx context.Context) error {
	// The frame loop allocates nothing, so that an eager collector costs nothing and keeps the heap within the budget.
	defer debug.SetGCPercent(debug.SetGCPercent(eagerCollector))
	err := t.supervise(ctx)
	stop, _ := json.Marshal(map[string]any{"version": Version})
	if e := t.journal.Append(journal.EntryStop, stop); e != nil {
		t.log.Error("the journal can't be written", "error", e)
	}
	return errors.Join(err, t.close())
}

// close releases what New took.
func (t *Terminal) close() error {
	if t.local != nil {
		t.local.Close()
	}
	return t.gate.close()
}
