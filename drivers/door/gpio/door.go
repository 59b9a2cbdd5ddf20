package gpio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"umbral/drivers/door"
)

// Opts is how the door is wired.
type Opts struct {
	// Chip is the chip's path, such as "/dev/gpiochip0", or its label, such as "pinctrl-bcm2711", which stays the same
	// when the kernel counts the chips in another order.
	Chip string
	// Relay is the line that unlocks the door while it is active.
	Relay Line
	// Contact is the line that is active while the door is closed. Optional.
	Contact Line
	// Button is the line that is active while the exit button is held. Optional.
	Button Line
	// Tamper is the line that is active while the housing is open. Optional.
	Tamper Line
	// Interlock is the line that is active while another door is open that this one waits for. Optional.
	Interlock Line
	// Lamp and Buzzer are outputs that are active while they shine and sound. Optional.
	Lamp, Buzzer Line
	// MaxPulse is the longest pulse; 0 means door.MaxPulse.
	MaxPulse time.Duration
	// Retry is how long Run waits before it asks for lines again that it could not get or that failed.
	Retry time.Duration
	// Kernel is nil but in tests.
	Kernel Kernel
}

// DefaultOpts returns the debounce periods, pulls and times to start from; the chip and the lines are the board's.
func DefaultOpts() Opts {
	return Opts{
		Contact:   Line{ActiveLow: true, Bias: PullUp, Debounce: 20 * time.Millisecond},
		Button:    Line{ActiveLow: true, Bias: PullUp, Debounce: 20 * time.Millisecond},
		Tamper:    Line{ActiveLow: true, Bias: PullUp, Debounce: 50 * time.Millisecond},
		Interlock: Line{Bias: PullUp, Debounce: 20 * time.Millisecond},
		MaxPulse:  10 * time.Second,
		Retry:     time.Second,
	}
}

const (
	minRetry = 10 * time.Millisecond
	consumer = "umbral-door"
)

// Door is a door on GPIO lines.
type Door struct {
	opts   Opts
	events door.Queue
	poke   chan struct{} // the pulse changed
	broken chan error    // the relay did not obey
	halt   chan struct{}

	mu      sync.Mutex
	relay   gpio.PinOut // nil while there is none
	pulse   door.Pulse
	state   door.State
	shown   time.Time // when the sign was given
	faulty  bool      // a fault was told, its recovery not yet
	running bool
	halted  bool
}

var _ door.Door = (*Door)(nil)

// New checks the options. It touches no hardware: Run does.
func New(o Opts) (*Door, error) {
	if o.Chip == "" || o.Relay.Spec == "" {
		return nil, errors.New("gpio: a door needs a chip and a relay line")
	}
	if o.MaxPulse < 0 || o.MaxPulse > door.MaxPulse {
		return nil, fmt.Errorf("gpio: longest pulse %v, limit 0 to %v", o.MaxPulse, door.MaxPulse)
	}
	if o.Retry < minRetry || o.Retry > time.Minute {
		return nil, fmt.Errorf("gpio: retry after %v, limit %v to 1m (start from DefaultOpts)", o.Retry, minRetry)
	}
	seen := map[string]string{}
	for _, l := range []struct {
		what string
		line Line
	}{
		{"relay", o.Relay}, {"contact", o.Contact}, {"button", o.Button}, {"tamper", o.Tamper}, {"interlock", o.Interlock}, {"lamp", o.Lamp}, {"buzzer", o.Buzzer},
	} {
		if err := l.line.check(l.what); err != nil {
			return nil, err
		}
		if other := seen[l.line.Spec]; other != "" && l.line.Spec != "" {
			return nil, fmt.Errorf("gpio: line %s is %s and %s", l.line.Spec, other, l.what)
		}
		seen[l.line.Spec] = l.what
	}
	for _, l := range []Line{o.Relay, o.Lamp, o.Buzzer} {
		if l.Debounce != 0 {
			return nil, fmt.Errorf("gpio: line %s: debounce %v on an output", l.Spec, l.Debounce)
		}
	}
	if o.Kernel == nil {
		o.Kernel = linux{"/dev"}
	}
	return &Door{
		opts: o, pulse: door.Pulse{Max: o.MaxPulse},
		poke: make(chan struct{}, 1), broken: make(chan error, 1), halt: make(chan struct{}),
		// What the other door does is not known yet, and until it is, this one waits.
		state: door.State{Fault: "not started", Interlock: o.Interlock.Spec != ""},
	}, nil
}

// String names the relay's line.
func (d *Door) String() string {
	return fmt.Sprintf("door on %s line %s", strings.TrimPrefix(d.opts.Chip, "/dev/"), d.opts.Relay.Spec)
}

// Open is door.Door's.
func (d *Door) Open(pulse time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.pulse.Check(pulse); err != nil {
		return err
	}
	if d.relay == nil {
		return fmt.Errorf("gpio: %w: %s", door.ErrNotReady, d.reason())
	}
	now := time.Now()
	if !d.state.Relay {
		if err := d.relay.Out(gpio.High); err != nil {
			// Whether it moved is unknown: ask for rest, and let Run take the line anew.
			err = errors.Join(err, d.relay.Halt())
			d.relay = nil
			d.broken <- err
			return err
		}
		d.state.Relay = true
		d.put(door.RelayOn, now, "")
	}
	d.state.Until = d.pulse.Extend(now, pulse)
	d.wake()
	return nil
}

func (d *Door) wake() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// Show is door.Door's.
func (d *Door) Show(s door.Sign) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.Sign, d.shown = s, time.Now()
	d.wake()
}

// reason says why there is no relay. It needs mu.
func (d *Door) reason() string {
	switch {
	case d.halted:
		return door.ErrHalted.Error()
	case !d.running:
		return "Run is not running, so nothing would end the pulse"
	case d.state.Fault != "":
		return d.state.Fault
	}
	return "starting"
}

// State is door.Door's.
func (d *Door) State() door.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Event is door.Door's.
func (d *Door) Event(ctx context.Context) (door.Event, error) { return d.events.Next(ctx) }

func (d *Door) put(k door.Kind, at time.Time, text string) {
	d.events.Put(door.Event{Kind: k, At: at, Text: text})
}

// rest lets the relay go and says whether it did. It needs mu.
func (d *Door) rest() error {
	if d.relay == nil || !d.state.Relay {
		return nil
	}
	if err := d.relay.Halt(); err != nil {
		return err
	}
	d.rested()
	return nil
}

func (d *Door) rested() {
	d.pulse.End()
	d.state.Until = time.Time{}
	if d.state.Relay {
		d.state.Relay = false
		d.put(door.RelayOff, time.Now(), "")
	}
}

// Halt is door.Door's.
func (d *Door) Halt() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.rest()
	if !d.halted {
		d.halted = true
		close(d.halt)
	}
	d.relay = nil
	return err
}
