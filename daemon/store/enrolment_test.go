package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEnrolmentFile(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock = clock.read
	s := opened(t, dir, o)
	who := person(1).ID
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	if f, err := s.File(who); err != nil || !cmp.Equal(f, File{}) {
		t.Errorf("%+v, %v", f, err)
	}
	secret := bytes.Repeat([]byte("secret"), 4)
	want := File{
		Eligibility: Eligibility{Born: "2012-02-29", ValidFrom: "2026-01-01", ValidUntil: "2031-01-01", Guardians: []string{"ben"}, Schedule: "weekdays"},
		Blocked:     &Block{Since: clock.now, Reason: "card stolen", By: "office"}, Secret: secret, Occasion: Renewal,
		Ticks: []Tick{{Item: "consent.face", By: "clerk", At: clock.now}, {Item: ItemFingerprints, By: "clerk", At: clock.now, Note: "both hands"}},
	}
	err := errors.Join(
		s.SetEligibility(who, "clerk", want.Eligibility),
		s.SetSecret(who, "clerk", secret),
		s.Tick(who, Tick{Item: ItemPhotographReceipt, By: "clerk"}),
		s.Tick(who, Tick{Item: "consent.face", By: "clerk"}),
		s.SetOccasion(who, "clerk", Renewal), // takes back all but consent
		s.Tick(who, Tick{Item: ItemFingerprints, By: "clerk", Note: "one hand"}),
		s.Tick(who, Tick{Item: ItemFingerprints, By: "clerk", Note: "both hands"}),
		s.Tick(who, Tick{Item: ItemPreviousCard, By: "clerk"}),
		s.Untick(who, ItemPreviousCard, "clerk"),
		s.Block(who, "office", "card lost"),
	)
	clock.add(time.Hour)
	if err := errors.Join(err, s.Block(who, "office", "card stolen")); err != nil {
		t.Fatal(err)
	}
	killed(s)
	s = opened(t, dir, o)
	f, err := s.File(who)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := s.Unblock(who, "office"); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range entries(t, s) {
		if e.Kind != KindFile {
			continue
		}
		if bytes.Contains(e.Payload, []byte(who)) {
			t.Errorf("the journal names the person: %s", e.Payload)
		}
		e = s.Named(e)
		var f FileEntry
		if err := json.Unmarshal(e.Payload, &f); err != nil || f.Person != who {
			t.Errorf("%s: %v", e.Payload, err)
		}
		for _, private := range []string{"2012", "secretsecret", "hand", "ben"} {
			if bytes.Contains(e.Payload, []byte(private)) {
				t.Errorf("the journal has %q: %s", private, e.Payload)
			}
		}
		told = append(told, strings.TrimSpace(fmt.Sprint(f.Change, " ", f.By, " ", f.Item, f.Reason, f.Occasion)))
	}
	if diff := cmp.Diff([]string{
		"eligibility clerk", "secret clerk", "tick clerk photograph-receipt", "tick clerk consent.face", "occasion clerk renewal",
		"tick clerk fingerprints", "tick clerk fingerprints", "tick clerk previous-card", "untick clerk previous-card",
		"block office card lost", "block office card stolen", "unblock office",
	}, told); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestFileRefusesWhatBreaksItsLimits(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	who := person(1).ID
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	before, _ := s.Head()
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct{ got, want error }{
		"nobody's tick":      {s.Tick("nobody", Tick{Item: "a", By: "c"}), ErrNotFound},
		"nobody's block":     {s.Block("nobody", "c", "why"), ErrNotFound},
		"tick by nobody":     {s.Tick(who, Tick{Item: "a"}), ErrInvalid},
		"tick of nothing":    {s.Tick(who, Tick{By: "c"}), ErrInvalid},
		"tick in capitals":   {s.Tick(who, Tick{Item: "A", By: "c"}), ErrInvalid},
		"long item":          {s.Tick(who, Tick{Item: long, By: "c"}), ErrInvalid},
		"long note":          {s.Tick(who, Tick{Item: "a", By: "c", Note: long}), ErrInvalid},
		"no tick to untick":  {s.Untick(who, "a", "c"), ErrNotFound},
		"no block to lift":   {s.Unblock(who, "c"), ErrNotFound},
		"block without why":  {s.Block(who, "c", ""), ErrInvalid},
		"block in bad UTF-8": {s.Block(who, "c", "\xff"), ErrInvalid},
		"short secret":       {s.SetSecret(who, "c", make([]byte, MinSecret-1)), ErrInvalid},
		"long secret":        {s.SetSecret(who, "c", make([]byte, MaxSecret+1)), ErrInvalid},
		"occasion":           {s.SetOccasion(who, "c", "party"), ErrInvalid},
		"no day":             {s.SetEligibility(who, "c", Eligibility{Born: "2023-02-29"}), ErrInvalid},
		"day too old":        {s.SetEligibility(who, "c", Eligibility{Born: "1849-12-31"}), ErrInvalid},
		"ends before begin":  {s.SetEligibility(who, "c", Eligibility{ValidFrom: "2026-01-02", ValidUntil: "2026-01-01"}), ErrInvalid},
		"own guardian":       {s.SetEligibility(who, "c", Eligibility{Guardians: []string{who}}), ErrInvalid},
		"guardian twice":     {s.SetEligibility(who, "c", Eligibility{Guardians: []string{"a", "a"}}), ErrInvalid},
		"many guardians":     {s.SetEligibility(who, "c", Eligibility{Guardians: []string{"a", "b", "c", "d", "e"}}), ErrInvalid},
		"schedule":           {s.SetEligibility(who, "c", Eligibility{Schedule: "Week Days"}), ErrInvalid},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if after, _ := s.Head(); after != before {
		t.Errorf("what was refused is in the journal: %v, was %v", after, before)
	}
	for i := range MaxTicks {
		if err := s.Tick(who, Tick{Item: fmt.Sprint(i), By: "c"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Tick(who, Tick{Item: "more", By: "c"}); !errors.Is(err, ErrFull) {
		t.Errorf("one tick too many: %v", err)
	}
	if err := s.Tick(who, Tick{Item: "3", By: "d"}); err != nil {
		t.Errorf("a tick that is there already: %v", err)
	}
}

// TestErasingAPersonDestroysTheFile looks for the sealed bytes of a file in every file of the store.
func TestErasingAPersonDestroysTheFile(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, testOpts())
	who := person(1).ID
	if err := errors.Join(s.Enrol(person(1), nil), s.SetSecret(who, "c", make([]byte, 32)), s.makeCopy()); err != nil {
		t.Fatal(err)
	}
	sealed := bytes.Clone(storedFile(t, s, who))
	if len(sealed) == 0 {
		t.Fatal("no file is stored")
	}
	if r, err := s.Erase(who, ""); err != nil || !r.Scrubbed {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := s.File(who); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if b, err := os.ReadFile(name); err != nil || bytes.Contains(b, sealed) {
			t.Errorf("%s still has the file (%v)", name, err)
		}
	}
}

func storedFile(t *testing.T, s *Store, id string) (v []byte) {
	t.Helper()
	tx, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	return bytes.Clone(get(tx, bucketFiles, s.keys.tag(id)))
}

func TestChecklist(t *testing.T) {
	list, err := ParseChecklist([]string{
		"photograph-receipt", " proof-of-kinship if minor ", "previous-card if renewal or replacement", "consent.face",
	})
	if err != nil {
		t.Fatal(err)
	}
	today := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		file File
		want []string
	}{
		{File{}, []string{"photograph-receipt", "proof-of-kinship", "consent.face"}},
		{File{Eligibility: Eligibility{Born: "2010-03-01"}}, []string{"photograph-receipt", "consent.face"}},
		{File{Eligibility: Eligibility{Born: "2010-03-02"}, Occasion: Replacement}, []string{"photograph-receipt", "proof-of-kinship", "previous-card", "consent.face"}},
		{File{Eligibility: Eligibility{Born: "1990-01-01"}, Occasion: Renewal, Ticks: []Tick{{Item: "previous-card"}, {Item: "consent.voice"}}}, []string{"photograph-receipt", "consent.face"}},
		{File{Eligibility: Eligibility{Born: "1990-01-01"}, Ticks: []Tick{{Item: "photograph-receipt"}, {Item: "consent.face"}}}, nil},
	} {
		if got := list.Missing(c.file, today); !slices.Equal(got, c.want) {
			t.Errorf("%+v misses %q, want %q", c.file, got, c.want)
		}
	}
	for _, bad := range [][]string{
		{""}, {"Form"}, {"form if"}, {"form if party"}, {"form when minor"}, {"form if minor or"}, {"form if minor and renewal"}, {"form or minor"},
		{"form", "form if minor"}, make([]string, MaxRequirements+1), {strings.Repeat("x", MaxItem+1)},
	} {
		if l, err := ParseChecklist(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %+v, %v", bad, l, err)
		}
	}
}

func TestAgeOn(t *testing.T) {
	for _, c := range []struct {
		born, on string
		years    int
		known    bool
	}{
		{"2010-03-01", "2026-02-28", 15, true}, {"2010-03-01", "2026-03-01", 16, true}, {"2008-02-29", "2025-02-28", 16, true},
		{"2008-02-29", "2025-03-01", 17, true}, {"2026-03-01", "2026-03-01", 0, true}, {"2026-03-02", "2026-03-01", -1, false},
		{"", "2026-03-01", 0, false}, {"2010-02-30", "2026-03-01", 0, false},
	} {
		on, err := time.Parse(day, c.on)
		if err != nil {
			t.Fatal(err)
		}
		if years, known := AgeOn(c.born, on); years != c.years || known != c.known {
			t.Errorf("born %q: %d, %v on %s, want %d, %v", c.born, years, known, c.on, c.years, c.known)
		}
	}
}

func FuzzChecklist(f *testing.F) {
	f.Add("photograph-receipt\nproof-of-kinship if minor\nprevious-card if renewal or replacement")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseChecklist(strings.Split(text, "\n"))
		if err != nil {
			return
		}
		for _, r := range list {
			if !validItem(r.Item) || len(r.When) > 0 && slices.Contains(r.When, "") {
				t.Fatalf("%q gives %+v", text, list)
			}
		}
		list.Missing(File{}, time.Unix(0, 0))
	})
}
