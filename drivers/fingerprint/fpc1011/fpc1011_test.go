package fpc1011_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/conntest"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spitest"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/fingerprinttest"
	"umbral/drivers/fingerprint/fpc1011"
)

// chip answers the commands as the sensor does.
type chip struct {
	mu     sync.Mutex
	finger int
	next   int  // pixel
	taking bool // a picture was started
	slow   int  // statuses that still say that nothing is ready
	dead   bool
	gone   bool // the port cannot be opened, and fails
	opened int
	closed int
	set    map[byte]byte // what was written to its registers since it got power
}

// open is for Opts.Open.
func (c *chip) open() (spi.PortCloser, error) {
	if c.gone {
		return nil, io.ErrClosedPipe
	}
	c.opened++
	return c, nil
}

// dip takes the chip's power for a moment.
func (c *chip) dip() { c.mu.Lock(); c.set, c.taking = nil, false; c.mu.Unlock() }

func (c *chip) String() string                    { return "chip" }
func (c *chip) LimitSpeed(physic.Frequency) error { return nil }
func (c *chip) Close() error                      { c.closed++; return nil }
func (c *chip) Duplex() conn.Duplex               { return conn.Full }
func (c *chip) TxPackets([]spi.Packet) error      { return io.ErrUnexpectedEOF }
func (c *chip) Connect(physic.Frequency, spi.Mode, int) (spi.Conn, error) {
	return c, nil
}

func (c *chip) put(finger int) { c.mu.Lock(); c.finger = finger; c.mu.Unlock() }

func (c *chip) pixel(i int) byte {
	if c.finger == 0 || c.set[0x75] == 0 || c.set[0x76] == 0 { // nothing is driven, or nothing converted
		return 0xF0 + byte(i%3)
	}
	if (i%fpc1011.Width+i/fpc1011.Width*c.finger)/4%2 == 0 {
		return 0x30
	}
	return 0xD0
}

func (c *chip) Tx(w, r []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return io.ErrClosedPipe
	}
	if c.dead {
		for i := range r {
			r[i] = 0xFF
		}
		return nil
	}
	switch w[0] {
	case 0x75, 0x76, 0x77, 0x7C:
		if c.set == nil {
			c.set = map[byte]byte{}
		}
		c.set[w[0]] = w[1]
	case 0x11:
		c.next, c.taking = 0, true
	case 0x21:
		r[2] = 0
		if c.slow > 0 {
			c.slow--
		} else if c.set[0x7C] == 8 && c.taking && c.next < fpc1011.Width*fpc1011.Height {
			r[2] = 0x01
		}
	case 0x20:
		for i := range r[2:] {
			r[2+i] = c.pixel(c.next)
			c.next++
		}
	}
	return nil
}

func TestConformance(t *testing.T) {
	fingerprinttest.Conform(t, func(t *testing.T) fingerprinttest.Bench {
		c := &chip{slow: 5}
		o := fpc1011.DefaultOpts()
		o.Open = c.open
		s, err := fpc1011.New(o)
		if err != nil {
			t.Fatal(err)
		}
		return fingerprinttest.Bench{Sensor: s, Put: c.put, Lift: func() { c.put(0) }, Dip: c.dip, Close: func() {}}
	})
}

