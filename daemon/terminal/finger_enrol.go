package terminal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"umbral/daemon/store"
	"umbral/drivers/fingerprint"
	"umbral/pipeline/finger"
)

// fingerSession is the enrolment of one finger at the sensor.
type fingerSession struct {
	ctx      context.Context
	id       string
	progress func(done, of int, advice string)
	done     chan error // one
	views    []*finger.Template
}

// fingerSessionTimeout bounds an enrolment: twelve presses at the factory's speed.
const fingerSessionTimeout = 2 * time.Minute

// fingerHints are the prompts of an enrolment as the screen knows them.
var fingerHints = map[finger.Prompt]string{
	finger.PressAgain: "finger-again", finger.PressFirmly: "finger-firmly", finger.MoveLeft: "finger-left", finger.MoveRight: "finger-right",
	finger.MoveUp: "finger-up", finger.MoveDown: "finger-down", finger.SameFinger: "finger-same", finger.Finished: "finger-done",
}

// enrolFinger enrols a finger of a person who is enrolled already, or somebody new by their finger alone. progress is told
// how far it is and what the person should do.
func (p *people) enrolFinger(ctx context.Context, f *fingers, id, name, position string, progress func(done, of int, advice string)) (Enrolled, error) {
	which, err := finger.ParsePosition(position)
	if err != nil {
		return Enrolled{}, refuse("%v", err)
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
	ctx, cancel := context.WithTimeout(ctx, fingerSessionTimeout)
	defer cancel()
	s := &fingerSession{ctx: ctx, id: id, progress: progress, done: make(chan error, 1)}
	select {
	case f.enrol <- s:
	case <-ctx.Done():
		return Enrolled{}, refuse("the sensor was busy with somebody else for %v", fingerSessionTimeout)
	}
	// The session ends soon after ctx does, and nothing is told to progress afterwards.
	if err := <-s.done; err != nil {
		return Enrolled{}, err
	}
	for _, v := range s.views {
		v.Position = which
	}
	record, err := finger.EncodeISO(s.views...)
	if err != nil {
		return Enrolled{}, err
	}
	return p.storeFinger(id, name, store.Reference{
		Kind: store.KindFinger, Data: record, Position: which, Model: fingerFormat, Source: "sensor", Quality: float32(s.views[0].Quality) / 100,
		Created: time.Now(),
	})
}

// enrolment takes the presses of one session.
func (f *fingers) enrolment(ctx context.Context, s *fingerSession) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	f.mu.Lock()
	f.enrolling = true
	f.mu.Unlock()
	f.light(ctx, fingerprint.Blue, fingerprint.Breathing)
	err := f.gather(ctx, s)
	f.dark(ctx)
	f.mu.Lock()
	f.enrolling = false
	f.mu.Unlock()
	s.done <- err
}

func (f *fingers) gather(ctx context.Context, s *fingerSession) error {
	o := finger.DefaultEnrolOpts()
	o.LeastQuality = max(o.LeastQuality, f.quality)
	e, err := finger.NewEnrolment(f.matcher, o)
	if err != nil {
		return err
	}
	prompt := finger.Press
	for {
		done, of := e.Good()
		s.progress(done, of, prompt.String())
		t, err := f.patiently(ctx, func() bool { return true }, fingerHints[prompt])
		if errors.Is(err, errUnwanted) {
			return refuse("%d of %d good presses were had before the enrolment was ended", done, of)
		}
		if err != nil {
			return refuse("the fingerprint sensor does not answer: %v", err)
		}
		if prompt, err = e.Add(t); err != nil {
			return refuse("%v", err)
		}
		if prompt == finger.Finished {
			done, of = e.Good()
			s.progress(done, of, prompt.String())
			s.views = e.Views()
			return f.unknown(s)
		}
	}
}

// unknown refuses a finger that is enrolled under another id, as far as fingers are searched here.
func (f *fingers) unknown(s *fingerSession) error {
	for _, v := range s.views {
		id, score, _, n := f.refs.search(v)
		if id != "" && id != s.id && score-finger.Score(math.Log10(float64(n*len(s.views)))) >= f.least {
			return refuse("the finger looks like one of %s, who is enrolled already (score %.1f); erase that person first, or enrol under that id", id, score)
		}
	}
	return nil
}

// storeFinger adds a finger to a person, or stores a new person with it. It replaces what was enrolled of the same finger.
func (p *people) storeFinger(id, name string, ref store.Reference) (Enrolled, error) {
	e := Enrolled{ID: id, Name: name, References: 1, Alias: p.aliasOf(id)}
	person, err := p.store.Person(id)
	if errors.Is(err, store.ErrNotFound) {
		err = p.store.Enrol(store.Person{ID: id, Name: name, Created: time.Now(), Status: store.StatusActive}, []store.Reference{ref})
	} else if err == nil {
		e.Name = person.Name
		var replaced bool
		if replaced, err = p.replaceFinger(id, ref); replaced {
			e.Notes = append(e.Notes, "replaces what was enrolled of the "+finger.PositionName(ref.Position)+" before")
		}
	}
	if err != nil {
		return Enrolled{}, err
	}
	if person.Status != store.StatusSuspended {
		if err := p.fingers.put(id, &ref); err != nil {
			e.Notes = append(e.Notes, fmt.Sprintf("not searched: %v (finger.gallery)", err))
		}
	}
	p.namesMu.Lock()
	if p.names != nil {
		p.names[id] = e.Name
	}
	p.namesMu.Unlock()
	return e, p.journalEnrolment(e)
}

func (p *people) replaceFinger(id string, ref store.Reference) (replaced bool, err error) {
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
