package finger

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"umbral/pipeline/finger"
)

// Records are the enrolled fingers, which somebody else stores.
type Records interface {
	// Suspended reports whether a person is suspended. Somebody of whom nothing is known is not.
	Suspended(id string) (bool, error)
	// Of returns the fingers of a person, suspended or not; none where nobody is enrolled under that id. What can be read
	// is returned beside an error.
	Of(id string) ([]Record, error)
	// Each calls f with every enrolled finger, those of suspended people too, until f returns an error.
	Each(f func(id string, r Record) error) error
}

// Record is one enrolled finger.
type Record struct {
	Position uint8  // which finger, ISO/IEC 19794-2 table 2
	Data     []byte // of the format Format
}

// Format names the format of records.
const Format = "iso-19794-2:2005"

// references are the fingers that presses are compared with. A person's are read when they are asked for; all are held
// only where a finger may tell who somebody is. Suspended people are among these: left out, they would be taken for
// whoever is next like them, and could be enrolled again under another id.
type references struct {
	records Records

	mu      sync.Mutex
	gallery *finger.Gallery // nil where nobody is searched for
	views   map[string]int  // of each finger in the gallery
}

// newReferences reads the fingers that are searched.
func newReferences(o *Opts) (*references, error) {
	r := &references{records: o.Records, views: map[string]int{}}
	if !o.Search {
		return r, nil
	}
	var err error
	if r.gallery, err = finger.NewGallery(o.Gallery); err != nil {
		return nil, err
	}
	var left []error
	err = o.Records.Each(func(id string, record Record) error {
		if err := r.put(id, record); err != nil {
			left = append(left, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("finger: the enrolled fingers: %w", err)
	}
	if len(left) > 0 {
		o.Log.Warn("fingers that are not searched", "error", errors.Join(left...))
	}
	return r, nil
}

// key tells the fingers of the gallery apart; ids hold no "#".
func key(id string, position uint8) string { return fmt.Sprintf("%s#%d", id, position) }

// Put searches for a finger from now on; it replaces the one of the same position. Where no finger is searched it does
// nothing.
func (s *Source) Put(id string, r Record) error { return s.refs.put(id, r) }

// Forget searches for a person's fingers no more.
func (s *Source) Forget(id string) { s.refs.forget(id) }

func (r *references) put(id string, record Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gallery == nil {
		return nil
	}
	views, err := finger.DecodeISO(record.Data)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", finger.PositionName(record.Position), id, err)
	}
	k := key(id, record.Position)
	if err := r.gallery.Put(k, views); err != nil {
		return fmt.Errorf("%s of %s: %w", finger.PositionName(record.Position), id, err)
	}
	r.views[k] = len(views)
	return nil
}

func (r *references) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.views {
		if owner, _, _ := strings.Cut(k, "#"); owner == id {
			r.gallery.Remove(k)
			delete(r.views, k)
		}
	}
}

// of returns the views of a person's fingers; none where the person is suspended, not enrolled, has none, or where it
// can't be found out whether they are suspended.
func (r *references) of(id string) (list []*finger.Template, err error) {
	if id == "" {
		return nil, nil
	}
	suspended, err := r.records.Suspended(id)
	if err != nil || suspended {
		return nil, err
	}
	records, err := r.records.Of(id)
	damaged := []error{err}
	for _, record := range records {
		views, err := finger.DecodeISO(record.Data)
		damaged = append(damaged, err)
		list = append(list, views...)
	}
	return list, errors.Join(damaged...)
}

// count returns the number of views that are searched.
func (r *references) count() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.searched()
}

// searched is count for those who hold mu.
func (r *references) searched() (n int) {
	for _, views := range r.views {
		n += views
	}
	return n
}

// search returns whose finger a print is most like, how like it is to that and to the next person's, and the number of
// views that it was compared with.
func (r *references) search(t *finger.Template) (id string, score, rival finger.Score, views int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gallery == nil {
		return "", finger.Least, finger.Least, 0
	}
	best, second := r.gallery.Search(t)
	id, _, _ = strings.Cut(best.ID, "#")
	rival = finger.Least
	if other, _, _ := strings.Cut(second.ID, "#"); other != id {
		rival = second.Score
	}
	return id, best.Score, rival, r.searched()
}
