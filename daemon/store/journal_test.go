package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAppendChainsEntriesOverBoots(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock = clock.read
	s := opened(t, dir, o)
	want := []Position{appended(t, s, "passage", "one"), appended(t, s, "passage", "two")}
	closed(t, s)
	clock.add(time.Minute)
	s = opened(t, dir, o)
	want = append(want, appended(t, s, "health", strings.Repeat("x", MaxPayload)))
	if diff := cmp.Diff([]Position{{1, 1}, {1, 2}, {2, 1}}, want); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	got := entries(t, s)
	var previous [32]byte
	for i, e := range got {
		if e.Position != want[i] || e.Previous != previous || e.Hash != e.Sum() {
			t.Errorf("entry %d: %v follows %x, hash %x, sum %x", i, e.Position, e.Previous, e.Hash, e.Sum())
		}
		previous = e.Hash
	}
	if head, hash := s.Head(); head != want[2] || hash != previous {
		t.Errorf("head %v %x, want %v %x", head, hash, want[2], previous)
	}
	if e := got[0]; e.Kind != "passage" || string(e.Payload) != "one" || e.Clock != "ntp" || !e.Wall.Equal(clock.now.Add(-time.Minute)) {
		t.Errorf("first entry is %+v", e)
	}
}

func TestAppendRefuses(t *testing.T) {
	o := testOpts()
	trust := "ntp"
	o.Clock = func() (time.Time, string) { return time.Time{}, trust }
	s := opened(t, t.TempDir(), o)
	for _, c := range []struct {
		name, kind, trust string
		payload           int
	}{
		{"no kind", "", "ntp", 1},
		{"long kind", strings.Repeat("k", MaxKind+1), "ntp", 1},
		{"kind with a blank", "a b", "ntp", 1},
		{"big payload", "k", "ntp", MaxPayload + 1},
		{"no trust", "k", "", 1},
		{"long trust", "k", strings.Repeat("t", MaxClock+1), 1},
	} {
		trust = c.trust
		if _, err := s.Append(c.kind, make([]byte, c.payload)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if st := s.Status(); st.Fault != nil || st.Entries != 0 {
		t.Errorf("refusals are no fault of the disk: %+v", st)
	}
	trust = "unknown"
	p := appended(t, s, "k", "")
	if e := entries(t, s)[0]; e.Position != p || e.Wall.Unix() != 0 {
		t.Errorf("a clock before 1970 gives %+v", e)
	}
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	clock := newTestClock()
	o := testOpts()
	o.Clock = clock.read
	dir := t.TempDir()
	s := opened(t, dir, o)
	start := clock.now
	appended(t, s, "a", "")
	clock.add(-time.Hour)
	appended(t, s, "b", "")
	closed(t, s)
	s = opened(t, dir, o)
	appended(t, s, "c", "")
	clock.add(2 * time.Hour)
	appended(t, s, "d", "")
	type times struct{ Wall, Told time.Duration }
	var got []times
	for _, e := range entries(t, s) {
		got = append(got, times{e.Wall.Sub(start), e.Told.Sub(start)})
	}
	want := []times{{0, 0}, {0, -time.Hour}, {0, -time.Hour}, {time.Hour, time.Hour}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestCursorAndPending(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	var at []Position
	for i := range 10 {
		at = append(at, appended(t, s, "e", fmt.Sprint(i)))
	}
	if err := s.Ack(at[3]); err != nil {
		t.Fatal(err)
	}
	if err := s.Ack(at[1]); err != nil {
		t.Errorf("an old acknowledgement: %v", err)
	}
	if err := s.Ack(Position{1, 99}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an acknowledgement of the future: %v", err)
	}
	for range 2 {
		if s.Cursor() != at[3] || s.Pending() != 6 {
			t.Errorf("cursor %v, %d pending; want %v, 6", s.Cursor(), s.Pending(), at[3])
		}
		next, err := s.Next(s.Cursor(), 2)
		if err != nil || len(next) != 2 || next[0].Position != at[4] || next[1].Position != at[5] {
			t.Errorf("next: %v, %v", next, err)
		}
		closed(t, s)
		s = opened(t, dir, o)
	}
	if next, err := s.Next(at[9], 5); err != nil || len(next) != 0 {
		t.Errorf("after the last: %v, %v", next, err)
	}
	if next, err := s.Next(Position{}, 0); err != nil || len(next) != 0 {
		t.Errorf("none asked for: %v, %v", next, err)
	}
}

func TestWait(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	done := make(chan error, 1)
	go func() { done <- s.Wait(t.Context(), Position{}) }()
	p := appended(t, s, "e", "")
	if err := <-done; err != nil {
		t.Errorf("wait: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- s.Wait(ctx, p) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("wait with its context ended: %v", err)
	}
	go func() { done <- s.Wait(t.Context(), p) }()
	s.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("wait on a closed store: %v", err)
	}
	if _, err := s.Append("e", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append to a closed store: %v", err)
	}
	if _, err := s.People(); !errors.Is(err, ErrClosed) {
		t.Errorf("reading a closed store: %v", err)
	}
}

func TestJournalDropsAcknowledgedEntriesAtItsLimit(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	payload := strings.Repeat("p", 4000)
	for range 100 {
		p := appended(t, s, "e", payload)
		if err := s.Ack(p); err != nil {
			t.Fatal(err)
		}
	}
	st := s.Status()
	if st.JournalBytes > o.JournalBytes || st.Entries < 50 || st.Entries >= 100 || st.Pending != 0 {
		t.Errorf("status %+v, limit %d", st, o.JournalBytes)
	}
	for _, e := range entries(t, s) {
		if e.Kind == KindGap {
			t.Errorf("a gap was recorded although nothing was lost: %s", e.Payload)
		}
	}
	closed(t, s)
	if again := opened(t, dir, o).Status(); again.JournalBytes != st.JournalBytes || again.Entries != st.Entries {
		t.Errorf("after reopening %+v, before %+v", again, st)
	}
}

func TestJournalRecordsGaps(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	payload := strings.Repeat("p", 4000)
	acked := appended(t, s, "e", payload)
	if err := s.Ack(acked); err != nil {
		t.Fatal(err)
	}
	const n = 400
	seen := map[Position]bool{}
	for range n {
		seen[appended(t, s, "e", payload)] = true
	}
	all := entries(t, s)
	lost := 0
	gaps := 0
	for _, e := range all {
		if e.Kind != KindGap {
			if !seen[e.Position] {
				t.Errorf("entry %v was never appended", e.Position)
			}
			delete(seen, e.Position)
			continue
		}
		gaps++
		var g Gap
		if err := json.Unmarshal(e.Payload, &g); err != nil {
			t.Fatal(err)
		}
		if g.Count == 0 || g.First.Compare(g.Last) > 0 || g.Last.Compare(e.Position) >= 0 {
			t.Errorf("gap %+v at %v", g, e.Position)
		}
		lost += g.Count
	}
	if lost != len(seen) {
		t.Errorf("gaps name %d lost entries, %d are missing", lost, len(seen))
	}
	if gaps == 0 || gaps > 20 {
		t.Errorf("%d gap entries among %d", gaps, len(all))
	}
	if st := s.Status(); st.Pending != len(all) || st.JournalBytes > minJournalBytes {
		t.Errorf("%d pending of %d, %d bytes", st.Pending, len(all), st.JournalBytes)
	}
}

func BenchmarkAppend(b *testing.B) {
	s := opened(b, b.TempDir(), testOpts())
	payload := make([]byte, 600)
	b.ReportAllocs()
	for b.Loop() {
		p, err := s.Append("passage", payload)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Ack(p); err != nil {
			b.Fatal(err)
		}
	}
}
