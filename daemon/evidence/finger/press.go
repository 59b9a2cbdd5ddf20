package finger

import (
	"context"
	"errors"
	"time"

	"umbral/drivers/fingerprint"
	"umbral/pipeline/finger"
)

const (
	// patience is how long a sensor may fail in a passage before the passage goes on without it.
	patience = 3 * time.Second
	// lookLimit bounds the question whether a finger is there; callLimit bounds a picture, of which one of 256 × 288
	// pixels takes 48 s at the slowest speed. The sensor itself gives up long before where nothing comes.
	lookLimit, callLimit = 3 * time.Second, time.Minute
)

// errUnwanted ends the wait for a press that nobody asks for any more.
var errUnwanted = errors.New("finger: no finger is asked for")

// patiently waits for a press through moments in which the sensor does not answer.
func (s *Source) patiently(ctx context.Context, wanted func() bool, hint string) (*finger.Template, error) {
	for failing := (time.Time{}); ; {
		t, err := s.press(ctx, wanted, hint)
		if err == nil || errors.Is(err, errUnwanted) {
			return t, err
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		if time.Since(failing) > patience {
			return nil, err
		}
		s.pause(ctx)
	}
}

// press waits for a finger and takes its template; nil for a press that showed nothing. hint stands on the screen until
// the finger is there. A finger that was pictured before has to be lifted first, so that no press counts twice.
func (s *Source) press(ctx context.Context, wanted func() bool, hint string) (*finger.Template, error) {
	for {
		if ctx.Err() != nil || !wanted() {
			return nil, errUnwanted
		}
		present, err := s.present(ctx)
		switch {
		case err != nil:
			return nil, err
		case !present:
			s.say(hint)
			if s.down {
				s.down = false
				s.light(ctx, fingerprint.Blue, fingerprint.Breathing)
			}
		case s.down:
			s.say(HintLift)
		default:
			t, err := s.take(ctx)
			if !errors.Is(err, fingerprint.ErrNoFinger) {
				return t, err
			}
		}
		s.pause(ctx)
	}
}

// present reports whether a finger lies on the sensor.
func (s *Source) present(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	present, err := s.opts.Sensor.Present(ctx)
	return present, s.noted(err)
}

// take pictures the finger that lies there.
func (s *Source) take(ctx context.Context) (*finger.Template, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	s.say(HintWait)
	img, err := s.opts.Sensor.Capture(ctx)
	if errors.Is(err, fingerprint.ErrNoFinger) {
		return nil, err
	}
	if errors.Is(err, fingerprint.ErrPicture) {
		s.pictured()
		return nil, s.noted(nil)
	}
	if s.noted(err) != nil {
		return nil, err
	}
	s.pictured()
	t, err := s.extractor.Extract(img.Pix, img.Width, img.Height, img.DPI)
	if errors.Is(err, finger.ErrNoPrint) {
		return nil, nil
	}
	return t, err
}

// pictured counts a press.
func (s *Source) pictured() {
	s.down = true
	s.mu.Lock()
	s.pressed++
	s.mu.Unlock()
}

// pause waits before the sensor is asked again. A change of what is wanted ends it.
func (s *Source) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.Changed():
	case <-time.After(poll):
	}
}
