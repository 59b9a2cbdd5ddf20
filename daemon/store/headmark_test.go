package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// lived makes a store with some life in it. It returns the directory, and the live file as it was in the middle.
func lived(t *testing.T, o Opts) (dir string, backup []byte) {
	t.Helper()
	dir = t.TempDir()
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	appended(t, s, "start", "")
	if err := s.PutList(List{Kind: "revocation", Signer: "a", Sequence: 5, Bytes: []byte("five")}); err != nil {
		t.Fatal(err)
	}
	if backup, err = os.ReadFile(s.path(liveName)); err != nil {
		t.Fatal(err)
	}
	now, _ := s.clock()
	err = errors.Join(
		s.UseCode(code(1), now.Add(30*time.Second)),
		s.UseNonce([]byte("n"), now.Add(30*time.Second)),
		s.PutList(List{Kind: "revocation", Signer: "a", Sequence: 9, Bytes: []byte("nine")}),
	)
	if err != nil {
		t.Fatal(err)
	}
	appended(t, s, "passage", "granted")
	killed(s)
	return dir, backup
}

// putBack writes the backup in the live file's place.
func putBack(t *testing.T, dir string, backup []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, liveName), backup, 0o600); err != nil {
		t.Fatal(err)
	}
}

// used checks that what was used before the rollback does not count again, and is so only for a life.
func usedStay(t *testing.T, s *Store, clock *testClock) {
	t.Helper()
	until := clock.now.Add(30 * time.Second)
	if err := s.UseCode(code(1), until); !errors.Is(err, ErrReplayed) {
		t.Errorf("the code counts again: %v", err)
	}
	if err := s.UseNonce([]byte("n"), until); !errors.Is(err, ErrReplayed) {
		t.Errorf("the command counts again: %v", err)
	}
	clock.add(s.opts.NonceLife)
	if err := s.UseCode(code(2), clock.now.Add(30*time.Second)); err != nil {
		t.Errorf("a life later: %v", err)
	}
}

func TestARestoredBackupIsNoticed(t *testing.T) {
	clock, o := newTestClock(), testOpts()
	o.Clock = clock.read
	for _, c := range []struct {
		name  string
		after func(t *testing.T, dir string, backup []byte)
		want  Rollback
	}{
		{"backup", putBack, RollbackMark},
		{"backup, head mark deleted", func(t *testing.T, dir string, backup []byte) {
			putBack(t, dir, backup)
			remove(t, dir, headName)
		}, RollbackNoMark},
		{"backup, head mark spoiled", func(t *testing.T, dir string, backup []byte) {
			putBack(t, dir, backup)
			if err := os.WriteFile(filepath.Join(dir, headName), make([]byte, headSlots*headSlot), 0o600); err != nil {
				t.Fatal(err)
			}
		}, RollbackNoMark},
		{"head mark deleted", func(t *testing.T, dir string, _ []byte) { remove(t, dir, headName) }, RollbackNoMark},
		{"head mark and boot counter deleted", func(t *testing.T, dir string, _ []byte) { remove(t, dir, headName, bootName) }, RollbackNoMark},
		{"database deleted", func(t *testing.T, dir string, _ []byte) { remove(t, dir, liveName) }, RollbackNoFiles},
		{"database and head mark deleted", func(t *testing.T, dir string, _ []byte) { remove(t, dir, liveName, headName) }, RollbackNoFiles},
		{"database and boot counter deleted", func(t *testing.T, dir string, _ []byte) { remove(t, dir, liveName, bootName) }, RollbackNoFiles},
		{"another history", func(t *testing.T, dir string, _ []byte) { otherHistory(t, dir) }, RollbackMark},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock.set(newTestClock().read())
			dir, backup := lived(t, o)
			c.after(t, dir, backup)
			clock.add(10 * time.Second)
			if c.want != RollbackNoFiles {
				if r, err := Check(dir, testKey); err != nil || r.OK() {
					t.Errorf("check finds nothing wrong: %+v, %v", r, err)
				}
			}
			s, rec, err := Open(dir, o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { closed(t, s) })
			if !rec.Happened() || rec.Rollback != c.want {
				t.Errorf("recovery %+v, want rollback %q", rec, c.want)
			}
			var told Recovery
			if all := entries(t, s); len(all) == 0 || all[len(all)-1].Kind != KindRecovery ||
				json.Unmarshal(all[len(all)-1].Payload, &told) != nil || told.Rollback != c.want || all[len(all)-1].Position.Boot < 2 {
				t.Errorf("the journal ends with %+v", all)
			}
			usedStay(t, s, clock)
			killed(s)
			again, rec, err := Open(dir, o)
			if err != nil || rec.Happened() {
				t.Errorf("the next start: %+v, %v", rec, err)
			}
			s = again
		})
	}
}

