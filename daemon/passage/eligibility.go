package passage

import (
	"time"

	"umbral/config/policy"
)

// Eligibility is which standing a grant needs. The zero value asks for none.
type Eligibility struct {
	// Ask looks up the standing of whoever is recognised before a grant.
	Ask bool `json:"ask"`
	// MinAge in years: who is younger needs a guardian. 0 asks for no age.
	MinAge int `json:"min_age,omitempty"`
	// AgeRequired refuses people whose birth date is not known; otherwise an unknown age is none that stands against them.
	AgeRequired bool `json:"age_required,omitempty"`
	// GuardianNamed lets a minor pass alone whose credential names a guardian who is enrolled; otherwise the guardian has
	// to pass at the same gate in the same passage, within GuardianTimeout.
	GuardianNamed   bool          `json:"guardian_named,omitempty"`
	GuardianTimeout time.Duration `json:"guardian_timeout,omitempty"`
	// Passback refuses people who are already inside.
	Passback bool `json:"passback,omitempty"`
	// Trust is the least trust in the clock with which ages, dates and hours are judged. TrustAlways asks it for people
	// without any of these, too.
	Trust       policy.Trust `json:"trust,omitempty"`
	TrustAlways bool         `json:"trust_always,omitempty"`
}

// maxAge bounds MinAge.
const maxAge = 120

// local returns the wall clock's time in the terminal's zone.
func (c clock) local(now Instant) time.Time {
	return time.UnixMicro(c.wallAt(now)).UTC().Add(time.Duration(c.offset) * time.Minute)
}

// ineligible returns the reasons barring s, and whether a guardian is required.
func (m *Machine) ineligible(now Instant, s *Standing) (reasons []Reason, guardian bool) {
	rules, wall := m.rules.Eligibility, m.clock.local(now)
	for _, against := range []struct {
		is     bool
		reason Reason
	}{
		{s.Marks.Has(Blocked), ReasonBlocked},
		{s.Marks.Has(Revoked), ReasonRevoked},
		{s.Marks.Has(RevocationStale), ReasonRevocationStale},
		{s.Marks.Has(Incomplete), ReasonIncomplete},
		{s.Marks.Has(Inside) && rules.Passback, ReasonPassback},
	} {
		if against.is {
			reasons = append(reasons, against.reason)
		}
	}
	timed := s.From != 0 || s.Until != 0 || s.WindowCount > 0 || rules.MinAge > 0 && s.BornKnown
	if (timed || rules.TrustAlways) && m.clock.trust < rules.Trust {
		return append(reasons, ReasonClockUntrusted), false
	}
	ms := m.clock.wallAt(now) / 1000
	if s.From != 0 && ms < s.From {
		reasons = append(reasons, ReasonNotYetValid)
	}
	if s.Until != 0 && ms >= s.Until {
		reasons = append(reasons, ReasonExpired)
	}
	if s.WindowCount > 0 && !s.open(wall) {
		reasons = append(reasons, ReasonOutsideHours)
	}
	age, known := s.Age(wall)
	switch {
	case rules.MinAge == 0:
	case s.Marks.Has(BirthUnreadable):
		reasons = append(reasons, ReasonBirthUnreadable)
	case !known && rules.AgeRequired:
		reasons = append(reasons, ReasonAgeUnknown)
	case known && age < rules.MinAge && !(rules.GuardianNamed && s.Marks.Has(GuardianNamed)):
		if s.Guardians == [MaxGuardians]string{} || len(reasons) > 0 {
			reasons = append(reasons, ReasonUnderAge)
		} else {
			guardian = true
		}
	}
	return reasons, guardian
}

// open reports whether one of the windows holds the local time.
func (s *Standing) open(local time.Time) bool {
	minute := uint16(local.Hour()*60 + local.Minute())
	for i := range s.WindowCount {
		if s.Windows[i].Holds(local.Weekday(), minute) {
			return true
		}
	}
	return false
}
