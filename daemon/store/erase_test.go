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
	"go.etcd.io/bbolt"
)

// visited makes a store in which somebody came as a visitor, was enrolled under the same id, came again, was named as a
// guardian and in a review, blocked with their name in the reason, and somebody else beside.
func visited(t *testing.T, o Opts) (s *Store, dir string) {
	t.Helper()
	dir = t.TempDir()
	s = opened(t, dir, o)
	now, _ := s.clock()
	ana := Person{ID: "ana-4711", Name: "Ana Ruiz"}
	for i := range 3 * redactBatch {
		appended(t, s, "passage", fmt.Sprintf(`{"person":"visitor-%d"}`, i))
	}
	appended(t, s, "passage", `{"person":"ana-4711","verdict":"deny"}`)
	err := errors.Join(
		s.Enrol(ana, []Reference{reference(1, 16), fingerReference(2)}),
		s.Enrol(person(1), []Reference{reference(2, 16)}),
		s.SetEligibility("p-001", "clerk", Eligibility{Guardians: []string{"ana-4711", "other"}}),
		s.Tick("ana-4711", Tick{Item: "consent.face", By: "clerk"}),
		s.Block("ana-4711", "office", "Ana Ruiz (ana-4711) lost the card"),
		s.OpenReview(Review{ID: "1-1", Deadline: now.Add(time.Minute), Person: "ana-4711", Needed: 1, Statement: []byte("ana-4711")}, []byte("pictures")),
		s.OpenReview(Review{ID: "1-2", Deadline: now.Add(time.Minute), Person: "p-001", Needed: 1}, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	appended(t, s, "passage", `{"person":"ana-4711","guardian":"p-001","verdict":"grant"}`)
	return s, dir
}

// decrypted is all that the store holds, unsealed, as far as its keys go.
func decrypted(t *testing.T, s *Store) []byte {
	t.Helper()
	var all bytes.Buffer
	for _, e := range entries(t, s) {
		all.Write(e.Payload)
	}
	reviews, err := s.Reviews()
	people, peopleErr := s.People()
	if err := errors.Join(err, peopleErr); err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		f, err := s.File(p.ID)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%+v %+v\n", p, f)
	}
	fmt.Fprintf(&all, "%+v\n%+v\n", reviews, s.state.ledger)
	return all.Bytes()
}

// TestNothingNamesTheErased looks for the id and the name in everything that the store can still read.
func TestNothingNamesTheErased(t *testing.T) {
	s, dir := visited(t, testOpts())
	if got := decrypted(t, s); !bytes.Contains(got, []byte("ana-4711")) {
		t.Fatal("nothing names her before")
	}
	before := entries(t, s)
	r, err := s.Erase("ana-4711", "ana-4711, Ana Ruiz, moved away")
	if err != nil {
		t.Fatal(err)
	}
	now, _ := s.clock()
	want := Receipt{
		Person: "ana-4711", Alias: r.Alias, At: now, Clock: TrustNTP, References: 2, Faces: 1, Fingers: 1, File: true, Reviews: 1, Pictures: 1,
		Reason: r.Alias + ", " + r.Alias + ", moved away", Position: r.Position, Scrubbed: true, Entries: 1,
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
	for range 2 {
		got := decrypted(t, s)
		for _, word := range []string{"ana-4711", "Ana Ruiz"} {
			if i := bytes.Index(got, []byte(word)); i >= 0 {
				t.Errorf("%q is still there: …%s", word, got[max(0, i-80):min(len(got), i+80)])
			}
		}
		for _, word := range []string{"visitor-7", "other", "p-001"} {
			if !bytes.Contains(got, []byte(word)) {
				t.Errorf("%q is gone too", word)
			}
		}
		closed(t, s)
		s = opened(t, dir, s.opts)
	}
	// The chain is the one before, and goes on.
	after := entries(t, s)
	for i, e := range before {
		if after[i].Hash != e.Hash || after[i].Previous != e.Previous || after[i].Position != e.Position || after[i].Kind != e.Kind {
			t.Errorf("entry %v was %v", after[i].Position, e.Position)
		}
		if redacted := !bytes.Equal(after[i].Payload, e.Payload); redacted != after[i].Redacted {
			t.Errorf("entry %v: redacted %t, says %t", e.Position, redacted, after[i].Redacted)
		}
	}
	if got := after[3*redactBatch]; !got.Redacted || string(got.Payload) != fmt.Sprintf(`{"person":%q,"verdict":"deny"}`, r.Alias) {
		t.Errorf("the entry of her first visit: %s", got.Payload)
	}
	if want := s.state.bytes; want != bytesOf(t, s) {
		t.Errorf("%d bytes counted, %d held", want, bytesOf(t, s))
	}
}

// bytesOf adds up the journal's keys and values.
func bytesOf(t *testing.T, s *Store) (n int64) {
	t.Helper()
	err := s.read(func(tx *bbolt.Tx) error {
		return forEach(tx, bucketJournal, func(key, v []byte) error {
			n += int64(len(key) + len(v))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnErasureThatIsInterruptedIsFinished keeps the files from being rewritten, and restarts.
func TestAnErasureThatIsInterruptedIsFinished(t *testing.T) {
	o := testOpts()
	o.CopyEvery = time.Second
	s, dir := visited(t, o)
	blocker := filepath.Join(dir, newName)
	if err := os.MkdirAll(filepath.Join(blocker, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Erase("ana-4711", ""); err != nil || r.Scrubbed || r.Entries != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := s.Erase("p-001", ""); err != nil || r.Scrubbed {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := len(s.state.Erasing); n != 2 {
		t.Fatalf("%d erasures wait", n)
	}
	killed(s)
	if err := os.RemoveAll(blocker); err != nil {
		t.Fatal(err)
	}
	s = opened(t, dir, o)
	if !s.Status().ScrubPending || len(s.state.Erasing) != 2 {
		t.Fatal("the erasures are forgotten")
	}
	stop := running(t, s)
	eventually(t, func() bool { return !s.Status().ScrubPending })
	stop()
	if got := decrypted(t, s); bytes.Contains(got, []byte("ana-4711")) || bytes.Contains(got, []byte("p-001")) {
		t.Error("the ids are still there")
	}
}

// TestThoseErasedByAnOlderProgramAreNotNamedEither upgrades a journal in which receipts name people.
func TestThoseErasedByAnOlderProgramAreNotNamedEither(t *testing.T) {
	o := testOpts()
	s, dir := visited(t, o)
	appended(t, s, "passage", `{"person":"old-1"}`)
	appended(t, s, KindErase, `{"person":"old-1","references":2}`)
	err := s.commit(func(c *change) error { // as the older program left it
		c.next.Schema = 2
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	killed(s)
	s = opened(t, dir, o)
	if !s.Status().ScrubPending {
		t.Fatal("nothing is to be done")
	}
	// Enrolled anew under that id: what is journalled from now on is the new person's.
	if err := s.Enrol(Person{ID: "old-1"}, nil); err != nil {
		t.Fatal(err)
	}
	appended(t, s, "passage", `{"person":"old-1"}`)
	if _, err := s.scrub(); err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, e := range entries(t, s) {
		if bytes.Contains(e.Payload, []byte("old-1")) {
			t.Errorf("entry %v: %s", e.Position, e.Payload)
		}
		if string(s.Named(e).Payload) == `{"person":"old-1"}` {
			named++
		}
	}
	if named != 1 {
		t.Errorf("%d entries are the new person's, want 1", named)
	}
}

// TestAnEntryThatCannotBeRewrittenIsEmptied lets the renamer fail for an entry that names the person.
func TestAnEntryThatCannotBeRewrittenIsEmptied(t *testing.T) {
	o := testOpts()
	o.Rename = func(kind string, payload []byte, name func(string) string) ([]byte, error) {
		if kind == "odd" {
			name("ana-4711")
			return nil, errors.New("too long")
		}
		return RenameMembers(kind, payload, name)
	}
	s, _ := visited(t, o)
	odd := appended(t, s, "odd", "ana-4711 in a form of its own")
	if r, err := s.Erase("ana-4711", ""); err != nil || !r.Scrubbed || r.Entries != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	all := entries(t, s)
	i := slices.IndexFunc(all, func(e Entry) bool { return e.Position == odd })
	if len(all[i].Payload) != 0 || !all[i].Redacted {
		t.Errorf("%q", all[i].Payload)
	}
}

func TestErasuresThatWaitAreLimited(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	err := s.commit(func(c *change) error {
		for range maxErasing {
			c.pendErasure(erasure{})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(person(1).ID, ""); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if _, err := s.scrub(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(person(1).ID, ""); err != nil {
		t.Errorf("when they are done: %v", err)
	}
}

func TestReceiptStatement(t *testing.T) {
	r := Receipt{Person: "p-1", Alias: "~a", At: instant(5), Clock: TrustRTC, References: 3, Reason: "left", Position: Position{7, 12}, Scrubbed: true, Entries: 4}
	b := r.Statement()
	if !strings.HasPrefix(string(b), "umbral erasure receipt 1\n{") || !json.Valid(bytes.SplitN(b, []byte("\n"), 2)[1]) {
		t.Errorf("statement %q", b)
	}
	got, err := ParseReceipt(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, bad := range map[string]string{
		"another form":  strings.Replace(string(b), "receipt 1", "receipt 2", 1),
		"unknown field": strings.Replace(string(b), `"person"`, `"persona"`, 1),
		"position":      strings.Replace(string(b), "7.12", "twelve", 1),
		"cut off":       string(b[:len(b)-1]),
		"too long":      string(b) + strings.Repeat(" ", MaxPayload),
		"more":          string(b) + "{}",
		"nothing":       "",
	} {
		if r, err := ParseReceipt([]byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func FuzzParseReceipt(f *testing.F) {
	r := Receipt{Person: "p-1"}
	f.Add(r.Statement())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseReceipt(b)
		if err != nil {
			return
		}
		if again, err := ParseReceipt(r.Statement()); err != nil || !cmp.Equal(r, again) {
			t.Errorf("%+v is read again as %+v, %v", r, again, err)
		}
	})
}

// TestAnEntryThatNamesTwoOfTheErasedCountsForBoth redacts two at once, the later erasure first, one entry naming one twice.
func TestAnEntryThatNamesTwoOfTheErasedCountsForBoth(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	appended(t, s, "e", `{"person":["a","a"],"guardian":"b"}`)
	appended(t, s, "e", `{"person":"a"}`)
	last := appended(t, s, "e", `{"person":"b"}`)
	appended(t, s, "e", `{"person":"b"}`) // somebody else by then
	got, err := s.redact([]erasure{{ID: "b", Alias: "~b", Upto: last}, {ID: "a", Alias: "~a", Upto: Position{1, 2}}, {}})
	if diff := cmp.Diff(map[string]int{"~a": 2, "~b": 2}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var all []string
	for _, e := range entries(t, s) {
		all = append(all, string(e.Payload))
	}
	want := []string{`{"person":["~a","~a"],"guardian":"~b"}`, `{"person":"~a"}`, `{"person":"~b"}`, `{"person":"b"}`}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErasedPeopleAreNotCounted(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if err := errors.Join(s.Enrol(person(1), nil), s.Enrol(person(2), nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase("p-001", ""); err != nil || s.Status().People != 1 {
		t.Errorf("%d people, %v", s.Status().People, err)
	}
}
