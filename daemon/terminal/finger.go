package terminal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/r503"
	"umbral/pipeline/finger"
)

// fingers own the fingerprint sensor. While the decision asks for a finger they light its ring, take pictures, and compare
// them with whom the passage is about, or with everybody where nobody is known yet.
type fingers struct {
	sensor    fingerprint.Sensor
	extractor *finger.Extractor
	matcher   *finger.Matcher
	refs      *fingerReferences
	least     finger.Score // from which on a finger is the person's
	presses   int          // tries of one passage
	quality   int          // the least of a press
	required  bool         // nobody passes without a finger
	asked     func() (id passage.ID, person string, asked bool)
	observe   func(passage.Observation)
	log       *slog.Logger
	enrol     chan *fingerSession

	// Of the goroutine that runs.
	down    bool // a finger has been pictured and not been lifted since
	settled fingerQuestion

	mu        sync.Mutex
	prompt    string // what the screen adds to its request
	enrolling bool
	health    fingerprint.Health
	pressed   uint64
	matched   uint64
}

// fingerQuestion is one that the decision asks: whose finger, in which passage.
type fingerQuestion struct {
	passage passage.ID
	person  string
}

const (
	// fingerPoll is how often the sensor is asked for a finger. Without a touch line each look takes a picture.
	fingerPoll = 100 * time.Millisecond
	// fingerHealth is how often a sensor that has nothing to do is asked how it is; fingerAgain is that of one that failed.
	fingerHealth, fingerAgain = 10 * time.Second, time.Second
	// fingerPatience is how long a sensor may fail in a passage before the passage goes on without it.
	fingerPatience = 3 * time.Second
	// fingerLook bounds the question whether a finger is there; fingerCall bounds a picture, of which one of 256 × 288
	// pixels takes 48 s at the slowest speed. The sensor itself gives up long before where nothing comes.
	fingerLook, fingerCall = 3 * time.Second, time.Minute
)

// Hints of the screen.
const (
	hintFingerWait  = "finger-wait"
	hintFingerLift  = "finger-lift"
	hintFingerAgain = "finger-again"
)

// errUnwanted ends the wait for a press that nobody asks for any more.
var errUnwanted = errors.New("terminal: no finger is asked for")

// fingerMinutiae bounds templates: 256 × 288 pixels show fewer than 120 minutiae.
const fingerMinutiae = 128

// fingerPicture returns the largest picture that is taken: the one set, or where the sensor is asked, the largest that it is
// known to have.
func fingerPicture(cfg *config.Config) (width, height int) {
	width, height = cfg.Finger.Width, cfg.Finger.Height
	if width == 0 {
		for _, s := range r503.Sizes {
			width, height = max(width, s.Width), max(height, s.Height)
		}
	}
	return width, height
}

// openSensor opens the sensor that the configuration names; it is asked for nothing yet.
func openSensor(cfg *config.Config) (fingerprint.Sensor, error) {
	o := r503.DefaultOpts()
	o.Port, o.Baud, o.Width, o.Height = cfg.Finger.Device, cfg.Finger.Baud, cfg.Finger.Width, cfg.Finger.Height
	var err error
	if o.Password, err = cfg.Finger.PasswordValue(); err != nil {
		return nil, fmt.Errorf("terminal: finger.password: %w", err)
	}
	if o.Address, err = cfg.Finger.AddressValue(); err != nil {
		return nil, fmt.Errorf("terminal: finger.address: %w", err)
	}
	sensor, err := r503.New(o)
	if err != nil {
		return nil, fmt.Errorf("terminal: finger: %w", err)
	}
	return sensor, nil
}

