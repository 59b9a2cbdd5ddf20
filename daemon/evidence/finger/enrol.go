package finger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"umbral/daemon/evidence"
	"umbral/drivers/fingerprint"
	"umbral/pipeline/finger"
)

// session is the enrolment of one finger at the sensor.
type session struct {
	ctx      context.Context
	id       string
	progress func(done, of int, advice string)
	done     chan error // holds one
	views    []*finger.Template
}

// sessionTimeout bounds an enrolment: twelve presses at the factory's speed.
const sessionTimeout = 2 * time.Minute

// prompts are those of an enrolment as the screen knows them.
var prompts = map[finger.Prompt]string{
	finger.PressAgain: HintAgain, finger.PressFirmly: "finger-firmly", finger.SameFinger: "finger-same",
	finger.MoveLeft: "finger-left", finger.MoveRight: "finger-right",
	finger.MoveUp: "finger-up", finger.MoveDown: "finger-down", finger.Finished: "finger-done",
}

// Hints returns every code that Hint may return.
func Hints() []string {
	return append(slices.Sorted(maps.Values(prompts)), HintWait, HintLift)
}

// refuse returns an error that wraps evidence.ErrRefused.
func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %w", evidence.ErrRefused, fmt.Errorf(format, args...))
}

// Enrol takes the presses of one finger for a person and returns its views, the best first; the caller stores them, and
// tells Put of it. progress is told how far it is and what the person should do. It is called by the goroutine that runs,
// and not after Enrol has returned.
func (s *Source) Enrol(
	ctx context.Context, id string, progress func(done, of int, advice string),
) ([]*finger.Template, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	e := &session{ctx: ctx, id: id, progress: progress, done: make(chan error, 1)}
	select {
	case s.sessions <- e:
	case <-ctx.Done():
		return nil, refuse("the sensor was busy with somebody else for %v", sessionTimeout)
	}
	if err := <-e.done; err != nil { // soon after ctx ends
		return nil, err
	}
	return e.views, nil
}

// enrol takes the presses of one session.
func (s *Source) enrol(ctx context.Context, e *session) {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	s.mu.Lock()
	s.enrolling = true
	s.mu.Unlock()
	s.light(both, fingerprint.Blue, fingerprint.Breathing)
	err := s.gather(both, e)
	s.dark(ctx)
	s.mu.Lock()
	s.enrolling = false
	s.mu.Unlock()
	e.done <- err
}

func (s *Source) gather(ctx context.Context, e *session) error {
	o := finger.DefaultEnrolOpts()
	o.LeastQuality = max(o.LeastQuality, s.opts.LeastQuality)
	enrolment, err := finger.NewEnrolment(s.matcher, o)
	if err != nil {
		return err
	}
	for prompt := finger.Press; ; {
		done, of := enrolment.Good()
		e.progress(done, of, prompt.String())
		if prompt == finger.Finished {
			e.views = enrolment.Views()
			return s.unknown(e)
		}
		t, err := s.patiently(ctx, func() bool { return true }, prompts[prompt])
		if errors.Is(err, errUnwanted) {
			return refuse("%d of %d good presses were had before the enrolment was ended", done, of)
		}
		if err != nil {
			return refuse("the fingerprint sensor does not answer: %w", err)
		}
		if prompt, err = enrolment.Add(t); err != nil {
			return refuse("%w", err)
		}
	}
}

// unknown refuses a finger that is enrolled under another id, as far as fingers are searched here.
func (s *Source) unknown(e *session) error {
	for _, v := range e.views {
		id, score, _, n := s.refs.search(v)
		if id != "" && id != e.id && score-finger.Score(math.Log10(float64(n*len(e.views)))) >= s.least {
			return refuse("the finger looks like one of %s, who is enrolled already (score %.1f); "+
				"erase that person first, or enrol under that id", id, score)
		}
	}
	return nil
}
