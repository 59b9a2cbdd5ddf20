package terminal

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

	"umbral/daemon/store"
	"umbral/pipeline/face"
	"umbral/pipeline/gallery"
)

// people enrols, shows and erases. The store is the truth; the gallery holds the same references for searching.
type people struct {
	store    *store.Store
	gallery  *gallery.Gallery
	sight    *sight
	model    string            // hash of the feature model
	verify   float32           // similarity of two pictures of one person
	identify float32           // similarity at which somebody counts as enrolled already
	alias    []byte            // key of the pseudonyms
	fingers  *fingerReferences // nil where there is no sensor
	changed  func()            // is told of every change of what is on file

	namesMu sync.Mutex
	names   map[string]string // by id, for the screen
	gone    map[string]string // pseudonyms of those erased since the start, by the alias in the journal
}

// Enrolled is the result of an enrolment.
type Enrolled struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	References int      `json:"references"`
	Alias      string   `json:"alias"` // what stands for the person in MQTT messages
	Notes      []string `json:"notes,omitempty"`
}

// ErrRefused is wrapped by enrolments that the picture or the person does not allow; the text says what to do.
var ErrRefused = errors.New("not enrolled")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// load fills the gallery from the store, leaving out templates of another model, and returns how many these are. People
// who may not pass are in it like everybody: a face has to be known to be refused.
func (p *people) load() (stale int, err error) {
	var barred []string
	last := ""
	err = p.store.EachReference(store.KindFace, func(person store.Person, r store.Reference) error {
		if r.Model != p.model {
			stale++
			return nil
		}
		if person.ID != last {
			last = person.ID
			if out, err := p.isBarred(person); err != nil {
				return err
			} else if out {
				barred = append(barred, person.ID)
			}
		}
		return p.gallery.Add(person.ID, r.Template)
	})
	if err != nil {
		return stale, fmt.Errorf("terminal: references: %w", err)
	}
	for _, id := range barred {
		p.gallery.Bar(id, true)
	}
	return stale, nil
}

// isBarred reports whether a person is blocked or suspended.
func (p *people) isBarred(person store.Person) (bool, error) {
	f, err := p.store.File(person.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	return person.Status == store.StatusSuspended || f.Blocked != nil, nil
}

// noted lets a change of what is on file about a person count from now on. Who can't be read stays barred.
func (p *people) noted(id string) {
	person, err := p.store.Person(id)
	out := true
	if err == nil {
		if blocked, err := p.isBarred(person); err == nil {
			out = blocked
		}
	}
	p.gallery.Bar(id, out)
	p.changed()
}

// block keeps a person out, and unblock lets them pass again.
func (p *people) block(id, by, reason string) error {
	err := p.store.Block(id, by, reason)
	if err == nil {
		p.noted(id)
	}
	return err
}

func (p *people) unblock(id, by string) error {
	err := p.store.Unblock(id, by)
	if err == nil {
		p.noted(id)
	}
	return err
}

// aliasOf is a stable pseudonym: it tells people apart without telling who they are.
func (p *people) aliasOf(id string) string {
	if id == "" {
		return ""
	}
	mac := hmac.New(sha256.New, p.alias)
	mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// ofAlias finds who is meant by a pseudonym; empty where nobody is.
func (p *people) ofAlias(alias string) (string, error) {
	list, err := p.store.People()
	if err != nil {
		return "", err
	}
	for _, person := range list {
		if p.aliasOf(person.ID) == alias {
			return person.ID, nil
		}
	}
	return "", nil
}

// aliasKey derives the pseudonyms' key from the terminal key.
func aliasKey(key store.Key) ([]byte, error) {
	return hkdf.Key(sha256.New, key[:], nil, "umbral pseudonym v1", 32)
}

func (p *people) reference(t face.Template, source string, quality float32) store.Reference {
	return store.Reference{Template: append([]float32(nil), t[:]...), Model: p.model, Source: source, Quality: quality, Created: time.Now()}
}

// problemText lists what keeps a face from being used.
func problemText(q *face.Quality) string {
	var texts []string
	for _, problem := range q.Problems() {
		if problem.Blocks() {
			texts = append(texts, problem.Text())
		}
	}
	return strings.Join(texts, "; ")
}

// enrol stores a person with references that must be alike, unless somebody enrolled already looks the same.
func (p *people) enrol(id, name string, refs []store.Reference) (Enrolled, error) {
	for i := range refs {
		for j := range refs[:i] {
			if score := dot(refs[i].Template, refs[j].Template); score < p.verify {
				return Enrolled{}, refuse("%s and %s do not show the same person (similarity %.2f, at least %.2f is needed)", refs[j].Source, refs[i].Source, score, p.verify)
			}
		}
	}
	for _, r := range refs {
		twins, err := p.gallery.Duplicates(r.Template, p.identify, id)
		if err != nil {
			return Enrolled{}, fmt.Errorf("terminal: %w", err)
		}
		if len(twins) > 0 {
			return Enrolled{}, refuse("%s looks like %s, who is enrolled already (similarity %.2f); erase that person first, or enrol under that id", r.Source, twins[0].ID, twins[0].Score)
		}
	}
	if p.gallery.Has(id) {
		return Enrolled{}, refuse("%s is enrolled already; erase the person first to enrol anew", id)
	}
	if err := p.store.Enrol(store.Person{ID: id, Name: name, Created: time.Now(), Status: store.StatusActive}, refs); err != nil {
		if errors.Is(err, store.ErrExists) {
			return Enrolled{}, refuse("%s is enrolled already; erase the person first to enrol anew", id)
		}
		return Enrolled{}, err
	}
	e := Enrolled{ID: id, Name: name, References: len(refs), Alias: p.aliasOf(id)}
	for _, r := range refs {
		if err := p.gallery.Add(id, r.Template); err != nil {
			// The person is stored and complete; the gallery is too small to let them pass.
			e.Notes = append(e.Notes, fmt.Sprintf("not searched: %v (gallery.capacity)", err))
		}
	}
	p.namesMu.Lock()
	if p.names != nil {
		p.names[id] = name
	}
	p.namesMu.Unlock()
	return e, p.journalEnrolment(e)
}

func (p *people) erase(id, reason string) (store.Receipt, error) {
	receipt, err := p.store.Erase(id, reason)
	if err == nil {
		p.rememberErased(receipt.Alias, p.aliasOf(id))
		p.gallery.Remove(id)
		if p.fingers != nil {
			p.fingers.forget(id)
		}
		p.namesMu.Lock()
		delete(p.names, id)
		p.namesMu.Unlock()
		p.changed()
	}
	return receipt, err
}

// maxErased is how many erasures are remembered for the message that tells the fleet of them.
const maxErased = 1024

// rememberErased keeps, until the next start and no longer, under which pseudonym the fleet knows somebody erased: the
// journal no longer tells.
func (p *people) rememberErased(alias, pseudonym string) {
	p.namesMu.Lock()
	defer p.namesMu.Unlock()
	if p.gone == nil || len(p.gone) >= maxErased {
		p.gone = map[string]string{}
	}
	p.gone[alias] = pseudonym
}

// pseudonymOf is aliasOf, also for those who were erased since the start.
func (p *people) pseudonymOf(name string) string {
	p.namesMu.Lock()
	pseudonym, erased := p.gone[name]
	p.namesMu.Unlock()
	if erased {
		return pseudonym
	}
	return p.aliasOf(name)
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
