package terminal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/eligibility"
	"umbral/daemon/evidence/finger"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/gallery"
)

// register is who is known here, as sources of evidence ask about it. The store is the truth; the gallery holds the same
// references for searching.
type register struct {
	store     *store.Store
	gallery   *gallery.Gallery
	alias     []byte // key of the pseudonyms
	checklist store.Checklist
	checks    bool // whether an incomplete checklist stands against somebody
	schedules map[string]policy.Window
	now       func() time.Time

	goneMu sync.Mutex
	gone   map[string]string // pseudonyms of those erased since the start, by the alias in the journal
}

func newRegister(cfg *config.Config, s *store.Store, key store.Key, now func() time.Time) (*register, error) {
	alias, err := aliasKey(key)
	if err != nil {
		return nil, err
	}
	list, err := store.ParseChecklist(cfg.Eligibility.Checklist)
	if err != nil {
		return nil, err
	}
	r := &register{
		store: s, gallery: gallery.New(cfg.Gallery.Capacity), alias: alias, checklist: list, checks: cfg.Eligibility.Enabled,
		schedules: map[string]policy.Window{}, now: now,
	}
	for _, schedule := range cfg.Eligibility.Schedules {
		if r.schedules[schedule.Name], err = schedule.Window(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Enrolled reports whether somebody is enrolled under an id.
func (r *register) Enrolled(id string) bool {
	_, err := r.store.Person(id)
	return err == nil
}

// nameOf returns the name of somebody who is enrolled under an id, "" of anybody else.
func (r *register) nameOf(id string) string {
	p, err := r.store.Person(id)
	if err != nil {
		return ""
	}
	return p.Name
}

// HasFace reports whether a face can be compared with references of theirs.
func (r *register) HasFace(id string) bool { return r.gallery.Has(id) }

// Pseudonym returns a stable name for somebody who is not enrolled. A citizen number gives the same one whoever says it, so
// that a code and a card of one person agree.
func (r *register) Pseudonym(issuer, number string) string {
	mac := hmac.New(sha256.New, r.alias)
	if idnumber.WellFormed(number) {
		issuer = ""
	}
	fmt.Fprintf(mac, "document %d %s%s", len(issuer), issuer, strings.ToUpper(number))
	return "doc-" + hex.EncodeToString(mac.Sum(nil)[:12])
}

// secret returns the secret of somebody's one-time numbers, nil where there is none.
func (r *register) secret(id string) []byte {
	f, err := r.store.File(id)
	if err != nil {
		return nil
	}
	return f.Secret
}

// use makes a code count once.
func (r *register) use(key [32]byte, until time.Time) (fresh bool, why error) {
	err := r.store.UseCode(key, until)
	if errors.Is(err, store.ErrReplayed) {
		return false, nil
	}
	return err == nil, err
}

// standing returns what the enrolment here says of a person. What can't be read stands against them.
func (r *register) standing(person string) passage.Standing {
	s := passage.Standing{Person: person}
	f, err := r.store.File(person)
	switch {
	case err == nil:
		s = r.ofFile(person, &f)
	case !errors.Is(err, store.ErrNotFound):
		s.Marks = s.Marks.With(passage.Blocked)
	}
	p, err := r.store.Person(person)
	switch {
	case err == nil && p.Status == store.StatusSuspended, err != nil && !errors.Is(err, store.ErrNotFound):
		s.Marks = s.Marks.With(passage.Blocked)
	}
	return s
}

// ofFile returns what an enrolment file says.
func (r *register) ofFile(person string, f *store.File) passage.Standing {
	s := passage.Standing{Person: person}
	evidence.SetBorn(&s, f.Born)
	eligibility.SetDates(&s, f.ValidFrom, f.ValidUntil, time.Local)
	copy(s.Guardians[:], f.Guardians)
	if f.Blocked != nil {
		s.Marks = s.Marks.With(passage.Blocked)
	}
	if r.checks && len(r.checklist.Missing(*f, r.now())) > 0 {
		s.Marks = s.Marks.With(passage.Incomplete)
	}
	if f.Schedule != "" {
		// A schedule that the site no longer knows is an empty one: nobody passes by a rule that nobody can read.
		s.Windows[0], s.WindowCount = r.schedules[f.Schedule], 1
	}
	return s
}

// fingers are the enrolled fingers as package finger asks for them.
type fingers struct{ store *store.Store }

func (f fingers) Suspended(id string) (bool, error) {
	p, err := f.store.Person(id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return p.Status == store.StatusSuspended, err
}

func (f fingers) Of(id string) (list []finger.Record, err error) {
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

func (f fingers) Each(fn func(id string, r finger.Record) error) error {
	return f.store.EachReference(store.KindFinger, func(p store.Person, r store.Reference) error {
		return fn(p.ID, finger.Record{Position: r.Position, Data: r.Data})
	})
}

// untimely reports whether an error of use says that the clock is not to be believed.
func untimely(err error) bool { return errors.Is(err, store.ErrClock) }

// maxErased is how many erasures are remembered for the message that tells the fleet of them.
const maxErased = 1024

// rememberErased keeps, until the next start and no longer, under which pseudonym the fleet knows somebody erased: the
// journal no longer tells.
func (r *register) rememberErased(alias, pseudonym string) {
	r.goneMu.Lock()
	defer r.goneMu.Unlock()
	if r.gone == nil || len(r.gone) >= maxErased {
		r.gone = map[string]string{}
	}
	r.gone[alias] = pseudonym
}

// pseudonymOf is aliasOf, also for those who were erased since the start.
func (r *register) pseudonymOf(name string) string {
	r.goneMu.Lock()
	pseudonym, erased := r.gone[name]
	r.goneMu.Unlock()
	if erased {
		return pseudonym
	}
	return r.aliasOf(name)
}
