package desk

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"umbral/daemon/local"
	"umbral/daemon/store"
)

// File returns a person's enrolment file with what the site's checklist asks of it today.
func (d *Desk) File(id string) (local.File, error) {
	f, err := d.file(id)
	return f, outward(err)
}

// EditFile makes one change; the store journals it.
func (d *Desk) EditFile(id string, e local.FileEdit) (local.File, error) {
	if err := d.edit(id, e); err != nil {
		return local.File{}, outward(err)
	}
	return d.File(id)
}

func (d *Desk) file(id string) (local.File, error) {
	person, err := d.store.Person(id)
	if err != nil {
		return local.File{}, err
	}
	f, err := d.store.File(id)
	if err != nil {
		return local.File{}, err
	}
	now := time.Now()
	out := local.File{
		ID: person.ID, Name: person.Name, Born: f.Born, ValidFrom: f.ValidFrom, ValidUntil: f.ValidUntil, Guardians: f.Guardians,
		Schedule: f.Schedule, Occasion: string(f.Occasion), Secret: len(f.Secret) > 0, Ticks: []local.Tick{},
		Wanted: d.checklist.Wanted(f, now), Missing: d.checklist.Missing(f, now),
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

func (d *Desk) edit(id string, e local.FileEdit) error {
	if _, err := d.store.File(id); err != nil {
		return err
	}
	err := d.change(id, e)
	if err == nil {
		err = d.people.NoteFile(id, e.Change == "tick" || e.Change == "untick")
	}
	if errors.Is(err, store.ErrNotFound) { // the tick or the block: the person is there
		return fmt.Errorf("%w: %s", local.ErrRefused, strings.TrimPrefix(err.Error(), "store: "+store.ErrNotFound.Error()+": "))
	}
	if errors.Is(err, store.ErrFull) {
		return fmt.Errorf("%w: %w", local.ErrRefused, err)
	}
	return err
}

func (d *Desk) change(id string, e local.FileEdit) error {
	switch e.Change {
	case "tick":
		return d.store.Tick(id, store.Tick{Item: e.Item, By: e.By, Note: e.Note, Until: e.Until})
	case "untick":
		return d.store.Untick(id, e.Item, e.By)
	case "block":
		return d.people.Block(id, e.By, e.Reason)
	case "unblock":
		return d.people.Unblock(id, e.By)
	case "occasion":
		return d.store.SetOccasion(id, e.By, store.Occasion(e.Occasion))
	case "secret":
		return d.store.SetSecret(id, e.By, e.Secret)
	case "details":
		return d.setDetails(id, e)
	}
	return fmt.Errorf("%w: change %.20q of a file, wanted tick, untick, block, unblock, occasion, secret or details", local.ErrRefused, e.Change)
}

func (d *Desk) setDetails(id string, e local.FileEdit) error {
	if e.Details == nil {
		return fmt.Errorf("%w: no details are named", local.ErrRefused)
	}
	f, err := d.store.File(id)
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
	return d.store.SetEligibility(id, e.By, f.Eligibility)
}
