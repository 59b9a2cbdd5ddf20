package terminal

import (
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet/link"
)

func TestLinkConditions(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	up := link.Stats{Connected: true}
	with := func(f func(*link.Stats)) link.Stats { s := up; f(&s); return s }
	for _, c := range []struct {
		name string
		s    link.Stats
		kind conditionKind // the only one
		want string
	}{
		{"all is well", up, conditionKind{}, ""},
		{"not connected", link.Stats{LastError: "refused"}, conditionBroker, "5 entries wait. refused"},
		{"swallowed", with(func(s *link.Stats) { s.EventError = "not handed back" }), conditionEvents, "5 entries wait. not handed back"},
		{"unreadable", with(func(s *link.Stats) { s.CredentialError = "gate.pem: no such file" }), conditionCertificate, "gate.pem"},
		{"ends in 15 days", with(func(s *link.Stats) { s.CertificateExpires = now.AddDate(0, 0, 15) }), conditionKind{}, ""},
		{"ends in 13 days", with(func(s *link.Stats) { s.CertificateExpires = now.AddDate(0, 0, 13) }), conditionCertificate, "ends on 2026-03-14"},
		{"has ended", with(func(s *link.Stats) { s.CertificateExpires = now.Add(-time.Hour) }), conditionCertificate, "has ended on 2026-03-01"},
		{"taken over", with(func(s *link.Stats) { s.Rival, s.RivalSeen = "another", now.Add(-14*time.Minute) }), conditionRival, "another"},
		{"taken over long ago", with(func(s *link.Stats) { s.Rival, s.RivalSeen = "another", now.Add(-15*time.Minute) }), conditionKind{}, ""},
	} {
		h := newHealth(func() time.Time { return now })
		term := &vitals{health: h}
		term.putLinkConditions(c.s, 5, now)
		for code, got := range h.current {
			if code != c.kind.code || !strings.Contains(got.text, c.want) {
				t.Errorf("%s: %s: %s", c.name, code, got.text)
			}
		}
		if _, ok := h.current[c.kind.code]; ok != (c.want != "") {
			t.Errorf("%s: condition %q holds: %v", c.name, c.kind.code, ok)
		}
	}
}
