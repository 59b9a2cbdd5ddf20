package eligibility

import (
	"testing"
	"time"

	"umbral/daemon/evidence"
	"umbral/daemon/passage"
)

// lists are revocations.
type lists struct{ revoked, stale bool }

func (l lists) Revoked(person string) bool { return l.revoked && person == "ana" }
func (l lists) Stale() bool                { return l.stale }

// Each thing that stands against a person does so alone, in their own passage and for nobody else.
func TestStandingOfEachCause(t *testing.T) {
	id, other := passage.ID{Boot: 1, Number: 1}, passage.ID{Boot: 1, Number: 2}
	for name, c := range map[string]struct {
		file      passage.Marks // of ana
		claim     string        // whose document was shown
		passage   passage.ID
		documents bool
		lists     lists
		want      passage.Marks
		until     int64
	}{
		"nothing":                       {passage: id, documents: true},
		"the file":                      {file: passage.Marks(0).With(passage.Blocked), passage: id, want: passage.Marks(0).With(passage.Blocked)},
		"her document":                  {claim: "ana", passage: id, documents: true, want: passage.Marks(0).With(passage.BirthUnreadable), until: 7},
		"documents don't count":         {claim: "ana", passage: id},
		"somebody else's document":      {claim: "bo", passage: id, documents: true},
		"a document of another passage": {claim: "ana", passage: other, documents: true},
		"revoked":                       {lists: lists{revoked: true}, passage: id, want: passage.Marks(0).With(passage.Revoked)},
		"stale":                         {lists: lists{stale: true}, passage: id, want: passage.Marks(0).With(passage.RevocationStale)},
	} {
		claims := new(evidence.Claims)
		if c.claim != "" {
			marked := passage.Standing{Person: c.claim, Marks: passage.Marks(0).With(passage.BirthUnreadable), Until: 7}
			claims.Add(evidence.Claim{Passage: id, Subject: c.claim, Standing: marked})
		}
		r := New(Opts{
			File:   func(person string) passage.Standing { return passage.Standing{Person: "file", Marks: c.file} },
			Claims: claims, Revocations: c.lists, Documents: c.documents,
		})
		s := r.Standing(c.passage, "ana")
		if s.Person != "ana" || s.Marks != c.want || s.Until != c.until {
			t.Errorf("%s: %+v, want marks %v, until %d", name, s, c.want, c.until)
		}
	}
}

// A day that can't be read opens nothing, on either side.
func TestDatesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		from, until string
		blocked     bool
	}{
		{"", "", false}, {"2026-01-01", "", false}, {"", "2026-01-01", false}, {"yesterday", "", true}, {"", "2026-13-01", true},
	} {
		var s passage.Standing
		SetDates(&s, c.from, c.until, time.UTC)
		if s.Marks.Has(passage.Blocked) != c.blocked || !c.blocked && (s.From != 0) != (c.from != "") || !c.blocked && (s.Until != 0) != (c.until != "") {
			t.Errorf("%q to %q: %+v", c.from, c.until, s)
		}
	}
}
