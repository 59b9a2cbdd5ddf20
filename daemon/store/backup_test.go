package store

import (
	"os"
	"sync"
	"testing"
	"time"
)

func TestRunMakesCopiesWhileEntriesArrive(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	o.CopyEvery = time.Second
	s := opened(t, dir, o)
	if err := s.Enrol(person(1), []Reference{reference(1, 512)}); err != nil {
		t.Fatal(err)
	}
	stop := running(t, s)
	var writers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		writers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if p, err := s.Append("e", make([]byte, 300)); err != nil {
					t.Error(err)
					return
				} else if err := s.Ack(p); err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Next(s.Cursor(), 5); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	eventually(t, func() bool {
		_, err := os.Stat(s.path(copyNames[1]))
		return err == nil
	})
	close(done)
	writers.Wait()
	stop()
	if st := s.Status(); st.CopyFault != nil || st.LastCopy.IsZero() {
		t.Errorf("status %+v", st)
	}
}

func TestAnUnchangedStoreIsNotCopiedAgain(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	modified := func() time.Time {
		t.Helper()
		if err := s.makeCopy(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(s.path(copyNames[0]))
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	first := modified()
	if again := modified(); !again.Equal(first) {
		t.Errorf("copied at %v and, unchanged, at %v", first, again)
	}
	appended(t, s, "e", "")
	if again := modified(); again.Equal(first) {
		t.Error("a change was not copied")
	}
}

func TestProbeCommits(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	if err := s.Probe(); err != nil {
		t.Error(err)
	}
	if st := s.Status(); st.Entries != 0 || st.Fault != nil {
		t.Errorf("status %+v", st)
	}
	s.Close()
	if err := s.Probe(); err == nil {
		t.Error("a closed store commits")
	}
}

// BenchmarkOpen opens, with every check, a store with the default limits that is full: 24 MB of journal and 1000 people
// with four references each.
func BenchmarkOpen(b *testing.B) {
	dir, o := b.TempDir(), DefaultOpts()
	o.Key = testKey
	s := opened(b, dir, o)
	for i := range 1000 {
		if err := s.Enrol(person(i), []Reference{reference(1, 512), reference(2, 512), reference(3, 512), reference(4, 512)}); err != nil {
			b.Fatal(err)
		}
	}
	payload := make([]byte, 8000)
	for s.Status().JournalBytes < o.JournalBytes-10_000 {
		if _, err := s.Append("passage", payload); err != nil {
			b.Fatal(err)
		}
	}
	killed(s)
	for b.Loop() {
		s, rec, err := Open(dir, o)
		if err != nil || rec.Happened() {
			b.Fatal(rec, err)
		}
		b.StopTimer()
		killed(s)
		b.StartTimer()
	}
}
