package terminal

import (
	"log/slog"

	"umbral/daemon/desk"
	"umbral/daemon/enrolment"
	"umbral/daemon/evidence/eligibility"
	"umbral/daemon/issuance"
	"umbral/daemon/passage"
	"umbral/daemon/reviews"
	"umbral/daemon/rules"
	"umbral/drivers/door"
)

// judgement is what decides and what carries the decision out.
type judgement struct {
	door    door.Door
	issuer  *issuance.Issuer // nil where no credentials are issued
	reviews *reviews.Reviews // nil where nobody reviews
	decider *decider
	people  *enrolment.People
	desk    *desk.Desk
}

func newJudgement(v *vitals, s *senses, log *slog.Logger, opened *closers) (_ *judgement, err error) {
	var j judgement
	if j.door, err = openDoor(&v.cfg.Door); err != nil {
		return nil, err
	}
	opened.add(j.door.Halt)
	if j.issuer, err = issuance.New(v.cfg, s.claims, v.clock.Wall, log); err != nil {
		return nil, err
	}
	if j.reviews, err = reviews.New(reviews.Opts{
		Config: &v.cfg.Review, Terminal: v.cfg.Terminal.ID, Store: v.store, Alias: s.register.AliasOf, Clock: v.clock.Stamp,
		Picture: s.closeup.Picture, Claims: s.claims, Log: log,
	}); err != nil {
		return nil, err
	}
	rules, err := rules.Of(v.cfg, Version, v.models.Set, v.models.FaceThresholds)
	if err != nil {
		return nil, err
	}
	machine, err := passage.New(rules, passage.ID{Boot: v.boot, Number: 1})
	if err != nil {
		return nil, err
	}
	registry := eligibility.New(eligibility.Opts{
		File: s.register.Standing, Claims: s.claims, Revocations: s.sources.lists, Documents: v.cfg.Eligibility.Enabled,
	})
	alarms := &alarms{health: v.health, show: j.door.Show}
	j.decider = newDecider(deciderOpts{
		machine: machine, clock: v.clock, door: j.door, log: log, append: v.journal.Append, decided: s.view.decided,
		changed: func(screen passage.Screen) {
			s.view.setScreen(screen)
			alarms.shown(screen)
		},
		alarmed: alarms.set, standing: registry.Standing, want: s.want, review: j.reviews.Take, opened: j.issuer.Passed,
	})
	s.view.setScreen(machine.Screen())
	j.people, err = enrolment.New(enrolment.Opts{
		Register: s.register, Models: v.models, Frames: s.frames, Fingers: s.sources.fingers, Changed: j.decider.change, Forget: s.view.forget,
	})
	if err != nil {
		return nil, err
	}
	j.desk, err = desk.New(desk.Opts{
		Store: v.store, People: j.people, Identity: v.identity, Checklist: v.cfg.Eligibility.Checklist, Liveness: &v.cfg.Liveness,
		Fingers: s.sources.fingers != nil,
	})
	if err != nil {
		return nil, err
	}
	stale, err := j.people.Load()
	if stale > 0 {
		log.Warn("references of another model are not searched: enrol these people anew", "references", stale)
	}
	return &j, err
}

// want hands a demand to everybody who establishes evidence.
func (s *senses) want(d passage.Demand) {
	s.frames.Want(d)
	for _, source := range s.sources.list {
		source.Want(d)
	}
}
