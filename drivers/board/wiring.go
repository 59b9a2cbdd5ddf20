package board

import (
	"fmt"
	"slices"
	"strings"
)

// Use is a line or a device that a configuration takes.
type Use struct {
	What      string // such as "relay"
	How       string // how to wire it
	Chip      string // label of the line's chip; empty for a device
	Line      int
	Output    bool
	ActiveLow bool
	Device    string // such as "/dev/ttyS0"; empty for a line
}

// Wire is one connection to make.
type Wire struct {
	Use    string
	Header string // empty where the profile does not know the pin
	Pin    int
	Name   string // of the pin, or of the line or device where there is no pin
	How    string
}

// Wiring says what goes where, and what is wrong with that.
type Wiring struct {
	Wires     []Wire
	Conflicts []string // what cannot work
	Warnings  []string // what works, and may surprise
}

// Plan lays a configuration's uses on a board's headers.
func (p *Profile) Plan(uses []Use) (w Wiring) {
	taken := map[string]string{} // by pin or line
	take := func(what, key string) {
		if other, twice := taken[key]; twice {
			w.Conflicts = append(w.Conflicts, fmt.Sprintf("%s and %s both use %s", other, what, key))
			return
		}
		taken[key] = what
	}
	for _, u := range uses {
		if u.Device != "" {
			p.planDevice(&w, u, take)
			continue
		}
		line := fmt.Sprintf("line %d of %s", u.Line, u.Chip)
		h, pin := p.Pin(u.Chip, u.Line)
		if pin == nil {
			take(u.What, line)
			w.Wires = append(w.Wires, Wire{Use: u.What, Name: line, How: u.How})
			p.warnUnknown(&w, u)
			continue
		}
		take(u.What, pinKey(h.Name, pin.Number))
		w.Wires = append(w.Wires, Wire{u.What, h.Name, pin.Number, pin.Name, u.How})
		w.check(u, h, pin)
	}
	return w
}

func pinKey(header string, pin int) string { return fmt.Sprintf("pin %s-%d", header, pin) }

// planDevice lays a bus's device on its pins.
func (p *Profile) planDevice(w *Wiring, u Use, take func(what, key string)) {
	for _, b := range p.Buses {
		if !slices.Contains(b.Devices, u.Device) {
			continue
		}
		for _, name := range sorted(b.Pins) {
			take(u.What, pinKey(b.Header, b.Pins[name]))
			w.Wires = append(w.Wires, Wire{u.What, b.Header, b.Pins[name], name, u.How})
		}
		return
	}
	take(u.What, u.Device)
	w.Wires = append(w.Wires, Wire{Use: u.What, Name: u.Device, How: u.How})
}

// sorted returns the names of a bus's pins in the order of the pins.
func sorted(pins map[string]int) []string {
	var names []string
	for name := range pins {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return pins[a] - pins[b] })
	return names
}

// warnUnknown tells of a line that is on no header although the profile knows the headers.
func (p *Profile) warnUnknown(w *Wiring, u Use) {
	switch chips := p.chips(); {
	case len(chips) == 0:
	case chips[u.Chip]:
		w.Warnings = append(w.Warnings, fmt.Sprintf("%s: line %d of %s is on no header of the %s", u.What, u.Line, u.Chip, p.Name))
	default:
		var names []string
		for c := range chips {
			names = append(names, c)
		}
		slices.Sort(names)
		w.Warnings = append(w.Warnings, fmt.Sprintf("%s: the headers of the %s carry lines of %s, not of %q", u.What, p.Name, strings.Join(names, ", "), u.Chip))
	}
}

// check looks at what a pin does after power-on, when nothing drives it yet, and what else it may be.
func (w *Wiring) check(u Use, h *Header, pin *Pin) {
	where := fmt.Sprintf("%s: %s (%s)", u.What, pinKey(h.Name, pin.Number), pin.Name)
	if u.Output {
		active := High
		if u.ActiveLow {
			active = Low
		}
		switch pin.Boot {
		case active:
			w.Conflicts = append(w.Conflicts, where+" has its active level after power-on: it is on until the daemon starts; take another pin")
		case Unknown:
			w.Warnings = append(w.Warnings, where+": its level after power-on is not known; a pull resistor to the inactive level makes sure")
		}
	}
	if pin.Usual != "" {
		w.Warnings = append(w.Warnings, where+" is also "+pin.Usual+": that has to be disabled")
	}
}
