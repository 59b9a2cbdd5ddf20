package gpio

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// fakeKernel plays a chip with eight lines named L0 to L7, and writes down what is asked of it.
type fakeKernel struct {
	mu    sync.Mutex
	calls []string
	lines [8]fakeLine
	fail  map[string]error // by the call's text; "*" fails every call
}

type fakeLine struct {
	held   *fakeLines // nil while nobody holds it
	active bool       // logical
	levels []bool     // the electrical levels that an output went through
}

// fakeLines is one requested line.
type fakeLines struct {
	k      *fakeKernel
	line   int
	flags  uint64
	events chan LineEvent
	closed chan struct{}
	seq    uint32
}

func newFakeKernel() *fakeKernel { return &fakeKernel{fail: map[string]error{}} }

// call writes a call down and returns the error that a test wants of it. It needs mu.
func (k *fakeKernel) call(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	k.calls = append(k.calls, text)
	return errors.Join(k.fail[text], k.fail["*"])
}

func (k *fakeKernel) Chips() []string { return []string{"/dev/gpiochip0", "/dev/gpiochip1"} }

func (k *fakeKernel) Open(path string) (Chip, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.call("open %s", path); err != nil {
		return nil, err
	}
	return fakeChip{k, path}, nil
}

type fakeChip struct {
	k    *fakeKernel
	path string
}

func (c fakeChip) Info() (ChipInfo, error) {
	info := ChipInfo{Lines: uint32(len(c.k.lines))}
	copy(info.Label[:], "other")
	if c.path == "/dev/gpiochip1" {
		copy(info.Label[:], "board")
	}
	return info, nil
}

func (c fakeChip) Line(offset uint32) (LineInfo, error) {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	info := LineInfo{Offset: offset}
	copy(info.Name[:], fmt.Sprintf("L%d", offset))
	if c.k.lines[offset].held != nil {
		info.Flags |= flagUsed
		copy(info.Consumer[:], "somebody")
	}
	return info, nil
}

func (c fakeChip) Request(r *LineRequest) (Lines, error) {
	k := c.k
	k.mu.Lock()
	defer k.mu.Unlock()
	n := int(r.Offsets[0])
	what, values := "input", ""
	if r.Config.Flags&flagOutput != 0 {
		what, values = "output", " without a value"
	}
	for _, a := range r.Config.Attrs[:r.Config.NumAttrs] {
		switch a.Attr.ID {
		case attrOutputValues:
			values = fmt.Sprintf(" value %d", a.Attr.Value)
		case attrDebounce:
			values += fmt.Sprintf(" debounce %dus", a.Attr.Value)
		}
	}
	if err := k.call("request %d as %s%s", n, what, values); err != nil {
		return nil, err
	}
	if r.NumLines != 1 || k.lines[n].held != nil {
		return nil, os.NewSyscallError("ioctl", unix.EBUSY)
	}
	l := &fakeLines{k: k, line: n, flags: r.Config.Flags, events: make(chan LineEvent, 256), closed: make(chan struct{})}
	k.lines[n].held = l
	if what == "output" {
		l.drive(r.Config.Attrs[0].Attr.Value&1 != 0)
	}
	return l, nil
}

func (c fakeChip) Close() error {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.k.call("close %s", c.path)
}

// drive sets an output and writes the electrical level down. It needs mu.
func (l *fakeLines) drive(active bool) {
	line := &l.k.lines[l.line]
	line.active = active
	line.levels = append(line.levels, active != (l.flags&flagActiveLow != 0))
}

func (l *fakeLines) Values(mask uint64) (uint64, error) {
	l.k.mu.Lock()
	defer l.k.mu.Unlock()
	if err := l.k.fail["*"]; err != nil {
		return 0, err
	}
	if l.k.lines[l.line].active {
		return 1 & mask, nil
	}
	return 0, nil
}

func (l *fakeLines) SetValues(mask, bits uint64) error {
	l.k.mu.Lock()
	defer l.k.mu.Unlock()
	if err := l.k.call("set %d to %d", l.line, bits&mask); err != nil {
		return err
	}
	if l.flags&flagOutput == 0 {
		return os.NewSyscallError("ioctl", unix.EPERM)
	}
	l.drive(bits&mask != 0)
	return nil
}

func (l *fakeLines) Read(events []LineEvent, wait time.Duration) (int, error) {
	var expired <-chan time.Time
	if wait >= 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		expired = t.C
	}
	select {
	case e := <-l.events:
		events[0] = e
		if e.ID == 0 {
			return 0, os.NewSyscallError("read", unix.ENODEV)
		}
		return 1, nil
	case <-l.closed:
		return 0, os.ErrClosed
	case <-expired:
		return 0, os.ErrDeadlineExceeded
	}
}

func (l *fakeLines) Close() error {
	l.k.mu.Lock()
	defer l.k.mu.Unlock()
	if l.k.lines[l.line].held == l {
		l.k.lines[l.line].held = nil
		close(l.closed)
	}
	return l.k.call("release %d", l.line)
}

// input moves an input from outside; dropped edges are counted by the kernel but not given.
func (k *fakeKernel) input(line int, active bool, dropped int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lines[line].active == active {
		return
	}
	k.lines[line].active = active
	if l := k.lines[line].held; l != nil {
		l.seq += uint32(dropped) + 1
		e := LineEvent{ID: eventFalling, Offset: uint32(line), LineSeq: l.seq}
		if active {
			e.ID = eventRising
		}
		l.events <- e
	}
}

// unplug makes every call fail, and wakes readers with ENODEV, until it is plugged in again.
func (k *fakeKernel) unplug(away bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !away {
		delete(k.fail, "*")
		return
	}
	k.fail["*"] = os.NewSyscallError("ioctl", unix.ENODEV)
	for i := range k.lines {
		k.lines[i].active = false // a relay without power drops
		if l := k.lines[i].held; l != nil {
			l.events <- LineEvent{}
		}
	}
}

func (k *fakeKernel) active(line int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lines[line].active
}
