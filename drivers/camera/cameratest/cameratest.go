// Package cameratest is the conformance suite that every camera passes: real, replayed or scripted.
package cameratest

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"umbral/drivers/camera/feed"
)

// Source is camera.Source; the suite does not import that package, so that the packages below it can use the suite.
type Source interface {
	fmt.Stringer
	Run(ctx context.Context) error
	Frame(ctx context.Context) (*feed.Frame, error)
	Stats() feed.Stats
	Halt() error
}

// Limit is how long anything in the suite may take before it counts as never. It bounds, it does not measure.
const Limit = 20 * time.Second

// Opts are the options that the suite opens sources with: fast, and soon stalled.
func Opts() feed.Opts {
	o := feed.DefaultOpts()
	o.Width, o.Height, o.FPS = 64, 48, 120
	o.Stall = 300 * time.Millisecond
	return o
}

// Conform runs the suite. open returns a new source that makes frames for ever, in the size and at the rate of o, or as
// close as it can; it makes them in real time.
func Conform(t *testing.T, open func(t *testing.T, o feed.Opts) Source) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, func(*testing.T, feed.Opts) Source)
	}{
		{"FramesAreWhole", framesAreWhole},
		{"NewestWins", newestWins},
		{"HeldFramesStay", heldFramesStay},
		{"PoolIsBounded", poolIsBounded},
		{"ReleaseTwice", releaseTwice},
		{"NobodyRuns", nobodyRuns},
		{"ContextEnds", contextEnds},
		{"Halt", halt},
		{"HaltFirst", haltFirst},
		{"RunTwice", runTwice},
		{"NothingAllocated", nothingAllocated},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			c.check(t, open)
			goleak.VerifyNone(t, before)
		})
	}
}

// running runs s until the returned function is called, which checks that Run returned nil.
func running(t *testing.T, s Source) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		t.Helper()
		if stopped {
			return
		}
		stopped = true
		cancel()
		returned(t, done)
	}
	t.Cleanup(stop)
	return stop
}

// returned waits for Run's result, which must be nil.
func returned(t *testing.T, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
	case <-time.After(Limit):
		t.Fatal("Run did not return")
	}
}

// next takes a frame; stalls are gone through.
func next(t *testing.T, s Source) *feed.Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	for {
		b, err := s.Frame(ctx)
		if errors.Is(err, feed.ErrStalled) {
			continue
		}
		if err != nil {
			t.Fatalf("Frame: %v (%+v)", err, s.Stats())
		}
		return b
	}
}

// until waits for a condition on the counters.
func until(t *testing.T, s Source, what string, ok func(feed.Stats) bool) {
	t.Helper()
	for end := time.Now().Add(Limit); !ok(s.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come: %+v", what, s.Stats())
		}
	}
}

func framesAreWhole(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	if s.String() == "" {
		t.Error("String is empty")
	}
	start := time.Now()
	stop := running(t, s)
	last := int64(-1)
	for range 10 {
		b := next(t, s)
		st := s.Stats()
		if b.Format != st.Format || b.Width != st.Width || b.Height != st.Height || b.Stride != st.Stride {
			t.Fatalf("frame %v %d×%d stride %d, stats say %v %d×%d stride %d",
				b.Format, b.Width, b.Height, b.Stride, st.Format, st.Width, st.Height, st.Stride)
		}
		if _, size := b.Format.Size(b.Width, b.Height); b.Format != feed.MJPG && len(b.Data) < size || len(b.Data) == 0 {
			t.Fatalf("frame %v %d×%d has %d bytes, wanted %d", b.Format, b.Width, b.Height, len(b.Data), size)
		}
		if int64(b.Sequence) <= last {
			t.Fatalf("sequence %d after %d", b.Sequence, last)
		}
		last = int64(b.Sequence)
		if b.Captured.Before(start) || b.Captured.After(time.Now()) {
			t.Fatalf("captured at %v, between %v and now", b.Captured, start)
		}
		b.Release()
	}
	stop()
	st := s.Stats()
	if st.Delivered != 10 {
		t.Errorf("delivered %d, took 10", st.Delivered)
	}
	if n := st.Delivered + st.Dropped + st.Starved; st.Captured != n && st.Captured != n+1 {
		t.Errorf("captured %d, but delivered, dropped and starved are %d and at most one waits", st.Captured, n)
	}
	if st.Opened != 1 || st.Device == "" || st.Since.IsZero() || st.FPS <= 0 {
		t.Errorf("stats %+v", st)
	}
	if o := Opts(); st.PoolBytes <= 0 || st.PoolBytes > o.PoolBytes() {
		t.Errorf("pool of %d bytes, limit %d", st.PoolBytes, o.PoolBytes())
	}
}

