package gpio

import (
	"sync"
	"time"

	"umbral/drivers/door"
)

// inputs are the lines that tell something; each may be missing.
type inputs struct {
	contact, button, tamper, interlock *Pin
	readers                            sync.WaitGroup
	done                               chan struct{}
}

// request takes the lines that are wired.
func (in *inputs) request(c Chip, o *Opts) error {
	for _, l := range []struct {
		pin  **Pin
		line Line
	}{{&in.contact, o.Contact}, {&in.button, o.Button}, {&in.tamper, o.Tamper}, {&in.interlock, o.Interlock}} {
		if l.line.Spec == "" {
			continue
		}
		p, err := RequestInput(c, l.line, consumer)
		if err != nil {
			return err
		}
		*l.pin = p
	}
	return nil
}

func (in *inputs) all() (pins []*Pin) {
	for _, p := range []*Pin{in.contact, in.button, in.tamper, in.interlock} {
		if p != nil {
			pins = append(pins, p)
		}
	}
	return pins
}

// close lets go of the lines and waits for their readers.
func (in *inputs) close() {
	close(in.done)
	for _, p := range in.all() {
		p.Close()
	}
	in.readers.Wait()
}

// levels are what the inputs say; a missing one is not active.
type levels struct{ closed, held, open, interlocked bool }

func (in *inputs) read() (l levels, err error) {
	for _, one := range []struct {
		pin *Pin
		to  *bool
	}{{in.contact, &l.closed}, {in.button, &l.held}, {in.tamper, &l.open}, {in.interlock, &l.interlocked}} {
		if one.pin == nil {
			continue
		}
		level, err := one.pin.Level()
		if err != nil {
			return l, err
		}
		*one.to = bool(level)
	}
	return l, nil
}

// moved tells of an edge that changed something.
func (d *Door) moved(in *inputs, e edge) {
	d.mu.Lock()
	defer d.mu.Unlock()
	active := bool(e.level)
	tell := func(yes, no door.Kind) {
		if active {
			d.put(yes, time.Now(), "")
		} else {
			d.put(no, time.Now(), "")
		}
	}
	switch e.pin {
	case in.contact:
		if c := contactOf(active); c != d.state.Contact {
			d.state.Contact = c
			tell(door.ContactClosed, door.ContactOpened)
		}
	case in.button:
		if active != d.state.Button {
			d.state.Button = active
			tell(door.ButtonPressed, door.ButtonReleased)
		}
	case in.tamper:
		if active != d.state.Tamper {
			d.state.Tamper = active
			tell(door.Tampered, door.TamperClosed)
		}
	case in.interlock:
		if active != d.state.Interlock {
			d.state.Interlock = active
			tell(door.OtherOpened, door.OtherClosed)
		}
	}
}

func contactOf(closed bool) door.Contact {
	if closed {
		return door.Closed
	}
	return door.Opened
}
