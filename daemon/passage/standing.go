package passage

import (
	"time"

	"umbral/config/policy"
	"umbral/config/policy/enum"
)

// Limits of a standing.
const (
	MaxGuardians = 4
	MaxWindows   = 4
)

// Standing is what is on file about a person, beside how they are recognised: by the terminal's enrolment, by a
// verified credential or by a card. Zero values stand for "nothing is said".
type Standing struct {
	Person string
	// Born is the birth date in days since 1970-01-01; BornKnown says that it is known.
	Born      int32
	BornKnown bool
	// Marks are what stands against the person, or for the place where they are.
	Marks Marks
	// From and Until bound when the person may pass: Unix time in milliseconds, 0 for no bound.
	From, Until int64
	// Guardians are the people who may vouch for a minor.
	Guardians [MaxGuardians]string
	// Windows are the hours in which the person may pass; none at all means always.
	Windows     [MaxWindows]policy.Window
	WindowCount int
}

// Mark is one thing that is on file about a person.
type Mark uint8

// The marks.
const (
	Blocked         Mark = iota // by the operator
	Revoked                     // the credential or the person is on the revocation list
	RevocationStale             // the revocation list is older than it may be
	Incomplete                  // the enrolment's checklist is not complete
	Inside                      // has already gone in and not come out
	GuardianNamed               // the credential names a guardian who is enrolled here
	BirthUnreadable             // a birth date is given that cannot be read
	markCount
)

var markNames = []string{"blocked", "revoked", "revocation-stale", "incomplete", "inside", "guardian-named", "birth-date-unreadable"}

// String returns the mark's code.
func (k Mark) String() string { return enum.Name(markNames, k) }

// Marks is a set of marks.
type Marks uint8

// With returns the set with k in it.
func (s Marks) With(k Mark) Marks { return s | 1<<k }

// Has reports whether k is in the set.
func (s Marks) Has(k Mark) bool { return s&(1<<k) != 0 }

// normalise drops what cannot be journalled or means nothing, always to the person's disadvantage: a window that means
// nothing opens nothing.
func (s *Standing) normalise() bool {
	if s.Person == "" || !validName(s.Person) {
		return false
	}
	s.Marks &= 1<<markCount - 1
	s.WindowCount = max(0, min(s.WindowCount, MaxWindows))
	for i := range s.Windows {
		if i >= s.WindowCount || !s.Windows[i].Check() {
			s.Windows[i] = policy.Window{}
		}
	}
	for i, g := range s.Guardians {
		if !validName(g) {
			s.Guardians[i] = ""
		}
	}
	if !s.BornKnown {
		s.Born = 0
	}
	s.From, s.Until = clampWall(s.From), clampWall(s.Until)
	return true
}

func clampWall(ms int64) int64 { return max(-maxSetWall, min(ms, maxSetWall)) }

// vouches reports whether a person is one of the guardians.
func (s *Standing) vouches(person string) bool {
	for _, g := range s.Guardians {
		if g == person && g != "" {
			return true
		}
	}
	return false
}

// Age returns the age in whole years at a wall time, negative before the birth; ok is false where the birth date is
// unknown.
func (s *Standing) Age(wall time.Time) (years int, ok bool) {
	if !s.BornKnown {
		return 0, false
	}
	born := time.Unix(int64(s.Born)*86_400, 0).UTC()
	years = wall.Year() - born.Year()
	if wall.Month() < born.Month() || wall.Month() == born.Month() && wall.Day() < born.Day() {
		years--
	}
	return years, true
}

// standing takes what is on file about somebody whom the machine asked for.
func (m *Machine) standing(now Instant, o *Observation) {
	if !o.Standing.normalise() {
		return
	}
	m.standingOfReview(now, o)
	if !m.collecting && (m.rules.Fresh == 0 || !m.openings[forPassage].active) {
		return
	}
	a := &m.now
	for i := range a.asked {
		if a.asked[i] != o.Standing.Person {
			continue
		}
		if !m.collecting {
			m.answered(now, forPassage, &a.standings[i], o)
			return
		}
		m.note(now, o)
		a.standings[i], a.stands[i] = o.Standing, true
		if a.confirm.answered(now, a) {
			m.confirmed(now)
		} else {
			m.decide(now, false)
		}
		m.checkRoom(now)
		return
	}
}

// askEarly asks for what is on file as soon as somebody is recognised, so that the answer is there when it is needed.
func (m *Machine) askEarly() {
	if person := m.subject(); m.collecting && m.rules.Eligibility.Ask && person != "" {
		m.standingOf(person)
	}
}

// forgetStandings forgets whom was asked for: the passage is about somebody else now.
func (a *attempt) forgetStandings() {
	a.asked, a.standings, a.stands = [2]string{}, [2]Standing{}, [2]bool{}
}

// standingOf returns what is on file about a person; it asks for it the first time. ok is false until the answer is
// there.
func (m *Machine) standingOf(person string) (s *Standing, ok bool) {
	a := &m.now
	for i := range a.asked {
		switch a.asked[i] {
		case person:
			return &a.standings[i], a.stands[i]
		case "":
			a.asked[i] = person
			m.lookUp(forPassage, person)
			return nil, false
		}
	}
	return nil, false
}
