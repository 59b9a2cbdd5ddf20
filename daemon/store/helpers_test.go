package store

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if role := os.Getenv("UMBRAL_STORE_CHILD"); role != "" {
		os.Exit(child(role))
	}
	if err := flag.Set("rapid.checks", "50"); err != nil { // the command line still has the last word
		panic(err)
	}
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		useMemory()
	}
	goleak.VerifyTestMain(m)
}

// disk is where temporary files lie that must be on a disk.
var disk = os.TempDir()

// useMemory puts the tests' temporary directories into memory where there is room: most tests commit often and ask
// nothing of the disk. Benchmarks measure it, and diskDir is on it.
func useMemory() {
	const parent, room = "/dev/shm", 256 << 20
	var st unix.Statfs_t
	if unix.Access(parent, unix.W_OK) == nil && unix.Statfs(parent, &st) == nil && st.Bavail*uint64(st.Bsize) >= room {
		os.Setenv("TMPDIR", parent)
	}
}

func diskDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(disk, "umbral-store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

var testKey = Key{1, 2, 3}

// testClock is a wall clock that a test moves.
type testClock struct {
	mu    sync.Mutex
	now   time.Time
	trust string
}

func newTestClock() *testClock {
	return &testClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), trust: "ntp"}
}

func (c *testClock) read() (time.Time, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, c.trust
}

func (c *testClock) set(now time.Time, trust string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.trust = now, trust
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// testOpts are small limits, so that tests meet them.
func testOpts() Opts {
	o := DefaultOpts()
	o.Key = testKey
	o.JournalBytes = minJournalBytes
	o.FileBytes = 16 << 20
	o.LockWait = 0
	o.Clock = newTestClock().read
	return o
}

// opened opens a store, expects that nothing is damaged, and at the test's end closes it and checks the files with this
// package's checker and with bbolt's own.
func opened(t testing.TB, dir string, o Opts) *Store {
	t.Helper()
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Happened() {
		t.Fatalf("recovery of a sound store: %+v", rec)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	sound(t, s.dir, s.opts.Key)
}

func sound(t testing.TB, dir string, k Key) {
	t.Helper()
	r, err := Check(dir, k)
	if err != nil {
		t.Errorf("check: %v", err)
	}
	for _, f := range append([]Report{r}, r.Copies...) {
		for _, p := range f.Problems {
			t.Errorf("check %s: %s", f.Path, p)
		}
		if f.OK() { // else bbolt may not survive looking at it
			boltSound(t, f.Path)
		}
	}
}

// boltSound runs bbolt's own consistency check.
func boltSound(t testing.TB, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second, PreLoadFreelist: true})
	if err != nil {
		t.Errorf("bbolt: %v", err)
		return
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt check %s: %v", filepath.Base(path), err)
		}
		return nil
	})
	if err != nil {
		t.Errorf("bbolt: %v", err)
	}
}

// killed lets go of a store as a killed process does: nothing is flushed, copied or said.
func killed(s *Store) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.db.DB.Close()
	s.lock.release()
}

func appended(t testing.TB, s *Store, kind, payload string) Position {
	t.Helper()
	p, err := s.Append(kind, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// entries reads the whole journal.
func entries(t testing.TB, s *Store) []Entry {
	t.Helper()
	var out []Entry
	for after := (Position{}); ; after = out[len(out)-1].Position {
		some, err := s.Next(after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			return out
		}
		out = append(out, some...)
	}
}

func person(i int) Person {
	return Person{ID: fmt.Sprintf("p-%03d",
		i), Name: fmt.Sprintf("Name %d", i), Created: instant(int64(i)), Status: StatusActive}
}

func reference(seed, n int) Reference {
	r := Reference{Kind: KindFace, Template: make([]float32, n), Model: "model", Source: "photo", Quality: 0.5, Created: instant(7)}
	for i := range r.Template {
		r.Template[i] = float32(seed) + float32(i)/8
	}
	return r
}

func fingerReference(seed byte) Reference {
	return Reference{
		Kind: KindFinger, Data: bytes.Repeat([]byte{seed}, 300), Position: 2, Model: "umbral-minutiae-1", Source: "sensor",
		Quality: 0.75, Created: instant(8),
	}
}

// running runs the store's Run until stop is called.
func running(t *testing.T, s *Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

// eventually waits for something that another goroutine brings about.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within 30 s")
		}
	}
}
