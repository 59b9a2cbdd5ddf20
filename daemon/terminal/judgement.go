package terminal

import (
	"log/slog"

	"umbral/daemon/evidence/eligibility"
	"umbral/daemon/passage"
	"umbral/drivers/door"
)

// judgement is what decides and what carries the decision out.
type judgement struct {
	door    door.Door
	issuer  *issuer  // nil where no credentials are issued
	reviews *reviews // nil where nobody reviews
	decider *decider
	people  *people
}

func newJudgement(v *vitals, s *senses, log *slog.Logger, opened *closers) (_ *judgement, err error) {
	var j judgement
	if j.door, err = openDoor(&v.cfg.Door); err != nil {
		return nil, err
	}
	opened.add(j.door.Halt)
	if j.issuer, err = newIssuer(v.cfg, s.claims, v.clock.wall, log); err != nil {
		return nil, err
	}
	if j.reviews, err = newReviews(v, s.register.aliasOf, s.closeup, s.claims, log); err != nil {
		return nil, err
	}
	rules, err := rulesOf(v.cfg, v.models)
	if err != nil {
		return nil, err
	}
	machine, err := passage.New(rules, passage.ID{Boot: v.boot, Number: 1})
	if err != nil {
		return nil, err
	}
	registry := eligibility.New(eligibility.Opts{
		File: s.register.standing, Claims: s.claims, Revocations: s.sources.lists, Documents: v.cfg.Eligibility.Enabled,
	})
	alarms := &alarms{health: v.health, show: j.door.Show}
	j.decider = newDecider(deciderOpts{
		machine: machine, clock: v.clock, door: j.door, log: log, append: v.journal.append, decided: s.view.decided,
		changed: func(screen passage.Screen) {
			s.view.setScreen(screen)
			alarms.shown(screen)
		},
		alarmed: alarms.set, standing: registry.Standing, want: s.want, review: j.reviews.step, opened: j.issuer.passed,
	})
	s.view.setScreen(machine.Screen())
	j.people, err = newPeople(peopleOpts{
		register: s.register, models: v.models, frames: s.frames, fingers: s.sources.fingers, changed: j.decider.change, forget: s.view.forget,
	})
	if err != nil {
		return nil, err
	}
	stale, err := j.people.load()
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
