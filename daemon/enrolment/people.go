// Package enrolment is who is known here. A Register answers what sources of evidence and the decision ask about people; People
// enrols them from photographs, before the camera and at the fingerprint sensor, keeps them out, and erases them. The store
// is the truth; the galleries hold the same references for searching.
package enrolment

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"umbral/daemon/evidence/finger"
	"umbral/daemon/frames"
	"umbral/daemon/journal"
	"umbral/daemon/store"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/face"
)

// People enrols, shows and erases whom the register holds.
type People struct {
	*Register
	models  *frames.Models
	frames  *frames.Analyzer // nil where there is no camera
	fingers *finger.Source   // nil where there is no sensor
	changed func()           // is told of every change of what is on file
	forget  func(id string)  // what is shown of a person

	census atomic.Pointer[store.Census] // as last counted, nil before

	namesMu sync.Mutex
	names   map[string]string // by id, for the screen
}

// Opts is what people are made of.
type Opts struct {
	Register *Register
	Models   *frames.Models
	Frames   *frames.Analyzer
	Fingers  *finger.Source
	Changed  func()
	Forget   func(id string)
}

// New returns the people of a register; Load fills the galleries.
func New(o Opts) (*People, error) {
	p := &People{
		Register: o.Register, models: o.Models, frames: o.Frames, fingers: o.Fingers, changed: o.Changed, forget: o.Forget,
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

// Load fills the gallery from the store, leaving out templates of another model, and returns how many these are. People
// who may not pass are in it like everybody: a face has to be known to be refused.
func (p *People) Load() (stale int, err error) {
	var barred []string
	last := ""
	err = p.store.EachReference(store.KindFace, func(person store.Person, r store.Reference) error {
		if r.Model != p.models.Feature {
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
		return stale, fmt.Errorf("enrolment: references: %w", err)
	}
	for _, id := range barred {
		p.gallery.Bar(id, true)
	}
	return stale, nil
}

// isBarred reports whether a person is blocked or suspended.
func (p *People) isBarred(person store.Person) (bool, error) {
	f, err := p.store.File(person.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	return person.Status == store.StatusSuspended || f.Blocked != nil, nil
}

// noted lets a change of what is on file about a person count from now on. Who can't be read stays barred.
func (p *People) noted(id string) {
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

// Block keeps a person out, and unblock lets them pass again.
func (p *People) Block(id, by, reason string) error {
	err := p.store.Block(id, by, reason)
	if err == nil {
		p.noted(id)
	}
	return err
}

// Unblock lets a person pass again.
func (p *People) Unblock(id, by string) error {
	err := p.store.Unblock(id, by)
	if err == nil {
		p.noted(id)
	}
	return err
}

func (p *People) reference(t face.Template, source string, quality float32) store.Reference {
	return store.Reference{Template: append([]float32(nil), t[:]...), Model: p.models.Feature, Source: source, Quality: quality, Created: time.Now()}
}

// IsCurrent reports whether a face reference can be compared with faces seen now. Without models nobody can tell, and it is.
func (p *People) IsCurrent(r *store.Reference) bool {
	return p.models == nil || r.Model == p.models.Feature
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

// checkNumber refuses a citizen number that is written otherwise than cards and credentials are read: its owner would never
// be found under it, nor a block.
func checkNumber(id string) error {
	if printed := idnumber.Canonical(id); printed != id {
		return refuse("%s is a citizen number with a small x: enrol it as it is printed, %s", id, printed)
	}
	return nil
}

// enrol stores a person with references that must be alike, unless somebody enrolled already looks the same.
func (p *People) enrol(id, name string, refs []store.Reference) (Enrolled, error) {
	if err := checkNumber(id); err != nil {
		return Enrolled{}, err
	}
	for i := range refs {
		for j := range refs[:i] {
			if score := dot(refs[i].Template, refs[j].Template); score < p.models.Verify.Score {
				return Enrolled{}, refuse("%s and %s do not show the same person (similarity %.2f, at least %.2f is needed)", refs[j].Source, refs[i].Source, score, p.models.Verify.Score)
			}
		}
	}
	for _, r := range refs {
		twins, err := p.gallery.Duplicates(r.Template, p.models.Identify.Score, id)
		if err != nil {
			return Enrolled{}, fmt.Errorf("enrolment: %w", err)
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
	e := Enrolled{ID: id, Name: name, References: len(refs), Alias: p.AliasOf(id)}
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

// Erase destroys what a person is recognised by, and forgets what is shown of them.
func (p *People) Erase(id, reason string) (store.Receipt, error) {
	receipt, err := p.store.Erase(id, reason)
	if err == nil {
		p.rememberErased(receipt.Alias, p.AliasOf(id))
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

// journalEnrolment leaves in the journal who was enrolled.
func (p *People) journalEnrolment(e Enrolled) error {
	payload, err := json.Marshal(map[string]any{"person": e.ID, "references": e.References})
	if err != nil {
		return err
	}
	_, err = p.store.Append(journal.EntryEnrol, payload)
	return err
}

// NameOf is the name for the screen, from memory: the store is not asked for every frame.
func (p *People) NameOf(id string) string {
	if id == "" {
		return ""
	}
	p.namesMu.Lock()
	defer p.namesMu.Unlock()
	return p.names[id]
}
