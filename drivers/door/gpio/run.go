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
	if !d.faulty || d.state.Fault != text {
		d.put(door.Fault, time.Now(), text)
	}
	d.faulty = true
	d.state.Fault, d.state.Contact, d.state.Button = text, door.Unknown, false
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
	edges, done := make(chan edge, eventBuffer), make(chan struct{})
	var readers sync.WaitGroup
	var inputs []*Pin
	defer func() {
		// First of all the relay, also after a failure; a reader may take its time to end.
		err = errors.Join(err, d.letGo(relay))
		close(done)
		for _, p := range inputs {
			p.Close()
		}
		readers.Wait()
		relay.Close()
	}()
	var contact, button *Pin
	for _, in := range []struct {
		pin  **Pin
		line Line
	}{{&contact, d.opts.Contact}, {&button, d.opts.Button}} {
		if in.line.Spec == "" {
			continue
		}
		p, err := RequestInput(chip, in.line, consumer)
		if err != nil {
			return err
		}
		*in.pin, inputs = p, append(inputs, p)
	}
	if err := d.ready(relay, contact, button); err != nil {
		return err
	}
	for _, p := range inputs {
		readers.Go(func() { p.edges(edges, done) })
	}
	return d.loop(ctx, relay, contact, edges)
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
func (d *Door) ready(relay, contact, button *Pin) error {
	var closed, held gpio.Level
	var err error
	if contact != nil {
		closed, err = contact.Level()
	}
	if button != nil && err == nil {
		held, err = button.Level()
	}
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
	if contact != nil {
		d.state.Contact = contactOf(closed)
	}
	d.state.Button = bool(held)
	if !d.halted {
		d.relay = relay
	}
	return nil
}

func contactOf(l gpio.Level) door.Contact {
	if l {
		return door.Closed
	}
	return door.Opened
}

// healthEvery is how often the relay's line is read, to notice a chip that went away before somebody stands at the door.
const healthEvery = 2 * time.Second

// loop ends pulses and tells of edges.
func (d *Door) loop(ctx context.Context, relay, contact *Pin, edges <-chan edge) error {
	end := time.NewTimer(0)
	defer end.Stop()
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
			d.moved(e, e.pin == contact)
		case <-d.poke:
		case <-end.C:
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
	}
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

// moved tells of an edge that changed something.
func (d *Door) moved(e edge, contact bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	switch c := contactOf(e.level); {
	case contact && c != d.state.Contact:
		d.state.Contact = c
		if c == door.Opened {
			d.put(door.ContactOpened, now, "")
		} else {
			d.put(door.ContactClosed, now, "")
		}
	case !contact && bool(e.level) != d.state.Button:
		d.state.Button = bool(e.level)
		if d.state.Button {
			d.put(door.ButtonPressed, now, "")
		} else {
			d.put(door.ButtonReleased, now, "")
		}
	}
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
