package finger

import (
	"context"
	"errors"
	"time"

	"umbral/drivers/fingerprint"
)

// Hints of the screen; an enrolment adds those of its prompts.
const (
	HintWait  = "finger-wait"
	HintLift  = "finger-lift"
	HintAgain = "finger-again"
)

// Status is the sensor and its work, for pages and metrics.
type Status struct {
	Health  fingerprint.Health // as it was last heard
	Presses uint64             // pictured since the start
	Matched uint64             // accepted since the start
	Views   int                // searched
}

// Status returns the sensor and its work.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{Health: s.health, Presses: s.pressed, Matched: s.matched, Views: s.refs.count()}
}

// Fault returns what is wrong with the sensor, for a technician, and nothing while it answers.
func (s *Source) Fault() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.health.Fault == "" {
		return ""
	}
	return "The fingerprint sensor does not answer: " + s.health.Fault
}

// Hint implements evidence.Source. While somebody is being enrolled it is theirs.
func (s *Source) Hint() string {
	_, asked := s.asked()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !asked && !s.enrolling {
		return ""
	}
	return s.prompt
}

// Enrolling reports whether a finger is being enrolled.
func (s *Source) Enrolling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enrolling
}

// say sets the hint until the next one.
func (s *Source) say(hint string) {
	s.mu.Lock()
	s.prompt = hint
	s.mu.Unlock()
}

// noted keeps whether the sensor answers; an exchange that the terminal itself ended says nothing.
func (s *Source) noted(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, fingerprint.ErrHalted) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.health.Fault = ""
	case errors.Is(err, context.DeadlineExceeded):
		s.health.Fault = fingerprint.ErrSilent.Error()
	default:
		s.health.Fault = err.Error()
	}
	return err
}

// check asks an idle sensor how it is.
func (s *Source) check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	h := s.opts.Sensor.Health(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health = h
}

// lightLimit bounds an exchange with the lamp, which nobody waits for.
const lightLimit = 500 * time.Millisecond

// light sets the ring. That it stays dark is no reason not to read a finger, and a sensor that does not answer says so at
// the next question.
func (s *Source) light(ctx context.Context, c fingerprint.Color, e fingerprint.Effect) {
	lamp, has := s.opts.Sensor.(fingerprint.Lamp)
	if !has {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lightLimit)
	defer cancel()
	if err := lamp.Light(ctx, c, e); err != nil {
		s.opts.Log.Debug("the fingerprint sensor's lamp", "error", err)
	}
}

// dark puts the ring and the hint out. Halt does when the terminal stops.
func (s *Source) dark(ctx context.Context) {
	s.say("")
	if ctx.Err() == nil {
		s.light(ctx, fingerprint.Blue, fingerprint.Off)
	}
}
