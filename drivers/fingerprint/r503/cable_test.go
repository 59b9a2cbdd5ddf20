package r503_test

import (
	"io"
	"sync"
	"time"

	"umbral/drivers/fingerprint/r503"
)

// cable joins a driver, which opens its near end as a serial port, to a module, which is given its far end. It waits by the
// test's time.
type cable struct {
	toModule, toPort chan []byte
	pulled           chan struct{}
	once             sync.Once
	rest             []byte // of what the module reads

	mu   sync.Mutex
	baud int
}

func newCable() *cable {
	return &cable{toModule: make(chan []byte, 64), toPort: make(chan []byte, 4096), pulled: make(chan struct{})}
}

// open is for Opts.Open.
func (c *cable) open(_ string, baud int) (r503.Port, error) {
	select {
	case <-c.pulled:
		return nil, io.ErrClosedPipe
	default:
	}
	c.mu.Lock()
	c.baud = baud
	c.mu.Unlock()
	return &nearEnd{cable: c}, nil
}

// Read is the module's.
func (c *cable) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		select {
		case c.rest = <-c.toModule:
		case <-c.pulled:
			return 0, io.EOF
		}
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Write is the module's.
func (c *cable) Write(b []byte) (int, error) {
	select {
	case c.toPort <- append([]byte(nil), b...):
		return len(b), nil
	case <-c.pulled:
		return 0, io.ErrClosedPipe
	}
}

// Close pulls the cable.
func (c *cable) Close() error { c.once.Do(func() { close(c.pulled) }); return nil }

// Baud is the speed at which the driver has opened its end.
func (c *cable) Baud() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.baud, nil
}

// nearEnd is the driver's serial port.
type nearEnd struct {
	cable   *cable
	rest    []byte
	timeout time.Duration
}

func (p *nearEnd) SetReadTimeout(d time.Duration) error { p.timeout = d; return nil }
func (p *nearEnd) Close() error                         { return nil }

func (p *nearEnd) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		select {
		case p.rest = <-p.cable.toPort:
		case <-p.cable.pulled:
			return 0, io.ErrClosedPipe
		case <-time.After(p.timeout):
			return 0, nil
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *nearEnd) Write(b []byte) (int, error) {
	select {
	case p.cable.toModule <- append([]byte(nil), b...):
		return len(b), nil
	case <-p.cable.pulled:
		return 0, io.ErrClosedPipe
	}
}
