// Package simulated is a door without hardware, for the demo and for tests of what uses a door. When its relay is
// energised it swings open, somebody walks through, and it falls shut, all after set times.
package simulated

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"umbral/drivers/door"
)

// Opts is how the simulated door behaves.
type Opts struct {
	// MaxPulse is the longest pulse; 0 means door.MaxPulse.
	MaxPulse time.Duration
	// Swing is how long after the relay is energised the contact opens; it does not where the relay is let go before.
	// 0 means that nobody walks through and the contact stays as it is.
	Swing time.Duration
	// Pass is how long the contact then stays open, at least until the relay is let go.
	Pass time.Duration
}

// DefaultOpts returns a door that somebody opens after 400 ms and that falls shut after two seconds more.
func DefaultOpts() Opts {
	return Opts{MaxPulse: door.MaxPulse, Swing: 400 * time.Millisecond, Pass: 2 * time.Second}
}

// Door is a simulated door.
type Door struct {
	opts   Opts
	events door.Queue
	poke   chan struct{} // tells Run that something changed
	halt   chan struct{}

	mu      sync.Mutex
	state   door.State
	pulse   door.Pulse
	swing   time.Time // when the contact opens; zero when it is not going to
	shut    time.Time // when it closes again
	shown   time.Time // when the sign was given
	failure error
	running bool
	halted  bool
}

var _ door.Door = (*Door)(nil)

// New returns a closed door.
func New(o Opts) (*Door, error) {
	if o.MaxPulse < 0 || o.MaxPulse > door.MaxPulse || o.Swing < 0 || o.Pass < 0 {
		return nil, fmt.Errorf("simulated: pulse up to %v (limit %v), swing %v, pass %v: none may be negative", o.MaxPulse, door.MaxPulse, o.Swing, o.Pass)
	}
	return &Door{
		opts: o, pulse: door.Pulse{Max: o.MaxPulse}, state: door.State{Contact: door.Closed},
		poke: make(chan struct{}, 1), halt: make(chan struct{}),
	}, nil
}

// String names the door.
func (d *Door) String() string { return "simulated door" }

// Open is door.Door's.
func (d *Door) Open(pulse time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.pulse.Check(pulse); err != nil {
		return err
	}
	switch {
	case d.halted:
		return fmt.Errorf("simulated: %w: %w", door.ErrNotReady, door.ErrHalted)
	case !d.running:
		return fmt.Errorf("simulated: %w: Run is not running, so nothing would end the pulse", door.ErrNotReady)
	case d.failure != nil:
		return fmt.Errorf("simulated: %w: %w", door.ErrNotReady, d.failure)
	}
	now := time.Now()
	d.state.Until = d.pulse.Extend(now, pulse)
	if !d.state.Relay {
		d.state.Relay = true
		d.put(door.RelayOn, now, "")
		if d.opts.Swing > 0 {
			d.swing = now.Add(d.opts.Swing)
		}
	}
	d.wake()
	return nil
}

// Show is door.Door's.
func (d *Door) Show(s door.Sign) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.Sign, d.shown = s, time.Now()
}

// Lights says what lamp and buzzer do now: nothing while Run does not run.
func (d *Door) Lights() (lamp, buzzer bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running {
		lamp, buzzer, _ = d.state.Sign.At(time.Since(d.shown))
	}
	return lamp, buzzer
}

// SetTamper opens or closes the housing.
func (d *Door) SetTamper(open bool) { d.set(&d.state.Tamper, open, door.Tampered, door.TamperClosed) }

// SetInterlock opens or closes the other door.
func (d *Door) SetInterlock(open bool) {
	d.set(&d.state.Interlock, open, door.OtherOpened, door.OtherClosed)
}

// set changes a part of the state and tells of it.
func (d *Door) set(part *bool, to bool, yes, no door.Kind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if *part == to {
		return
	}
	*part = to
	kind := no
	if to {
		kind = yes
	}
	d.put(kind, time.Now(), "")
}

// State is door.Door's.
func (d *Door) State() door.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Event is door.Door's.
func (d *Door) Event(ctx context.Context) (door.Event, error) { return d.events.Next(ctx) }

// Run is door.Door's.
func (d *Door) Run(ctx context.Context) error {
	d.mu.Lock()
	switch {
	case d.halted:
		d.mu.Unlock()
		return fmt.Errorf("simulated: run: %w", door.ErrHalted)
	case d.running:
		d.mu.Unlock()
		return errors.New("simulated: run: is running already")
	}
	d.running = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.running = false
		d.release(time.Now())
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if next := d.step(time.Now()); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.halt:
			return nil
		case <-d.poke:
		case <-timer.C:
		}
	}
}

// step does what is due and returns when the next thing is, or zero.
func (d *Door) step(now time.Time) (next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.swing.IsZero() && !now.Before(d.swing) {
		d.shut = d.swing.Add(d.opts.Pass)
		d.swing = time.Time{}
		d.contact(door.Opened, now)
	}
	if d.state.Relay && !now.Before(d.state.Until) {
		d.release(now)
	}
	if !d.shut.IsZero() && !d.state.Relay && !now.Before(d.shut) {
		d.shut = time.Time{}
		d.contact(door.Closed, now)
	}
	for _, t := range []time.Time{d.swing, d.state.Until, d.shut} {
		if !t.IsZero() && t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// release lets the relay go. It needs mu.
func (d *Door) release(now time.Time) {
	if !d.state.Relay {
		return
	}
	d.pulse.End()
	d.state.Relay, d.state.Until, d.swing = false, time.Time{}, time.Time{}
	d.put(door.RelayOff, now, "")
}

func (d *Door) contact(c door.Contact, now time.Time) {
	if d.state.Contact == c {
		return
	}
	d.state.Contact = c
	if c == door.Opened {
		d.put(door.ContactOpened, now, "")
	} else {
		d.put(door.ContactClosed, now, "")
	}
}

func (d *Door) put(k door.Kind, now time.Time, text string) {
	d.events.Put(door.Event{Kind: k, At: now, Text: text})
}

func (d *Door) wake() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// Halt is door.Door's.
func (d *Door) Halt() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.release(time.Now())
	if !d.halted {
		d.halted = true
		close(d.halt)
	}
	return nil
}

// SetContact moves the door by hand: somebody forces it open, or holds it.
func (d *Door) SetContact(c door.Contact) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = time.Time{}
	d.contact(c, time.Now())
	d.wake()
}

// SetButton presses or releases the exit button.
func (d *Door) SetButton(held bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Button == held {
		return
	}
	d.state.Button = held
	if held {
		d.put(door.ButtonPressed, time.Now(), "")
	} else {
		d.put(door.ButtonReleased, time.Now(), "")
	}
}

// Fail makes the hardware fail, or, with nil, work again.
func (d *Door) Fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.failure
	d.failure = err
	now := time.Now()
	switch {
	case err != nil && was == nil:
		d.release(now)
		d.state.Fault = err.Error()
		d.put(door.Fault, now, err.Error())
	case err == nil && was != nil:
		d.state.Fault = ""
		d.put(door.Recovered, now, "")
	}
}
