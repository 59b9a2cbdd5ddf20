package enrolment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"umbral/daemon/evidence/finger"
	"umbral/daemon/store"
	prints "umbral/pipeline/finger"
)

// fingerTimeout bounds the enrolment of a finger: twelve presses at the factory's speed.
const fingerTimeout = 2 * time.Minute

// EnrolFinger enrols a finger of a person who is enrolled already, or somebody new by their finger alone. progress is told
// how far it is and what the person should do.
func (p *People) EnrolFinger(ctx context.Context, id, name, position string, progress func(done, of int, advice string)) (Enrolled, error) {
	which, err := prints.ParsePosition(position)
	if err != nil {
		return Enrolled{}, refuse("%v", err)
	}
	if err := checkNumber(id); err != nil {
		return Enrolled{}, err
	}
	person, err := p.store.Person(id)
	switch {
	case errors.Is(err, store.ErrNotFound) && name == "":
		return Enrolled{}, refuse("nobody is enrolled as %q: give a name to enrol somebody by their finger alone", id)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return Enrolled{}, err
	case err == nil && name != "" && name != person.Name:
		return Enrolled{}, refuse("%s is enrolled under another name", id)
	}
	ctx, cancel := context.WithTimeout(ctx, fingerTimeout)
	defer cancel()
	views, err := p.fingers.Enrol(ctx, id, progress)
	if err != nil {
		return Enrolled{}, err
	}
	for _, v := range views {
		v.Position = which
	}
	record, err := prints.EncodeISO(views...)
	if err != nil {
		return Enrolled{}, err
	}
	return p.storeFinger(id, name, store.Reference{
		Kind: store.KindFinger, Data: record, Position: which, Model: finger.Format, Source: "sensor", Quality: float32(views[0].Quality) / 100,
		Created: time.Now(),
	})
}

// storeFinger adds a finger to a person, or stores a new person with it. It replaces what was enrolled of the same finger.
func (p *People) storeFinger(id, name string, ref store.Reference) (Enrolled, error) {
	e := Enrolled{ID: id, Name: name, References: 1, Alias: p.AliasOf(id)}
	person, err := p.store.Person(id)
	if errors.Is(err, store.ErrNotFound) {
		err = p.store.Enrol(store.Person{ID: id, Name: name, Created: time.Now(), Status: store.StatusActive}, []store.Reference{ref})
	} else if err == nil {
		e.Name = person.Name
		var replaced bool
		if replaced, err = p.replaceFinger(id, ref); replaced {
			e.Notes = append(e.Notes, "replaces what was enrolled of the "+prints.PositionName(ref.Position)+" before")
		}
	}
	if err != nil {
		return Enrolled{}, err
	}
	if err := p.fingers.Put(id, finger.Record{Position: ref.Position, Data: ref.Data}); err != nil {
		e.Notes = append(e.Notes, fmt.Sprintf("not searched: %v (finger.gallery)", err))
	}
	p.namesMu.Lock()
	p.names[id] = e.Name
	p.namesMu.Unlock()
	return e, p.journalEnrolment(e)
}

func (p *People) replaceFinger(id string, ref store.Reference) (replaced bool, err error) {
	before, err := p.store.References(id)
	if err != nil {
		return false, err
	}
	if _, err := p.store.AddReference(id, ref); err != nil {
		return false, err
	}
	for _, r := range before {
		if r.Kind == store.KindFinger && r.Position == ref.Position {
			replaced = true
			err = errors.Join(err, p.store.RemoveReference(id, r.Number))
		}
	}
	return replaced, err
}
