package enrolment

import (
	"errors"
	"time"

	"umbral/daemon/evidence/finger"
	"umbral/daemon/store"
)

// EndConsents takes references out of use and returns when to look again; zero where no consent ends.
func (p *People) EndConsents() (next time.Time, err error) {
	due, next, err := p.store.EndConsents()
	for _, d := range due {
		p.withdraw(d.Person, d.Kind)
	}
	if len(due) > 0 {
		p.changed()
	}
	census, countErr := p.store.Census()
	p.census.Store(&census)
	return next, errors.Join(err, countErr)
}

// Counted returns the counts of people as they were last taken, nil before the first time.
func (p *People) Counted() *store.Census { return p.census.Load() }

// withdraw searches no more for a person's references of a kind.
func (p *People) withdraw(id string, kind store.Kind) {
	switch {
	case kind == store.KindFace:
		p.gallery.Remove(id)
	case kind == store.KindFinger && p.fingers != nil:
		p.fingers.Forget(id)
	}
}

// consentEdited follows a change of a person's ticks: a consent may have been withdrawn, or given anew.
func (p *People) consentEdited(id string) error {
	refs, err := p.store.References(id)
	if err != nil {
		return err
	}
	known := p.gallery.Has(id)
	for i := range refs {
		r := &refs[i]
		switch {
		case r.Ended:
			p.withdraw(id, r.Kind)
		case r.Kind == store.KindFace && !known && p.models != nil && r.Model == p.models.Feature:
			err = errors.Join(err, p.gallery.Add(id, r.Template))
		case r.Kind == store.KindFinger && p.fingers != nil:
			err = errors.Join(err, p.fingers.Put(id, finger.Record{Position: r.Position, Data: r.Data}))
		}
	}
	p.noted(id)
	return err
}

// NoteFile lets a change of a person's file count from now on. With ticks a consent may have been given or withdrawn.
func (p *People) NoteFile(id string, ticks bool) error {
	p.changed()
	if ticks {
		return p.consentEdited(id)
	}
	return nil
}
