package terminal

import (
	"testing"
	"time"

	"umbral/daemon/desk"
	"umbral/daemon/local"
	"umbral/daemon/passage"
)

// A block keeps a person out under the default configuration, and everybody who looks sees it.
func TestBlockedPersonIsRefused(t *testing.T) {
	cfg := loneConfig(t, gateScene)
	enrolAna(t, cfg)
	desk, err := desk.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.EditFile("ana-4711", local.FileEdit{Change: "block", By: "clerk", Reason: "lost the card"}); err != nil {
		t.Fatal(err)
	}
	if p, err := desk.Person("ana-4711"); err != nil || p.Status != "BLOCKED" {
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
