package store

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
)

// spoil flips a bit in the middle of a value of a store that is closed.
func spoil(t *testing.T, dir, bucket string, key []byte) {
	t.Helper()
	path := filepath.Join(dir, liveName)
	var value []byte
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		value = bytes.Clone(tx.Bucket([]byte(bucket)).Get(key))
		return nil
	})
	if err != nil || value == nil {
		t.Fatalf("no %x in %s: %v", key, bucket, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Freed pages may hold the value too: every one is spoiled.
	spoiled := bytes.Clone(value)
	spoiled[len(spoiled)/2] ^= 4
	if err := os.WriteFile(path, bytes.ReplaceAll(file, value, spoiled), 0o600); err != nil {
		t.Fatal(err)
	}
}

func repairedOpen(t *testing.T, dir string, o Opts) (*Store, Recovery) {
	t.Helper()
	s, rec, err := Open(dir, o)
	if err != nil || !rec.Happened() {
		t.Fatalf("%+v, %v", rec, err)
	}
	t.Cleanup(func() { closed(t, s) })
	if rec.RestoredFrom != rec.Damaged || !rec.Copied.IsZero() {
		t.Errorf("not repaired: %+v", rec)
	}
	return s, rec
}

func TestOldEntryIsRepairedFromTheCopy(t *testing.T) {
	o := testOpts()
	dir, _, last := filled(t, o)
	before := 60
	spoil(t, dir, bucketJournal, Position{1, 30}.key())
	s, rec := repairedOpen(t, dir, o)
	if rec.LostAfter != last || rec.Repaired != 1 || rec.Lost != 0 {
		t.Errorf("%+v", rec)
	}
	if got := entries(t, s); len(got) != before+1 || got[29].Position != (Position{1, 30}) {
		t.Errorf("%d entries, want %d and the recovery's", len(got), before)
	}
}

func TestEntryThatNoCopyHasEndsTheChain(t *testing.T) {
	o := testOpts()
	dir, inCopy, last := filled(t, o)
	bad := Position{inCopy.Boot, inCopy.Sequence + 5}
	spoil(t, dir, bucketJournal, bad.key())
	s, rec := repairedOpen(t, dir, o)
	if rec.LostAfter != last || rec.Lost != int(bad.Sequence) {
		t.Errorf("%+v, wanted all up to %v to be lost", rec, bad)
	}
	got := entries(t, s)
	if got[0].Position != (Position{bad.Boot, bad.Sequence + 1}) {
		t.Errorf("the journal begins with %v", got[0].Position)
	}
	var g Gap
	if e := got[len(got)-2]; e.Kind != KindGap || json.Unmarshal(e.Payload, &g) != nil || g != (Gap{Position{1, 1}, bad, int(bad.Sequence)}) {
		t.Errorf("gap %q %s", e.Kind, e.Payload)
	}
}

func TestNewestEntryCanBeLostAlone(t *testing.T) {
	o := testOpts()
	dir, _, last := filled(t, o)
	spoil(t, dir, bucketJournal, last.key())
	s, rec := repairedOpen(t, dir, o)
	if rec.LostAfter != (Position{last.Boot, last.Sequence - 1}) || rec.Lost != 1 || rec.Repaired != 0 {
		t.Errorf("%+v", rec)
	}
	if p := appended(t, s, "e", ""); p.Compare(last) <= 0 {
		t.Errorf("position %v was given before", p)
	}
}

func TestPeopleAreRepairedFromTheCopy(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o)
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Enrol(person(99), []Reference{reference(99, 16)}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting("name", []byte("a value that is long enough")); err != nil {
		t.Fatal(err)
	}
	killed(s)
	spoil(t, dir, bucketPeople, s.keys.tag(person(10).ID))
	spoil(t, dir, bucketReferences, referenceKey(s.keys.tag(person(20).ID), 1))
	spoil(t, dir, bucketSettings, []byte("name")) // in no copy
	s, rec := repairedOpen(t, dir, o)
	if rec.Repaired != 2 || rec.Lost != 1 {
		t.Errorf("%+v", rec)
	}
	people, err := s.People()
	if err != nil || len(people) != 5 {
		t.Errorf("people %v, %v", people, err)
	}
	for _, p := range people {
		if refs, err := s.References(p.ID); err != nil || len(refs) != 1 {
			t.Errorf("%s has %v, %v", p.ID, refs, err)
		}
	}
}

func TestWithoutACopyOnlyTheDamagedValuesAreLost(t *testing.T) {
	o := testOpts()
	dir, _, last := filled(t, o)
	if err := os.Remove(filepath.Join(dir, copyNames[0])); err != nil {
		t.Fatal(err)
	}
	k, err := deriveKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, dir, bucketPeople, k.tag(person(10).ID))
	spoil(t, dir, bucketState, keyLedger)
	s, rec := repairedOpen(t, dir, o)
	if rec.LostAfter != last || rec.Lost != 1 || rec.Repaired != 0 {
		t.Errorf("%+v", rec)
	}
	if people, err := s.People(); err != nil || len(people) != 3 {
		t.Errorf("people %v, %v", people, err)
	}
	if got := entries(t, s); len(got) != 61 || s.Pending() != 61 {
		t.Errorf("%d entries, %d pending", len(got), s.Pending())
	}
	if p := appended(t, s, "e", ""); p.Compare(last) <= 0 {
		t.Errorf("position %v was given before", p)
	}
}

// TestRepairingDoesNotBringBackTheErased damages a store from which somebody was erased while the copy, for want of
// space, could not be rewritten.
func TestRepairingDoesNotBringBackTheErased(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o)
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	blocker := filepath.Join(dir, newName)
	if err := os.MkdirAll(filepath.Join(blocker, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Erase(person(10).ID, ""); err != nil || r.Scrubbed {
		t.Fatalf("%+v, %v", r, err)
	}
	killed(s)
	if err := os.RemoveAll(blocker); err != nil {
		t.Fatal(err)
	}
	spoil(t, dir, bucketPeople, s.keys.tag(person(20).ID))
	s, _ = repairedOpen(t, dir, o)
	if people, err := s.People(); err != nil || len(people) != 3 || people[1].ID != person(20).ID {
		t.Errorf("people %v, %v", people, err)
	}
	if !s.Status().ScrubPending {
		t.Error("the erasure is no longer to be finished")
	}
}

// A bucket whose name was hit is gone with all that it holds: then the copy is the better file.
func TestMissingBucketComesFromTheCopy(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	appended(t, s, "a", "kept")
	closed(t, s)
	db, err := bbolt.Open(filepath.Join(dir, liveName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte(bucketJournal)) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	if filepath.Base(rec.RestoredFrom) != copyNames[0] {
		t.Errorf("restored from %s, want the newest copy", rec.RestoredFrom)
	}
	if list := entries(t, s); len(list) == 0 || string(list[0].Payload) != "kept" {
		t.Errorf("entries after recovery: %v", list)
	}
}
