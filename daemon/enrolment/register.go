package enrolment

import (
	"crypto/hkdf"
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
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/gallery"
)

// Register is who is known here, as sources of evidence ask about it. The store is the truth; the gallery holds the same
// references for searching.
type Register struct {
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

// RegisterOpts is what a register is made of.
type RegisterOpts struct {
	Store       *store.Store
	Gallery     *gallery.Gallery // to be filled by people.load
	Key         store.Key        // the terminal's
	Eligibility *config.Eligibility
	Now         func() time.Time
}

// NewRegister returns a register.
func NewRegister(o RegisterOpts) (*Register, error) {
	alias, err := aliasKey(o.Key)
	if err != nil {
		return nil, err
	}
	list, err := store.ParseChecklist(o.Eligibility.Checklist)
	if err != nil {
		return nil, err
	}
	r := &Register{
		store: o.Store, gallery: o.Gallery, alias: alias, checklist: list, checks: o.Eligibility.Enabled,
		schedules: map[string]policy.Window{}, now: o.Now,
	}
	for _, schedule := range o.Eligibility.Schedules {
		if r.schedules[schedule.Name], err = schedule.Window(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Enrolled reports whether somebody is enrolled under an id.
func (r *Register) Enrolled(id string) bool {
	_, err := r.store.Person(id)
	return err == nil
}

// NameOf returns the name of somebody who is enrolled under an id, "" of anybody else.
func (r *Register) NameOf(id string) string {
	p, err := r.store.Person(id)
	if err != nil {
		return ""
	}
	return p.Name
}

// HasFace reports whether a face can be compared with references of theirs.
func (r *Register) HasFace(id string) bool { return r.gallery.Has(id) }

// Pseudonym returns a stable name for somebody who is not enrolled. A citizen number gives the same one whoever says it, so
// that a code and a card of one person agree.
func (r *Register) Pseudonym(issuer, number string) string {
	mac := hmac.New(sha256.New, r.alias)
	if idnumber.WellFormed(number) {
		issuer = ""
	}
	fmt.Fprintf(mac, "document %d %s%s", len(issuer), issuer, strings.ToUpper(number))
	return "doc-" + hex.EncodeToString(mac.Sum(nil)[:12])
}

// Secret returns the secret of somebody's one-time numbers, nil where there is none.
func (r *Register) Secret(id string) []byte {
	f, err := r.store.File(id)
	if err != nil {
		return nil
	}
	return f.Secret
}

// Use makes a code count once.
func (r *Register) Use(key [32]byte, until time.Time) (fresh bool, why error) {
	err := r.store.UseCode(key, until)
	if errors.Is(err, store.ErrReplayed) {
		return false, nil
	}
	return err == nil, err
}

// Standing returns what the enrolment here says of a person. What can't be read stands against them.
func (r *Register) Standing(person string) passage.Standing {
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
func (r *Register) ofFile(person string, f *store.File) passage.Standing {
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

// Untimely reports whether an error of use says that the clock is not to be believed.
func Untimely(err error) bool { return errors.Is(err, store.ErrClock) }

// maxErased is how many erasures are remembered for the message that tells the fleet of them.
const maxErased = 1024

// rememberErased keeps, until the next start and no longer, under which pseudonym the fleet knows somebody erased: the
// journal no longer tells.
func (r *Register) rememberErased(alias, pseudonym string) {
	r.goneMu.Lock()
	defer r.goneMu.Unlock()
	if r.gone == nil || len(r.gone) >= maxErased {
		r.gone = map[string]string{}
	}
	r.gone[alias] = pseudonym
}

// PseudonymOf is aliasOf, also for those who were erased since the start.
func (r *Register) PseudonymOf(name string) string {
	r.goneMu.Lock()
	pseudonym, erased := r.gone[name]
	r.goneMu.Unlock()
	if erased {
		return pseudonym
	}
	return r.AliasOf(name)
}

// AliasOf is a stable pseudonym: it tells people apart without telling who they are.
func (r *Register) AliasOf(id string) string {
	if id == "" {
		return ""
	}
	mac := hmac.New(sha256.New, r.alias)
	mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// OfAlias finds who is meant by a pseudonym; empty where nobody is.
func (r *Register) OfAlias(alias string) (string, error) {
	list, err := r.store.People()
	if err != nil {
		return "", err
	}
	for _, person := range list {
		if r.AliasOf(person.ID) == alias {
			return person.ID, nil
		}
	}
	return "", nil
}

// aliasKey derives the pseudonyms' key from the terminal key.
func aliasKey(key store.Key) ([]byte, error) {
	return hkdf.Key(sha256.New, key[:], nil, "umbral pseudonym v1", 32)
}
