package terminal

import (
	"log/slog"

	"umbral/daemon/enrolment"
	"umbral/daemon/evidence"
	"umbral/daemon/fleet/link"
	"umbral/daemon/frames"
	"umbral/pipeline/gallery"
)

// senses turn what the gate's devices give into observations.
type senses struct {
	gallery   *gallery.Gallery
	register  *enrolment.Register
	claims    *evidence.Claims
	view      *snapshot
	closeup   *frames.Closeup
	questions *link.Questions // nil where no authority is asked
	sources   *sources
	frames    *frames.Analyzer
	budget    *Budget
}

func newSenses(v *vitals, log *slog.Logger, opened *closers) (_ *senses, err error) {
	cfg := v.cfg
	s := senses{
		gallery: gallery.New(cfg.Gallery.Capacity),
		claims:  new(evidence.Claims), view: newSnapshot(cfg.Camera.Width, cfg.Camera.Height),
		closeup: frames.NewCloseup(cfg.Remote.Send == "picture" || cfg.Review.Pictures),
	}
	s.register, err = enrolment.NewRegister(enrolment.RegisterOpts{
		Store: v.store, Gallery: s.gallery, Key: v.key, Eligibility: &cfg.Eligibility, Now: v.clock.Wall,
	})
	if err != nil {
		return nil, err
	}
	if s.questions, err = newQuestions(v); err != nil {
		return nil, err
	}
	s.sources, err = newSources(sourceOpts{
		cfg: cfg, models: v.models, register: s.register, claims: s.claims, closeup: s.closeup, shelf: shelf{v.store}, fingers: enrolment.FingersOf(v.store),
		clock: v.clock, questions: s.questions, log: log, opened: opened,
	})
	if err != nil {
		return nil, err
	}
	s.frames, err = frames.New(frames.Opts{
		Width: cfg.Camera.Width, Height: cfg.Camera.Height, Models: v.models, Gallery: s.gallery, Claims: s.claims,
		Lookers: s.sources.lookers(), Closeup: s.closeup, Watch: v.watch, View: s.view,
	})
	if err != nil {
		return nil, err
	}
	s.budget = budgetOf(cfg, v.models, v.camera.Stats().PoolBytes, s.sources, s.closeup)
	return &s, s.budget.check()
}
