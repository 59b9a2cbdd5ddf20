package store

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
)

// testCounter is a hardware counter that a test exchanges or breaks.
type testCounter struct {
	value     uint64
	readErr   error
	fail      error
	advanced  atomic.Int32 // read while a store runs
	onAdvance func()
}

func (*testCounter) String() string { return "test counter" }

func (c *testCounter) Read() (uint64, error) { return c.value, c.readErr }

func (c *testCounter) Advance() error {
	if c.onAdvance != nil {
		c.onAdvance()
	}
	if c.fail == nil {
		c.value++
		c.advanced.Add(1)
	}
	return c.fail
}

// TestARollbackOfTheWholeDirectoryIsNoticedByTheCounter restores all files, head mark and all.
func TestARollbackOfTheWholeDirectoryIsNoticedByTheCounter(t *testing.T) {
	o, dir, counter := testOpts(), t.TempDir(), &testCounter{value: 41}
	o.Counter = counter
	opened(t, dir, o).Close()
	backup := cloneDir(t, dir)
	opened(t, dir, o).Close()
	opened(t, dir, o).Close()
	if counter.value != 44 {
		t.Fatalf("the counter is at %d after three starts, want 44", counter.value)
	}
	s, rec, err := Open(backup, o)
	if err != nil || rec.Rollback != RollbackCounter || rec.RestoredFrom != s.path(liveName) {
		t.Fatalf("%+v, %v", rec, err)
	}
	closed(t, s)
	opened(t, backup, o)
}

func TestWhatDisagreesWithTheCounter(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*testCounter)
		want   Rollback
	}{
		{"nothing", func(*testCounter) {}, ""},
		{"advanced by somebody else", func(c *testCounter) { c.value++ }, RollbackCounter},
		{"exchanged for a newer one", func(c *testCounter) { c.value += 100 }, RollbackCounter},
		{"exchanged for an older one", func(c *testCounter) { c.value -= 2 }, RollbackCounter},
		{"not advanced at the last start, for a crash", func(c *testCounter) { c.value-- }, ""},
		{"broken", func(c *testCounter) { c.readErr = os.ErrDeadlineExceeded }, RollbackCounter},
	} {
		o, dir, counter := testOpts(), t.TempDir(), &testCounter{value: 10}
		o.Counter = counter
		opened(t, dir, o).Close()
		c.change(counter)
		s, rec, err := Open(dir, o)
		if err != nil || rec.Rollback != c.want || rec.Happened() != (c.want != "") {
			t.Errorf("%s: %+v, %v", c.name, rec, err)
		}
		closed(t, s)
	}
}

// TestTheFileSaysFirstWhatTheCounterWillTell looks at the file at the moment that the counter is advanced.
func TestTheFileSaysFirstWhatTheCounterWillTell(t *testing.T) {
	o, counter := testOpts(), &testCounter{value: 7}
	s := opened(t, t.TempDir(), o)
	s.opts.Counter = counter
	counter.onAdvance = func() {
		if s.state.Counter != counter.value+1 {
			t.Errorf("the file says %d when %d is about to be told", s.state.Counter, counter.value+1)
		}
	}
	s.advanceCounter()
	if n := counter.advanced.Load(); n != 1 || s.Status().CopyFault != nil {
		t.Errorf("advanced %d times, %v", n, s.Status().CopyFault)
	}
	for name, fail := range map[string]func(){
		"reading":   func() { counter.readErr = os.ErrDeadlineExceeded },
		"advancing": func() { counter.readErr, counter.fail = nil, os.ErrDeadlineExceeded },
	} {
		fail()
		if s.advanceCounter(); !errors.Is(s.Status().CopyFault, os.ErrDeadlineExceeded) {
			t.Errorf("%s fails: status %v", name, s.Status().CopyFault)
		}
		counter.readErr, counter.fail = nil, nil
	}
	if s.advanceCounter(); s.Status().CopyFault != nil {
		t.Errorf("mended: status %v", s.Status().CopyFault)
	}
}
