package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// openedReview opens a review of that passage, due in a minute.
func openedReview(t *testing.T, s *Store, id string, needed int) {
	t.Helper()
	now, _ := s.clock()
	if err := s.OpenReview(Review{ID: id, Deadline: now.Add(time.Minute), Reasons: []string{"doubt"}, Needed: needed}, []byte("sealed")); err != nil {
		t.Fatal(err)
	}
}

// steps are the journal's entries about reviews, in short.
func steps(t *testing.T, s *Store) (out []string) {
	t.Helper()
	for _, e := range entries(t, s) {
		var r ReviewEntry
		if e.Kind == KindReview {
			if err := json.Unmarshal(e.Payload, &r); err != nil {
				t.Fatal(err)
			}
			out = append(out, strings.TrimSpace(fmt.Sprint(r.Passage, " ", r.Step, " ", r.Key, " ", r.Answer)))
		}
	}
	return out
}

func TestReviewsAreDecided(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock = clock.read
	s := opened(t, dir, o)
	answer := func(id, reviewer string, approve bool, want error, outcome Outcome) {
		t.Helper()
		r, err := s.AnswerReview(id, ReviewAnswer{Reviewer: reviewer, Name: reviewer + ".name", Approve: approve})
		if !errors.Is(err, want) || want == nil && (err != nil || r.Outcome != outcome) {
			t.Errorf("%s on %s: %s, %v, want %s, %v", reviewer, id, r.Outcome, err, outcome, want)
		}
	}
	openedReview(t, s, "one", 1)
	answer("one", "ana", true, nil, Approved)
	answer("one", "ben", false, ErrDecided, "")

	openedReview(t, s, "two", 2)
	answer("two", "ana", true, nil, Pending)
	killed(s) // what was answered survives, and so does that one answer is missing
	s = opened(t, dir, o)
	answer("two", "ana", true, ErrExists, "")
	if p, err := s.ReviewPictures("two"); err != nil || string(p) != "sealed" {
		t.Errorf("pictures %q, %v", p, err)
	}
	answer("two", "ben", true, nil, Approved)
	if _, err := s.ReviewPictures("two"); !errors.Is(err, ErrNotFound) {
		t.Errorf("pictures of a closed review: %v", err)
	}

	openedReview(t, s, "three", 2)
	answer("three", "ana", true, nil, Pending)
	answer("three", "ben", false, nil, Denied)

	openedReview(t, s, "late", 1)
	openedReview(t, s, "gone", 1)
	if r, err := s.CloseReview("gone", Withdrawn); err != nil || r.Outcome != Withdrawn {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.CloseReview("gone", Withdrawn); !errors.Is(err, ErrDecided) {
		t.Errorf("closed twice: %v", err)
	}
	if due, err := s.ExpireReviews(); err != nil || len(due) != 0 {
		t.Errorf("%v, %v before the deadline", due, err)
	}
	clock.add(time.Minute)
	answer("late", "ana", true, ErrDecided, "")
	if due, err := s.ExpireReviews(); err != nil || len(due) != 1 || due[0].ID != "late" || due[0].Outcome != Expired {
		t.Errorf("%v, %v", due, err)
	}
	answer("nothing", "ana", true, ErrNotFound, "")
	want := []string{
		"one opened", "one answered ana.name approve", "one approved",
		"two opened", "two answered ana.name approve", "two answered ben.name approve", "two approved",
		"three opened", "three answered ana.name approve", "three answered ben.name deny", "three denied",
		"late opened", "gone opened", "gone withdrawn", "late expired",
	}
	if got := steps(t, s); !slices.Equal(got, want) {
		t.Errorf("journal %q, want %q", got, want)
	}
}

func TestErasingAPersonEndsTheirReviews(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	who := person(1).ID
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	now, _ := s.clock()
	for _, id := range []string{"decided", "open"} {
		r := Review{ID: id, Deadline: now.Add(time.Minute), Needed: 1, Person: who, Statement: []byte("x")}
		if err := s.OpenReview(r, []byte("sealed")); err != nil {
			t.Fatal(err)
		}
	}
	openedReview(t, s, "another", 1)
	if _, err := s.AnswerReview("decided", ReviewAnswer{Reviewer: "k", Name: "ana", Approve: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(who, ""); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]Outcome{"decided": Approved, "open": Withdrawn, "another": Pending} {
		r, err := s.Review(id)
		if err != nil || r.Outcome != want || r.Person != "" {
			t.Errorf("%s: %+v, %v", id, r, err)
		}
	}
	if _, err := s.ReviewPictures("open"); !errors.Is(err, ErrNotFound) {
		t.Errorf("pictures of somebody erased: %v", err)
	}
}

func TestReviewsAreBounded(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock, o.Reviews = clock.read, 3
	s := opened(t, dir, o)
	for i := range o.Reviews {
		openedReview(t, s, fmt.Sprint("r", i), 1)
	}
	soon := clock.now.Add(time.Minute)
	open := func(r Review, pictures int, want error) {
		t.Helper()
		if r.Needed == 0 {
			r.Needed = 1
		}
		if err := s.OpenReview(r, make([]byte, pictures)); !errors.Is(err, want) {
			t.Errorf("%.60v: %v, want %v", r, err, want)
		}
	}
	open(Review{ID: "more", Deadline: soon}, 0, ErrFull)
	open(Review{ID: "r1", Deadline: soon}, 0, ErrExists)
	open(Review{ID: "a/b", Deadline: soon}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: soon, Needed: MaxReviewers + 1}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: clock.now}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: clock.now.Add(ReviewLife + time.Second)}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: soon, Reasons: make([]string, MaxReasons+1)}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: soon, Reasons: []string{""}}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: soon, Statement: make([]byte, MaxStatement+1)}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: soon, Person: "a b"}, 0, ErrInvalid)
	open(Review{ID: "x", Deadline: soon}, MaxPictures+1, ErrInvalid)
	if _, err := s.CloseReview("r1", Approved); !errors.Is(err, ErrInvalid) {
		t.Errorf("approved by nobody: %v", err)
	}
	for i := range keptReviews + 10 {
		clock.add(time.Second)
		id := fmt.Sprint("r", i)
		if _, err := s.CloseReview(id, Withdrawn); err != nil {
			t.Fatal(err)
		}
		openedReview(t, s, fmt.Sprint("r", i+o.Reviews), 1)
	}
	all, err := s.Reviews()
	if err != nil || len(all) != keptReviews+o.Reviews {
		t.Errorf("%d reviews are held, want %d (%v)", len(all), keptReviews+o.Reviews, err)
	}
	if last := all[len(all)-1]; last.Outcome != Pending || all[0].ID == "r0" {
		t.Errorf("the oldest is %s, the newest %s", all[0].ID, last.ID)
	}
}

