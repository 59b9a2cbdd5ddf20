package feed

import (
	"context"
	"time"
)

// runState keeps the promise that a source runs at most once at a time, and never after Halt.
type runState struct {
	cancel context.CancelFunc // of the Run that is under way, or nil
	done   chan struct{}      // closed when it has returned
	halted bool
}

// Run calls body with a context that ends with ctx or with Halt. It returns nil when ctx or Halt ended it, ErrRunning
// for a second Run at the same time, ErrHalted after Halt, else what body returned. A driver's Run is this call.
func (f *Feed) Run(ctx context.Context, body func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	f.mu.Lock()
	if f.run.halted || f.run.cancel != nil {
		err := ErrRunning
		if f.run.halted {
			err = ErrHalted
		}
		f.mu.Unlock()
		return err
	}
	f.run.cancel, f.run.done = cancel, done
	if f.end == ErrEnd {
		f.end = nil // played again
	}
	f.mu.Unlock()

	err := body(ctx)

	f.mu.Lock()
	f.run.cancel = nil
	f.mu.Unlock()
	close(done)
	switch {
	case ctx.Err() != nil:
		err = nil
		f.State(Idle, "")
	case err != nil:
		f.State(Failing, err.Error())
	}
	return err
}

// Halt ends Run, waits until it has returned, and makes every later Frame and Run fail with ErrHalted. It is
// idempotent.
func (f *Feed) Halt() error {
	f.mu.Lock()
	f.run.halted, f.end = true, ErrHalted
	done := f.run.done
	if f.run.cancel != nil {
		f.run.cancel()
	}
	f.mu.Unlock()
	if done != nil {
		<-done
	}
	f.State(Halted, "")
	signal(f.fresh)
	return nil
}

// End says that no frame follows: Frame returns ErrEnd once the last one was taken.
func (f *Feed) End() {
	f.mu.Lock()
	if f.end == nil {
		f.end = ErrEnd
	}
	f.mu.Unlock()
	f.State(Ended, "")
	signal(f.fresh)
}

// State says what the source does, with a text for the technician; Since is when the state last changed.
func (f *Feed) State(s State, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stats.State == Halted || (f.stats.State == Ended && s == Idle) {
		return
	}
	if f.stats.State != s {
		f.stats.State, f.stats.Since = s, time.Now()
	}
	f.stats.Text = text
}

// Fault counts one error of that kind.
func (f *Feed) Fault(k Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Faults[k]++
}

// Missed counts frames that the device made and the driver did not see.
func (f *Feed) Missed(n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Missed += n
	f.next += n
}

// Trimmed counts a frame that had other bytes before its picture.
func (f *Feed) Trimmed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Trimmed++
}

// Note says what a replay shows.
func (f *Feed) Note(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Note = text
}

// Unset says which controls could not be set; empty when all are.
func (f *Feed) Unset(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Unset = text
}

// Opened counts a successful opening of that device.
func (f *Feed) Opened(device string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Opened++
	f.stats.Device = device
}

// Stats returns the counters.
func (f *Feed) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}
