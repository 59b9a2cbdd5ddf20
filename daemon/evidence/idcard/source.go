// Package idcard establishes evidence from the printed identity card that a person shows, over several frames.
package idcard

import (
	"context"
	"log/slog"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/document"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// Reader reads the cards on a picture; a document.Reader is one.
type Reader interface {
	Read(*vision.Image) ([]*document.Reading, error)
}

// Opts is what a Source is made of. All functions have to be given, but for Picture and Identity.
type Opts struct {
	Reader   Reader
	Rules    document.Rules
	Both     bool          // the back is wanted, too
	Readings int           // of a side, that have to agree
	Timeout  time.Duration // from the first reading to giving up
	Width    int           // of the frames, for the memory that is taken at the start
	Height   int

	People   evidence.People
	Claims   *evidence.Claims
	Portrait func(*vision.Image) (face.Template, error) // template of the face on a portrait
	// EnrolledName returns the name of somebody who is enrolled, "" of anybody else.
	EnrolledName func(id string) string
	// Picture makes the JPEG of a portrait, or of a name, for reviewers; nil where they see none.
	Picture func(*vision.Image) []byte
	// Identity makes an electronic identity of what the card says; nil where the site issues none.
	Identity func(front *document.Reading) *credential.Identity

	NeedFace bool // the policy compares the face
	Now      func() time.Time
	Log      *slog.Logger
}

// Source reads cards.
type Source struct {
	o Opts
	*evidence.Demands
	evidence.Hints
	box *evidence.Mailbox

	// Of the goroutine that runs.
	settled       passage.ID // the passage in which a card was accepted, refused or given up
	kept          evidence.Kept
	passage       passage.ID
	since         time.Time // the first reading of the passage
	fronts, backs []sighting
}

// sighting is a reading of a side, and when it was before the camera.
type sighting struct {
	*document.Reading
	at time.Time
}

const (
	// maxReadings of a side are kept; the oldest make room.
	maxReadings = 8
	// together is how long readings count for one card: both sides are seen within that time, or they may be two cards'.
	together = 15 * time.Second
)

// Codes of the hints.
const (
	HintHoldCard = "hold-the-card-still"
	HintTurnCard = "turn-the-card-over"
	HintFront    = "show-the-front"
	HintCloser   = "bring-the-card-closer"
)

// New returns a source of printed cards.
func New(o Opts) *Source {
	return &Source{o: o, Demands: evidence.NewDemands(), box: evidence.NewMailbox(o.Width, o.Height)}
}

// Kinds returns the card.
func (s *Source) Kinds() policy.Set { return policy.Set(0).With(policy.Card) }

// Hint returns what the screen adds while the evidence is asked for.
func (s *Source) Hint() string {
	if !s.Now().Ask.Has(policy.Card) {
		return ""
	}
	return s.Hints.Hint()
}

// Bytes returns what the picture holds; the models of text are counted by themselves.
func (s *Source) Bytes() int64 { return s.box.Bytes() }

// Look offers the frame while a card is wanted.
func (s *Source) Look(f *evidence.Frame) error {
	if d := s.Now(); d.Ask.Has(policy.Card) && !d.Passage.IsZero() {
		s.box.Offer(d.Passage, f.Image, f.Captured)
	}
	return nil
}

// Run reads what is offered until ctx ends.
func (s *Source) Run(ctx context.Context, observe func(passage.Evidence)) error {
	at := s.Now().Passage
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.Changed():
			if now := s.Now().Passage; now != at {
				at = now
				s.forget()
				s.box.Wipe()
			}
			s.kept.Deliver(s.Demands, observe)
		case <-s.box.Full():
			img, id, captured := s.box.Frame()
			var e passage.Evidence
			err := evidence.Guard(func() (err error) {
				if s.Asks(id, policy.Card) {
					e, err = s.read(id, img, captured)
				}
				return err
			})
			if err != nil {
				s.o.Log.Warn("a picture could not be searched for cards", "error", err)
			}
			over := s.Now().Passage != id
			s.box.Free(over)
			if over {
				s.forget()
			}
			s.kept.Keep(e)
			s.kept.Deliver(s.Demands, observe)
		}
	}
}
