package feed

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func small(t testing.TB) *Feed {
	t.Helper()
	f, err := New("test", DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	begin(t, f, 64)
	return f
}

func begin(t testing.TB, f *Feed, bytes int) {
	t.Helper()
	if err := f.Begin(Format{Format: GREY, Width: 8, Height: bytes / 8, Stride: 8, Bytes: bytes}); err != nil {
		t.Fatal(err)
	}
}

func TestOptsAreChecked(t *testing.T) {
	if err := DefaultOpts().Check(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Opts){
		"size":         func(o *Opts) { o.Width = 8 },
		"8193 pixels":  func(o *Opts) { o.Height = 8193 },
		"rate":         func(o *Opts) { o.FPS = 0 },
		"formats":      func(o *Opts) { o.Formats = nil },
		"pixel format": func(o *Opts) { o.Formats = []FourCC{1} },
		"buffers":      func(o *Opts) { o.Buffers = 2 },
		"frame bytes":  func(o *Opts) { o.MaxFrameBytes = 1 << 30 },
		"stall":        func(o *Opts) { o.Stall = 0 },
		"retry":        func(o *Opts) { o.RetryMax = o.RetryMin - 1 },
		"pace":         func(o *Opts) { o.Pace = 9 },
	} {
		o := DefaultOpts()
		spoil(&o)
		if _, err := New("test", o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestFourCC(t *testing.T) {
	for _, c := range []struct {
		code          FourCC
		name          string
		stride, bytes int
	}{{YUYV, "YUYV", 20, 140}, {GREY, "GREY", 10, 70}, {NV12, "NV12", 10, 110}, {MJPG, "MJPG", 0, 140}} {
		if c.code.String() != c.name {
			t.Errorf("%v is called %s", c.name, c.code)
		}
		if got, err := ParseFourCC(c.name); err != nil || got != c.code {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		if stride, bytes := c.code.Size(10, 7); stride != c.stride || bytes != c.bytes {
			t.Errorf("%s 10×7: %d a line, %d in all; wanted %d and %d", c.name, stride, bytes, c.stride, c.bytes)
		}
	}
	if s := FourCC(0x01020304).String(); s != "0x01020304" {
		t.Errorf("an unprintable code is %s", s)
	}
	if _, err := ParseFourCC("H264"); err == nil {
		t.Error("H264 is not known")
	}
}

func TestNamesOfStatesAndFaults(t *testing.T) {
	seen := map[string]bool{}
	for s := Idle; s <= Halted; s++ {
		seen[s.String()] = true
	}
	for k := range faults {
		seen[k.String()] = true
	}
	if len(seen) != len(stateNames)+int(faults) || seen[""] {
		t.Errorf("names %v", seen)
	}
	if State(99).String() != "state 99" || Fault(-1).String() != "fault -1" {
		t.Errorf("%v %v", State(99), Fault(-1))
	}
}

func TestNothingBeforeBegin(t *testing.T) {
	f, err := New("test", DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	if b := f.Buffer(); b != nil {
		t.Error("a buffer without a pool")
	}
	for _, bytes := range []int{0, -1, DefaultOpts().MaxFrameBytes + 1} {
		if err := f.Begin(Format{Format: GREY, Width: 8, Height: 8, Bytes: bytes}); err == nil {
			t.Errorf("frames of %d bytes accepted", bytes)
		}
	}
}

func TestPoolGrowsForALargerFormatOnly(t *testing.T) {
	f := small(t)
	f.Publish(f.Buffer(), time.Now())
	held, err := f.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held.Data[0] = 7
	f.Publish(f.Buffer(), time.Now())
	size := f.Stats().PoolBytes
	begin(t, f, 32)
	if got := f.Stats().PoolBytes; got != size {
		t.Errorf("pool of %d bytes after a smaller format, was %d", got, size)
	}
	begin(t, f, 128)
	if got := f.Stats(); got.PoolBytes != 2*size || got.Dropped != 1 {
		t.Errorf("after a larger format: %+v", got)
	}
	if held.Data[0] != 7 || len(held.Data) != 64 {
		t.Error("a held frame changed with the pool")
	}
	held.Release()
	for range f.Opts().Buffers {
		b := f.Buffer()
		if b == nil || len(b.Data) != 128 {
			t.Fatalf("buffer %v of the new pool", b)
		}
	}
	if f.Buffer() != nil {
		t.Error("the old pool's frame came back into the new one")
	}
}

func TestEndComesAfterTheLastFrame(t *testing.T) {
	f := small(t)
	f.Publish(f.Buffer(), time.Now())
	f.End()
	if b, err := f.Frame(t.Context()); err != nil {
		t.Fatal(err)
	} else {
		b.Release()
	}
	for range 2 {
		if _, err := f.Frame(t.Context()); !errors.Is(err, ErrEnd) {
			t.Errorf("%v", err)
		}
	}
	if s := f.Stats().State; s != Ended {
		t.Errorf("state %v", s)
	}
}

func TestRunTellsHowItEnded(t *testing.T) {
	broken := errors.New("broken")
	f := small(t)
	if err := f.Run(t.Context(), func(context.Context) error { return broken }); err != broken {
		t.Errorf("%v", err)
	}
	if st := f.Stats(); st.State != Failing || st.Text != "broken" {
		t.Errorf("%+v", st)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := f.Run(ctx, func(context.Context) error { cancel(); return broken }); err != nil {
		t.Errorf("an error after the end: %v", err)
	}
	if st := f.Stats(); st.State != Idle || st.Text != "" {
		t.Errorf("%+v", st)
	}
}

func TestRateIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := small(t)
		for range 100 {
			time.Sleep(40 * time.Millisecond)
			f.Publish(f.Buffer(), time.Now())
		}
		if got := f.Stats().FPS; got < 24.9 || got > 25.1 {
			t.Errorf("%v frames a second, wanted 25", got)
		}
	})
}

func TestFrameWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := small(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := f.Frame(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		begin = time.Now()
		if _, err := f.Frame(t.Context()); !errors.Is(err, ErrStalled) || time.Since(begin) != f.Opts().Stall {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		// A second consumer waits for its turn no longer than its context.
		go f.Frame(t.Context())
		synctest.Wait()
		if _, err := f.Frame(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// TestManyHands lets a driver and several consumers loose on one feed: no frame may be in two hands, and no count lost.
func TestManyHands(t *testing.T) {
	f := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	var consumers sync.WaitGroup
	for k := range 3 {
		consumers.Go(func() {
			mark := byte(k + 1)
			for {
				b, err := f.Frame(ctx)
				if err != nil {
					return
				}
				if b.Data[0] != 0 {
					t.Errorf("a frame with the mark of %d", b.Data[0])
				}
				b.Data[0] = mark
				time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
				if b.Data[0] != mark {
					t.Errorf("the mark %d became %d", mark, b.Data[0])
				}
				b.Release()
			}
		})
	}
	const frames = 20000
	for i := range frames {
		b := f.Buffer()
		if b == nil {
			continue
		}
		b.Data[0] = 0
		if i%100 == 99 {
			f.Discard(b)
			continue
		}
		f.Publish(b, time.Now())
	}
	cancel()
	consumers.Wait()
	st := f.Stats()
	left := st.Captured - st.Delivered - st.Dropped - st.Starved
	if left > 1 {
		t.Errorf("%d frames are nowhere: %+v", left, st)
	}
	for range f.Opts().Buffers {
		if f.Buffer() == nil {
			t.Fatal("a buffer was lost")
		}
	}
}

func TestWaitTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := small(t)
		if err := f.WaitTaken(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.Publish(f.Buffer(), time.Now())
		done := make(chan error)
		go func() { done <- f.WaitTaken(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("a frame waits, and WaitTaken returned %v", err)
		default:
		}
		b, err := f.Frame(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.Release()
		f.Publish(f.Buffer(), time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.WaitTaken(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func BenchmarkHandOver(b *testing.B) {
	f := small(b)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		f.Publish(f.Buffer(), now)
		x, err := f.Frame(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		x.Release()
	}
}
