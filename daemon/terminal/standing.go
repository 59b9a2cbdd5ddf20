package terminal

import (
	"errors"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// registry finds what is on file about somebody: the enrolment file, the documents of the passage, the revocation list.
type registry struct {
	store     *store.Store
	claims    *claims
	checklist store.Checklist
	schedules map[string]policy.Window
	lists     *lists
	now       func() time.Time
	enabled   bool // ages, the checklist, and what documents say are looked at
}

func newRegistry(cfg *config.Config, s *store.Store, c *claims, l *lists, now func() time.Time) (*registry, error) {
	list, err := store.ParseChecklist(cfg.Eligibility.Checklist)
	if err != nil {
		return nil, err
	}
	g := &registry{
		store: s, claims: c, checklist: list, schedules: map[string]policy.Window{}, lists: l, now: now,
		enabled: cfg.Eligibility.Enabled,
	}
	for _, schedule := range cfg.Eligibility.Schedules {
		if g.schedules[schedule.Name], err = schedule.Window(); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// standing answers the decision's question about a person. What can't be read stands against them.
func (g *registry) standing(id passage.ID, person string) passage.Standing {
	s := passage.Standing{Person: person}
	f, err := g.store.File(person)
	switch {
	case err == nil:
		s = g.ofFile(person, &f)
	case !errors.Is(err, store.ErrNotFound):
		s.Marks = s.Marks.With(passage.Blocked)
	}
	if p, err := g.store.Person(person); err == nil && p.Status == store.StatusSuspended {
		s.Marks = s.Marks.With(passage.Blocked) // the gallery leaves them out, but a document may name them
	}
	// Without eligibility it is for the verification of a document alone to judge its dates, by the trust that it asks for.
	if c, ok := g.claims.of(id); g.enabled && ok && c.subject == person {
		s = stricter(s, c.standing)
	}
	if g.lists.revokedPerson(person) {
		s.Marks = s.Marks.With(passage.Revoked)
	}
	if g.lists.stale(g.now()) {
		s.Marks = s.Marks.With(passage.RevocationStale)
	}
	return s
}

// ofFile is what the enrolment file says.
func (g *registry) ofFile(person string, f *store.File) passage.Standing {
	s := passage.Standing{Person: person}
	setBorn(&s, f.Born)
	if from, err := time.ParseInLocation(time.DateOnly, f.ValidFrom, time.Local); err == nil {
		s.From = from.UnixMilli()
	}
	if until, err := time.ParseInLocation(time.DateOnly, f.ValidUntil, time.Local); err == nil {
		s.Until = until.AddDate(0, 0, 1).UnixMilli() // the last day is included
	}
	copy(s.Guardians[:], f.Guardians)
	if f.Blocked != nil {
		s.Marks = s.Marks.With(passage.Blocked)
	}
	if g.enabled && len(g.checklist.Missing(*f, g.now())) > 0 {
		s.Marks = s.Marks.With(passage.Incomplete)
	}
	if f.Schedule != "" {
		// A schedule that the site no longer knows is an empty one: nobody passes by a rule that nobody can read.
		s.Windows[0], s.WindowCount = g.schedules[f.Schedule], 1
	}
	return s
}

// stricter joins two standings of one person: what stands against them in either counts, and the shorter validity.
func stricter(a, b passage.Standing) passage.Standing {
	a.Marks |= b.Marks
	if !a.BornKnown || b.BornKnown && b.Born > a.Born {
		a.Born, a.BornKnown = b.Born, b.BornKnown
	}
	a.From = max(a.From, b.From)
	if a.Until == 0 || b.Until != 0 && b.Until < a.Until {
		a.Until = b.Until
	}
	for i, g := range b.Guardians {
		if a.Guardians[i] == "" {
			a.Guardians[i] = g
		}
	}
	if a.WindowCount == 0 {
		a.Windows, a.WindowCount = b.Windows, b.WindowCount
	}
	return a
}
