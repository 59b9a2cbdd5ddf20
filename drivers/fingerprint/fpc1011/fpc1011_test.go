package fpc1011_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/conntest"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spitest"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/emulated"
	"umbral/drivers/fingerprint/fingerprinttest"
	"umbral/drivers/fingerprint/fpc1011"
)

func TestConformance(t *testing.T) {
	fingerprinttest.Conform(t, func(t *testing.T) fingerprinttest.Bench {
		c := emulated.NewSPI()
		return fingerprinttest.Bench{Sensor: sensor(t, c, nil), Put: c.Put, Lift: c.Lift, Dip: c.PowerCycle, Close: func() {
			if n := c.Opened(); n != 0 {
				t.Errorf("the port was left open %d times", n)
			}
		}}
	})
}

// sensor makes a sensor at an emulated chip.
func sensor(t *testing.T, c *emulated.SPI, change func(*fpc1011.Opts)) *fpc1011.Sensor {
	t.Helper()
	o := fpc1011.DefaultOpts()
	o.Name, o.Open = "/dev/spidev0.0", c.Open
	if change != nil {
		change(&o)
	}
	s, err := fpc1011.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
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

// TestSilent, whose waits are polls of the bus and so in real time, has a chip that is never ready, one whose line nobody drives, and one that comes back.
func TestSilent(t *testing.T) {
	c := emulated.NewSPI()
	s := sensor(t, c, func(o *fpc1011.Opts) { o.Wait = 20 * time.Millisecond })
	defer s.Halt()
	c.SetBusy(1 << 30)
	if _, err := s.Capture(t.Context()); !errors.Is(err, fingerprint.ErrSilent) {
		t.Errorf("a sensor that is never ready: %v", err)
	}
	if h := s.Health(t.Context()); h.Counter.Timeouts != 2 {
		t.Errorf("%+v", h)
	}
	c.SetBusy(0)
	c.SetSilent(true)
	if _, err := s.Present(t.Context()); !errors.Is(err, fingerprint.ErrSilent) {
		t.Errorf("a line that nobody drives: %v", err)
	}
	c.SetSilent(false)
	c.Put(1)
	if _, err := s.Capture(t.Context()); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

// TestPortThatComesAndGoes starts without the port, and takes it away in a call and between calls.
func TestPortThatComesAndGoes(t *testing.T) {
	c := emulated.NewSPI()
	c.SetGone(true)
	c.Put(1)
	s := sensor(t, c, nil)
	for range 2 {
		if _, err := s.Capture(t.Context()); !errors.Is(err, fingerprint.ErrAbsent) || c.Opened() != 0 {
			t.Errorf("no port: %v, open %d times", err, c.Opened())
		}
		c.SetGone(false)
		if _, err := s.Capture(t.Context()); err != nil || c.Opened() != 1 {
			t.Errorf("a port: %v, open %d times", err, c.Opened())
		}
		c.SetGone(true)
	}
	if err := s.Halt(); err != nil || c.Opened() != 0 {
		t.Errorf("Halt: %v, open %d times", err, c.Opened())
	}
	if s.String() != "fpc1011 at /dev/spidev0.0" {
		t.Errorf("called %s", s)
	}
}

// TestFlatPictures tells a line that nobody drives from a picture without a finger.
func TestFlatPictures(t *testing.T) {
	flat := func(v byte) func(int) []byte {
		return func(int) []byte { return bytes.Repeat([]byte{v}, fpc1011.Width*fpc1011.Height) }
	}
	for value, want := range map[byte]error{0: fingerprint.ErrSilent, 0xFF: fingerprint.ErrSilent, 0x80: fingerprint.ErrNoFinger} {
		c := emulated.NewSPI()
		c.SetPicture(flat(value))
		c.Put(1)
		s := sensor(t, c, nil)
		if _, err := s.Capture(t.Context()); !errors.Is(err, want) {
			t.Errorf("all pixels %02x: %v, wanted %v", value, err, want)
		}
		if err := s.Halt(); err != nil {
			t.Error(err)
		}
	}
}

// TestRidgesOnAQuarter lays ridges on parts of the sensor, and gives them less and less contrast.
func TestRidgesOnAQuarter(t *testing.T) {
	const blocks = fpc1011.Width / 8 * fpc1011.Height / 8
	for _, c := range []struct {
		blocks   int
		contrast byte
		want     bool
	}{{(blocks + 3) / 4, 48, true}, {(blocks+3)/4 - 1, 48, false}, {blocks, 47, false}, {blocks, 48, true}} {
		chip := emulated.NewSPI()
		chip.SetPicture(func(int) []byte {
			pix := bytes.Repeat([]byte{100}, fpc1011.Width*fpc1011.Height)
			for b := range c.blocks {
				pix[b/(fpc1011.Width/8)*8*fpc1011.Width+b%(fpc1011.Width/8)*8] += c.contrast
			}
			return pix
		})
		chip.Put(1)
		s := sensor(t, chip, nil)
		if present, err := s.Present(t.Context()); present != c.want || err != nil {
			t.Errorf("%d blocks of %d with a contrast of %d: %v, %v", c.blocks, blocks, c.contrast, present, err)
		}
		if err := s.Halt(); err != nil {
			t.Error(err)
		}
	}
}

// TestInverted turns a picture over.
func TestInverted(t *testing.T) {
	c := emulated.NewSPI()
	c.Put(1)
	plain, inverted := sensor(t, c, nil), sensor(t, c, func(o *fpc1011.Opts) { o.Inverted = true })
	a, errA := plain.Capture(t.Context())
	b, errB := inverted.Capture(t.Context())
	if err := errors.Join(errA, errB, plain.Halt(), inverted.Halt()); err != nil {
		t.Fatal(err)
	}
	for i := range a.Pix {
		if a.Pix[i] != 255-b.Pix[i] {
			t.Fatalf("pixel %d is %d and %d", i, a.Pix[i], b.Pix[i])
		}
	}
}

// TestReset pulses the line at the first call and after a failure, and keeps it low after Halt.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := emulated.NewSPI()
		c.Put(1)
		reset := &edges{}
		s := sensor(t, c, func(o *fpc1011.Opts) { o.Reset = reset })
		for range 2 {
			if _, err := s.Capture(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c.SetGone(true)
		if _, err := s.Capture(t.Context()); err == nil {
			t.Error("a picture without a port")
		}
		c.SetGone(false)
		if _, err := s.Capture(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h := s.Health(t.Context()); h.Counter.Opened != 2 {
			t.Errorf("%+v", h)
		}
		if err := s.Halt(); err != nil {
			t.Error(err)
		}
		want := []string{"Low 0s", "High 15ms", "Low 30ms", "High 45ms", "Low 60ms"}
		if !slices.Equal(reset.list, want) {
			t.Errorf("reset %q, wanted %q", reset.list, want)
		}
	})
}

// edges writes down what is done to a line, and when.
type edges struct {
	gpiotest.Pin
	began time.Time
	list  []string
}

func (e *edges) Out(l gpio.Level) error {
	if e.began.IsZero() {
		e.began = time.Now()
	}
	e.list = append(e.list, fmt.Sprint(l, " ", time.Since(e.began)))
	return e.Pin.Out(l)
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
		o.Open = emulated.NewSPI().Open
		c.change(&o)
		if _, err := fpc1011.New(o); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
