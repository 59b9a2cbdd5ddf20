package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
)

// TestRunKeepsItsTimes lets hours pass in the test's own time: copies when something changed, the head mark flushed, the
// hardware counter advanced.
func TestRunKeepsItsTimes(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := testOpts()
		o.CopyEvery = 10 * time.Minute
		counter := &testCounter{value: 1}
		s := opened(t, dir, o)
		s.opts.Counter, s.counted = counter, time.Now()
		s.lastCopy = time.Now()
		s.peopleCopied = true
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		copies := func() time.Time { return s.Status().LastCopy }
		headMoved := func() bool {
			s.write.Lock()
			defer s.write.Unlock()
			return s.headMoved
		}
		begin := copies()
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		appended(t, s, "e", "")
		if !headMoved() {
			t.Error("the head mark was not written")
		}
		pass(time.Minute + time.Second)
		if headMoved() {
			t.Error("the head mark is not flushed within a tenth of CopyEvery")
		}
		if !copies().Equal(begin) {
			t.Error("a copy was made too early")
		}
		if err := s.Enrol(person(1), nil); err != nil {
			t.Error(err)
		}
		pass(time.Minute)
		first := copies()
		if first.Equal(begin) {
			t.Error("people were not copied within a tenth of CopyEvery")
		}
		appended(t, s, "e", "")
		pass(9 * time.Minute)
		if !copies().Equal(first) {
			t.Error("a copy was made too early")
		}
		pass(time.Minute)
		if copies().Equal(first) {
			t.Error("entries were not copied within CopyEvery")
		}
		if n := counter.advanced.Load(); n != 0 {
			t.Errorf("the counter was advanced %d times too early", n)
		}
		pass(counterEvery)
		if n := counter.advanced.Load(); n != 1 {
			t.Errorf("the counter was advanced %d times in an hour", n)
		}
		pass(counterEvery)
		if n := counter.advanced.Load(); n != 2 {
			t.Errorf("the counter was advanced %d times in two hours", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestOpenRemovesWhatACrashLeft leaves files in the making behind.
func TestOpenRemovesWhatACrashLeft(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	opened(t, dir, o).Close()
	for _, name := range []string{newName, copyingName} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, dir, o)
	for _, name := range []string{newName, copyingName} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// TestADirectorysNameMeansItself damages a store in a directory whose name would match others as a pattern.
func TestADirectorysNameMeansItself(t *testing.T) {
	o := testOpts()
	for _, name := range []string{"a*", "b?", "c[d]", `e\f`} {
		parent := t.TempDir()
		dir := filepath.Join(parent, name)
		for _, other := range []string{"ax", "bx", "cd", "ef"} {
			if err := os.MkdirAll(filepath.Join(parent, other), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(parent, other, damagedStem+"x"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		opened(t, dir, o).Close()
		if err := os.Truncate(filepath.Join(dir, liveName), 5000); err != nil {
			t.Fatal(err)
		}
		s, rec, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.damaged(); len(got) != 1 || got[0] != rec.Damaged {
			t.Errorf("%s: damaged files %v, want %s", name, got, rec.Damaged)
		}
		closed(t, s)
	}
}

// TestPeopleAreCopiedSoonAfterARecovery looks whether the next look of Run makes a copy.
func TestPeopleAreCopiedSoonAfterARecovery(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	if s.peopleCopied {
		t.Error("a new store counts as copied")
	}
	closed(t, s)
	s = opened(t, dir, o)
	if !s.peopleCopied {
		t.Error("a store with a copy counts as not copied")
	}
	killed(s)
	if err := os.Truncate(s.path(liveName), 5000); err != nil {
		t.Fatal(err)
	}
	s, rec, err := Open(dir, o)
	if err != nil || !rec.Happened() {
		t.Fatalf("%+v, %v", rec, err)
	}
	if s.peopleCopied {
		t.Error("a recovered store counts as copied")
	}
	closed(t, s)
}

// TestADamagedEntryWithoutACopyEndsTheChain damages an entry in the middle where there is no copy to look in.
func TestADamagedEntryWithoutACopyEndsTheChain(t *testing.T) {
	o := testOpts()
	dir, _, last := filled(t, o)
	if err := os.Remove(filepath.Join(dir, copyNames[0])); err != nil {
		t.Fatal(err)
	}
	bad := Position{1, 30}
	spoil(t, dir, bucketJournal, bad.key())
	s, rec := repairedOpen(t, dir, o)
	if rec.LostAfter != last || rec.Lost != 30 || rec.Repaired != 0 {
		t.Errorf("%+v", rec)
	}
	all := entries(t, s)
	if all[0].Position != (Position{1, 31}) {
		t.Errorf("the journal begins with %v", all[0].Position)
	}
}

// TestAValueThatNeitherFileHasIsLost damages a setting in both.
func TestAValueThatNeitherFileHasIsLost(t *testing.T) {
	o, dir := testOpts(), t.TempDir()
	s := opened(t, dir, o)
	if err := s.SetSetting("name", []byte("as it was copied, which is longer")); err != nil {
		t.Fatal(err)
	}
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting("name", []byte("as it is now, which is longer")); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting("other", []byte("in no copy, and longer than that")); err != nil {
		t.Fatal(err)
	}
	killed(s)
	spoil(t, dir, bucketSettings, []byte("name"))
	spoil(t, dir, bucketSettings, []byte("other"))
	s, rec := repairedOpen(t, dir, o)
	if rec.Repaired != 1 || rec.Lost != 1 {
		t.Errorf("%+v", rec)
	}
	if v, err := s.Setting("name"); err != nil || !strings.HasPrefix(string(v), "as it was copied") {
		t.Errorf("%q, %v", v, err)
	}
}

// TestFloorsEndWhereTheySay uses codes and commands at the last instant of a floor and just behind it.
func TestFloorsEndWhereTheySay(t *testing.T) {
	s := newClockStore(t)
	s.at(0, TrustNTP)
	floor := s.right.Add(time.Minute)
	err := s.commit(func(c *change) error {
		c.next.ReplayFloor, c.next.NonceFloor, c.next.FloorTrust = nanoseconds(floor), nanoseconds(floor), trustNTP
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.UseCode(code(1), floor); err == nil {
		t.Error("a code that ends with the floor counts")
	}
	if err := s.UseNonce([]byte("1"), floor); err == nil {
		t.Error("a command that ends with the floor counts")
	}
	if err := s.UseCode(code(1), floor.Add(1)); err != nil {
		t.Errorf("a code behind the floor: %v", err)
	}
	if err := s.UseNonce([]byte("1"), floor.Add(1)); err != nil {
		t.Errorf("a command behind the floor: %v", err)
	}
}

// TestAnErasedPersonsAliasIsForgotten looks into the memory of the aliases.
func TestAnErasedPersonsAliasIsForgotten(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	alias, err := s.Alias("p-001")
	if err != nil {
		t.Fatal(err)
	}
	s.Named(Entry{Kind: "e", Payload: []byte(`{"person":"` + alias + `"}`)})
	if len(s.aliases) != 1 {
		t.Fatalf("%d aliases", len(s.aliases))
	}
	if _, err := s.Erase("p-001", ""); err != nil || len(s.aliases) != 0 {
		t.Errorf("%d aliases after the erasure, %v", len(s.aliases), err)
	}
}

// TestARewrittenEntryThatGrowsTooLongIsEmptied erases somebody with a short id whom the longest entry names.
func TestARewrittenEntryThatGrowsTooLongIsEmptied(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	for _, extra := range []int{0, 14} { // an alias is 14 bytes, the id 1
		payload := `{"person":"p","x":"` + strings.Repeat("x", MaxPayload-21-13+extra-min(extra, 1)) + `"}`
		at := appended(t, s, "e", payload)
		if err := s.Enrol(Person{ID: "p"}, nil); err != nil {
			t.Fatal(err)
		}
		r, err := s.Erase("p", "")
		if err != nil || r.Entries != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		for _, e := range entries(t, s) {
			if e.Position == at && (len(e.Payload) == 0) != (len(payload)+13 > MaxPayload) {
				t.Errorf("a payload of %d bytes became one of %d", len(payload), len(e.Payload))
			}
		}
	}
}

// TestALostBucketIsDamage takes each bucket away, as a damaged name does.
func TestALostBucketIsDamage(t *testing.T) {
	o := testOpts()
	template, _, _ := filled(t, o, fillKinds)
	for _, bucket := range buckets {
		dir := cloneDir(t, template)
		db, err := openDatabase(filepath.Join(dir, liveName), o.FileBytes, false)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte(bucket)) })
		if closeErr := db.close(); err != nil || closeErr != nil {
			t.Fatal(err, closeErr)
		}
		s, rec, err := Open(dir, o)
		if err != nil || !rec.Happened() {
			t.Errorf("without %q: %+v, %v", bucket, rec, err)
			continue
		}
		if got := held(s); got != wantHeld {
			t.Errorf("without %q: %v", bucket, got)
		}
		closed(t, s)
	}
}

// TestOnlyWhatWasNotAcknowledgedLeavesAGap loses the newest entry, acknowledged and not.
func TestOnlyWhatWasNotAcknowledgedLeavesAGap(t *testing.T) {
	for _, acknowledged := range []bool{false, true} {
		o := testOpts()
		dir, _, last := filled(t, o)
		if acknowledged {
			s := opened(t, dir, o)
			if err := s.Ack(last); err != nil {
				t.Fatal(err)
			}
			killed(s)
		}
		spoil(t, dir, bucketJournal, last.key())
		s, rec := repairedOpen(t, dir, o)
		gaps := 0
		for _, e := range entries(t, s) {
			if e.Kind == KindGap {
				gaps++
			}
		}
		if want := 1; rec.Lost != 1 || acknowledged && gaps != 0 || !acknowledged && gaps != want {
			t.Errorf("acknowledged %t: %d gaps, %+v", acknowledged, gaps, rec)
		}
	}
}

// TestChangesOfPeopleAreCopiedSoon makes each kind of change after a copy.
func TestChangesOfPeopleAreCopiedSoon(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if err := s.Enrol(person(1), []Reference{reference(1, 4)}); err != nil {
		t.Fatal(err)
	}
	add := func() error { _, err := s.AddReference("p-001", fingerReference(1)); return err }
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"enrolment", func() error { return s.Enrol(person(2), nil) }},
		{"record", func() error { return s.PutPerson(person(1)) }},
		{"reference", add},
		{"reference removed", func() error { return s.RemoveReference("p-001", 2) }},
		{"eligibility", func() error { return s.SetEligibility("p-001", "clerk", Eligibility{}) }},
		{"tick", func() error { return s.Tick("p-001", Tick{Item: "a", By: "clerk"}) }},
		{"block", func() error { return s.Block("p-001", "clerk", "lost") }},
		{"setting", func() error { return s.SetSetting("a", []byte{1}) }},
		{"list", func() error { return s.PutList(List{Kind: "k", Sequence: 1, Bytes: []byte{1}}) }},
		{"references erased", func() error { return s.eraseKind(&ConsentEnd{Person: "p-001", Kind: KindFace}) }},
	} {
		if err := s.makeCopy(); err != nil || !s.peopleCopied {
			t.Fatalf("a copy: %v", err)
		}
		if err := c.change(); err != nil || s.peopleCopied {
			t.Errorf("%s: %v, counts as copied: %t", c.name, err, s.peopleCopied)
		}
	}
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	if appended(t, s, "e", ""); !s.peopleCopied {
		t.Error("an entry counts as a change of people")
	}
}

// TestADamagedListIsNotMissing overwrites a list under the store's feet.
func TestADamagedListIsNotMissing(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	put := func(v []byte) {
		t.Helper()
		err := s.commit(func(c *change) error { return c.tx.Bucket([]byte(bucketLists)).Put([]byte("k"), v) })
		if err != nil {
			t.Fatal(err)
		}
	}
	put([]byte("garbage that is long enough to be sealed"))
	_, err := s.List("k")
	if !errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound) {
		t.Errorf("reading: %v", err)
	}
	if fault := s.Status().Fault; !errors.Is(fault, ErrDamaged) {
		t.Errorf("status: %v", fault)
	}
	if err := s.PutList(List{Kind: "k", Sequence: 1, Bytes: []byte{1}}); !errors.Is(err, ErrDamaged) {
		t.Errorf("replacing: %v", err)
	}
	if err := s.BindList("k", "a"); !errors.Is(err, ErrDamaged) {
		t.Errorf("binding: %v", err)
	}
	err = s.commit(func(c *change) error { return c.tx.Bucket([]byte(bucketLists)).Delete([]byte("k")) })
	if err != nil {
		t.Fatal(err)
	}
}