func newestWins(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	stop := running(t, s)
	first := next(t, s)
	defer first.Release()
	const wait = 8
	base := s.Stats()
	until(t, s, "more frames", func(st feed.Stats) bool { return st.Captured >= base.Captured+wait })
	stop()
	st := s.Stats()
	b := next(t, s)
	defer b.Release()
	if want := st.Captured + st.Missed - 1; b.Sequence != want {
		t.Errorf("took frame %d, the newest is %d", b.Sequence, want)
	}
	if st.Dropped < wait-1 {
		t.Errorf("dropped %d, at least %d were never taken", st.Dropped, wait-1)
	}
}

func heldFramesStay(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	stop := running(t, s)
	b := next(t, s)
	seed := maphash.MakeSeed()
	want, sequence := maphash.Bytes(seed, b.Data), b.Sequence
	base := s.Stats()
	until(t, s, "more frames", func(st feed.Stats) bool { return st.Captured >= base.Captured+10 })
	stop()
	if got := maphash.Bytes(seed, b.Data); got != want || b.Sequence != sequence {
		t.Error("a frame changed while it was held")
	}
	b.Release()
}

func poolIsBounded(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	o := Opts()
	s := open(t, o)
	stop := running(t, s)
	var all []*feed.Frame
	for range o.Buffers {
		b := next(t, s)
		if slices.ContainsFunc(all, func(x *feed.Frame) bool { return &x.Data[0] == &b.Data[0] }) {
			t.Fatal("two held frames share their memory")
		}
		all = append(all, b)
	}
	until(t, s, "a starved frame", func(st feed.Stats) bool { return st.Starved > 0 })
	if b, err := s.Frame(t.Context()); !errors.Is(err, feed.ErrStalled) {
		t.Fatalf("with every buffer held, Frame gave %v, %v", b, err)
	}
	all[0].Release()
	b := next(t, s)
	b.Release()
	stop()
	for _, b := range all[1:] {
		b.Release()
	}
}

func releaseTwice(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	stop := running(t, s)
	for range 3 {
		b := next(t, s)
		b.Release()
		b.Release()
	}
	a, b := next(t, s), next(t, s)
	if &a.Data[0] == &b.Data[0] {
		t.Error("a buffer was given out twice")
	}
	a.Release()
	b.Release()
	stop()
}

func nobodyRuns(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	if _, err := s.Frame(t.Context()); !errors.Is(err, feed.ErrStalled) {
		t.Errorf("Frame: %v, wanted a stall", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Frame(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Frame: %v, wanted the context's error", err)
	}
	if st := s.Stats(); st.State != feed.Idle {
		t.Errorf("state %v, wanted idle", st.State)
	}
}

func contextEnds(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	for range 3 {
		stop := running(t, s)
		next(t, s).Release()
		stop()
	}
	if st := s.Stats(); st.Opened < 3 {
		t.Errorf("opened %d times in three runs", st.Opened)
	}
}

func halt(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context()) }()
	next(t, s).Release()
	waiting := make(chan error, 1)
	go func() {
		for {
			b, err := s.Frame(t.Context())
			if err != nil && !errors.Is(err, feed.ErrStalled) {
				waiting <- err
				return
			}
			if b != nil {
				b.Release()
			}
		}
	}()
	for range 2 {
		if err := s.Halt(); err != nil {
			t.Errorf("Halt: %v", err)
		}
	}
	returned(t, done)
	if err := <-waiting; !errors.Is(err, feed.ErrHalted) {
		t.Errorf("a waiting Frame got %v", err)
	}
	halted(t, s)
}

func halted(t *testing.T, s Source) {
	t.Helper()
	if _, err := s.Frame(t.Context()); !errors.Is(err, feed.ErrHalted) {
		t.Errorf("Frame after Halt: %v", err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, feed.ErrHalted) {
		t.Errorf("Run after Halt: %v", err)
	}
	if st := s.Stats(); st.State != feed.Halted {
		t.Errorf("state after Halt: %v", st.State)
	}
}

func haltFirst(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	if err := s.Halt(); err != nil {
		t.Errorf("Halt: %v", err)
	}
	halted(t, s)
}

func runTwice(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	stop := running(t, s)
	next(t, s).Release()
	if err := s.Run(t.Context()); !errors.Is(err, feed.ErrRunning) {
		t.Errorf("second Run: %v", err)
	}
	stop()
}

func nothingAllocated(t *testing.T, open func(*testing.T, feed.Opts) Source) {
	s := open(t, Opts())
	stop := running(t, s)
	for range 5 {
		next(t, s).Release()
	}
	ctx := t.Context()
	allocations := testing.AllocsPerRun(50, func() {
		b, err := s.Frame(ctx)
		if err == nil {
			b.Release()
		}
	})
	stop()
	if allocations != 0 {
		t.Errorf("%v allocations a frame", allocations)
	}
}
