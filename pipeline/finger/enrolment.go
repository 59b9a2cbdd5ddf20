package finger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Prompt tells the person at the sensor what to do next.
type Prompt uint8

// Values of Prompt.
const (
	Press Prompt = iota + 1
	PressAgain
	PressFirmly
	MoveLeft
	MoveRight
	MoveUp
	MoveDown
	SameFinger
	Finished
)

var promptTexts = [...]string{
	Press: "Place your finger on the sensor", PressAgain: "Lift your finger and place it again",
	PressFirmly: "Wipe the sensor and your finger, then press a little more firmly",
	MoveLeft:    "Lift your finger and place it a little further to the left", MoveRight: "Lift your finger and place it a little further to the right",
	MoveUp: "Lift your finger and place it a little higher", MoveDown: "Lift your finger and place it a little lower",
	SameFinger: "That looks like another finger: please use the first one", Finished: "Thank you, your finger is enrolled",
}

// String is the prompt in English.
func (p Prompt) String() string {
	if int(p) < len(promptTexts) && promptTexts[p] != "" {
		return promptTexts[p]
	}
	return fmt.Sprintf("prompt %d", uint8(p))
}

// EnrolOpts are what an enrolment asks for.
type EnrolOpts struct {
	Presses      int   // good presses, each of which becomes a view of the reference
	Attempts     int   // presses at most, good or bad
	LeastQuality int   // of a press
	Agree        Score // that a press needs with one before it
}

// DefaultEnrolOpts ask for four presses that agree as one in a thousand pairs of different fingers does.
func DefaultEnrolOpts() EnrolOpts {
	return EnrolOpts{Presses: 4, Attempts: 12, LeastQuality: 15, Agree: 1}
}

// ErrEnrol says that the attempts were used up.
var ErrEnrol = errors.New("finger: too many presses without success")

// Enrolment collects the presses of one finger into a reference of several views.
type Enrolment struct {
	opts     EnrolOpts
	matcher  *Matcher
	views    []*Template
	attempts int
}

// NewEnrolment begins an enrolment; the matcher is used by nobody else until it ends.
func NewEnrolment(m *Matcher, o EnrolOpts) (*Enrolment, error) {
	switch {
	case m == nil:
		return nil, errors.New("finger: enrolment without a matcher")
	case o.Presses < 1 || o.Presses > MaxViews:
		return nil, fmt.Errorf("finger: %d presses to enrol, allowed are 1 to %d", o.Presses, MaxViews)
	case o.Attempts < o.Presses || o.Attempts > 100:
		return nil, fmt.Errorf("finger: %d attempts to enrol, allowed are %d to 100", o.Attempts, o.Presses)
	case o.LeastQuality < 0 || o.LeastQuality > 100:
		return nil, fmt.Errorf("finger: least quality %d, allowed are 0 to 100", o.LeastQuality)
	}
	return &Enrolment{opts: o, matcher: m}, nil
}

// spread is where the person is asked to place the finger after the first press, so that the views show more of it.
var spread = [...]Prompt{PressAgain, MoveLeft, MoveRight, MoveUp, MoveDown}

// Add takes the template of a press, or nil for one that gave none, and returns what to ask for next. After Finished,
// Views has the reference. ErrEnrol ends an enrolment that leads nowhere.
func (e *Enrolment) Add(t *Template) (Prompt, error) {
	if len(e.views) == e.opts.Presses {
		return Finished, nil
	}
	next := e.consider(t)
	if len(e.views) == e.opts.Presses {
		return Finished, nil
	}
	if e.attempts++; e.attempts >= e.opts.Attempts {
		return next, fmt.Errorf("%w: %d good ones of %d in %d", ErrEnrol, len(e.views), e.opts.Presses, e.attempts)
	}
	return next, nil
}

func (e *Enrolment) consider(t *Template) Prompt {
	if t == nil {
		return PressFirmly
	}
	if len(e.views) == 0 {
		// The first press should show the middle of the finger, since all others are compared with it.
		if p := t.offCentre(); p != 0 {
			return p
		}
	}
	if t.Quality < e.opts.LeastQuality {
		return PressFirmly
	}
	if len(e.views) > 0 && e.matcher.CompareViews(t, e.views) < e.opts.Agree {
		return SameFinger
	}
	e.views = append(e.views, t)
	return spread[(len(e.views)-1)%len(spread)]
}

// offCentre says where to move a finger whose print lies at the edge of the picture; 0 if it lies well.
func (t *Template) offCentre() Prompt {
	var x, y, n int
	for i, print := range t.print.cells {
		if print {
			x, y, n = x+i%t.print.columns, y+i/t.print.columns, n+1
		}
	}
	if n == 0 {
		return PressFirmly
	}
	// Thousandths of the picture's size from its middle. A print that fills the picture is always in the middle.
	dx := (2*x/n+1)*1000/(2*t.print.columns) - 500
	dy := (2*y/n+1)*1000/(2*t.print.rows) - 500
	const most = 200
	switch {
	case dx > most:
		return MoveLeft
	case dx < -most:
		return MoveRight
	case dy > most:
		return MoveUp
	case dy < -most:
		return MoveDown
	}
	return 0
}

// Good is how many presses are good so far, of how many.
func (e *Enrolment) Good() (n, of int) { return len(e.views), e.opts.Presses }

// Views is the reference: a view for each good press, the best first. EncodeISO keeps it in one record.
func (e *Enrolment) Views() []*Template {
	views := slices.Clone(e.views)
	slices.SortStableFunc(views, func(a, b *Template) int { return cmp.Compare(b.Quality, a.Quality) })
	return views
}

// CompareViews compares a probe with each view of a reference and returns the best score. Several views find the finger
// more often, and a stranger's a little more often too: with n views the false match rate is up to n times that of one.
func (m *Matcher) CompareViews(probe *Template, views []*Template) Score {
	best := Least
	for _, v := range views {
		best = max(best, m.Compare(probe, v))
	}
	return best
}
