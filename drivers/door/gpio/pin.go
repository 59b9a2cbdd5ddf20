package gpio

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// Bias is the pull resistor that the kernel sets on a line.
type Bias uint8

// Values of Bias.
const (
	AsIs Bias = iota
	PullUp
	PullDown
	NoPull
)

// Line says which line, and how it is wired.
type Line struct {
	// Spec is the line's offset on the chip, such as "17", or its name, such as "GPIO17"; empty means that there is none.
	Spec string
	// ActiveLow inverts the line in the kernel: active is the low level.
	ActiveLow bool
	// Bias is the pull resistor.
	Bias Bias
	// Debounce is how long an input's level must hold before it counts, up to MaxDebounce.
	Debounce time.Duration
}

// MaxDebounce is the longest debounce period.
const MaxDebounce = time.Second

func (l Line) check(what string) error {
	if len(l.Spec) >= maxName {
		return fmt.Errorf("gpio: %s line %q: a name has at most %d bytes", what, l.Spec, maxName-1)
	}
	if l.Bias > NoPull {
		return fmt.Errorf("gpio: %s line %q: bias %d, limit %d", what, l.Spec, l.Bias, NoPull)
	}
	if l.Debounce < 0 || l.Debounce > MaxDebounce {
		return fmt.Errorf("gpio: %s line %q: debounce %v, limit 0 to %v", what, l.Spec, l.Debounce, MaxDebounce)
	}
	return nil
}

func (l Line) flags() uint64 {
	f := [...]uint64{AsIs: 0, PullUp: flagBiasPullUp, PullDown: flagBiasPullDown, NoPull: flagBiasDisabled}[l.Bias]
	if l.ActiveLow {
		f |= flagActiveLow
	}
	return f
}

// Pin is one requested line as periph's gpio.PinIO. gpio.High means active: the kernel inverts where the line is
// ActiveLow. Its direction holds for its life; In on an output and Out on an input are errors that touch nothing.
type Pin struct {
	name   string
	offset uint32
	output bool
	lines  Lines
	seq    uint32 // of the last event read
}

var _ gpio.PinIO = (*Pin)(nil)

// RequestOutput takes a line as an output that has the level from the first moment on.
func RequestOutput(c Chip, l Line, consumer string, level gpio.Level) (*Pin, error) {
	r := LineRequest{}
	r.Config.Flags = flagOutput | l.flags()
	r.Config.NumAttrs = 1
	r.Config.Attrs[0] = configAttribute{Attr: lineAttribute{ID: attrOutputValues}, Mask: 1}
	if level {
		r.Config.Attrs[0].Attr.Value = 1
	}
	return request(c, l, consumer, &r)
}

// RequestInput takes a line as an input that reports both edges.
func RequestInput(c Chip, l Line, consumer string) (*Pin, error) {
	r := LineRequest{EventBufferSize: eventBuffer}
	r.Config.Flags = flagInput | flagEdgeRising | flagEdgeFalling | l.flags()
	if l.Debounce > 0 {
		r.Config.NumAttrs = 1
		r.Config.Attrs[0] = configAttribute{Attr: lineAttribute{ID: attrDebounce, Value: uint64(uint32(l.Debounce.Microseconds()))}, Mask: 1}
	}
	return request(c, l, consumer, &r)
}

// eventBuffer is how many edges the kernel keeps for us; beyond that it drops the oldest and the numbers jump.
const eventBuffer = 64

func request(c Chip, l Line, consumer string, r *LineRequest) (*Pin, error) {
	offset, err := find(c, l.Spec)
	if err != nil {
		return nil, err
	}
	r.Offsets[0], r.NumLines = offset, 1
	copy(r.Consumer[:maxName-1], consumer)
	got, err := c.Request(r)
	if err != nil {
		return nil, fmt.Errorf("gpio: line %s: %w%s", l.Spec, err, why(c, offset, err))
	}
	return &Pin{name: l.Spec, offset: offset, output: r.Config.Flags&flagOutput != 0, lines: got}, nil
}

// why names the likely mistake behind a refused request.
func why(c Chip, offset uint32, err error) string {
	switch {
	case errors.Is(err, unix.EBUSY):
		if info, err := c.Line(offset); err == nil && info.Flags&flagUsed != 0 {
			return fmt.Sprintf(" (held by %q: a device-tree overlay or another program uses it)", text(info.Consumer))
		}
	case errors.Is(err, os.ErrPermission):
		return " (is the user in group gpio?)"
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.EOPNOTSUPP):
		return " (the chip cannot set this pull resistor, or has no interrupt for this line)"
	}
	return ""
}

