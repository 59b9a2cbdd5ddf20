package terminal

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/store"
	"umbral/pipeline/finger"
)

// fingerReferences are the enrolled fingers. A person's are read from the store when they are asked for; all are held only
// where the policy lets a finger say who somebody is.
type fingerReferences struct {
	store *store.Store

	mu      sync.Mutex
	gallery *finger.Gallery // nil where nobody is searched for
	views   map[string]int  // of each finger in the gallery
}

// fingerFormat names what a stored finger is.
const fingerFormat = "iso-19794-2:2005"

// fingersAreSearched says whether a way of the policy leaves it to the finger to say who somebody is.
func fingersAreSearched(rule policy.Policy) bool {
	for _, way := range rule.Alternatives() {
		if fingerNames(way.Evidence) {
			return true
		}
	}
	return false
}

// newFingerReferences reads the fingers that are searched. Those that find no room are named in note.
func newFingerReferences(cfg *config.Config, rule policy.Policy, s *store.Store) (r *fingerReferences, note error, err error) {
	r = &fingerReferences{store: s, views: map[string]int{}}
	if !fingersAreSearched(rule) {
		return r, nil, nil
	}
	if r.gallery, err = finger.NewGallery(cfg.Finger.Gallery); err != nil {
		return nil, nil, fmt.Errorf("terminal: finger.gallery: %w", err)
	}
	var left []error
	err = s.EachReference(store.KindFinger, func(p store.Person, ref store.Reference) error {
		if p.Status == store.StatusSuspended {
			return nil
		}
		if e := r.put(p.ID, &ref); e != nil {
			left = append(left, e)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("terminal: fingers: %w", err)
	}
	return r, errors.Join(left...), nil
}

// fingerKey tells the fingers of the gallery apart; ids hold no "#".
func fingerKey(id string, position uint8) string { return fmt.Sprintf("%s#%d", id, position) }

// put searches for a finger from now on; it replaces the one of the same position.
func (r *fingerReferences) put(id string, ref *store.Reference) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gallery == nil {
		return nil
	}
	views, err := finger.DecodeISO(ref.Data)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", finger.PositionName(ref.Position), id, err)
	}
	key := fingerKey(id, ref.Position)
	if err := r.gallery.Put(key, views); err != nil {
		return fmt.Errorf("%s of %s: %w", finger.PositionName(ref.Position), id, err)
	}
	r.views[key] = len(views)
	return nil
}

// forget searches for a person's fingers no more.
func (r *fingerReferences) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.views {
		if owner, _, _ := strings.Cut(key, "#"); owner == id {
			r.gallery.Remove(key)
			delete(r.views, key)
		}
	}
}

// of are the views of a person's fingers; none where the person is suspended, not enrolled, or has none.
func (r *fingerReferences) of(id string) (list []*finger.Template, err error) {
	if id == "" {
		return nil, nil
	}
	person, err := r.store.Person(id)
	if errors.Is(err, store.ErrNotFound) || err == nil && person.Status == store.StatusSuspended {
		return nil, nil
	}
	refs, readErr := r.store.References(id)
	damaged := []error{err, readErr}
	for i := range refs {
		if refs[i].Kind != store.KindFinger {
			continue
		}
		views, err := finger.DecodeISO(refs[i].Data)
		damaged = append(damaged, err)
		list = append(list, views...)
	}
	return list, errors.Join(damaged...)
}

// searchable says whether a finger may say who somebody is.
func (r *fingerReferences) searchable() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gallery != nil
}

// count is how many views are searched.
func (r *fingerReferences) count() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, views := range r.views {
		n += views
	}
	return n
}

// search finds whose finger a print is most like, and how like it is to the next person's.
func (r *fingerReferences) search(t *finger.Template) (id string, score, rival finger.Score, views int) {
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
	for _, n := range r.views {
		views += n
	}
	return id, best.Score, rival, views
}
