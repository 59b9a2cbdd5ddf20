// Package fpc1011 drives the capacitive area sensor FPC1011F3 of Fingerprint Cards on SPI: 152 × 200 pixels of 8 bits at
// 363 dpi.
//
// It was chosen because what little it takes to drive it is public: eleven one-byte commands and a status bit, the same in
// three independent open drivers, while newer sensors (FPC1020 and its successors) hide their settings behind agreements.
// The manufacturer's own specification (FPC1011F3 Product Specification) is not to be had as text, so the constants below
// name no pages. Proven here against a recording and an emulation of that command set, never against the chip: its
// timing, the gain that suits a given lens and skin, and the polarity have to be tried on the device.
//
// The sensor has no finger detection: Present takes a picture and looks for ridges in it. Nor does it tell that it lost
// power for a moment, so its settings, eight bytes, are written before each picture.
package fpc1011

import (
	"context"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"umbral/drivers/fingerprint"
)

// The picture.
const (
	Width, Height = 152, 200
	DPI           = 363
)

// Commands. Writes take one byte of value; reads take a dummy byte before the sensor answers.
const (
	readSensor = 0x11 // start taking a picture
	readData   = 0x20 // from the queue of pixels
	readStatus = 0x21
	writeDrive = 0x75 // strength of the signal driven into the finger
	writeRef   = 0x76 // reference of the converter: gain
	writeMode  = 0x77 // test patterns; 0 senses
	writeFill  = 0x7C // pixels in the queue from which on the status says ready
	ready      = 0x01 // status bit: as many pixels wait as was asked for
)

// chunk is how many pixels are read at a time: as many as the queue is told to announce, so none is read that is not there.
const chunk = 8

// Opts tell where the sensor is and how it is set up.
type Opts struct {
	// Name is the port's for people, such as "/dev/spidev0.0".
	Name string
	// Open opens the port: at the first call, and again after it failed.
	Open  func() (spi.PortCloser, error)
	Reset gpio.PinOut // active low; nil where it is not wired
	Speed physic.Frequency
	// Drive and Reference set the contrast.
	Drive, Reference byte
	// Inverted says that ridges are brighter than valleys.
	Inverted bool
	// Wait is how long the sensor may need for the next pixels.
	Wait time.Duration
}

// DefaultOpts are the settings that the open drivers use for the F3.
func DefaultOpts() Opts {
	return Opts{Speed: 8 * physic.MegaHertz, Drive: 0xFF, Reference: 0x02, Wait: 100 * time.Millisecond}
}

// Sensor is one FPC1011F3. It implements fingerprint.Sensor.
type Sensor struct {
	opts    Opts
	halting context.Context
	halt    context.CancelFunc

	mu      sync.Mutex     // held during an exchange, none of which waits longer than Opts.Wait for the sensor
	port    spi.PortCloser // nil while it is not open
	conn    spi.Conn
	set     bool // the sensor was reset, and has worked since
	out, in [2 + chunk]byte
	pix     [Width * Height]byte
	count   fingerprint.Counter
	once    sync.Once
}

// New checks the options; the port is opened and the sensor set up by the first call.
func New(o Opts) (*Sensor, error) {
	switch {
	case o.Open == nil:
		return nil, fmt.Errorf("fpc1011: no SPI port")
	case o.Speed < 100*physic.KiloHertz || o.Speed > 32*physic.MegaHertz:
		return nil, fmt.Errorf("fpc1011: clock of %v, allowed are 100 kHz to 32 MHz", o.Speed)
	case o.Wait < time.Millisecond || o.Wait > 5*time.Second:
		return nil, fmt.Errorf("fpc1011: pixels within %v, allowed are 1 ms to 5 s", o.Wait)
	}
	s := &Sensor{opts: o}
	s.halting, s.halt = context.WithCancel(context.Background())
	return s, nil
}

// String names the sensor and its port.
func (s *Sensor) String() string { return "fpc1011 at " + s.opts.Name }

// open opens the port.
func (s *Sensor) open() error {
	if s.conn != nil {
		return nil
	}
	port, err := s.opts.Open()
	if err != nil {
		return fmt.Errorf("%w: %v", fingerprint.ErrAbsent, err)
	}
	conn, err := port.Connect(s.opts.Speed, spi.Mode0, 8)
	if err != nil {
		port.Close()
		return fmt.Errorf("%w: %v", fingerprint.ErrAbsent, err)
	}
	s.port, s.conn = port, conn
	return nil
}

// close gives the port up; the next call opens it again.
func (s *Sensor) close() {
	if s.port != nil {
		s.port.Close() // its error is of no use: the port is given up either way
	}
	s.port, s.conn, s.set = nil, nil, false
}

// do takes a picture into s.pix and calls f with the sensor locked.
func (s *Sensor) do(ctx context.Context, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.halting.Err() != nil {
		return fingerprint.ErrHalted
	}
	err := s.take(ctx)
	if err != nil {
		s.close() // after an error it is reset
		switch {
		case s.halting.Err() != nil:
			return fingerprint.ErrHalted
		case ctx.Err() != nil:
			return ctx.Err()
		}
		return fmt.Errorf("%s: %w", s, err)
	}
	return f()
}

