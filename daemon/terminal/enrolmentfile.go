package terminal

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/local"
	"umbral/daemon/store"
	"umbral/pipeline/face"
	"umbral/pipeline/trustlist"
)

// file is a person's enrolment file with what the site's checklist asks of it today.
func (p *people) file(id string, checklist []string) (local.File, error) {
	list, err := store.ParseChecklist(checklist)
	if err != nil {
		return local.File{}, err
	}
	person, err := p.store.Person(id)
	if err != nil {
		return local.File{}, err
	}
	f, err := p.store.File(id)
	if err != nil {
		return local.File{}, err
	}
	now := time.Now()
	out := local.File{
		ID: person.ID, Name: person.Name, Born: f.Born, ValidFrom: f.ValidFrom, ValidUntil: f.ValidUntil, Guardians: f.Guardians,
		Schedule: f.Schedule, Occasion: string(f.Occasion), Secret: len(f.Secret) > 0, Ticks: []local.Tick{},
		Wanted: list.Wanted(f, now), Missing: list.Missing(f, now),
	}
	if f.Blocked != nil {
		out.Blocked = &local.Block{Since: f.Blocked.Since, Reason: f.Blocked.Reason, By: f.Blocked.By}
	}
	for _, t := range f.Ticks {
		out.Ticks = append(out.Ticks, local.Tick(t))
	}
	for _, list := range []*[]string{&out.Guardians, &out.Wanted, &out.Missing} {
		if *list == nil {
			*list = []string{} // "none" in JSON
		}
	}
	return out, nil
}

// editFile makes one change; the store journals it.
func (p *people) editFile(id string, e local.FileEdit) error {
	if _, err := p.store.File(id); err != nil {
		return err
	}
	err := p.change(id, e)
	if err == nil {
		p.changed()
		if e.Change == "tick" || e.Change == "untick" {
			err = p.consentEdited(id)
		}
	}
	if errors.Is(err, store.ErrNotFound) { // the tick or the block: the person is there
		return fmt.Errorf("%w: %s", local.ErrRefused, strings.TrimPrefix(err.Error(), "store: "+store.ErrNotFound.Error()+": "))
	}
	if errors.Is(err, store.ErrFull) {
		return fmt.Errorf("%w: %w", local.ErrRefused, err)
	}
	return err
}

func (p *people) change(id string, e local.FileEdit) error {
	switch e.Change {
	case "tick":
		return p.store.Tick(id, store.Tick{Item: e.Item, By: e.By, Note: e.Note, Until: e.Until})
	case "untick":
		return p.store.Untick(id, e.Item, e.By)
	case "block":
		return p.block(id, e.By, e.Reason)
	case "unblock":
		return p.unblock(id, e.By)
	case "occasion":
		return p.store.SetOccasion(id, e.By, store.Occasion(e.Occasion))
	case "secret":
		return p.store.SetSecret(id, e.By, e.Secret)
	case "details":
		return p.setDetails(id, e)
	}
	return fmt.Errorf("%w: change %.20q of a file, wanted tick, untick, block, unblock, occasion, secret or details", local.ErrRefused, e.Change)
}

func (p *people) setDetails(id string, e local.FileEdit) error {
	if e.Details == nil {
		return fmt.Errorf("%w: no details are named", local.ErrRefused)
	}
	f, err := p.store.File(id)
	if err != nil {
		return err
	}
	to, from := &f.Eligibility, e.Details
	for _, t := range []struct{ to, from *string }{
		{&to.Born, from.Born}, {&to.ValidFrom, from.ValidFrom}, {&to.ValidUntil, from.ValidUntil}, {&to.Schedule, from.Schedule},
	} {
		if t.from != nil {
			*t.to = *t.from
		}
	}
	if from.Guardians != nil {
		to.Guardians = *from.Guardians
	}
	return p.store.SetEligibility(id, e.By, f.Eligibility)
}

// EachFace calls fn for every face reference of a model, with whose it is.
func (d *Desk) EachFace(model string, fn func(id, name string, t *face.Template) error) error {
	return d.store.EachReference(store.KindFace, func(p store.Person, r store.Reference) error {
		var t face.Template
		if r.Model != model || len(r.Template) != len(t) {
			return nil
		}
		copy(t[:], r.Template)
		return fn(p.ID, p.Name, &t)
	})
}

// File shows a person's enrolment file.
func (d *Desk) File(id string) (local.File, error) {
	return d.people.file(id, d.cfg.Eligibility.Checklist)
}

// EditFile changes it.
func (d *Desk) EditFile(id string, e local.FileEdit) (local.File, error) {
	if err := d.people.editFile(id, e); err != nil {
		return local.File{}, err
	}
	return d.File(id)
}

// File and EditFile are local.Registry's.

func (d *localAPI) File(id string) (local.File, error) {
	f, err := d.t.people.file(id, d.t.cfg.Eligibility.Checklist)
	return f, outward(err)
}

func (d *localAPI) EditFile(id string, e local.FileEdit) (local.File, error) {
	if err := d.t.people.editFile(id, e); err != nil {
		return local.File{}, outward(err)
	}
	return d.File(id)
}

// InstallList verifies a signed list with the key of the configuration and stores it for the terminal's next start.
func (d *Desk) InstallList(kind string, b []byte) (sequence uint64, err error) {
	if d.cfg.Credential.ListKey == "" {
		return 0, errors.New("the terminal takes no lists: credential.list_key names no key")
	}
	key, err := fleet.ParsePublicKey(d.cfg.Credential.ListKey)
	if err != nil {
		return 0, fmt.Errorf("terminal: credential.list_key: %w", err)
	}
	l, err := trustlist.Open(b, kind, key)
	if err != nil {
		return 0, err
	}
	return l.Sequence, d.store.PutList(store.List{Kind: kind, Sequence: l.Sequence, Bytes: b})
}
