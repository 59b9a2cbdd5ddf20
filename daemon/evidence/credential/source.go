// Package credential establishes evidence from the electronic identities that people show: QR codes that an issuer has
// signed, and bar codes with a one-time number.
package credential

import (
	"context"
	"log/slog"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// Opts is what a Source is made of. All functions have to be given.
type Opts struct {
	Issuers *Issuers
	Reader  symbol.ReaderOpts
	Width   int // of the frames, for the memory that is taken at the start
	Height  int

	People evidence.People
	// Bound says that the subjects of an issuer are the ids under which people are enrolled here. Without it two issuers that
	// count their people alike are two different people.
	Bound  func(issuer string) bool
	Secret func(id string) []byte // of somebody's one-time numbers; nil for none
	// Use makes a code count once. It reports whether this is the first time, and why it can't tell.
	Use     func(key [32]byte, until time.Time) (fresh bool, why error)
	Revoked func(*credential.Credential) bool
	// Untimely reports whether an error of Use says that the clock is not to be believed.
	Untimely func(error) bool
	Claims   *evidence.Claims
	Portrait func(*vision.Image) (face.Template, error) // template of the face on a portrait
	// Picture makes the JPEG of a portrait for reviewers; nil where they see none.
	Picture func(*vision.Image) []byte

	NeedFace      bool // the policy compares the face, so that a document without portrait proves nothing of a stranger
	NamedGuardian bool // a guardian who is named in the code and enrolled is enough
	Now           func() time.Time
	Log           *slog.Logger
}

// Source reads codes.
type Source struct {
	o Opts
	*evidence.Demands
	evidence.Hints
	box    *evidence.Mailbox
	reader *symbol.Reader
	luma   *vision.Grey
	totp   *credential.TOTPGuard

	// Of the goroutine that runs.
	settled passage.ID // the passage in which a code was accepted or refused
	kept    evidence.Kept
}

// Codes of the hints.
const (
	HintNoIdentity = "no-identity-code"
	HintUnfresh    = "show-the-phones-code"
)

// New returns a source of credentials.
func New(o Opts) (*Source, error) {
	s := &Source{
		o: o, Demands: evidence.NewDemands(), box: evidence.NewMailbox(o.Width, o.Height), luma: vision.NewGrey(o.Width, o.Height),
		totp: credential.NewTOTPGuard(),
	}
	var err error
	s.reader, err = symbol.NewReader(o.Reader)
	return s, err
}

// Kinds returns the credential.
func (s *Source) Kinds() policy.Set { return policy.Set(0).With(policy.Credential) }

// pixelBytes is what the reader of codes holds for each pixel of the frames' size, and luma one more; a test measures it.
const pixelBytes = 18

// Hint returns what the screen adds while the evidence is asked for.
func (s *Source) Hint() string {
	if !s.Now().Ask.Has(policy.Credential) {
		return ""
	}
	return s.Hints.Hint()
}

// Bytes returns what the reader and the pictures hold.
func (s *Source) Bytes() int64 {
	return int64(pixelBytes+1)*int64(s.o.Width*s.o.Height) + s.box.Bytes()
}

// Look offers the frame while a credential is wanted.
func (s *Source) Look(f *evidence.Frame) error {
	if d := s.Now(); d.Ask.Has(policy.Credential) && !d.Passage.IsZero() {
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
				s.box.Wipe()
			}
			s.kept.Deliver(s.Demands, observe)
		case <-s.box.Full():
			img, id, _ := s.box.Frame()
			var e passage.Evidence
			err := evidence.Guard(func() (err error) {
				if s.Asks(id, policy.Credential) { // a code counts once: not for a passage that is over
					e, err = s.read(id, img)
				}
				return err
			})
			if err != nil {
				s.o.Log.Warn("a picture could not be searched for codes", "error", err)
			}
			over := s.Now().Passage != id
			s.box.Free(over)
			s.kept.Keep(e)
			s.kept.Deliver(s.Demands, observe)
		}
	}
}

// read looks for codes in a frame of a passage. The first one that is evidence settles it.
func (s *Source) read(id passage.ID, img *vision.Image) (e passage.Evidence, err error) {
	if s.settled == id {
		return e, nil
	}
	defer func() { clear(s.luma.Pix) }() // nothing that was seen in a passage outlives it
	vision.Luma(s.luma, img)
	found, err := s.reader.Read(s.luma.Pix, s.luma.Width, s.luma.Height, s.luma.Stride)
	if err != nil {
		return e, err
	}
	for i := range found {
		if found[i].Format == symbol.Code128 {
			e = s.barCode(found[i].Text)
		} else {
			e = s.code(id, found[i].Text)
		}
		if e.Outcome != 0 {
			e.Kind, e.Passage = policy.Credential, id
			s.settled = id
			return e, nil
		}
	}
	return e, nil
}