// find returns the offset that a number or a name stands for.
func find(c Chip, spec string) (uint32, error) {
	info, err := c.Info()
	if err != nil {
		return 0, fmt.Errorf("gpio: line %s: %w", spec, err)
	}
	if n, err := strconv.ParseUint(spec, 10, 32); err == nil {
		if n >= uint64(info.Lines) {
			return 0, fmt.Errorf("gpio: line %s: the chip %s has %d lines", spec, text(info.Label), info.Lines)
		}
		return uint32(n), nil
	}
	for i := range info.Lines {
		if line, err := c.Line(i); err == nil && text(line.Name) == spec {
			return i, nil
		}
	}
	return 0, fmt.Errorf("gpio: line %s: the chip %s has no line of that name among %d (gpioinfo lists them)", spec, text(info.Label), info.Lines)
}

// String names the line.
func (p *Pin) String() string { return p.name }

// Name is the line's name or offset as it was asked for.
func (p *Pin) Name() string { return p.name }

// Number is the offset on the chip.
func (p *Pin) Number() int { return int(p.offset) }

// Function says "Out" or "In".
func (p *Pin) Function() string {
	if p.output {
		return "Out"
	}
	return "In"
}

// Halt makes an output inactive. The line stays requested, so that nobody else drives it.
func (p *Pin) Halt() error {
	if !p.output {
		return nil
	}
	return p.Out(gpio.Low)
}

// Close lets go of the line. What level it then has is the chip driver's business.
func (p *Pin) Close() error { return p.lines.Close() }

// Out sets an output.
func (p *Pin) Out(l gpio.Level) error {
	if !p.output {
		return fmt.Errorf("gpio: line %s is an input for its life", p.name)
	}
	bits := uint64(0)
	if l {
		bits = 1
	}
	if err := p.lines.SetValues(1, bits); err != nil {
		return fmt.Errorf("gpio: line %s: %w", p.name, err)
	}
	return nil
}

// PWM is not possible on a GPIO line.
func (p *Pin) PWM(gpio.Duty, physic.Frequency) error {
	return fmt.Errorf("gpio: line %s: no PWM on a GPIO line", p.name)
}

// In accepts what the line already is: an input with edges. Everything else is an error and touches nothing; on an output
// it would drop what hangs on it.
func (p *Pin) In(pull gpio.Pull, _ gpio.Edge) error {
	if p.output {
		return fmt.Errorf("gpio: line %s is an output for its life: making it an input would drop the relay", p.name)
	}
	if pull != gpio.PullNoChange {
		return fmt.Errorf("gpio: line %s: the pull is set when the line is requested", p.name)
	}
	return nil
}

// Level reads the line.
func (p *Pin) Level() (gpio.Level, error) {
	bits, err := p.lines.Values(1)
	if err != nil {
		return gpio.Low, fmt.Errorf("gpio: line %s: %w", p.name, err)
	}
	return bits&1 != 0, nil
}

// Read is Level for callers that cannot take an error; it is gpio.Low when there is one.
func (p *Pin) Read() gpio.Level {
	l, err := p.Level()
	return err == nil && l
}

// WaitForEdge waits for an edge on an input, at most that long; a negative time means for ever, zero only looks. It is
// false when none came, or the line was closed.
func (p *Pin) WaitForEdge(timeout time.Duration) bool {
	var e [1]LineEvent
	n, err := p.lines.Read(e[:], timeout)
	return err == nil && n == 1
}

// Pull is not known: the kernel sets it and does not tell.
func (p *Pin) Pull() gpio.Pull { return gpio.PullNoChange }

// DefaultPull is not known.
func (p *Pin) DefaultPull() gpio.Pull { return gpio.PullNoChange }

// edge is a level that an input had, in the order of time.
type edge struct {
	pin   *Pin
	level gpio.Level
	err   error
}

// edges sends each edge until the line is closed or fails, and an error then. Where the kernel had to drop edges, the
// level as it is now follows.
func (p *Pin) edges(out chan<- edge, done <-chan struct{}) {
	send := func(e edge) bool {
		select {
		case out <- e:
			return true
		case <-done:
			return false
		}
	}
	var buf [16]LineEvent
	for {
		n, err := p.lines.Read(buf[:], -1)
		if err != nil {
			send(edge{pin: p, err: fmt.Errorf("gpio: line %s: %w", p.name, err)})
			return
		}
		dropped := false
		for _, e := range buf[:n] {
			dropped = dropped || e.LineSeq != p.seq+1
			p.seq = e.LineSeq
			if !send(edge{pin: p, level: e.ID == eventRising}) {
				return
			}
		}
		if dropped {
			level, err := p.Level()
			if !send(edge{pin: p, level: level, err: err}) {
				return
			}
		}
	}
}
