package emulated

import (
	"fmt"
	"io"
	"sync"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// Size of the FPC1011F3's picture.
const (
	SPIWidth, SPIHeight = 152, 200
	spiPixels           = SPIWidth * SPIHeight
)

// SPI is an FPC1011F3 without the hardware, as the port that it is connected to. It answers the sensor's commands, forgets its
// settings without power, and can be unplugged. Its methods are safe for concurrent use.
type SPI struct {
	mu      sync.Mutex
	picture func(finger int) []byte
	finger  int // 0 is none
	pix     []byte
	next    int // of pix, the next to be read; -1 while no picture was started
	busy    int // statuses that still say that nothing is ready
	silent  bool
	gone    bool
	opened  int
	set     map[byte]byte // what was written to its registers since it got power
}

// NewSPI returns a sensor that needs a few looks until the first pixels are there.
func NewSPI() *SPI {
	return &SPI{picture: func(finger int) []byte { return ridges(finger, SPIWidth, SPIHeight) }, next: -1, busy: 5}
}

// Put lays a finger on the sensor; fingers count from 1.
func (s *SPI) Put(finger int) { s.mu.Lock(); s.finger = finger; s.mu.Unlock() }

// Lift takes it away.
func (s *SPI) Lift() { s.Put(0) }

// SetPicture sets what a finger looks like: SPIWidth × SPIHeight grey values.
func (s *SPI) SetPicture(f func(finger int) []byte) { s.mu.Lock(); s.picture = f; s.mu.Unlock() }

// SetBusy lets it say that often that nothing is ready yet.
func (s *SPI) SetBusy(times int) { s.mu.Lock(); s.busy = times; s.mu.Unlock() }

// SetSilent lets nobody drive its line, which then reads as ones.
func (s *SPI) SetSilent(silent bool) { s.mu.Lock(); s.silent = silent; s.mu.Unlock() }

// SetGone takes the port away, or brings it back.
func (s *SPI) SetGone(gone bool) { s.mu.Lock(); s.gone = gone; s.mu.Unlock() }

// PowerCycle takes its power away for a moment.
func (s *SPI) PowerCycle() { s.mu.Lock(); s.set, s.next = nil, -1; s.mu.Unlock() }

// Opened returns how many times the port is open now.
func (s *SPI) Opened() int { s.mu.Lock(); defer s.mu.Unlock(); return s.opened }

// Open opens the port.
func (s *SPI) Open() (spi.PortCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, io.ErrClosedPipe
	}
	s.opened++
	return s, nil
}

// Close closes it.
func (s *SPI) Close() error { s.mu.Lock(); s.opened--; s.mu.Unlock(); return nil }

// String names the port.
func (s *SPI) String() string { return "emulated FPC1011F3" }

// LimitSpeed accepts every speed.
func (s *SPI) LimitSpeed(physic.Frequency) error { return nil }

// Connect accepts the mode that the sensor has.
func (s *SPI) Connect(_ physic.Frequency, mode spi.Mode, bits int) (spi.Conn, error) {
	if mode != spi.Mode0 || bits != 8 {
		return nil, fmt.Errorf("emulated: mode %v with %d bits, the sensor has mode 0 with 8", mode, bits)
	}
	return s, nil
}

// Duplex is full.
func (s *SPI) Duplex() conn.Duplex { return conn.Full }

// TxPackets is not needed by the sensor.
func (s *SPI) TxPackets([]spi.Packet) error { return fmt.Errorf("emulated: no packets") }

// Commands of the sensor: start a picture, read its pixels, read its status, and write a register.
const (
	spiStart, spiPixel, spiStatus               = 0x11, 0x20, 0x21
	spiDrive, spiReference, spiMode, spiReadyAt = 0x75, 0x76, 0x77, 0x7C
)

// Tx exchanges a command.
func (s *SPI) Tx(w, r []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return io.ErrClosedPipe
	}
	if s.silent {
		for i := range r {
			r[i] = 0xFF
		}
		return nil
	}
	switch w[0] {
	case spiDrive, spiReference, spiMode, spiReadyAt:
		if s.set == nil {
			s.set = map[byte]byte{}
		}
		s.set[w[0]] = w[1]
	case spiStart:
		s.next, s.pix = 0, s.sense()
	case spiStatus:
		r[2] = s.status()
	case spiPixel:
		for i := range r[2:] {
			if s.next >= 0 && s.next < len(s.pix) {
				r[2+i] = s.pix[s.next]
				s.next++
			}
		}
	}
	return nil
}

// status says whether the pixels that were asked for wait.
func (s *SPI) status() byte {
	if s.busy > 0 {
		s.busy--
		return 0
	}
	if s.set[spiReadyAt] == 0 || s.next < 0 || s.next >= spiPixels {
		return 0
	}
	return 1
}

// sense takes a picture: nothing but noise without a finger, or while nothing is driven or converted.
func (s *SPI) sense() []byte {
	if s.finger > 0 && s.set[spiDrive] > 0 && s.set[spiReference] > 0 {
		return s.picture(s.finger)
	}
	pix := make([]byte, spiPixels)
	for i := range pix {
		pix[i] = 0xF0 + byte(i%3)
	}
	return pix
}
