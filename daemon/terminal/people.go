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
	"sync/atomic"
	"time"

	"umbral/daemon/evidence/finger"
	"umbral/daemon/store"
	"umbral/pipeline/face"
)

// people enrols, shows and erases whom the register holds.
type people struct {
	*register
	models  *faceModels
	frames  *frameAnalyzer  // nil where there is no camera
	fingers *finger.Source  // nil where there is no sensor
	changed func()          // is told of every change of what is on file
	forget  func(id string) // what is shown of a person

	census atomic.Pointer[store.Census] // as last counted, nil before

	namesMu sync.Mutex
	names   map[string]string // by id, for the screen
}

// peopleOpts is what people are made of.
type peopleOpts struct {
	register *register
	models   *faceModels
	frames   *frameAnalyzer
	fingers  *finger.Source
	changed  func()
	forget   func(id string)
}

func newPeople(o peopleOpts) (*people, error) {
	p := &people{
		register: o.register, models: o.models, frames: o.frames, fingers: o.fingers, changed: o.changed, forget: o.forget,
		names: map[string]string{},
	}
	list, err := p.store.People()
	for _, person := range list {
		p.names[person.ID] = person.Name
	}
	return p, err
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
		if r.Model != p.models.feature {
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
func (r *register) aliasOf(id string) string {
	if id == "" {
		return ""
	}
	mac := hmac.New(sha256.New, r.alias)
	mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// ofAlias finds who is meant by a pseudonym; empty where nobody is.
func (r *register) ofAlias(alias string) (string, error) {
	list, err := r.store.People()
	if err != nil {
		return "", err
	}
	for _, person := range list {
		if r.aliasOf(person.ID) == alias {
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
	return store.Reference{Template: append([]float32(nil), t[:]...), Model: p.models.feature, Source: source, Quality: quality, Created: time.Now()}
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
			if score := dot(refs[i].Template, refs[j].Template); score < p.models.verify.score {
				return Enrolled{}, refuse("%s and %s do not show the same person (similarity %.2f, at least %.2f is needed)", refs[j].Source, refs[i].Source, score, p.models.verify.score)
			}
		}
	}
	for _, r := range refs {
		twins, err := p.gallery.Duplicates(r.Template, p.models.identify.score, id)
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
	p.names[id] = name
	p.namesMu.Unlock()
	return e, p.journalEnrolment(e)
}

func (p *people) erase(id, reason string) (store.Receipt, error) {
	receipt, err := p.store.Erase(id, reason)
	if err == nil {
		p.rememberErased(receipt.Alias, p.aliasOf(id))
		p.gallery.Remove(id)
		if p.fingers != nil {
			p.fingers.Forget(id)
		}
		p.namesMu.Lock()
		delete(p.names, id)
		p.namesMu.Unlock()
		p.forget(id)
		p.changed()
	}
	return receipt, err
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
