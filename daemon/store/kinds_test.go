package store

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// fillKinds puts one of everything into a store that has person(0): a file, a code, a list, reviews.
func fillKinds(t testing.TB, s *Store) {
	t.Helper()
	now, _ := s.clock()
	who := person(0).ID
	review := Review{ID: "7-1", Deadline: now.Add(time.Hour), Reasons: []string{"no-match"}, Needed: 1, Statement: []byte("statement")}
	other := review
	other.ID = "7-2"
	if _, err := s.AddReference(who, fingerReference(3)); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(
		s.Tick(who, Tick{Item: ItemApplicationForm, By: "clerk"}),
		s.Block(who, "office", "card reported lost"),
		s.UseCode(code(1), now.Add(time.Minute)),
		s.UseNonce([]byte("nonce"), now.Add(time.Minute)),
		s.SetSetting("name", []byte("value")),
		s.PutList(List{Kind: "revocation", Sequence: 5, Bytes: bytes.Repeat([]byte("list"), 3000)}),
		s.OpenReview(review, bytes.Repeat([]byte("picture"), 1000)),
		s.OpenReview(other, nil),
	)
	if _, answerErr := s.AnswerReview(other.ID, ReviewAnswer{Reviewer: "key", Name: "ana", Approve: true}); errors.Join(err, answerErr) != nil {
		t.Fatal(errors.Join(err, answerErr))
	}
}

// held is what fillKinds put there, as it can be read; a string, so that two of them can be compared.
func held(s *Store) (out [6]string) {
	f, err := s.File(person(0).ID)
	blocked := f.Blocked != nil
	out[0] = fmt.Sprint(blocked, len(f.Ticks), err)
	refs, err := s.References(person(0).ID)
	for _, r := range refs {
		out[1] += fmt.Sprintln(r.Kind, len(r.Data), r.Position)
	}
	out[1] += fmt.Sprint(err)
	l, err := s.List("revocation")
	out[2] = fmt.Sprint(l.Sequence, len(l.Bytes), err)
	reviews, err := s.Reviews()
	for _, r := range reviews {
		out[3] += fmt.Sprintln(r.ID, r.Outcome)
	}
	out[3] += fmt.Sprint(err)
	p, err := s.ReviewPictures("7-1")
	out[4] = fmt.Sprint(len(p), err)
	now, _ := s.clock()
	out[5] = fmt.Sprint(errors.Is(s.UseCode(code(1), now.Add(time.Minute)), ErrReplayed))
	return out
}

// wantHeld is what held returns for all of it.
var wantHeld = [6]string{"true 1 <nil>", "face 0 0\nfinger 300 2\n<nil>", "5 12000 <nil>", "7-1 pending\n7-2 approved\n<nil>", "7000 <nil>", "true"}

// TestEveryKindIsInCopiesAndScans restores all of it from a copy, and damages each value in turn: the scan must find
// it, and repairing must bring it back.
func TestEveryKindIsInCopiesAndScans(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o, fillKinds)
	s := opened(t, cloneDir(t, dir), o)
	if diff := cmp.Diff(wantHeld, held(s)); diff != "" {
		t.Fatalf("before any damage (-want +got):\n%s", diff)
	}
	if err := s.compact(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantHeld, held(s)); diff != "" {
		t.Errorf("after compacting (-want +got):\n%s", diff)
	}
	for _, bucket := range buckets[1:] {
		if bucket == bucketJournal {
			continue // repair_test.go
		}
		t.Run(bucket, func(t *testing.T) {
			dir := cloneDir(t, dir)
			spoil(t, dir, bucket, firstOf(t, dir, bucket))
			if r, err := Check(dir, testKey); err != nil || r.OK() {
				t.Errorf("check finds nothing wrong in %q: %+v, %v", bucket, r, err)
			}
			s, rec, err := Open(dir, o)
			if err != nil || rec.Repaired != 1 || rec.Lost != 0 {
				t.Fatalf("%+v, %v", rec, err)
			}
			t.Cleanup(func() { closed(t, s) })
			if diff := cmp.Diff(wantHeld, held(s)); diff != "" {
				t.Errorf("after repairing %q (-want +got):\n%s", bucket, diff)
			}
		})
	}
}

