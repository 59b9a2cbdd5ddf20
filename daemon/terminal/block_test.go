package terminal

import (
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/daemon/local"
	"umbral/daemon/passage"
)

// A block keeps a person out under the default configuration, and everybody who looks sees it.
func TestBlockedPersonIsRefused(t *testing.T) {
	cfg := loneConfig(t, gateScene)
	enrolAna(t, cfg)
	desk, err := OpenDesk(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.EditFile("ana-4711", local.FileEdit{Change: "block", By: "clerk", Reason: "lost the card"}); err != nil {
		t.Fatal(err)
	}
	if p, err := desk.Person("ana-4711"); err != nil || p.Status != statusBlocked {
		t.Errorf("status %q, %v", p.Status, err)
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	term, _ := started(t, cfg)
	until(t, "a verdict", 30*time.Second, func() bool { return len(term.view.recent()) > 0 })
	if v := term.view.recent()[0]; v.verdict != passage.Deny || v.reason != passage.ReasonBlocked || v.person != "ana-4711" {
		t.Errorf("%v %v %q", v.verdict, v.reason, v.person)
	}
	if s := term.door.State(); s.Relay {
		t.Error("the relay is energised for somebody who is blocked")
	}
}

// The rules look up everybody's standing, whatever the configuration turns off.
func TestStandingIsAlwaysAsked(t *testing.T) {
	cfg := loneConfig(t, gateScene)
	for _, on := range []bool{false, true} {
		cfg.Eligibility.Enabled = on
		r := eligibilityOf(&cfg.Eligibility)
		if !r.Ask || r.TrustAlways != on || (r.MinAge > 0) != on || r.Trust != policy.TrustRTC {
			t.Errorf("enabled %v: %+v", on, r)
		}
	}
}

// Who is blocked while the terminal runs is searched as such from then on, and the decision hears of every change.
func TestBlockIsNoted(t *testing.T) {
	cfg := loneConfig(t, gateScene)
	enrolAna(t, cfg)
	desk, err := OpenDesk(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	if err := desk.see(); err != nil {
		t.Fatal(err)
	}
	told := 0
	desk.people.changed = func() { told++ }
	p := desk.people
	refs, err := p.store.References("ana-4711")
	if err != nil {
		t.Fatal(err)
	}
	barred := func() string {
		m, err := p.gallery.Barred(refs[0].Template, "")
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
		if err := p.editFile("ana-4711", e); err != nil {
			t.Fatal(err)
		}
	}
	edit(local.FileEdit{Change: "block", Reason: "lost the card"})
	if barred() != "ana-4711" {
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
	if _, err := p.erase("ana-4711", "asked to"); err != nil || told != 1 {
		t.Errorf("told %d times of an erasure, %v", told, err)
	}
}
