package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExportHasAllOfAPerson exports somebody who is in everything, and looks for each thing in both forms.
func TestExportHasAllOfAPerson(t *testing.T) {
	s, _ := visited(t, testOpts())
	err := errors.Join(
		s.SetSecret("ana-4711", "clerk", []byte("a very secret secret")),
		s.PutPerson(Person{ID: "ana-4711", Name: "Ana \x1b[31m Ruiz", Fields: json.RawMessage(`{"department":"lab"}`)}),
		s.Enrol(Person{ID: "ward"}, nil),
		s.SetEligibility("ward", "clerk", Eligibility{Guardians: []string{"ana-4711"}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	appended(t, s, "passage", `{"person":"p-001","verdict":"deny"}`)
	e, err := s.Export("ana-4711")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, x := range e.Entries {
		kinds[x.Kind]++
	}
	want := map[string]int{"passage": 2, KindFile: 3} // her visits; tick, block, secret
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if len(e.References) != 2 || len(e.References[0].Template) != 4*16 || len(e.References[1].Template) != 300 || len(e.Reviews) != 1 {
		t.Errorf("%d references, %d reviews", len(e.References), len(e.Reviews))
	}
	if diff := cmp.Diff([]string{"p-001", "ward"}, e.File.Guards); diff != "" {
		t.Errorf("guardian of (-want +got):\n%s", diff)
	}
	asJSON, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := e.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{string(asJSON), text.String()} {
		for _, word := range []string{"ana-4711", "Ruiz", "department", "consent.face", "lost the card", "finger", "1-1", "ward", e.Alias} {
			if !strings.Contains(form, word) {
				t.Errorf("%q is missing in:\n%s", word, form)
			}
		}
		for _, word := range []string{"a very secret secret", "YSB2ZXJ5IHNlY3JldCBzZWNyZXQ", "visitor-", "1-2", "\x1b"} {
			if strings.Contains(form, word) {
				t.Errorf("%q is in it:\n%s", word, form)
			}
		}
	}
	var again Export
	if err := json.Unmarshal(asJSON, &again); err != nil || again.Person.ID != e.Person.ID || len(again.Entries) != len(e.Entries) || again.File.SecretBytes != 20 {
		t.Errorf("read again: %+v, %v", again, err)
	}
	if _, err := s.Export("nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// TestExportOfALittleKnownPersonReadsWell exports somebody of whom little is known.
func TestExportOfALittleKnownPersonReadsWell(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	e, err := s.Export("p-001")
	if err != nil {
		t.Fatal(err)
	}
	e.Alias = "~alias"
	var text strings.Builder
	if err := e.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	want := `What this terminal holds about p-001, as of 2026-03-01 12:00:00 UTC (clock: ntp)

Person
  id        p-001
  name      Name 1
  status    active
  enrolled  1970-01-01 00:00:00 UTC
  alias     ~alias: what the journal calls the person

Enrolment file
  born not known, valid from any day to any day
  guardians: none; guardian of: nobody
  schedule: none; occasion: none
  secret of one-time passwords: none

Biometric references: 0

Reviews: 0

Journal: 0
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b, err := json.Marshal(e); err != nil || !bytes.Contains(b, []byte(`"references":[],"reviews":[],"entries":[]`)) {
		t.Errorf("%s, %v", b, err)
	}
}
