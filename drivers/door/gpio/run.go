package gpio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"periph.io/x/conn/v3/gpio"

	"umbral/drivers/door"
)

// Run is door.Door's. The first thing it does is to request the relay's line with the inactive value.
func (d *Door) Run(ctx context.Context) error {
	if err := d.begin(); err != nil {
		return err
	}
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.running = false
	}()
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.halt:
			return nil
		case <-retry.C:
		}
		err := d.session(ctx)
		if err == nil {
			return nil
		}
		d.fault(err)
		retry.Reset(d.opts.Retry)
	}
}

func (d *Door) begin() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.halted:
		return fmt.Errorf("gpio: run: %w", door.ErrHalted)
	case d.running:
		return errors.New("gpio: run: is running already")
	}
	d.running = true
	return nil
}

func (d *Door) fault(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := err.Error()
	if d.state.Fault != text {
		d.put(door.Fault, time.Now(), text)
	}
	d.faulty = true
	d.state.Fault, d.state.Contact, d.state.Button, d.state.Tamper = text, door.Unknown, false, false
	// What the other door does is not known either, and until it is, this one waits.
	d.state.Interlock = d.opts.Interlock.Spec != ""
}

// session holds the lines until ctx or Halt ends it, with nil, or until something fails.
func (d *Door) session(ctx context.Context) (err error) {
	chip, err := d.openChip()
	if err != nil {
		return err
	}
	defer chip.Close()
	relay, err := RequestOutput(chip, d.opts.Relay, consumer, gpio.Low)
	if err != nil {
		return err
	}
	edges := make(chan edge, eventBuffer)
	in := inputs{done: make(chan struct{})}
	var lit lights
	defer func() {
		// First of all the relay, also after a failure; a reader may take its time to end.
		err = errors.Join(err, d.letGo(relay))
		lit.close()
		in.close()
		relay.Close()
	}()
	if err := in.request(chip, &d.opts); err != nil {
		return err
	}
	if err := lit.request(chip, &d.opts); err != nil {
		return err
	}
	if err := d.ready(relay, &in); err != nil {
		return err
	}
	for _, p := range in.all() {
		in.readers.Go(func() { p.edges(edges, in.done) })
	}
	return d.loop(ctx, relay, &in, &lit, edges)
}

// letGo brings the relay to rest and takes it from Open.
func (d *Door) letGo(relay *Pin) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.relay = nil
	if err := relay.Halt(); err != nil {
		return err
	}
	d.rested()
	return nil
}

// ready takes over the inputs as they are and lets Open use the relay.
func (d *Door) ready(relay *Pin, in *inputs) error {
	now, err := in.read()
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.broken: // of a line that is no longer held
	default:
	}
	d.rested() // the request came with the inactive value
	d.state.Fault = ""
	if d.faulty {
		d.faulty = false
		d.put(door.Recovered, time.Now(), "")
	}
	if in.contact != nil {
		d.state.Contact = contactOf(now.closed)
	}
	d.state.Button = now.held
	if now.open && !d.state.Tamper {
		d.put(door.Tampered, time.Now(), "") // it was opened while nobody looked
	}
	d.state.Tamper = now.open
	if now.interlocked != d.state.Interlock {
		kind := door.OtherClosed
		if now.interlocked {
			kind = door.OtherOpened
		}
		d.put(kind, time.Now(), "")
	}
	d.state.Interlock = now.interlocked
	if !d.halted {
		d.relay = relay
	}
	return nil
}

// healthEvery is how often the relay's line is read, to notice a chip that went away before somebody stands at the door.
const healthEvery = 2 * time.Second

// loop ends pulses, keeps lamp and buzzer going, and tells of edges.
func (d *Door) loop(ctx context.Context, relay *Pin, in *inputs, lit *lights, edges <-chan edge) error {
	end, beat := time.NewTimer(0), time.NewTimer(0)
	defer end.Stop()
	defer beat.Stop()
	health := time.NewTicker(healthEvery)
	defer health.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.halt:
			return nil
		case err := <-d.broken:
			return err
		case e := <-edges:
			if e.err != nil {
				return e.err
			}
			d.moved(in, e)
		case <-d.poke:
		case <-end.C:
		case <-beat.C:
		case <-health.C:
			if _, err := relay.Level(); err != nil {
				return err
			}
		}
		wait, err := d.due()
		if err != nil {
			return err
		}
		if wait > 0 {
			end.Reset(wait)
		}
		if next := lit.show(d.sign()); next > 0 {
			beat.Reset(next)
		}
	}
}

// sign is what is to be shown, and for how long it has been.
func (d *Door) sign() (door.Sign, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.Sign, time.Since(d.shown)
}

// due ends a pulse that is over, and returns how long one that is not still has; 0 without one.
func (d *Door) due() (time.Duration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.state.Relay {
		return 0, nil
	}
	if left := time.Until(d.pulse.Until()); left > 0 {
		return left, nil
	}
	if err := d.rest(); err != nil {
		return 0, err
	}
	return 0, nil
}

// openChip opens the chip by its path, or looks for its label.
func (d *Door) openChip() (Chip, error) {
	if strings.HasPrefix(d.opts.Chip, "/") {
		c, err := d.opts.Kernel.Open(d.opts.Chip)
		if err != nil {
			return nil, fmt.Errorf("gpio: %w", err)
		}
		return c, nil
	}
	var labels []string
	for _, path := range d.opts.Kernel.Chips() {
		c, err := d.opts.Kernel.Open(path)
		if err != nil {
			labels = append(labels, err.Error())
			continue
		}
		info, err := c.Info()
		if err == nil && text(info.Label) == d.opts.Chip {
			return c, nil
		}
		labels = append(labels, fmt.Sprintf("%s %q", path, text(info.Label)))
		c.Close()
	}
	return nil, fmt.Errorf("gpio: no chip has the label %q (found: %s)", d.opts.Chip, strings.Join(labels, ", "))
}

// Release brings a door's relay to rest, once, and lets go of its line. It is for the first moment of a program that takes
// its time until Run: a program before it may have died in a pulse and left the relay energised. A line that another
// program holds stays as it is, with an error.
func Release(o Opts) error {
	d, err := New(o)
	if err != nil {
		return err
	}
	chip, err := d.openChip()
	if err != nil {
		return err
	}
	defer chip.Close()
	relay, err := RequestOutput(chip, o.Relay, consumer, gpio.Low)
	if err != nil {
		return err
	}
	return relay.Close()
}
