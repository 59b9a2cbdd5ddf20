// Package challenge establishes speech: it shows the person a schedule that nobody has seen, follows their face on the
// camera's frames, and judges whether it did what was asked when it was asked. A person whose lips could not be seen well
// enough gets another try, with another schedule. Package umbral/pipeline/liveness/challenge measures and judges.
package challenge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/vision"
)

// Observer measures a face; challenge.Observer does. With challenge.MaxLooks looks at a frame it measures best.
type Observer interface {
	Observe(since time.Duration, img *vision.Image, box vision.Rect) (challenge.Sample, error)
	// Reset forgets the person.
	Reset()
	Bytes() int64
}

// Opts are the parts and the settings of a Source.
type Opts struct {
	Observer Observer
	Kind     challenge.Kind // the one that a person is given who does not choose the other
	Prompts  int            // of a challenge of that kind
	Attempts int            // of a passage
}

// maxInterrupted is how many challenges may end without a result, such as when somebody else stepped in: a person who
// could interrupt them at will would have as many tries as the time allows.
const maxInterrupted = 2

// Source is the source of evidence of the kind policy.Speech.
type Source struct {
	*evidence.Demands
	observer Observer
	opts     challenge.Opts
	other    challenge.Opts // of the kind that the person may choose instead
	attempts int
	settled  chan struct{} // holds one: an outcome may wait

	mu  sync.Mutex
	now attempt
}

// attempt is what is known of one passage.
type attempt struct {
	passage   passage.ID
	challenge *challenge.Challenge // nil while none is under way
	began     time.Time
	tries     int
	begun     int              // challenges, also those that were interrupted
	move      bool             // the person asked for the other kind
	outcome   passage.Evidence // of no Outcome until there is one
	told      bool             // the outcome was observed
}

// New returns a source.
func New(o Opts) (*Source, error) {
	if o.Observer == nil {
		return nil, errors.New("challenge: no observer")
	}
	if o.Attempts < 1 {
		return nil, fmt.Errorf("challenge: %d attempts in a passage, at least 1 is needed", o.Attempts)
	}
	s := &Source{
		Demands: evidence.NewDemands(), observer: o.Observer, attempts: o.Attempts, settled: make(chan struct{}, 1),
		opts: challenge.DefaultOpts(), other: challenge.DefaultMoveOpts(),
	}
	if o.Kind == challenge.Move {
		s.opts, s.other = s.other, s.opts
	}
	s.opts.Prompts = o.Prompts
	// The decision sees to it that the face stays the same: it compares it once a second, and another one starts anew.
	s.opts.MinSimilarity, s.other.MinSimilarity = 0, 0
	return s, s.opts.Validate()
}

// Kinds implements evidence.Source.
func (s *Source) Kinds() policy.Set { return policy.Set(0).With(policy.Speech) }

// Hint implements evidence.Source; what the screen adds is Prompt.
func (s *Source) Hint() string { return "" }

// Bytes implements evidence.Source.
func (s *Source) Bytes() int64 { return s.observer.Bytes() + max(s.opts.Bytes(), s.other.Bytes()) }

// Run implements evidence.Source: it observes what Look found.
func (s *Source) Run(ctx context.Context, observe func(passage.Evidence)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.settled:
		case <-s.Changed():
		}
		if e, found := s.take(); found {
			observe(e)
		}
	}
}

// take returns the outcome that the decision waits for and reports whether there is one, once.
func (s *Source) take() (e passage.Evidence, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.follow() || s.now.told || s.now.outcome.Outcome == 0 {
		return e, false
	}
	s.now.told = true
	return s.now.outcome, true
}

// follow drops what belongs to another passage, ends a challenge that is asked for no more, and reports whether one is.
// The caller holds mu.
func (s *Source) follow() bool {
	d := s.Now()
	if d.Passage != s.now.passage {
		s.now = attempt{passage: d.Passage}
	}
	asked := d.Ask.Has(policy.Speech) && !d.Passage.IsZero()
	if !asked && s.now.challenge != nil {
		s.now.challenge = nil
		s.now.tries-- // nobody's fault
	}
	return asked
}

// Look implements evidence.Looker.
func (s *Source) Look(f *evidence.Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := &s.now
	if !s.follow() || now.outcome.Outcome != 0 {
		return nil
	}
	if now.challenge == nil && now.begun >= s.attempts+maxInterrupted {
		s.report(evidence.Doubtful(passage.ReasonSpeechUnclear))
		return nil
	}
	if now.challenge == nil && f.Seen {
		if err := s.begin(f.Captured); err != nil {
			return err
		}
	}
	if now.challenge == nil {
		return nil
	}
	since := f.Captured.Sub(now.began)
	sample := challenge.Sample{At: since}
	if f.Seen {
		var err error
		if sample, err = s.observer.Observe(since, f.Image, f.Box); err != nil {
			return err
		}
		sample.Track = f.Track
	}
	now.challenge.Push(sample)
	s.judge(since)
	return nil
}

// begin draws a schedule that nobody has seen; the caller holds mu.
func (s *Source) begin(at time.Time) error {
	nonce := make([]byte, 32)
	rand.Read(nonce)
	o := s.opts
	if s.now.move {
		o = s.other
	}
	c, err := challenge.NewChallenge(o, nonce)
	if err != nil {
		return err
	}
	s.observer.Reset()
	s.now.challenge, s.now.began = c, at
	s.now.tries++
	s.now.begun++
	return nil
}

// judge reports the outcome once there is one; the caller holds mu.
func (s *Source) judge(since time.Duration) {
	r := s.now.challenge.Result(since)
	e := passage.Evidence{Score: passage.ScoreOf(1 - r.PValue)}
	switch r.Outcome {
	case challenge.Pending:
		return
	case challenge.Passed:
		e.Outcome = passage.Accepted
	case challenge.Failed:
		e.Outcome, e.Detail = passage.Refused, string(passage.ReasonSpeech)
	default:
		s.now.challenge = nil
		if s.now.tries < s.attempts {
			return // once more
		}
		e.Outcome, e.Detail = passage.Doubtful, string(passage.ReasonSpeechUnclear)
	}
	s.report(e)
}

// report ends the challenges of the passage; the caller holds mu.
func (s *Source) report(e passage.Evidence) {
	e.Kind, e.Passage = policy.Speech, s.now.passage
	s.now.outcome, s.now.challenge = e, nil
	select {
	case s.settled <- struct{}{}:
	default: // Run has not looked since the last outcome
	}
}

// Prompt returns what the screen shows and reports whether a challenge is under way.
func (s *Source) Prompt(at time.Time) (p challenge.Prompt, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.follow() || s.now.challenge == nil {
		return p, false
	}
	return s.now.challenge.Prompt(at.Sub(s.now.began)), true
}

// Alternative gives the person the other kind of challenge, once a passage: somebody who cannot speak moves instead. Its
// errors wrap evidence.ErrRefused.
func (s *Source) Alternative() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.follow() || s.now.challenge == nil {
		return fmt.Errorf("%w: no challenge is under way", evidence.ErrRefused)
	}
	if s.now.move {
		return fmt.Errorf("%w: the other kind was chosen already", evidence.ErrRefused)
	}
	s.now.move, s.now.challenge = true, nil
	s.now.tries = max(0, s.now.tries-1) // choosing is no attempt
	return nil
}