func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// otherHistory exchanges the newest entry's hash in the live file for another, with a ledger of the same commit.
func otherHistory(t *testing.T, dir string) {
	t.Helper()
	db, err := openDatabase(filepath.Join(dir, liveName), testOpts().FileBytes, false)
	if err != nil {
		t.Fatal(err)
	}
	k, err := deriveKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketJournal))
		key, v := b.Cursor().Last()
		p, _ := positionOf(key)
		e, err := decodeEntry(k, p, v)
		if err != nil {
			return err
		}
		e.Payload = []byte("refused")
		e.Hash = e.Sum()
		return b.Put(p.key(), e.encode(k))
	})
	if err := errors.Join(err, db.close()); err != nil {
		t.Fatal(err)
	}
}

// TestAfterARollbackListsDoNotFallBack goes on with an older list, and takes none that is older than the one that was
// held.
func TestAfterARollbackListsDoNotFallBack(t *testing.T) {
	o := testOpts()
	dir, backup := lived(t, o)
	putBack(t, dir, backup)
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	if l, err := s.List("revocation"); err != nil || l.Sequence != 5 || !l.Stale {
		t.Errorf("list %+v, %v; want number 5, stale", l, err)
	}
	put := func(n uint64) error {
		return s.PutList(List{Kind: "revocation", Signer: "a", Sequence: n, Bytes: []byte{byte(n)}})
	}
	if err := put(8); !errors.Is(err, ErrReplayed) {
		t.Errorf("number 8 after 9 was held: %v", err)
	}
	if err := put(9); err != nil {
		t.Errorf("number 9, which was lost: %v", err)
	}
	if l, err := s.List("revocation"); err != nil || l.Sequence != 9 || l.Stale {
		t.Errorf("list %+v, %v; want number 9, not stale", l, err)
	}
}

