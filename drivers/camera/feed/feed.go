package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var (
	// ErrStalled is returned by Frame when no frame came for Opts.Stall. Asking again is right.
	ErrStalled = errors.New("camera: no frame in time")
	// ErrHalted is returned by Frame and Run after Halt.
	ErrHalted = errors.New("camera: halted")
	// ErrEnd is returned by Frame when a replay that plays once has played and its last frame was taken.
	ErrEnd = errors.New("camera: end of the replay")
	// ErrRunning is returned by a second Run.
	ErrRunning = errors.New("camera: already running")
)

// Feed hands frames from a driver to a consumer. Its methods are safe for concurrent use; Buffer, Publish and Discard
// are meant for one driver at a time.
type Feed struct {
	name  string
	opts  Opts
	fresh chan struct{} // holds a token when there may be something to take or an end to report
	taken chan struct{} // holds a token when a buffer may have become free, or the ready frame was taken
	turn  chan struct{} // held by the consumer that waits
	timer *time.Timer   // of the consumer that holds the turn

	mu     sync.Mutex
	pool   *pool
	ready  *Frame
	next   uint64 // sequence number of the next frame
	last   time.Time
	period float64 // seconds between frames, smoothed
	end    error
	stats  Stats
	run    runState
}

// New returns a feed without buffers; Reserve makes them.
func New(name string, o Opts) (*Feed, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	f := &Feed{
		name: name, opts: o,
		fresh: make(chan struct{}, 1), taken: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		timer: time.NewTimer(time.Hour),
	}
	f.timer.Stop()
	f.stats.Device, f.stats.Since = name, time.Now()
	return f, nil
}

// String returns the name given to New.
func (f *Feed) String() string { return f.name }

// Opts returns the options given to New.
func (f *Feed) Opts() Opts { return f.opts }

// Format is what a driver negotiated with its device.
type Format struct {
	Format        FourCC
	Width, Height int
	Stride        int     // bytes a line; 0 for MJPG
	Bytes         int     // of one frame; for MJPG the most that one may have
	Rate          float64 // frames a second; 0 if unknown
}

// Begin states the format of the frames that follow and makes the pool, once: only a later format with larger frames
// replaces it. Frames that are still held stay valid. A format above Opts.MaxFrameBytes is an error.
func (f *Feed) Begin(n Format) error {
	if n.Bytes <= 0 || n.Bytes > f.opts.MaxFrameBytes {
		return fmt.Errorf("camera: %s: frame of %d bytes (%v %d×%d), limit %d (ask for a smaller size or allow larger frames)",
			f.name, n.Bytes, n.Format, n.Width, n.Height, f.opts.MaxFrameBytes)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pool == nil || f.pool.bytes < n.Bytes {
		if f.ready != nil {
			f.ready.state.Store(free)
			f.ready = nil
			f.stats.Dropped++
		}
		f.pool = newPool(f.opts.Buffers, n.Bytes, f.taken)
		f.stats.PoolBytes = f.pool.size()
	}
	f.stats.Format, f.stats.Width, f.stats.Height = n.Format, n.Width, n.Height
	f.stats.Stride, f.stats.Rate = n.Stride, n.Rate
	f.last, f.period, f.stats.FPS = time.Time{}, 0, 0
	return nil
}

// Buffer returns a frame to fill, its Data as long as the pool's frames are. When every buffer is held it takes back the
// one that waits to be taken; when there is none either it counts a starved frame and returns nil.
func (f *Feed) Buffer() *Frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pool == nil {
		return nil
	}
	b := f.pool.take()
	if b == nil && f.ready != nil {
		b, f.ready = f.ready, nil
		b.state.Store(filling)
		f.stats.Dropped++
	}
	if b == nil {
		f.stats.Captured++
		f.stats.Starved++
		f.next++
		return nil
	}
	b.Data = b.buffer
	b.Format, b.Width, b.Height, b.Stride = f.stats.Format, f.stats.Width, f.stats.Height, f.stats.Stride
	return b
}

// Publish gives on a filled frame that was captured at that time, in place of an older one that nobody has taken.
func (f *Feed) Publish(b *Frame, captured time.Time) {
	f.mu.Lock()
	b.Captured, b.Sequence = captured, f.next
	f.next++
	f.stats.Captured++
	f.measure(captured)
	if f.ready != nil {
		f.ready.state.Store(free)
		f.stats.Dropped++
	}
	b.state.Store(ready)
	f.ready = b
	f.mu.Unlock()
	signal(f.fresh)
}

// Discard gives back a buffer whose filling failed.
func (f *Feed) Discard(b *Frame) {
	b.state.Store(free)
	signal(f.taken)
}

// measure smooths the time between frames.
func (f *Feed) measure(now time.Time) {
	if !f.last.IsZero() {
		const share = 1.0 / 16
		d := now.Sub(f.last).Seconds()
		if f.period == 0 {
			f.period = d
		}
		f.period += share * (d - f.period)
		if f.period > 0 {
			f.stats.FPS = 1 / f.period
		}
	}
	f.last = now
}

// Frame returns the newest frame that was not handed out yet. It waits for one until ctx ends (its error), Opts.Stall
// has passed (ErrStalled), the replay ended (ErrEnd) or the source was halted (ErrHalted).
func (f *Feed) Frame(ctx context.Context) (*Frame, error) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-f.turn }()
	f.timer.Reset(f.opts.Stall)
	defer f.timer.Stop()
	for {
		b, err := f.take()
		if b != nil || err != nil {
			return b, err
		}
		select {
		case <-f.fresh:
		case <-f.timer.C:
			return nil, fmt.Errorf("camera: %s: %w: waited %v", f.name, ErrStalled, f.opts.Stall)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *Feed) take() (*Frame, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.ready; b != nil && f.end != ErrHalted {
		f.ready = nil
		b.state.Store(held)
		f.stats.Delivered++
		signal(f.taken)
		return b, nil
	}
	if f.end != nil {
		signal(f.fresh) // the next consumer is to learn it as well
	}
	return nil, f.end
}

// WaitTaken waits until no frame waits to be taken, and a buffer can be had. It returns ctx's error when that ends first.
func (f *Feed) WaitTaken(ctx context.Context) error {
	for {
		f.mu.Lock()
		clear := f.ready == nil && (f.pool == nil || f.pool.available())
		f.mu.Unlock()
		if clear {
			return ctx.Err()
		}
		select {
		case <-f.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// signal leaves a token unless there is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
