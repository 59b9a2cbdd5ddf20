package desk

import (
	"crypto/ed25519"
	"testing"
	"time"

	"umbral/config"
	"umbral/daemon/enrolment"
	"umbral/daemon/frames"
	"umbral/daemon/local"
	"umbral/daemon/state"
	"umbral/daemon/store"
	"umbral/pipeline/gallery"
)

// bench is a desk without models, camera and sensor, and the gallery of its people.
type clerksBench struct {
	*Desk
	faces *gallery.Gallery
}

// clerks returns a desk over a new store; changed is told as the decision would be.
func clerks(t *testing.T, changed func()) clerksBench {
	t.Helper()
	o := store.DefaultOpts()
	o.Key = store.Key{1}
	o.Clock = func() (time.Time, string) { return time.Now(), store.TrustNTP }
	s, _, err := store.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	faces := gallery.New(10)
	r, err := enrolment.NewRegister(enrolment.RegisterOpts{Store: s, Gallery: faces, Key: o.Key, Eligibility: new(config.Eligibility), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p, err := enrolment.New(enrolment.Opts{Register: r, Models: &frames.Models{Feature: "model"}, Changed: changed, Forget: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Opts{Store: s, People: p, Identity: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))})
	if err != nil {
		t.Fatal(err)
	}
	return clerksBench{d, faces}
}

// enrolledFace stores ana with one reference, lets it be searched and returns it.
func enrolledFace(t *testing.T, d clerksBench) []float32 {
	t.Helper()
	template := make([]float32, 512)
	template[0] = 1
	ref := store.Reference{Template: template, Model: "model", Source: "test", Created: time.Now()}
	person := store.Person{ID: "ana", Created: time.Now(), Status: store.StatusActive}
	if err := d.store.Enrol(person, []store.Reference{ref}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.people.Load(); err != nil {
		t.Fatal(err)
	}
	return template
}

// Who is blocked while the terminal runs is searched as such from then on, and the decision hears of every change.
func TestBlockIsNoted(t *testing.T) {
	told := 0
	d := clerks(t, func() { told++ })
	faces := d.faces
	template := enrolledFace(t, d)
	barred := func() string {
		m, err := faces.Barred(template, "")
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	if barred() != "" {
		t.Errorf("nobody is blocked, but %s is barred", barred())
	}
	edit := func(e local.FileEdit) {
		t.Helper()
		e.By = "clerk"
		if _, err := d.EditFile("ana", e); err != nil {
			t.Fatal(err)
		}
	}
	edit(local.FileEdit{Change: "block", Reason: "lost the card"})
	if barred() != "ana" {
		t.Error("a blocked person is not barred")
	}
	edit(local.FileEdit{Change: "unblock"})
	if barred() != "" {
		t.Error("a block that was taken back still bars")
	}
	if told == 0 {
		t.Error("the decision was not told")
	}
	told = 0
	day := "2030-01-01"
	edit(local.FileEdit{Change: "details", Details: &local.Details{ValidUntil: &day}})
	if told != 1 {
		t.Errorf("told %d times of new dates, want once", told)
	}
	told = 0
	if _, err := d.Erase("ana", "asked to"); err != nil || told != 1 {
		t.Errorf("told %d times of an erasure, %v", told, err)
	}
}

// TestAWithdrawnConsentTakesTheFaceOutOfUse withdraws a consent, gives it again, and withdraws it behind the back of the
// running terminal.
func TestAWithdrawnConsentTakesTheFaceOutOfUse(t *testing.T) {
	told := 0
	d := clerks(t, func() { told++ })
	p := d.people
	enrolledFace(t, d)
	edit := func(change string) {
		t.Helper()
		told = 0
		if _, err := d.EditFile("ana", local.FileEdit{Change: change, By: "clerk", Item: "consent.face"}); err != nil {
			t.Fatal(err)
		}
		if told == 0 {
			t.Errorf("nobody was told of the %s", change)
		}
	}
	for _, step := range []struct {
		change string
		used   bool
	}{{"tick", true}, {"untick", false}, {"tick", true}, {"tick", true}, {"untick", false}} {
		edit(step.change)
		if got := d.faces.Has("ana"); got != step.used {
			t.Errorf("after the %s the face is searched: %t", step.change, got)
		}
	}
	if _, err := p.Load(); err != nil || d.faces.Has("ana") {
		t.Errorf("after a start the face is searched: %v", err)
	}
	edit("tick")
	if err := d.store.Untick("ana", "consent.face", "clerk"); err != nil {
		t.Fatal(err)
	}
	told = 0
	if _, err := p.EndConsents(); err != nil || d.faces.Has("ana") || told == 0 {
		t.Errorf("the face is still searched: %t, told %d times, %v", d.faces.Has("ana"), told, err)
	}
	if c := p.Counted(); c == nil || c.People != 1 || c.ConsentsEnded > 1 {
		t.Errorf("census %+v", c)
	}
}

// TestReceiptIsSigned verifies what the terminal signs with the key that it tells.
func TestReceiptIsSigned(t *testing.T) {
	cfg := config.Default()
	cfg.Terminal.StateDir = t.TempDir()
	desk, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	if err := desk.store.Enrol(store.Person{ID: "ana", Created: time.Now()}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := desk.Erase("ana", "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := state.Identity(cfg)
	if err != nil || e.Public != public || !e.Scrubbed {
		t.Errorf("%+v, %v; the terminal's key is %s", e, err, public)
	}
	if r, err := store.ParseReceipt([]byte(e.Statement)); err != nil || r.Person != "ana" || r.Position.String() != e.Position {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := desk.Erase("ana", ""); err == nil {
		t.Error("erased twice")
	}
	if _, err := desk.Export("ana"); err == nil {
		t.Error("exported after the erasure")
	}
}