func TestListsNeverGrowOlder(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock = clock.read
	s := opened(t, dir, o)
	large := bytes.Repeat([]byte{7}, MaxList)
	put := func(kind string, n uint64, b []byte, want error) {
		t.Helper()
		if err := s.PutList(List{Kind: kind, Sequence: n, Bytes: b}); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s %d: %v, want %v", kind, n, err, want)
		}
	}
	put("revocation", 3, []byte("three"), nil)
	put("revocation", 3, []byte("three"), nil)
	put("revocation", 3, []byte("other"), ErrReplayed)
	put("revocation", 2, []byte("two"), ErrReplayed)
	put("revocation", 4, large, nil)
	put("revocation", 5, append(large, 0), ErrInvalid)
	put("revocation", 0, []byte("none"), ErrInvalid)
	put("revocation", 6, nil, ErrInvalid)
	put("Revocation", 6, []byte("x"), ErrInvalid)
	put("issuers", 1, []byte("issuers"), nil)
	clock.add(time.Hour)
	put("issuers", 1, []byte("issuers"), nil)
	closed(t, s)
	s = opened(t, dir, o)
	if l, err := s.List("revocation"); err != nil || l.Sequence != 4 || !bytes.Equal(l.Bytes, large) {
		t.Errorf("%d, %d bytes, %v", l.Sequence, len(l.Bytes), err)
	}
	if l, err := s.List("issuers"); err != nil || !l.Received.Equal(clock.now.Add(-time.Hour)) {
		t.Errorf("received %v, %v", l.Received, err)
	}
	if _, err := s.List("nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	for i := 2; i < MaxLists; i++ {
		put(fmt.Sprint("kind", i), 1, []byte("x"), nil)
	}
	put("one-more", 1, []byte("x"), ErrFull)
	count := 0
	for _, e := range entries(t, s) {
		if e.Kind == KindList {
			count++
		}
	}
	if count != 3+MaxLists-2 {
		t.Errorf("%d entries about lists, want one for each that was new", count)
	}
}

func FuzzList(f *testing.F) {
	l := List{Kind: "k", Sequence: 3, Received: instant(9), Bytes: []byte("list")}
	f.Add(l.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decodeList("k", b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("unnamed error: %v", err)
			}
			return
		}
		if got := l.encode(); !bytes.Equal(got, b) {
			t.Fatalf("%x decodes to %+v, which encodes to %x", b, l, got)
		}
	})
}