// transfer sends n bytes and receives as many.
func (s *Sensor) transfer(n int) error {
	if err := s.conn.Tx(s.out[:n], s.in[:n]); err != nil {
		return fmt.Errorf("%w: %v", fingerprint.ErrAbsent, err)
	}
	s.count.Exchanges++
	return nil
}

func (s *Sensor) write(command, value byte) error {
	s.out[0], s.out[1] = command, value
	return s.transfer(2)
}

// reset resets the sensor where its line is wired.
func (s *Sensor) reset(ctx context.Context) error {
	const pulse = 15 * time.Millisecond
	if s.opts.Reset != nil {
		for _, level := range []gpio.Level{gpio.Low, gpio.High} {
			if err := s.opts.Reset.Out(level); err != nil {
				return fmt.Errorf("%w: reset line: %v", fingerprint.ErrAbsent, err)
			}
			if err := s.rest(ctx, pulse); err != nil {
				return err
			}
		}
	}
	s.count.Opened++
	s.set = true
	return nil
}

// setUp writes the settings.
func (s *Sensor) setUp() error {
	for _, w := range [][2]byte{{writeDrive, s.opts.Drive}, {writeRef, s.opts.Reference}, {writeMode, 0}, {writeFill, chunk}} {
		if err := s.write(w[0], w[1]); err != nil {
			return err
		}
	}
	return nil
}

// rest waits, at most until ctx ends or Halt is called.
func (s *Sensor) rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.halting.Done():
		return fingerprint.ErrHalted
	case <-timer.C:
		return nil
	}
}

// take reads a whole picture.
func (s *Sensor) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	if !s.set {
		if err := s.reset(ctx); err != nil {
			return err
		}
	}
	if err := s.setUp(); err != nil {
		return err
	}
	if err := s.write(readSensor, 0); err != nil {
		return err
	}
	clear(s.out[:])
	for at := 0; at < len(s.pix); at += chunk {
		if err := s.await(ctx); err != nil {
			return err
		}
		s.out[0] = readData
		if err := s.transfer(2 + chunk); err != nil {
			return err
		}
		copy(s.pix[at:], s.in[2:])
	}
	low, high := s.pix[0], s.pix[0]
	for _, v := range s.pix {
		low, high = min(low, v), max(high, v)
	}
	// A real picture has some noise even without a finger; a line that nobody drives reads as all zeros or all ones.
	if low == high && (low == 0 || low == 0xFF) {
		return fmt.Errorf("%w: all pixels are 0x%02X, as of a line that nothing drives", fingerprint.ErrSilent, low)
	}
	if s.opts.Inverted {
		for i := range s.pix {
			s.pix[i] = 255 - s.pix[i]
		}
	}
	return nil
}

// await polls the status until the next pixels are there.
func (s *Sensor) await(ctx context.Context) error {
	var until time.Time
	for {
		s.out[0] = readStatus
		if err := s.transfer(3); err != nil {
			return err
		}
		// A line that nobody drives reads as ones.
		if status := s.in[2]; status&ready != 0 && status != 0xFF {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.halting.Err() != nil {
			return fingerprint.ErrHalted
		}
		if until.IsZero() {
			until = time.Now().Add(s.opts.Wait)
		} else if time.Now().After(until) {
			s.count.Timeouts++
			return fmt.Errorf("%w: status 0x%02X for %v", fingerprint.ErrSilent, s.in[2], s.opts.Wait)
		}
	}
}

// covered says whether ridges lie on a quarter of the picture: blocks of 8 by 8 whose values differ widely.
func (s *Sensor) covered() bool {
	const side, contrast = 8, 48
	ridged := 0
	for y := 0; y < Height; y += side {
		for x := 0; x < Width; x += side {
			low, high := byte(255), byte(0)
			for r := y; r < y+side; r++ {
				for _, v := range s.pix[r*Width+x : r*Width+x+side] {
					low, high = min(low, v), max(high, v)
				}
			}
			if high-low >= contrast {
				ridged++
			}
		}
	}
	return ridged*4 >= Width/side*Height/side
}

// Present takes a picture and looks whether it shows ridges.
func (s *Sensor) Present(ctx context.Context) (present bool, err error) {
	err = s.do(ctx, func() error {
		present = s.covered()
		return nil
	})
	return present, err
}

// Capture takes a picture.
func (s *Sensor) Capture(ctx context.Context) (img fingerprint.Image, err error) {
	err = s.do(ctx, func() error {
		if !s.covered() {
			return fmt.Errorf("%s: %w", s, fingerprint.ErrNoFinger)
		}
		img = fingerprint.Image{Pix: append([]byte(nil), s.pix[:]...), Width: Width, Height: Height, DPI: DPI}
		return nil
	})
	return img, err
}

// Health takes a picture: it is all that can be asked of this sensor.
func (s *Sensor) Health(ctx context.Context) fingerprint.Health {
	h := fingerprint.Health{Stored: -1, Device: fmt.Sprintf("FPC1011F3, %d × %d at %d dpi", Width, Height, DPI)}
	if err := s.do(ctx, func() error { return nil }); err != nil {
		h.Fault = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Counter = s.count
	return h
}

// Halt closes the port, and holds the sensor in reset where that is wired.
func (s *Sensor) Halt() (err error) {
	s.once.Do(func() {
		s.halt()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.close()
		if s.opts.Reset != nil {
			err = s.opts.Reset.Out(gpio.Low)
		}
	})
	return err
}
