package terminal

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/pipeline/face"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/vision"
)

// speaker runs the challenge of a passage: it begins when the decision asks for it, follows the frames, and reports the
// outcome. Whoever's lips could not be seen well enough gets another try, with another schedule.
type speaker struct {
	opts     challenge.Opts
	other    challenge.Opts // the kind that the person may choose instead
	observer *challenge.Observer
	attempts int
	observe  func(passage.Observation)

	mu      sync.Mutex
	passage passage.ID
	track   uint64
	now     *challenge.Challenge
	began   time.Time
	tries   int
	begun   int  // challenges of the passage, also those that were interrupted
	move    bool // the person asked for the other kind
	done    bool // the outcome is reported
}

// observerLooks is how often the landmark model looks at a frame: the most that pays (challenge.NewObserver).
const observerLooks = challenge.MaxLooks

func newSpeaker(cfg *config.Config, a *face.Analyzer) (*speaker, error) {
	o, err := challenge.NewObserver(a, observerLooks)
	if err != nil {
		return nil, err
	}
	s := &speaker{opts: challenge.DefaultOpts(), other: challenge.DefaultMoveOpts(), observer: o, attempts: cfg.Speech.Attempts}
	if cfg.Speech.Kind == "movements" {
		s.opts, s.other = s.other, s.opts
	}
	s.opts.Prompts = cfg.Speech.Prompts
	// The decision sees to it that the face stays the same: it compares it once a second, and another one starts anew.
	s.opts.MinSimilarity, s.other.MinSimilarity = 0, 0
	return s, s.opts.Validate()
}

// look follows a frame while the decision asks for speech; asked is false when it does not.
func (s *speaker) look(id passage.ID, asked bool, at time.Time, img *vision.Image, box vision.Rect, track uint64, seen bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !asked || id.IsZero() {
		if s.now != nil {
			s.now = nil
			s.tries-- // nobody's fault
		}
		return nil
	}
	if id != s.passage {
		s.passage, s.tries, s.begun, s.done, s.move, s.now = id, 0, 0, false, false, nil
	}
	if s.done {
		return nil
	}
	if s.now == nil && s.begun >= s.attempts+maxInterrupted {
		s.report(passage.Evidence{Outcome: passage.Doubtful, Detail: string(passage.ReasonSpeechUnclear)})
		return nil
	}
	if s.now == nil && seen {
		if err := s.begin(at, track); err != nil {
			return err
		}
	}
	if s.now == nil {
		return nil
	}
	since := at.Sub(s.began)
	sample := challenge.Sample{At: since}
	if seen {
		var err error
		if sample, err = s.observer.Observe(since, img, box); err != nil {
			return err
		}
		sample.Track = track
	}
	s.now.Push(sample)
	s.judge(since)
	return nil
}

// begin draws a schedule that nobody has seen; mu is held.
func (s *speaker) begin(at time.Time, track uint64) error {
	nonce := make([]byte, 32)
	rand.Read(nonce)
	o := s.opts
	if s.move {
		o = s.other
	}
	c, err := challenge.NewChallenge(o, nonce)
	if err != nil {
		return err
	}
	s.observer.Reset()
	s.now, s.began, s.track = c, at, track
	s.tries++
	s.begun++
	return nil
}

// maxInterrupted is how many challenges may end without a result, such as when somebody else stepped in: whoever could
// interrupt them at will would have as many tries as the time allows.
const maxInterrupted = 2

// judge reports the outcome once there is one; mu is held.
func (s *speaker) judge(since time.Duration) {
	r := s.now.Result(since)
	e := passage.Evidence{Score: passage.ScoreOf(1 - r.PValue)}
	switch r.Outcome {
	case challenge.Pending:
		return
	case challenge.Passed:
		e.Outcome = passage.Accepted
	case challenge.Failed:
		e.Outcome, e.Detail = passage.Refused, string(passage.ReasonSpeech)
	default:
		s.now = nil
		if s.tries < s.attempts {
			return // once more
		}
		e.Outcome, e.Detail = passage.Doubtful, string(passage.ReasonSpeechUnclear)
	}
	s.report(e)
}

// report ends the challenges of the passage; mu is held.
func (s *speaker) report(e passage.Evidence) {
	e.Kind, e.Passage = policy.Speech, s.passage
	s.done, s.now = true, nil
	s.observe(passage.Observation{Kind: passage.ObserveEvidence, Evidence: e})
}

// prompt is what the screen shows; ok is false while there is no challenge.
func (s *speaker) prompt(at time.Time) (p challenge.Prompt, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return p, false
	}
	return s.now.Prompt(at.Sub(s.began)), true
}

// alternative gives the person the other kind of challenge, once a passage: somebody who cannot speak moves instead.
func (s *speaker) alternative() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return fmt.Errorf("%w: no challenge is under way", ErrRefused)
	}
	if s.move {
		return fmt.Errorf("%w: the other kind was chosen already", ErrRefused)
	}
	s.move, s.now = true, nil
	s.tries = max(0, s.tries-1) // choosing is no attempt
	return nil
}
