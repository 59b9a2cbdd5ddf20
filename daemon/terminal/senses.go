package terminal

import (
	"log/slog"

	"umbral/daemon/evidence"
	"umbral/daemon/fleet/link"
)

// senses turn what the gate's devices give into observations.
type senses struct {
	register  *register
	claims    *evidence.Claims
	view      *snapshot
	closeup   *closeup
	questions *link.Questions // nil where no authority is asked
	sources   *sources
	frames    *frameAnalyzer
	budget    *Budget
}

func newSenses(v *vitals, log *slog.Logger, opened *closers) (_ *senses, err error) {
	cfg := v.cfg
	s := senses{
		claims: new(evidence.Claims), view: newSnapshot(cfg.Camera.Width, cfg.Camera.Height),
		closeup: newCloseup(cfg.Remote.Send == "picture" || cfg.Review.Pictures),
	}
	if s.register, err = newRegister(cfg, v.store, v.key, v.clock.wall); err != nil {
		return nil, err
	}
	if s.questions, err = newQuestions(v); err != nil {
		return nil, err
	}
	s.sources, err = newSources(sourceOpts{
		cfg: cfg, models: v.models, register: s.register, claims: s.claims, closeup: s.closeup, shelf: shelf{v.store}, fingers: fingers{v.store},
		clock:     v.clock,
		questions: s.questions, log: log, opened: opened,
	})
	if err != nil {
		return nil, err
	}
	s.frames, err = newFrameAnalyzer(frameAnalyzerOpts{
		width: cfg.Camera.Width, height: cfg.Camera.Height, models: v.models, gallery: s.register.gallery, claims: s.claims,
		lookers: s.sources.lookers(), closeup: s.closeup, watch: v.watch, view: s.view,
	})
	if err != nil {
		return nil, err
	}
	s.budget = budgetOf(cfg, v.models, v.camera.Stats().PoolBytes, s.sources, s.closeup)
	return &s, s.budget.check()
}