// The exact bytes on the wire, played back by periph.
func TestBytesOnTheWire(t *testing.T) {
	ops := []conntest.IO{
		{W: []byte{0x75, 0xFF}, R: make([]byte, 2)}, {W: []byte{0x76, 0x02}, R: make([]byte, 2)},
		{W: []byte{0x77, 0x00}, R: make([]byte, 2)}, {W: []byte{0x7C, 0x08}, R: make([]byte, 2)},
		{W: []byte{0x11, 0x00}, R: make([]byte, 2)},
		{W: []byte{0x21, 0, 0}, R: []byte{0, 0, 0}}, // not yet
	}
	for i := range fpc1011.Width * fpc1011.Height / 8 {
		pixels := []byte{0, 0, byte(i), 10, 200, 10, 200, 10, 200, 10}
		ops = append(ops, conntest.IO{W: []byte{0x21, 0, 0}, R: []byte{0, 0, 3}},
			conntest.IO{W: []byte{0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0}, R: pixels})
	}
	port := &spitest.Playback{Playback: conntest.Playback{Ops: ops, D: conn.Full, DontPanic: true}}
	o := fpc1011.DefaultOpts()
	o.Open = func() (spi.PortCloser, error) { return port, nil }
	reset := &gpiotest.Pin{N: "reset", L: gpio.Low}
	o.Reset = reset
	s, err := fpc1011.New(o)
	if err != nil {
		t.Fatal(err)
	}
	img, err := s.Capture(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if img.Pix[0] != 0 || img.Pix[8*255] != 255 || img.Pix[2] != 200 || reset.Read() != gpio.High {
		t.Errorf("pixels % x, reset %v", img.Pix[:8], reset.Read())
	}
	if port.Count != len(ops) {
		t.Errorf("%d exchanges of %d were asked for", port.Count, len(ops))
	}
	if err := s.Halt(); err != nil || reset.Read() != gpio.Low {
		t.Errorf("Halt: %v, reset %v", err, reset.Read())
	}
}

func TestSilent(t *testing.T) {
	c := &chip{}
	o := fpc1011.DefaultOpts()
	o.Open, o.Wait = c.open, 20*time.Millisecond
	s, err := fpc1011.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.slow = 1 << 30
	if _, err := s.Capture(t.Context()); !errors.Is(err, fingerprint.ErrSilent) {
		t.Errorf("a sensor that is never ready: %v", err)
	}
	c.slow, c.dead = 0, true
	if _, err := s.Present(t.Context()); !errors.Is(err, fingerprint.ErrSilent) {
		t.Errorf("a line that nobody drives: %v", err)
	}
	c.dead = false
	c.put(1)
	if _, err := s.Capture(t.Context()); err != nil {
		t.Errorf("after it came back: %v", err)
	}
	o.Open = nil
	if _, err := fpc1011.New(o); err == nil {
		t.Error("no port: accepted")
	}
}

// TestPortThatComesAndGoes starts without the port, and takes it away in a call and between calls.
func TestPortThatComesAndGoes(t *testing.T) {
	c := &chip{gone: true}
	c.put(1)
	o := fpc1011.DefaultOpts()
	o.Name, o.Open = "/dev/spidev0.0", c.open
	s, err := fpc1011.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Capture(t.Context()); !errors.Is(err, fingerprint.ErrAbsent) || c.opened != c.closed {
			t.Errorf("no port: %v, opened %d times, closed %d", err, c.opened, c.closed)
		}
		c.gone = false
		if _, err := s.Capture(t.Context()); err != nil || c.opened != c.closed+1 {
			t.Errorf("a port: %v, opened %d times, closed %d", err, c.opened, c.closed)
		}
		c.gone = true
	}
	if err := s.Halt(); err != nil || c.opened != c.closed {
		t.Errorf("Halt: %v, opened %d times, closed %d", err, c.opened, c.closed)
	}
	if s.String() != "fpc1011 at /dev/spidev0.0" {
		t.Errorf("called %s", s)
	}
}

// TestLimits holds each limit of the options from both sides.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fpc1011.Opts)
		ok     bool
	}{
		"slowest": {func(o *fpc1011.Opts) { o.Speed = 100 * physic.KiloHertz }, true}, "too slow": {func(o *fpc1011.Opts) { o.Speed = 100*physic.KiloHertz - 1 }, false},
		"fastest": {func(o *fpc1011.Opts) { o.Speed = 32 * physic.MegaHertz }, true}, "too fast": {func(o *fpc1011.Opts) { o.Speed = 32*physic.MegaHertz + 1 }, false},
		"shortest": {func(o *fpc1011.Opts) { o.Wait = time.Millisecond }, true}, "too short": {func(o *fpc1011.Opts) { o.Wait = time.Millisecond - 1 }, false},
		"longest": {func(o *fpc1011.Opts) { o.Wait = 5 * time.Second }, true}, "too long": {func(o *fpc1011.Opts) { o.Wait = 5*time.Second + 1 }, false},
	} {
		o := fpc1011.DefaultOpts()
		o.Open = (&chip{}).open
		c.change(&o)
		if _, err := fpc1011.New(o); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
