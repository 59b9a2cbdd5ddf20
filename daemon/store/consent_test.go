package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const consentFace = ItemConsent + "face"

// consenting makes a store with somebody whose consents to a face and a finger end an hour and ten days from now.
func consenting(t *testing.T, clock *testClock) *Store {
	t.Helper()
	o := testOpts()
	o.Clock, o.EraseAfter = clock.read, 24*time.Hour
	s := opened(t, t.TempDir(), o)
	err := errors.Join(
		s.Enrol(person(1), []Reference{reference(1, 16), fingerReference(2)}),
		s.Enrol(person(2), []Reference{reference(2, 16)}), // without any tick
		s.Tick("p-001", Tick{Item: consentFace, By: "clerk", Until: clock.now.Add(time.Hour)}),
		s.Tick("p-001", Tick{Item: ItemConsent + "finger", By: "clerk", Until: clock.now.Add(10 * 24 * time.Hour)}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// usable returns whose references of a kind may be used.
func usable(t *testing.T, s *Store, kind Kind) (out []string) {
	t.Helper()
	err := s.EachReference(kind, func(p Person, _ Reference) error {
		out = append(out, p.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAReferenceIsUsedUntilItsConsentEnds(t *testing.T) {
	clock := newTestClock()
	s := consenting(t, clock)
	end := clock.now.Add(time.Hour)
	const erased, finger = 24 * time.Hour, 239 * time.Hour // after it
	look := func(when string, faces, fingers []string, want []ConsentEnd, wantNext time.Duration) {
		t.Helper()
		if diff := cmp.Diff(faces, usable(t, s, KindFace)); diff != "" {
			t.Errorf("%s, faces (-want +got):\n%s", when, diff)
		}
		if diff := cmp.Diff(fingers, usable(t, s, KindFinger)); diff != "" {
			t.Errorf("%s, fingers (-want +got):\n%s", when, diff)
		}
		got, next, err := s.EndConsents()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got): %v\n%s", when, err, diff)
		}
		if !next.Equal(end.Add(wantNext)) {
			t.Errorf("%s: looks again %v after the end, want %v", when, next.Sub(end), wantNext)
		}
	}
	both := []string{"p-001", "p-002"}
	look("before", both, both[:1], nil, 0)
	clock.add(time.Hour - 1)
	look("just before the end", both, both[:1], nil, 0)
	clock.add(1)
	look("at the end", both[1:], both[:1], []ConsentEnd{{"p-001", KindFace, end, 0}}, erased)
	if refs, err := s.References("p-001"); err != nil || len(refs) != 2 || !refs[0].Ended || refs[1].Ended {
		t.Errorf("references %+v, %v", refs, err)
	}
	clock.add(s.opts.EraseAfter - 1)
	look("just before they are erased", both[1:], both[:1], []ConsentEnd{{"p-001", KindFace, end, 0}}, erased)
	// A clock that nothing vouches for, or that is behind, erases nothing.
	clock.set(clock.now.Add(1), TrustUnknown)
	look("under an unknown clock", both[1:], both[:1], []ConsentEnd{{"p-001", KindFace, end, 0}}, finger)
	clock.set(clock.now.Add(time.Hour), TrustNTP)
	appended(t, s, "e", "")
	clock.add(-time.Hour)
	look("under a clock that is behind", both[1:], both[:1], []ConsentEnd{{"p-001", KindFace, end, 0}}, finger)
	clock.add(time.Hour)
	look("when they are erased", both[1:], both[:1], []ConsentEnd{{"p-001", KindFace, end, 1}}, finger)
	if s.Status().ScrubPending {
		t.Error("the files still hold them")
	}
	look("afterwards", both[1:], both[:1], nil, finger)
	if s.Status().ScrubPending {
		t.Error("the files still hold them")
	}
	all := entries(t, s)
	if e := s.Named(all[len(all)-1]); e.Kind != KindFile || string(e.Payload) != `{"person":"p-001","change":"consent-ended","by":"terminal","item":"consent.face"}` {
		t.Errorf("the journal ends with %s %s", e.Kind, e.Payload)
	}
}

func TestAWithdrawnConsentEndsAtOnce(t *testing.T) {
	clock := newTestClock()
	s := consenting(t, clock)
	list := Checklist{{Item: consentFace}}
	missing := func() []string {
		t.Helper()
		f, err := s.File("p-001")
		if err != nil {
			t.Fatal(err)
		}
		return list.Missing(f, clock.now)
	}
	if m := missing(); len(m) != 0 {
		t.Errorf("missing %v", m)
	}
	if err := s.Untick("p-001", consentFace, "clerk"); err != nil {
		t.Fatal(err)
	}
	f, err := s.File("p-001")
	if err != nil || len(f.Ticks) != 2 || !f.Ticks[0].Until.Equal(clock.now) || !f.Ticks[0].Ended(clock.now) {
		t.Errorf("file %+v, %v", f, err)
	}
	if m := missing(); len(m) != 1 {
		t.Errorf("missing %v", m)
	}
	if got := usable(t, s, KindFace); len(got) != 1 || got[0] != "p-002" {
		t.Errorf("usable: %v", got)
	}
	if err := s.Untick("p-001", consentFace, "clerk"); !errors.Is(err, ErrNotFound) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if err := s.Tick("p-001", Tick{Item: consentFace, By: "clerk"}); err != nil {
		t.Fatal(err)
	}
	if got := usable(t, s, KindFace); len(got) != 2 {
		t.Errorf("given again, usable: %v", got)
	}
}

// TestTheEndOfAConsentIsJournalled ticks with an end and without.
func TestTheEndOfAConsentIsJournalled(t *testing.T) {
	clock := newTestClock()
	s := consenting(t, clock)
	for until, want := range map[time.Time]string{{}: "", clock.now.Add(time.Hour): "2026-03-01T13:00:00Z"} {
		if err := s.Tick("p-002", Tick{Item: consentFace, By: "clerk", Until: until}); err != nil {
			t.Fatal(err)
		}
		all := entries(t, s)
		var e FileEntry
		if err := json.Unmarshal(all[len(all)-1].Payload, &e); err != nil || e.Until != want || e.Change != "tick" {
			t.Errorf("until %v: %s", until, all[len(all)-1].Payload)
		}
	}
}

func TestOnlyAConsentEnds(t *testing.T) {
	clock := newTestClock()
	s := consenting(t, clock)
	for name, tick := range map[string]Tick{
		"another item": {Item: ItemApplicationForm, By: "clerk", Until: clock.now.Add(time.Hour)},
		"now":          {Item: consentFace, By: "clerk", Until: clock.now},
		"before":       {Item: consentFace, By: "clerk", Until: clock.now.Add(-time.Hour)},
	} {
		if err := s.Tick("p-001", tick); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnErasureOfReferencesThatIsInterruptedIsFinished keeps the files from being rewritten.
func TestAnErasureOfReferencesThatIsInterruptedIsFinished(t *testing.T) {
	clock := newTestClock()
	s := consenting(t, clock)
	clock.add(100 * 24 * time.Hour)
	blocker := s.path(newName)
	if err := os.MkdirAll(filepath.Join(blocker, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.EndConsents(); err != nil || len(got) != 2 || got[0].Erased != 1 || got[1].Erased != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if c, err := s.Census(); err != nil || c.Unproven != 2 || !s.Status().ScrubPending {
		t.Errorf("census %+v, %v", c, err)
	}
	if err := os.RemoveAll(blocker); err != nil {
		t.Fatal(err)
	}
	if _, err := s.scrub(); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Census(); err != nil || c.Unproven != 0 || s.Status().ScrubPending {
		t.Errorf("census %+v, %v", c, err)
	}
}

func TestCensus(t *testing.T) {
	clock := newTestClock()
	s := consenting(t, clock)
	err := errors.Join(
		s.SetEligibility("p-001", "clerk", Eligibility{Born: "2010-03-02"}), // 16 tomorrow
		s.Enrol(person(3), nil),
		s.SetEligibility("p-003", "clerk", Eligibility{Born: "2010-03-01"}), // 16 today
		s.Tick("p-003", Tick{Item: ItemConsent + "photograph", By: "clerk", Until: clock.now.Add(ConsentNotice)}),
		s.Tick("p-002", Tick{Item: consentFace, By: "clerk", Until: clock.now.Add(ConsentNotice + 1)}),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := Census{People: 3, References: 3, Faces: 2, Fingers: 1, Minors: 1, Oldest: instant(7), ConsentsEnding: 2}
	if got, err := s.Census(); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	clock.add(time.Hour)
	want.ConsentsEnded, want.ConsentsEnding = 1, 3
	if got, err := s.Census(); err != nil || got != want {
		t.Errorf("an hour later %+v, %v; want %+v", got, err, want)
	}
	clock.add(ConsentNotice)
	want = Census{People: 3, References: 3, Faces: 2, Fingers: 1, Oldest: instant(7), ConsentsEnded: 2}
	if got, err := s.Census(); err != nil || got != want {
		t.Errorf("a month later %+v, %v; want %+v", got, err, want)
	}
}

// TestCensusOfAnEmptyStore counts nobody.
func TestCensusOfAnEmptyStore(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if got, err := s.Census(); err != nil || got != (Census{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFacesAreLimited(t *testing.T) {
	o, dir := testOpts(), t.TempDir()
	o.Faces = 2
	s := opened(t, dir, o)
	face, fingerOnly := []Reference{reference(1, 16)}, []Reference{fingerReference(1)}
	add := func(what string, want error, err error) {
		t.Helper()
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	again := func(id string, r Reference) error { _, err := s.AddReference(id, r); return err }
	add("first", nil, s.Enrol(person(1), face))
	add("finger", nil, s.Enrol(person(2), fingerOnly))
	add("without", nil, s.Enrol(person(3), nil))
	add("second", nil, again("p-002", reference(2, 16)))
	add("third", ErrFull, again("p-003", reference(3, 16)))
	add("third, enrolled", ErrFull, s.Enrol(person(4), face))
	add("another of the first's", nil, again("p-001", reference(4, 16)))
	add("a finger of the third's", nil, again("p-003", fingerReference(3)))
	killed(s)
	s = opened(t, dir, o)
	add("third, restarted", ErrFull, s.Enrol(person(4), face))
	add("the second's removed", nil, s.RemoveReference("p-002", 2))
	add("third", nil, s.Enrol(person(4), face))
	add("fourth", ErrFull, s.Enrol(person(5), face))
	if _, err := s.Erase("p-001", ""); err != nil {
		t.Fatal(err)
	}
	add("after an erasure", nil, s.Enrol(person(5), face))
	add("and no more", ErrFull, s.Enrol(person(6), face))
}