// TestARollbackGoesOnFromANewerCopy restores a backup while a copy has more: blocks and erasures since are not undone.
func TestARollbackGoesOnFromANewerCopy(t *testing.T) {
	o, dir := testOpts(), t.TempDir()
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Enrol(person(1), nil), s.Enrol(person(2), nil)); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(s.path(liveName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(person(1).ID, ""); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	putBack(t, dir, backup)
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	if rec.Rollback != RollbackMark || rec.RestoredFrom != filepath.Join(dir, copyNames[0]) || rec.Damaged == "" {
		t.Errorf("%+v", rec)
	}
	if people, err := s.People(); err != nil || len(people) != 1 || people[0].ID != person(2).ID {
		t.Errorf("people %v, %v", people, err)
	}
}

// TestAHeadMarkThatIsBehindRaisesNoAlarm takes the mark back to each of its earlier states, and tears its last write,
// as a power cut does.
func TestAHeadMarkThatIsBehindRaisesNoAlarm(t *testing.T) {
	o, dir := testOpts(), t.TempDir()
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var states [][]byte
	for range 7 {
		b, err := os.ReadFile(s.path(headName))
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, b)
		appended(t, s, "e", "")
	}
	last, err := os.ReadFile(s.path(headName))
	if err != nil {
		t.Fatal(err)
	}
	killed(s)
	newest, err := readHead(filepath.Join(dir, headName), s.keys)
	if err != nil || newest.Head != (Position{1, 7}) {
		t.Fatalf("newest mark %+v, %v", newest, err)
	}
	torn := append([]byte(nil), last...)
	at := int(newest.Commit%headSlots) * headSlot
	clear(torn[at+100 : at+headSlot])
	for i, b := range append(states, torn, append([]byte(nil), last[:headSlot]...)) {
		clone := cloneDir(t, dir)
		if err := os.WriteFile(filepath.Join(clone, headName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		opened(t, clone, o)
		if r, err := Check(clone, testKey); err == nil && !r.OK() {
			t.Errorf("state %d: %v", i, r.Problems)
		}
	}
}

// TestACrashBeforeTheFirstCommitRaisesNoAlarm stops a new store, and one of an older program, at each step before its
// first commit.
func TestACrashBeforeTheFirstCommitRaisesNoAlarm(t *testing.T) {
	k, err := deriveKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range []bool{false, true} {
		for steps := range 3 {
			o, dir := testOpts(), t.TempDir()
			if old {
				writeSchema2(t, dir, o)
			} else if err := createDatabase(filepath.Join(dir, liveName), k, o.FileBytes); err != nil {
				t.Fatal(err)
			}
			s := &Store{dir: dir, opts: o, keys: k, lock: &lockFile{}}
			if steps > 0 {
				if err := s.openHead(); err != nil {
					t.Fatal(err)
				}
				s.head.Close()
			}
			if steps > 1 {
				s.state.Boot = 1
				if err := s.saveBoot(); err != nil {
					t.Fatal(err)
				}
			}
			opened(t, dir, o)
		}
	}
}

// TestAHeadMarkIsBoundToItsSlotAndKey moves a mark to the other slot and reads it with another key.
func TestAHeadMarkIsBoundToItsSlotAndKey(t *testing.T) {
	k, err := deriveKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	other, err := deriveKeys(Key{9})
	if err != nil {
		t.Fatal(err)
	}
	m := headMark{Commit: 7, Head: Position{1, 2}}
	b := m.encode(k, 1)
	if got, err := decodeHead(k, 1, b); err != nil || got.Commit != 7 || len(b) != headSlot {
		t.Errorf("%+v, %v, %d bytes", got, err, len(b))
	}
	for name, try := range map[string]func() error{
		"other slot": func() error { _, err := decodeHead(k, 0, b); return err },
		"other key":  func() error { _, err := decodeHead(other, 1, b); return err },
		"cut off":    func() error { _, err := decodeHead(k, 1, b[:headLengths-1]); return err },
		"longer": func() error {
			_, err := decodeHead(k, 1, append([]byte{0xff, 0xff, 0xff, 0xff}, b[headLengths:]...))
			return err
		},
		"not written": func() error { _, err := decodeHead(k, 1, make([]byte, headSlot)); return err },
	} {
		if err := try(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeHead(f *testing.F) {
	k, err := deriveKeys(testKey)
	if err != nil {
		f.Fatal(err)
	}
	m := headMark{Commit: 7}
	f.Add(m.encode(k, 0))
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := decodeHead(k, 0, b); err != nil && m.Commit != 0 {
			t.Errorf("%+v with %v", m, err)
		}
	})
}

// TestALostHeadMarkIsToldOf lets the disk under the mark fail: commits go on, Status says so.
func TestALostHeadMarkIsToldOf(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	good := s.head
	bad, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	s.head = bad // opened for reading
	appended(t, s, "e", "")
	if err := s.Status().CopyFault; err == nil || !strings.Contains(err.Error(), "null") {
		t.Errorf("status: %v", err)
	}
	s.flushHead()
	if !s.headMoved {
		t.Error("a mark that could not be flushed counts as flushed")
	}
	s.head = good
	appended(t, s, "e", "")
	if err := s.Status().CopyFault; err != nil {
		t.Errorf("status: %v", err)
	}
	if s.flushHead(); s.headMoved {
		t.Error("the mark is not flushed")
	}
	bad.Close()
}
