// Package finger establishes the finger: it owns the fingerprint sensor, lights its ring while the decision asks, and
// compares presses with the fingers of the person whom the passage is about, or with everybody's where nobody is known
// yet. It also takes the presses of an enrolment.
package finger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/drivers/fingerprint"
	"umbral/pipeline/finger"
)

// Opts are the parts and the settings of a Source.
type Opts struct {
	Sensor  fingerprint.Sensor
	Records Records
	// Search says that a finger may tell who somebody is. All fingers are then held, as many as Gallery has room for.
	Search  bool
	Gallery int // in views
	// MaxWidth and MaxHeight bound the sensor's pictures.
	MaxWidth, MaxHeight int
	FMR                 float64 // false match rate of a passage
	Presses             int     // of a passage
	LeastQuality        int     // of a press, 0 to 100
	Log                 *slog.Logger
}

// Sizes that the budget counts with: of an extractor's pixel, of a matcher, and of one view of a finger with the most
// minutiae, each with what is around it, and its field of 12 × 12 cells.
const (
	pixelBytes   = 14
	matcherBytes = 400 << 10
	viewBytes    = maxMinutiae*128 + 12*12*3
)

// maxMinutiae bounds templates: 256 × 288 pixels show fewer than 120 minutiae.
const maxMinutiae = 128

// Bytes returns the memory that a Source with these options holds.
func (o *Opts) Bytes() int64 {
	bytes := int64(o.MaxWidth*o.MaxHeight*pixelBytes + matcherBytes)
	if o.Search {
		bytes += matcherBytes + int64(o.Gallery)*viewBytes
	}
	return bytes
}

func (o *Opts) check() error {
	switch {
	case o.Sensor == nil:
		return errors.New("finger: no sensor")
	case o.Records == nil:
		return errors.New("finger: no records of fingers")
	case o.Log == nil:
		return errors.New("finger: no log")
	case o.Presses < 1:
		return fmt.Errorf("finger: %d presses in a passage, at least 1 is needed", o.Presses)
	case o.LeastQuality < 0 || o.LeastQuality > 100:
		return fmt.Errorf("finger: least quality %d, allowed are 0 to 100", o.LeastQuality)
	}
	return nil
}

// Source is the source of evidence of the kind policy.Finger.
type Source struct {
	*evidence.Demands
	opts      Opts
	extractor *finger.Extractor
	matcher   *finger.Matcher
	refs      *references
	least     finger.Score // from which on a finger is the person's
	sessions  chan *session

	// Of the goroutine that runs.
	down    bool // a finger has been pictured and not been lifted since
	settled question

	mu        sync.Mutex
	prompt    string // what the screen adds to its request
	enrolling bool
	health    fingerprint.Health
	pressed   uint64
	matched   uint64
}

// question is what the decision asks: whose finger, in which passage.
type question struct {
	passage passage.ID
	person  string // empty where nobody is known yet
}

const (
	// poll is how often the sensor is asked for a finger. Without a touch line each look takes a picture.
	poll = 100 * time.Millisecond
	// healthEvery is how often a sensor that has nothing to do is asked how it is; healthAgain is that of one that failed.
	healthEvery, healthAgain = 10 * time.Second, time.Second
)

// New returns a source. Fingers that are to be searched and find no room, or can't be read, are logged and left out.
func New(o Opts) (*Source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Source{
		Demands: evidence.NewDemands(), opts: o, matcher: finger.NewMatcher(), sessions: make(chan *session),
		health: fingerprint.Health{Device: o.Sensor.String()},
	}
	var err error
	if s.least, err = finger.Threshold(o.FMR); err != nil {
		return nil, err
	}
	extract := finger.DefaultOpts()
	extract.MaxWidth, extract.MaxHeight, extract.MaxMinutiae = o.MaxWidth, o.MaxHeight, maxMinutiae
	if s.extractor, err = finger.New(extract); err != nil {
		return nil, err
	}
	s.refs, err = newReferences(&o)
	return s, err
}

// Kinds implements evidence.Source.
func (s *Source) Kinds() policy.Set { return policy.Set(0).With(policy.Finger) }

// Bytes implements evidence.Source.
func (s *Source) Bytes() int64 { return s.opts.Bytes() }

// asked returns the question that stands and reports whether there is one.
func (s *Source) asked() (question, bool) {
	d := s.Now()
	return question{d.Passage, d.Subject}, d.Ask.Has(policy.Finger) && !d.Passage.IsZero()
}

// stands reports whether a question is still asked.
func (s *Source) stands(q question) bool {
	now, asked := s.asked()
	return asked && now == q
}

// Run implements evidence.Source. It also asks an idle sensor how it is, and takes the presses of enrolments.
func (s *Source) Run(ctx context.Context, observe func(passage.Evidence)) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var next time.Time
	for ctx.Err() == nil {
		if q, asked := s.asked(); asked && s.settled != q {
			s.serve(ctx, q, observe)
			next = time.Now().Add(healthAgain)
		}
		if now := time.Now(); now.After(next) {
			s.check(ctx)
			next = now.Add(healthEvery)
			if s.Fault() != "" {
				next = now.Add(healthAgain)
			}
		}
		select {
		case <-ctx.Done():
		case e := <-s.sessions:
			s.enrol(ctx, e)
			next = time.Now().Add(healthAgain)
		case <-s.Changed():
		case <-ticker.C:
		}
	}
	return nil
}
