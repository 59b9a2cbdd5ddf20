package enrolment

import (
	"testing"
	"time"

	"umbral/config"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/eligibility"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/pipeline/gallery"
)

// What the store, the documents of the passage and the configuration say of a person is one standing.
func TestStandingOfPeople(t *testing.T) {
	cfg := config.Default()
	cfg.Eligibility.Enabled = true
	cfg.Eligibility.Checklist = []string{"application-form"}
	cfg.Eligibility.Schedules = []config.Schedule{{Name: "day", Days: []string{"mon"}, From: "08:00", Until: "18:00"}}
	o := store.DefaultOpts()
	o.Key = store.Key{1}
	o.Clock = func() (time.Time, string) { return time.Now(), store.TrustNTP }
	s, _, err := store.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	template := make([]float32, 512)
	template[0] = 1
	for id, status := range map[string]string{"ana": store.StatusActive, "bo": store.StatusActive, "sue": store.StatusSuspended} {
		refs := []store.Reference{{Template: template, Model: "model", Source: "test", Created: time.Now()}}
		if err := s.Enrol(store.Person{ID: id, Name: id, Created: time.Now(), Status: status}, refs); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		s.Tick("ana", store.Tick{Item: "application-form", By: "clerk"}),
		s.SetEligibility("ana", "clerk", store.Eligibility{Born: "2015-05-05", ValidUntil: "2030-01-01", Guardians: []string{"bo"}, Schedule: "day"}),
		s.Block("bo", "clerk", "lost the card"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := new(evidence.Claims)
	registry := func() *eligibility.Registry {
		t.Helper()
		r, err := NewRegister(RegisterOpts{
			Store: s, Gallery: gallery.New(10), Key: o.Key, Eligibility: &cfg.Eligibility, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return eligibility.New(eligibility.Opts{
			File: r.Standing, Claims: c, Revocations: revoked{"eve"}, Documents: cfg.Eligibility.Enabled,
		})
	}
	g := registry()
	id := passage.ID{Boot: 1, Number: 1}
	ana := g.Standing(id, "ana")
	until := time.Date(2030, 1, 2, 0, 0, 0, 0, time.Local).UnixMilli()
	if ana.Marks != 0 || !ana.BornKnown || ana.Until != until || ana.Guardians[0] != "bo" || ana.WindowCount != 1 || ana.Windows[0].From != 480 {
		t.Errorf("ana: %+v", ana)
	}
	if bo := g.Standing(id, "bo"); !bo.Marks.Has(passage.Blocked) || !bo.Marks.Has(passage.Incomplete) {
		t.Errorf("bo: %+v", bo)
	}
	if sue := g.Standing(id, "sue"); !sue.Marks.Has(passage.Blocked) {
		t.Errorf("somebody suspended: %+v", sue)
	}
	// A document of this passage can only tighten what is on file; one of another passage says nothing.
	early := time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local).UnixMilli()
	c.Add(evidence.Claim{Passage: id, Subject: "ana", Standing: passage.Standing{Person: "ana", Born: 20_000, BornKnown: true, Until: early}})
	if s := g.Standing(id, "ana"); s.Until != early || s.Born != 20_000 || s.Guardians[0] != "bo" {
		t.Errorf("ana with a document: %+v", s)
	}
	if s := g.Standing(passage.ID{Boot: 1, Number: 2}, "ana"); s.Until != until {
		t.Errorf("ana in the next passage: %+v", s)
	}
	if s := g.Standing(id, "nobody"); s.Marks != 0 || s.BornKnown {
		t.Errorf("somebody unknown: %+v", s)
	}
	if s := g.Standing(id, "eve"); !s.Marks.Has(passage.Revoked) {
		t.Errorf("somebody revoked: %+v", s)
	}
	// Without eligibility the checklist and the documents' dates are left to others; what is on file still counts.
	cfg.Eligibility.Enabled = false
	g = registry()
	if ana := g.Standing(id, "ana"); ana.Until != until || ana.WindowCount != 1 {
		t.Errorf("ana's dates and hours without eligibility: %+v", ana)
	}
	if bo := g.Standing(id, "bo"); bo.Marks != passage.Marks(0).With(passage.Blocked) {
		t.Errorf("bo without eligibility: %+v", bo)
	}
}

// revoked says that one person is revoked.
type revoked struct{ person string }

func (r revoked) Revoked(person string) bool { return person == r.person }
func (revoked) Stale() bool                  { return false }
