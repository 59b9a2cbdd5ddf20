// Package remote establishes evidence by asking an authority whether the person at the gate is whom the passage says.
package remote

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
)

// Question is what the authority is asked about the person of a passage.
type Question struct {
	Passage passage.ID
	About   string // whom the passage is about, as the terminal knows the person
	Subject string // as the authority does
	Issuer  string // whose name for the person that is; empty for the terminal's own
	// Template and Picture are of the face before the camera, as far as the site sends them; Model made the template.
	Template []float32
	Model    string
	Picture  []byte
}

// ErrNoAnswer is wrapped by errors of Opts.Ask that say that the authority did not answer in time.
var ErrNoAnswer = errors.New("no answer")

// Opts is what a Source is made of.
type Opts struct {
	// Ask puts a question and returns the outcome, without Kind and Passage.
	Ask     func(context.Context, Question) (passage.Evidence, error)
	Timeout time.Duration
	Claims  *evidence.Claims
	// Template returns the template of the face that was compared last in a passage, and its model; nil where the site sends
	// none. Picture returns a picture of it; nil likewise.
	Template func(passage.ID) (template []float32, model string)
	Picture  func(passage.ID) []byte
	Log      *slog.Logger
}

// Source asks an authority.
type Source struct {
	o Opts
	*evidence.Demands
}

// New returns a source that asks an authority.
func New(o Opts) *Source { return &Source{o: o, Demands: evidence.NewDemands()} }

// Kinds returns the authority's answer.
func (s *Source) Kinds() policy.Set { return policy.Set(0).With(policy.Remote) }

// Hint returns nothing: the person has nothing to do.
func (s *Source) Hint() string { return "" }

// Bytes returns 0: a question is gone when it is answered.
func (s *Source) Bytes() int64 { return 0 }

// Run asks once for each passage in which the answer is wanted, until ctx ends. When the passage ends it waits no longer.
func (s *Source) Run(ctx context.Context, observe func(passage.Evidence)) error {
	var asked passage.ID
	for {
		d := s.Now()
		if d.Ask.Has(policy.Remote) && !d.Passage.IsZero() && d.Passage != asked {
			asked = d.Passage
			e, answered := s.ask(ctx, d)
			switch {
			case ctx.Err() != nil:
				return nil
			case answered && s.Now().Ask.Has(policy.Remote):
				observe(e)
			default: // nobody wants the answer now; should it be wanted again, a newer one is due
				asked = passage.ID{}
			}
			continue // the demand may have changed meanwhile
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.Changed():
		}
	}
}

// ask asks about the person of a demand. It reports whether the passage still went on when the answer came.
func (s *Source) ask(ctx context.Context, d passage.Demand) (passage.Evidence, bool) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	type answer struct {
		e   passage.Evidence
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		e, err := s.o.Ask(ctx, s.question(d))
		answers <- answer{e, err}
	}()
	over := false
	for {
		select {
		case <-s.Changed():
			if s.Now().Passage != d.Passage {
				over = true
				cancel()
			}
		case a := <-answers:
			if over || errors.Is(ctx.Err(), context.Canceled) {
				return passage.Evidence{}, false
			}
			e := a.e
			if a.err != nil {
				if !errors.Is(a.err, ErrNoAnswer) && ctx.Err() == nil {
					s.o.Log.Error("the authority could not be asked", "passage", d.Passage, "error", a.err)
				}
				e = evidence.Refused(passage.ReasonRemoteNoAnswer)
			}
			e.Kind, e.Passage = policy.Remote, d.Passage
			return e, true
		}
	}
}

// question says who the person claims to be, and what the site sends of the face.
func (s *Source) question(d passage.Demand) Question {
	q := Question{Passage: d.Passage, About: d.Subject, Subject: d.Subject}
	if c, ok := s.o.Claims.Of(d.Passage); ok && c.Subject == d.Subject {
		q.Subject, q.Issuer = c.Number, c.Issuer
	}
	if s.o.Template != nil {
		q.Template, q.Model = s.o.Template(d.Passage)
	}
	if s.o.Picture != nil {
		q.Picture = s.o.Picture(d.Passage)
	}
	return q
}
