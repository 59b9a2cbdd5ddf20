package terminal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/passage"
	"umbral/pipeline/vision"
)

// authority asks whether the person at the gate is whom the passage says, when the decision wants to know.
type authority struct {
	ask      func(context.Context, fleet.Question) (fleet.Finding, error)
	timeout  time.Duration
	template bool // claims carry the face's template
	picture  bool // or its picture
	model    string
	sight    *sight
	claims   *claims
	observe  func(passage.Observation)
	log      *slog.Logger

	questions chan question
	asked     passage.ID // of the last question
}

// question is one that the decision wants answered.
type question struct {
	passage passage.ID
	person  string
}

// maxQuestions bounds the questions that wait for their turn: the gate has one passage at a time.
const maxQuestions = 2

func newAuthority(cfg *config.Config, e *eyes, s *sight, c *claims, observe func(passage.Observation), log *slog.Logger) *authority {
	return &authority{
		timeout: cfg.Remote.Timeout, template: cfg.Remote.Send == "template", picture: cfg.Remote.Send == "picture", model: e.feature,
		sight: s, claims: c, observe: observe, log: log, questions: make(chan question, maxQuestions),
	}
}

// want takes a question; one that finds no room stays unanswered, so that the passage ends when its time is over.
func (a *authority) want(id passage.ID, person string) {
	if id == a.asked {
		return
	}
	a.asked = id
	select {
	case a.questions <- question{id, person}:
	default:
		a.log.Warn("a question to the authority was left out: too many wait", "passage", id)
	}
}

// run asks one question after the other until ctx ends.
func (a *authority) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case q := <-a.questions:
			e := a.answer(ctx, q)
			if ctx.Err() != nil {
				return nil
			}
			e.Kind, e.Passage = policy.Remote, q.passage
			a.observe(passage.Observation{Kind: passage.ObserveEvidence, Evidence: e})
		}
	}
}

func (a *authority) answer(ctx context.Context, q question) passage.Evidence {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	found, err := a.ask(ctx, a.compose(q))
	if err != nil {
		if !errors.Is(err, link.ErrNoAnswer) && ctx.Err() == nil {
			a.log.Error("the authority could not be asked", "passage", q.passage, "error", err)
		}
		return refusedFor(passage.ReasonRemoteNoAnswer)
	}
	e := passage.Evidence{Outcome: passage.Accepted, Subject: q.person}
	if found.Score != nil {
		e.Score = passage.ScoreOf(*found.Score)
	}
	switch found.Outcome {
	case fleet.OutcomeRefused:
		e.Outcome, e.Detail = passage.Refused, string(passage.ReasonRemoteNoMatch)
	case fleet.OutcomeDoubtful:
		e.Outcome, e.Detail = passage.Doubtful, string(passage.ReasonRemoteNoMatch)
	}
	return e
}

// compose says who the person claims to be, and what the site sends of the face.
func (a *authority) compose(q question) fleet.Question {
	out := fleet.Question{Passage: q.passage.String(), Purpose: fleet.PurposeVerify, Claim: fleet.Claim{Subject: q.person}}
	if c, ok := a.claims.of(q.passage); ok && c.subject == q.person {
		out.Claim.Subject, out.Claim.Issuer = c.number, c.issuer
	}
	if a.template {
		if t, ok := a.sight.lastProbe(); ok {
			out.Claim.Template, out.Claim.Model = t[:], a.model
		}
	}
	if a.picture {
		out.Claim.Picture = a.sight.view.facePicture(fleet.MaxClaimPicture)
	}
	return out
}

// portraitHeight is how high the face's picture is that leaves the terminal, in pixels.
const portraitHeight = 240

// facePicture is the newest picture of the tallest face with what is around it, as JPEG of at most so many bytes; nil
// where there is none.
func (v *view) facePicture(most int) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.count == 0 {
		return nil
	}
	box, all := v.faces[0].box, v.image.Bounds()
	w2, h2 := box.Dx()/2, box.Dy()/2
	region := vision.Rect{X0: max(0, box.X0-w2), Y0: max(0, box.Y0-h2), X1: min(all.X1, box.X1+w2), Y1: min(all.Y1, box.Y1+h2)}
	return jpegWithin(v.image, region, most)
}

// jpegWithin makes a small JPEG of a region, of at most so many bytes; nil where that cannot be.
func jpegWithin(img *vision.Image, region vision.Rect, most int) []byte {
	if region.Dx() < 1 || region.Dy() < 1 {
		return nil
	}
	h := portraitHeight
	w := max(1, min(4*h, int(float32(h)*region.Dx()/region.Dy())))
	out := vision.NewImage(w, h)
	vision.Resize(out, img, region)
	for quality := 85; quality >= 25; quality -= 20 {
		var b bytes.Buffer
		if vision.WriteJPEG(&b, out, quality) == nil && b.Len() <= most {
			return b.Bytes()
		}
	}
	return nil
}