func newFingers(cfg *config.Config, refs *fingerReferences, log *slog.Logger) (*fingers, error) {
	sensor, err := openSensor(cfg)
	if err != nil {
		return nil, err
	}
	extract := finger.DefaultOpts()
	extract.MaxWidth, extract.MaxHeight = fingerPicture(cfg)
	extract.MaxMinutiae = fingerMinutiae
	f := &fingers{
		sensor: sensor, matcher: finger.NewMatcher(), refs: refs, presses: cfg.Finger.Presses, quality: cfg.Finger.LeastQuality,
		log: log, enrol: make(chan *fingerSession), health: fingerprint.Health{Device: sensor.String()},
	}
	if f.least, err = finger.Threshold(cfg.Finger.FMR); err != nil {
		return nil, fmt.Errorf("terminal: finger.fmr: %w", err)
	}
	f.extractor, err = finger.New(extract)
	return f, err
}

// run serves what is asked until ctx ends.
func (f *fingers) run(ctx context.Context) error {
	ticker := time.NewTicker(fingerPoll)
	defer ticker.Stop()
	var next time.Time
	for {
		if id, person, asked := f.asked(); asked && f.settled != (fingerQuestion{id, person}) {
			f.serve(ctx, fingerQuestion{id, person})
			next = time.Now().Add(fingerAgain)
		}
		if now := time.Now(); now.After(next) {
			f.check(ctx)
			next = now.Add(fingerHealth)
			if f.state().Fault != "" {
				next = now.Add(fingerAgain)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case s := <-f.enrol:
			f.enrolment(ctx, s)
			next = time.Now().Add(fingerAgain)
		case <-ticker.C:
		}
	}
}

// serve answers one question of the decision.
func (f *fingers) serve(ctx context.Context, q fingerQuestion) {
	views, err := f.refs.of(q.person)
	if err != nil {
		f.log.Error("a person's fingers could not be read", "passage", q.passage, "error", err)
	}
	switch {
	case err != nil && len(views) == 0:
		f.settle(q, passage.Evidence{Outcome: passage.Doubtful, Detail: string(passage.ReasonFingerUnreadable)})
		return
	case q.person == "" && !f.refs.searchable():
		return // the policy lets nobody pass by a finger alone
	case q.person != "" && len(views) == 0:
		f.settle(q, refusedFor(passage.ReasonFingerNotEnrolled))
		return
	}
	wanted := func() bool {
		id, person, asked := f.asked()
		return asked && q == fingerQuestion{id, person}
	}
	f.light(ctx, fingerprint.Blue, fingerprint.Breathing)
	defer f.dark(ctx)
	compared, readable, hint := 0, false, ""
	for range f.presses {
		t, err := f.patiently(ctx, wanted, hint)
		if errors.Is(err, errUnwanted) {
			return
		}
		if err != nil {
			f.settle(q, passage.Evidence{Outcome: passage.Doubtful, Detail: string(passage.ReasonFingerSensor)})
			return
		}
		if t != nil && t.Quality >= f.quality {
			readable = true
			person, score := f.compare(q.person, t, views, &compared)
			if score >= f.least {
				f.settle(q, passage.Evidence{Outcome: passage.Accepted, Subject: person, Score: passage.ScoreOf(float64(score))})
				return
			}
		}
		hint = hintFingerAgain
		f.light(ctx, fingerprint.Red, fingerprint.Steady)
	}
	e := passage.Evidence{Outcome: passage.Doubtful, Detail: string(passage.ReasonFingerUnreadable)}
	if readable {
		e = refusedFor(passage.ReasonFingerNoMatch)
	}
	f.settle(q, e)
}

// compare says whose finger a press is and how much speaks for that. compared counts the comparisons of the passage: with n
// of them a stranger is up to n times as likely to reach a score. Scores are logarithms of likelihood ratios, which
// strangers reach at least n times more seldom when they are n times as high, so the score counts less by log10(n).
func (f *fingers) compare(person string, t *finger.Template, views []*finger.Template, compared *int) (string, finger.Score) {
	score, rival := finger.Least, finger.Least
	if person != "" {
		*compared += len(views)
		score = f.matcher.CompareViews(t, views)
	} else {
		var n int
		person, score, rival, n = f.refs.search(t)
		*compared += n
	}
	less := finger.Score(math.Log10(float64(max(1, *compared))))
	if rival-less >= f.least {
		return "", finger.Least // two people's: nobody's
	}
	return person, score - less
}

// settle reports the outcome of a question, once.
func (f *fingers) settle(q fingerQuestion, e passage.Evidence) {
	f.settled = q
	if e.Outcome == passage.Accepted {
		f.mu.Lock()
		f.matched++
		f.mu.Unlock()
	}
	e.Kind, e.Passage = policy.Finger, q.passage
	f.observe(passage.Observation{Kind: passage.ObserveEvidence, Evidence: e})
}

// patiently waits for a press through moments in which the sensor does not answer.
func (f *fingers) patiently(ctx context.Context, wanted func() bool, hint string) (*finger.Template, error) {
	for failing := (time.Time{}); ; {
		t, err := f.press(ctx, wanted, hint)
		if err == nil || errors.Is(err, errUnwanted) {
			return t, err
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		if time.Since(failing) > fingerPatience {
			return nil, err
		}
		pause(ctx, fingerPoll)
	}
}

// press waits for a finger and takes its template; nil for a press that showed nothing. hint stands on the screen until the
// finger is there. A finger that was pictured before has to be lifted first, so that no press counts twice.
func (f *fingers) press(ctx context.Context, wanted func() bool, hint string) (*finger.Template, error) {
	for {
		if ctx.Err() != nil || !wanted() {
			return nil, errUnwanted
		}
		present, err := f.present(ctx)
		switch {
		case err != nil:
			return nil, err
		case !present:
			f.say(hint)
			if f.down {
				f.down = false
				f.light(ctx, fingerprint.Blue, fingerprint.Breathing)
			}
		case f.down:
			f.say(hintFingerLift)
		default:
			t, err := f.take(ctx)
			if !errors.Is(err, fingerprint.ErrNoFinger) {
				return t, err
			}
		}
		pause(ctx, fingerPoll)
	}
}

func (f *fingers) present(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, fingerLook)
	defer cancel()
	present, err := f.sensor.Present(ctx)
	return present, f.noted(err)
}

// take pictures the finger that lies there.
func (f *fingers) take(ctx context.Context) (*finger.Template, error) {
	ctx, cancel := context.WithTimeout(ctx, fingerCall)
	defer cancel()
	f.say(hintFingerWait)
	img, err := f.sensor.Capture(ctx)
	if errors.Is(err, fingerprint.ErrNoFinger) {
		return nil, err
	}
	if errors.Is(err, fingerprint.ErrPicture) {
		f.pressIs()
		return nil, f.noted(nil)
	}
	if f.noted(err) != nil {
		return nil, err
	}
	f.pressIs()
	t, err := f.extractor.Extract(img.Pix, img.Width, img.Height, img.DPI)
	if errors.Is(err, finger.ErrNoPrint) {
		return nil, nil
	}
	return t, err
}

func (f *fingers) pressIs() {
	f.down = true
	f.mu.Lock()
	f.pressed++
	f.mu.Unlock()
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Sizes that the budget counts with: of an extractor's pixel, of a matcher, and of one view of a finger with the most
// minutiae, each with what is around it, and its field of 12 × 12 cells.
const (
	fingerPixel   = 14
	fingerMatcher = 400 << 10
	fingerView    = fingerMinutiae*128 + 12*12*3
)

// fingerBytes is what the fingers take; 0 without a sensor.
func fingerBytes(cfg *config.Config) int64 {
	if cfg.Finger.Sensor == "none" {
		return 0
	}
	width, height := fingerPicture(cfg)
	bytes := int64(width*height*fingerPixel + fingerMatcher)
	if fingersAreSearched(cfg.Passage.Policy) {
		bytes += fingerMatcher + int64(cfg.Finger.Gallery)*fingerView
	}
	return bytes
}
