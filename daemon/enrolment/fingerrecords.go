package enrolment

import (
	"errors"

	"umbral/daemon/evidence/finger"
	"umbral/daemon/store"
)

// Fingers are the enrolled fingers as package finger asks for them.
type Fingers struct{ store *store.Store }

// FingersOf returns the fingers in a store.
func FingersOf(s *store.Store) Fingers { return Fingers{s} }

// Suspended implements finger.Records.
func (f Fingers) Suspended(id string) (bool, error) {
	p, err := f.store.Person(id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return p.Status == store.StatusSuspended, err
}

// Of implements finger.Records.
func (f Fingers) Of(id string) (list []finger.Record, err error) {
	refs, err := f.store.References(id)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	for i := range refs {
		if refs[i].Kind == store.KindFinger && !refs[i].Ended {
			list = append(list, finger.Record{Position: refs[i].Position, Data: refs[i].Data})
		}
	}
	return list, err
}

// Each implements finger.Records.
func (f Fingers) Each(fn func(id string, r finger.Record) error) error {
	return f.store.EachReference(store.KindFinger, func(p store.Person, r store.Reference) error {
		return fn(p.ID, finger.Record{Position: r.Position, Data: r.Data})
	})
}
