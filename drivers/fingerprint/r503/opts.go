// Package r503 drives the Grow R503 capacitive fingerprint module, and other modules of the ZFM protocol, on a UART.
//
// The module takes a picture, sends it at four bits a pixel, and can also extract, keep and compare templates itself.
// Nothing is sent until a method is called: the port is opened then, and opened again after the module was unplugged.
//
// The protocol has no authentication worth the name: whoever can reach the wires can replace the module. Templates kept
// on it are its own; the terminal compares pictures itself.
package r503

import (
	"fmt"
	"io"
	"time"

	"go.bug.st/serial"
	"periph.io/x/conn/v3/gpio"
)

// Opts say where the module is and how it is set up.
type Opts struct {
	// Port is the device of the UART, such as /dev/ttyS0.
	Port string
	// Baud is the speed at which the module is tried first: 9600, 19200, 38400, 57600 (the factory's) or 115200 (p. 13).
	// A module that does not answer is tried at the others.
	Baud int
	// Address and Password are set at the factory to FFFFFFFF and 0.
	Address, Password uint32
	// Width and Height of the module's picture; 192 by 192 for the R503.
	Width, Height int
	// Answer is how long one answer may take; taking a picture needs the longest, about a third of a second.
	Answer time.Duration
	// Repeat is how often a command is sent again after a damaged or missing answer.
	Repeat int
	// Touch is the module's WAKEUP line, active while something conductive touches the ring; nil where it is not wired.
	// With it, Present needs no exchange while nobody is there.
	Touch gpio.PinIn
	// TouchLow says that the line is low while the ring is touched.
	TouchLow bool
	// Power switches the module's supply (the ring keeps its own); nil where it is not switched. Sleep turns it off.
	Power gpio.PinOut
	// Start is how long the module needs after power came on before it listens.
	Start time.Duration
	// Open opens the port; nil takes go.bug.st/serial.
	Open func(path string, baud int) (Port, error)
}

// DefaultOpts are those of an R503 as it comes from the factory.
func DefaultOpts() Opts {
	return Opts{
		Baud: 57600, Address: 0xFFFFFFFF, Width: 192, Height: 192,
		Answer: time.Second, Repeat: 2, Start: 200 * time.Millisecond,
	}
}

// Port is what is used of a serial port. Read returns 0 and no error when the timeout passes.
type Port interface {
	io.ReadWriteCloser
	SetReadTimeout(time.Duration) error
}

// bauds are the speeds that the module can be set to (p. 13).
var bauds = []int{57600, 115200, 38400, 19200, 9600}

// Dots an inch of the R503's picture.
const dpi = 508

func (o *Opts) check() error {
	known := false
	for _, b := range bauds {
		known = known || b == o.Baud
	}
	switch {
	case o.Port == "":
		return fmt.Errorf("r503: no port named, wanted one such as /dev/ttyS0")
	case !known:
		return fmt.Errorf("r503: %d baud, allowed are 9600, 19200, 38400, 57600, 115200", o.Baud)
	case o.Width < 64 || o.Width > 512 || o.Width%2 == 1 || o.Height < 64 || o.Height > 512:
		return fmt.Errorf("r503: picture of %d×%d, allowed are 64 to 512 a side and an even width", o.Width, o.Height)
	case o.Answer < 50*time.Millisecond || o.Answer > 10*time.Second:
		return fmt.Errorf("r503: answers within %v, allowed are 50 ms to 10 s", o.Answer)
	case o.Repeat < 0 || o.Repeat > 10:
		return fmt.Errorf("r503: commands repeated %d times, allowed are 0 to 10", o.Repeat)
	case o.Start < 0 || o.Start > 5*time.Second:
		return fmt.Errorf("r503: %v to start, allowed are 0 to 5 s", o.Start)
	}
	return nil
}

func openSerial(path string, baud int) (Port, error) {
	return serial.Open(path, &serial.Mode{BaudRate: baud})
}
