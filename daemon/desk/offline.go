package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"umbral/config"
	"umbral/daemon/clock"
	"umbral/daemon/enrolment"
	"umbral/daemon/fleet"
	"umbral/daemon/frames"
	"umbral/daemon/local"
	"umbral/daemon/state"
	"umbral/daemon/store"
	"umbral/pipeline/face"
	"umbral/pipeline/gallery"
	"umbral/pipeline/trustlist"
)

// Offline is a desk over the store of a terminal that does not run: what the tool works on. While the terminal runs, Open
// fails with store.ErrInUse.
type Offline struct {
	*Desk
	store    *store.Store
	recovery store.Recovery
	cfg      config.Config
	key      store.Key
	now      func() time.Time
}

// Open opens the store of a configuration.
func Open(cfg config.Config) (_ *Offline, err error) {
	key, err := state.LoadKey(&cfg)
	if err != nil {
		return nil, err
	}
	identity, err := state.IdentityKey(key)
	if err != nil {
		return nil, err
	}
	now := clock.New(cfg.Clock.NTP, cfg.Clock.MaxDrift)
	s, recovery, err := state.Open(&cfg, key, now)
	if err != nil {
		return nil, err
	}
	people, err := peopleOf(&cfg, s, key, now.Wall, nil)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	clerks, err := New(Opts{Store: s, People: people, Identity: identity, Checklist: cfg.Eligibility.Checklist})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Offline{Desk: clerks, store: s, recovery: recovery, cfg: cfg, key: key, now: now.Wall}, nil
}

// peopleOf returns the people of a store, who can be compared with faces where there are models.
func peopleOf(
	cfg *config.Config, s *store.Store, key store.Key, now func() time.Time, m *frames.Models,
) (*enrolment.People, error) {
	r, err := enrolment.NewRegister(enrolment.RegisterOpts{
		Store: s, Gallery: gallery.New(cfg.Gallery.Capacity), Key: key, Eligibility: &cfg.Eligibility, Now: now,
	})
	if err != nil {
		return nil, err
	}
	return enrolment.New(enrolment.Opts{Register: r, Models: m, Changed: func() {}, Forget: func(string) {}})
}

// Recovery says what happened to a store that was found damaged; empty when nothing was wrong.
func (d *Offline) Recovery() string {
	if !d.recovery.Happened() {
		return ""
	}
	return state.RecoveryText(d.recovery)
}

// Close closes the store.
func (d *Offline) Close() error { return d.store.Close() }

// Enrol loads the models and enrols a person from photographs.
func (d *Offline) Enrol(ctx context.Context, r local.EnrolRequest) (local.Enrolled, error) {
	m, err := frames.Open(&d.cfg, frames.ModelsDir(&d.cfg))
	if err != nil {
		return local.Enrolled{}, err
	}
	defer m.Close()
	people, err := peopleOf(&d.cfg, d.store, d.key, d.now, m)
	if err != nil {
		return local.Enrolled{}, err
	}
	if _, err := people.Load(); err != nil {
		return local.Enrolled{}, err
	}
	clerks, err := New(Opts{Store: d.store, People: people, Checklist: d.cfg.Eligibility.Checklist})
	if err != nil {
		return local.Enrolled{}, err
	}
	return clerks.Enrol(ctx, r)
}

// Replay decides every journalled passage again and shows each to fn.
func (d *Offline) Replay(fn func(Replayed) error) error { return replay(d.store, fn) }

// EachFace calls fn for every face reference of a model, with whose it is.
func (d *Offline) EachFace(model string, fn func(id, name string, t *face.Template) error) error {
	return d.store.EachReference(store.KindFace, func(p store.Person, r store.Reference) error {
		var t face.Template
		if r.Model != model || len(r.Template) != len(t) {
			return nil
		}
		copy(t[:], r.Template)
		return fn(p.ID, p.Name, &t)
	})
}

// InstallList verifies a signed list with the key of the configuration and stores it for the terminal's next start.
func (d *Offline) InstallList(kind string, b []byte) (sequence uint64, err error) {
	if d.cfg.Credential.ListKey == "" {
		return 0, errors.New("the terminal takes no lists: credential.list_key names no key")
	}
	key, err := fleet.ParsePublicKey(d.cfg.Credential.ListKey)
	if err != nil {
		return 0, fmt.Errorf("desk: credential.list_key: %w", err)
	}
	l, err := trustlist.Open(b, kind, key)
	if err != nil {
		return 0, err
	}
	return l.Sequence, d.store.PutList(store.List{Kind: kind, Sequence: l.Sequence, Bytes: b})
}