// TestValuesUnderDamagedKeysComeFromTheCopy moves each value to another key, as a damaged key in a sound page does.
func TestValuesUnderDamagedKeysComeFromTheCopy(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o, fillKinds)
	for _, bucket := range buckets[1:] {
		if bucket == bucketJournal {
			continue // repair_test.go
		}
		t.Run(bucket, func(t *testing.T) {
			dir := cloneDir(t, dir)
			key := firstOf(t, dir, bucket)
			db, err := openDatabase(filepath.Join(dir, liveName), o.FileBytes, false)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error {
				b := tx.Bucket([]byte(bucket))
				v := bytes.Clone(b.Get(key))
				moved := bytes.Clone(key)
				moved[min(3, len(moved)-1)] ^= 1
				return errors.Join(b.Delete(key), b.Put(moved, v))
			})
			if err := errors.Join(err, db.close()); err != nil {
				t.Fatal(err)
			}
			s, rec, err := Open(dir, o)
			if err != nil || rec.Repaired != 1 || rec.Lost != 0 {
				t.Fatalf("%+v, %v", rec, err)
			}
			t.Cleanup(func() { closed(t, s) })
			if people, err := s.People(); err != nil || len(people) != 4 {
				t.Errorf("%d people, %v", len(people), err)
			}
			if diff := cmp.Diff(wantHeld, held(s)); diff != "" {
				t.Errorf("after repairing %q (-want +got):\n%s", bucket, diff)
			}
		})
	}
}

// firstOf is the first key in a bucket of the live file.
func firstOf(t *testing.T, dir, bucket string) (key []byte) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, liveName), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		key = bytes.Clone(firstKey(tx.Bucket([]byte(bucket))))
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil || key == nil {
		t.Fatalf("nothing in %q (%v)", bucket, err)
	}
	return key
}

// TestAStoreOfSchema1IsBroughtUpToDate takes a store back to what an older program wrote.
func TestAStoreOfSchema1IsBroughtUpToDate(t *testing.T) {
	o := testOpts()
	age := func(t *testing.T, path string) {
		db, err := openDatabase(path, o.FileBytes, false)
		if err != nil {
			t.Fatal(err)
		}
		k, err := deriveKeys(testKey)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			for _, name := range buckets[len(buckets1):] {
				if err := tx.DeleteBucket([]byte(name)); err != nil {
					return err
				}
			}
			var s snapshot
			if err := s.readLedger(tx, k); err != nil {
				return err
			}
			s.Schema = 1
			return putLedger(tx, k, s.ledger)
		})
		if err := errors.Join(err, db.close()); err != nil {
			t.Fatal(err)
		}
	}
	old := func(t *testing.T) string {
		dir := t.TempDir()
		s, _, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Enrol(person(0), []Reference{reference(1, 16)}), s.Close()); err != nil {
			t.Fatal(err)
		}
		age(t, dir+"/"+liveName)
		age(t, dir+"/"+copyNames[0])
		sound(t, dir, testKey)
		return dir
	}
	works := func(t *testing.T, s *Store) {
		t.Helper()
		if people, err := s.People(); err != nil || len(people) != 1 {
			t.Fatalf("%v, %v", people, err)
		}
		fillKinds(t, s)
		if diff := cmp.Diff(wantHeld, held(s)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	t.Run("as it is", func(t *testing.T) { works(t, opened(t, old(t), o)) })
	t.Run("with a damaged value", func(t *testing.T) {
		o, clock := o, newTestClock()
		o.Clock = clock.read
		dir := old(t)
		spoil(t, dir, bucketPeople, firstOf(t, dir, bucketPeople))
		s, rec, err := Open(dir, o)
		if err != nil || rec.Repaired != 1 {
			t.Fatalf("%+v, %v", rec, err)
		}
		t.Cleanup(func() { closed(t, s) })
		clock.add(o.NonceLife) // nonces and codes of the lost time cannot be known
		works(t, s)
	})
	t.Run("read only", func(t *testing.T) {
		// Before the first commit the new buckets are not there; looking must say "none", not fail.
		s := opened(t, old(t), o)
		err := s.db.Update(func(tx *bbolt.Tx) error {
			for _, name := range buckets[len(buckets1):] {
				if err := tx.DeleteBucket([]byte(name)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if f, err := s.File(person(0).ID); err != nil || f.Blocked != nil {
			t.Errorf("file: %+v, %v", f, err)
		}
		if _, err := s.List("revocation"); !errors.Is(err, ErrNotFound) {
			t.Errorf("list: %v", err)
		}
		if all, err := s.Reviews(); err != nil || len(all) != 0 {
			t.Errorf("reviews: %v, %v", all, err)
		}
		if _, err := s.ReviewPictures("7-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("pictures: %v", err)
		}
		err = s.db.Update(func(tx *bbolt.Tx) error { // back, for the check at the end
			for _, name := range buckets {
				if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
