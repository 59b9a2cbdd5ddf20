package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"umbral/config"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/pipeline/finger"
)

// Desk is a terminal's store and models without camera, door and fleet: what the tool works on while the terminal does
// not run. While it does, OpenDesk fails with store.ErrInUse.
type Desk struct {
	store    *store.Store
	recovery store.Recovery
	people   *people
	cfg      config.Config
}

// OpenDesk opens the store of a configuration.
func OpenDesk(cfg config.Config) (_ *Desk, err error) {
	key, err := terminalKey(&cfg)
	if err != nil {
		return nil, err
	}
	clock := newClock(cfg.Clock.NTP, cfg.Clock.MaxDrift)
	d := &Desk{cfg: cfg}
	if d.store, d.recovery, err = openStore(&cfg, key, clock); err != nil {
		return nil, err
	}
	register, err := newRegister(&cfg, d.store, key, clock.wall)
	if err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	if d.people, err = d.peopleWith(register, nil); err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// peopleWith returns the people of the store, who can be compared once there are models.
func (d *Desk) peopleWith(r *register, m *faceModels) (*people, error) {
	return newPeople(peopleOpts{register: r, models: m, changed: func() {}, forget: func(string) {}})
}

// Recovery says what happened to a store that was found damaged; empty when nothing was wrong.
func (d *Desk) Recovery() string {
	if !d.recovery.Happened() {
		return ""
	}
	return recoveryText(d.recovery)
}

// Close closes the store and frees the models.
func (d *Desk) Close() error {
	if d.people.models != nil {
		d.people.models.close()
	}
	return d.store.Close()
}

// see loads the models and the gallery, once.
func (d *Desk) see() error {
	if d.people.models != nil {
		return nil
	}
	m, err := openFaceModels(&d.cfg, ModelsDir(&d.cfg))
	if err != nil {
		return err
	}
	if d.people, err = d.peopleWith(d.people.register, m); err != nil {
		return err
	}
	_, err = d.people.load()
	return err
}

// Enrol enrols a person from photographs.
func (d *Desk) Enrol(id, name string, pictures []Picture) (Enrolled, error) {
	if err := d.see(); err != nil {
		return Enrolled{}, err
	}
	return d.people.enrolPictures(context.Background(), id, name, pictures)
}

// enrolPictures makes references of photographs, stores the person and journals it.
func (p *people) enrolPictures(ctx context.Context, id, name string, pictures []Picture) (Enrolled, error) {
	if len(pictures) == 0 {
		return Enrolled{}, refuse("no picture was given")
	}
	refs, notes, err := p.fromPictures(ctx, pictures)
	if err != nil {
		return Enrolled{}, err
	}
	e, err := p.enrol(id, name, refs)
	e.Notes = append(notes, e.Notes...)
	return e, err
}

// card is a person as the tool and the page show them.
func (p *people) card(person store.Person) (local.Person, error) {
	c := local.Person{
		ID: person.ID, Name: person.Name, Status: p.status(person), Created: person.Created, Alias: p.aliasOf(person.ID),
		References: []local.Reference{},
	}
	refs, err := p.store.References(person.ID)
	if err != nil {
		return c, err
	}
	for _, r := range refs {
		current := r.Kind != store.KindFace || p.models == nil || r.Model == p.models.feature
		c.References = append(c.References, local.Reference{
			Number: r.Number, Source: r.Source, Quality: r.Quality, Created: r.Created, Current: current, Kind: string(r.Kind),
			Position: fingerPosition(&r),
		})
	}
	return c, nil
}

// statusBlocked is the status of somebody who is blocked, in capitals: nobody may overlook it in a list.
const statusBlocked = "BLOCKED"

// status is the status that is shown of a person. A file that can't be read keeps the person out as a block does.
func (p *people) status(person store.Person) string {
	if f, err := p.store.File(person.ID); f.Blocked != nil || err != nil && !errors.Is(err, store.ErrNotFound) {
		return statusBlocked
	}
	return person.Status
}

// fingerPosition is which finger a reference is of; empty for another kind.
func fingerPosition(r *store.Reference) string {
	if r.Kind != store.KindFinger {
		return ""
	}
	return finger.PositionName(r.Position)
}

func (p *people) cards() ([]local.Person, error) {
	list, err := p.store.People()
	if err != nil {
		return nil, err
	}
	cards := make([]local.Person, 0, len(list))
	for _, person := range list {
		c, err := p.card(person)
		if err != nil {
			return nil, err
		}
		cards = append(cards, c)
	}
	return cards, nil
}

func (p *people) one(id string) (local.Person, error) {
	person, err := p.store.Person(id)
	if err != nil {
		return local.Person{}, fmt.Errorf("%s: %w", id, err)
	}
	return p.card(person)
}

// erased destroys a person's references and says so in the words of package local.
func (p *people) erased(id, reason string) (local.Erased, error) {
	r, err := p.erase(id, reason)
	if err != nil {
		return local.Erased{}, err
	}
	return local.Erased{Person: r.Person, References: r.References, Position: r.Position.String(), Scrubbed: r.Scrubbed, Statement: string(r.Statement())}, nil
}

// People lists everybody who is enrolled.
func (d *Desk) People() ([]local.Person, error) { return d.people.cards() }

// Person shows one person.
func (d *Desk) Person(id string) (local.Person, error) { return d.people.one(id) }

// Replayed is one journalled decision and what deciding it again gave.
type Replayed struct {
	Position store.Position   `json:"position"`
	Kind     string           `json:"kind"`
	Passage  string           `json:"passage"`
	Verdict  passage.Verdict  `json:"verdict"`
	Reasons  []passage.Reason `json:"reasons"`
	Person   string           `json:"person,omitempty"`
	Count    int              `json:"observations"`
	Again    passage.Verdict  `json:"again"`
	Same     bool             `json:"same"` // every byte of the record came out again
	Error    string           `json:"error,omitempty"`
}

// Replay decides every journalled passage again and shows each to fn.
func (d *Desk) Replay(fn func(Replayed) error) error { return replay(d.store, fn) }

func replay(s *store.Store, fn func(Replayed) error) error {
	return decisions(s, func(e store.Entry) error { return fn(replayed(e)) })
}

func replayed(e store.Entry) Replayed {
	r := Replayed{Position: e.Position, Kind: e.Kind}
	record, err := passage.DecodeRecord(e.Payload)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Passage, r.Verdict, r.Reasons, r.Person, r.Count = record.Passage.String(), record.Verdict, record.Reasons, record.Person, record.Count
	if r.Again, _, err = passage.Replay(e.Payload); err == nil {
		err = passage.Verify(e.Payload)
	}
	r.Same = err == nil
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// CheckStore reads the store of a configuration and changes nothing.
func CheckStore(cfg config.Config) (store.Report, error) {
	key, keyErr := store.LoadKey(keyFile(&cfg))
	if keyErr == nil {
		return store.Check(cfg.Terminal.StateDir, key)
	}
	// Without the key the pages and the links of the chain can be verified all the same.
	r, err := store.Check(cfg.Terminal.StateDir)
	if err == nil && !errors.Is(keyErr, fs.ErrNotExist) {
		r.Problems = append(r.Problems, keyErr.Error())
	}
	return r, err
}

// journalEnrolment leaves in the journal who was enrolled.
func (p *people) journalEnrolment(e Enrolled) error {
	payload, err := json.Marshal(map[string]any{"person": e.ID, "references": e.References})
	if err != nil {
		return err
	}
	_, err = p.store.Append(entryEnrol, payload)
	return err
}
