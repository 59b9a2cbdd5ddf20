// Package eligibility tells what is on file about a person: by the enrolment here, by the documents of the passage, and by
// the signed list of revocations.
package eligibility

import (
	"time"

	"umbral/daemon/evidence"
	"umbral/daemon/passage"
)

// Revocations says what is known of revocations.
type Revocations interface {
	// Revoked reports whether somebody was revoked by the id under which the terminal knows them.
	Revoked(person string) bool
	// Stale reports whether a revocation may be missing.
	Stale() bool
}

// Opts is what a Registry is made of.
type Opts struct {
	// File returns what the enrolment here says of a person. What can't be read has to stand against them.
	File        func(person string) passage.Standing
	Claims      *evidence.Claims
	Revocations Revocations
	// Documents says that what documents tell of a person counts beyond the document's own verification.
	Documents bool
}

// Registry answers the decision's question about a person.
type Registry struct{ o Opts }

// New returns a registry.
func New(o Opts) *Registry { return &Registry{o} }

// Standing returns what is on file about a person, in a passage.
func (r *Registry) Standing(id passage.ID, person string) passage.Standing {
	s := r.o.File(person)
	s.Person = person
	if c, ok := r.o.Claims.Of(id); r.o.Documents && ok && c.Subject == person {
		s = evidence.Stricter(s, c.Standing)
	}
	if r.o.Revocations.Revoked(person) {
		s.Marks = s.Marks.With(passage.Revoked)
	}
	if r.o.Revocations.Stale() {
		s.Marks = s.Marks.With(passage.RevocationStale)
	}
	return s
}

// SetDates bounds a standing by the days from which and until which somebody may pass, the last one included, as a file
// has them (YYYY-MM-DD, empty for no bound). A day that can't be read opens nothing.
func SetDates(s *passage.Standing, from, until string, loc *time.Location) {
	if from != "" {
		if d, err := time.Parse(time.DateOnly, from); err == nil {
			s.From = evidence.DayBegins(d.Year(), d.Month(), d.Day(), loc).UnixMilli()
		} else {
			s.Marks = s.Marks.With(passage.Blocked)
		}
	}
	if until != "" {
		if d, err := time.Parse(time.DateOnly, until); err == nil {
			s.Until = evidence.DayBegins(d.Year(), d.Month(), d.Day()+1, loc).UnixMilli()
		} else {
			s.Marks = s.Marks.With(passage.Blocked)
		}
	}
}
