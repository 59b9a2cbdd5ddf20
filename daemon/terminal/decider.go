package terminal

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"umbral/daemon/clock"
	"umbral/daemon/passage"
	"umbral/daemon/reviews"
	"umbral/drivers/door"
)

// decider serializes observations and executes the resulting effects.
type decider struct {
	deciderOpts
	mu      sync.Mutex
	answers map[string]chan passage.Effect // by command
	commits chan commit
}

// deciderOpts is what a decider is made of. What it calls must not block: it is called with the decider's lock held.
type deciderOpts struct {
	machine *passage.Machine
	clock   *clock.Clock
	door    door.Door
	log     *slog.Logger
	// append commits an entry to the journal.
	append func(kind string, payload []byte) error
	// decided is told of every entry before it is committed.
	decided func(passage.Effect)
	// changed is told that the screen has changed, and alarmed that the alarms have.
	changed func(passage.Screen)
	alarmed func(passage.Alarms)
	// standing answers what is on file about a person, from memory or a few pages of the store.
	standing func(passage.ID, string) passage.Standing
	// want is told of every demand, and review of what reviewers are to do.
	want   func(passage.Demand)
	review func(reviews.Step)
	// opened is told of every passage whose person may go in.
	opened func(passage.ID)
}

// commit is an entry on its way to the journal.
type commit struct {
	kind    string
	payload []byte
	number  uint64
}

// commitQueue bounds the entries on their way. The machine has one decision under way at a time, and alerts are rare; an
// entry that finds no room counts as failed, so a grant that could not be journalled is none.
const commitQueue = 16

// maxAnswers bounds the commands that wait for the machine's answer.
const maxAnswers = 8

var errBusy = errors.New("terminal: too many commands wait for an answer")

func newDecider(o deciderOpts) *decider {
	return &decider{
		deciderOpts: o, answers: make(map[string]chan passage.Effect, maxAnswers), commits: make(chan commit, commitQueue),
	}
}

// establish lets the machine see an outcome of evidence.
func (d *decider) establish(e passage.Evidence) {
	d.observe(passage.Observation{Kind: passage.ObserveEvidence, Evidence: e})
}

// change lets the machine know that what is on file about somebody has changed.
func (d *decider) change() { d.observe(passage.Observation{Kind: passage.ObserveChange}) }

// observe lets the machine see something and does what follows.
func (d *decider) observe(o passage.Observation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step(o)
}

// wants asks which evidence is worth computing for a frame.
func (d *decider) wants(f *passage.Frame) [passage.MaxFaces]passage.Wants {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.machine.Wants(d.clock.Instant(), f)
}

// step is called with the lock held.
func (d *decider) step(o passage.Observation) {
	var refused []uint64
	var standings []passage.Standing
	for _, e := range d.machine.Step(d.clock.Instant(), o) {
		switch e.Kind {
		case passage.EffectJournal:
			d.decided(e)
			// The record is the machine's until the next step, the committer needs it for longer.
			c := commit{kind: e.Entry, payload: append([]byte(nil), e.Record...), number: e.Commit}
			select {
			case d.commits <- c:
			default:
				refused = append(refused, e.Commit)
			}
		case passage.EffectOpenDoor:
			if err := d.door.Open(e.Pulse); err != nil {
				d.log.Error("the door did not open", "passage", e.Passage, "error", err)
			}
			d.opened(e.Passage)
		case passage.EffectScreen:
			d.changed(e.Screen)
		case passage.EffectAlarms:
			d.alarmed(e.Alarms)
		case passage.EffectLookUp:
			standings = append(standings, d.standing(e.Passage, e.Person))
		case passage.EffectDemand:
			d.want(e.Demand)
		case passage.EffectReview, passage.EffectReviewed:
			d.review(reviews.Step{
				Open: e.Kind == passage.EffectReview, Passage: e.Passage, Person: e.Person,
				Reasons: append([]passage.Reason(nil), e.Reasons...), Clues: e.Results, Timeout: e.Pulse,
			})
		case passage.EffectAnswer:
			if ch := d.answers[e.Command]; ch != nil {
				e.Reasons = append([]passage.Reason(nil), e.Reasons...)
				ch <- e
				delete(d.answers, e.Command)
			}
		}
	}
	for _, s := range standings {
		d.step(passage.Observation{Kind: passage.ObserveStanding, Standing: s})
	}
	for _, number := range refused {
		d.step(passage.Observation{Kind: passage.ObserveCommitFailed, Commit: number})
	}
}

// command hands a fleet command to the machine and waits for its answer.
func (d *decider) command(ctx context.Context, c passage.Command) (passage.Effect, error) {
	ch := make(chan passage.Effect, 1)
	d.mu.Lock()
	if len(d.answers) == maxAnswers {
		d.mu.Unlock()
		return passage.Effect{}, errBusy
	}
	d.answers[c.ID] = ch
	d.step(passage.Observation{Kind: passage.ObserveCommand, Command: c})
	d.mu.Unlock()
	select {
	case e := <-ch:
		return e, nil
	case <-ctx.Done():
		d.mu.Lock()
		delete(d.answers, c.ID)
		d.mu.Unlock()
		return passage.Effect{}, ctx.Err()
	}
}

// commitLoop writes entries to the journal in order and tells the machine what came of each. What is still queued when
// ctx ends is written before it returns: a decision already shown must not be missing in the journal.
func (d *decider) commitLoop(ctx context.Context) error {
	for {
		select {
		case c := <-d.commits:
			d.commit(c)
		case <-ctx.Done():
			for {
				select {
				case c := <-d.commits:
					d.commit(c)
				default:
					return nil
				}
			}
		}
	}
}

func (d *decider) commit(c commit) {
	o := passage.Observation{Kind: passage.ObserveCommitted, Commit: c.number}
	if err := d.append(c.kind, c.payload); err != nil {
		d.log.Error("the journal could not be written", "kind", c.kind, "error", err)
		o.Kind = passage.ObserveCommitFailed
	}
	d.observe(o)
}

// tickEvery is how often the machine learns that time passes.
const tickEvery = 50 * time.Millisecond

// clockEvery is how often the machine learns of the wall clock.
const clockEvery = time.Second

// tickLoop tells the machine of passing time and of the wall clock.
func (d *decider) tickLoop(ctx context.Context) error {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	var told time.Time
	for {
		if now := time.Now(); now.Sub(told) >= clockEvery {
			told = now
			wall, trust := d.clock.Read()
			_, offset := wall.Local().Zone()
			d.observe(passage.Observation{Kind: passage.ObserveClock, Clock: passage.Clock{Trust: trust, Wall: wall.UnixMilli(), Offset: int16(offset / 60)}})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			d.observe(passage.Observation{Kind: passage.ObserveTick})
		}
	}
}

// doorLoop tells the machine what happens at the door.
func (d *decider) doorLoop(ctx context.Context) error {
	d.observeDoor()
	for {
		e, err := d.door.Event(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if e.Kind == door.ButtonPressed {
			d.observe(passage.Observation{Kind: passage.ObserveExit})
		}
		d.observeDoor()
	}
}

func (d *decider) observeDoor() {
	s := d.door.State()
	contact := passage.ContactUnknown
	switch s.Contact {
	case door.Closed:
		contact = passage.ContactClosed
	case door.Opened:
		contact = passage.ContactOpen
	}
	d.observe(passage.Observation{Kind: passage.ObserveInterlock, Up: s.Interlock})
	d.observe(passage.Observation{Kind: passage.ObserveDoor, Door: passage.Door{Contact: contact, Relay: s.Relay, Fault: s.Fault != "", Tamper: s.Tamper}})
}
