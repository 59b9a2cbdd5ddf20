// Package r503 drives the Grow R503 capacitive fingerprint module, and other modules of the ZFM protocol (R307, AS608), on
// a UART.
//
// The module takes a picture, sends it at four bits a pixel, and can also extract, keep and compare templates itself.
// Nothing is sent until a method is called: the port is opened then, and opened again after the module was unplugged.
//
// A module that lost power for a moment forgets that the password was verified, and what it has read. It is greeted again
// and the call repeated; a call that needs what the module had read returns fingerprint.ErrPicture instead. After a module
// has not answered, or only garbage, through all repeats, the port is closed, and the next call looks for it at each
// speed, because it may have been exchanged.
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

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// Opts tell where the module is and how it is set up.
type Opts struct {
	// Port is the device of the UART, such as /dev/ttyS0.
	Port string
	// Baud is the speed at which the module is tried first: 9600, 19200, 38400, 57600 (the factory's) or 115200 (p. 13).
	// A module that does not answer is tried at the others.
	Baud int
	// Address and Password are set at the factory to FFFFFFFF and 0.
	Address, Password uint32
	// Width and Height of the module's picture. Where both are 0 the module is asked. One that cannot tell, as those before
	// the R503, is known by the length of its picture: see Sizes.
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

// DefaultOpts returns those of an R503 as it comes from the factory.
func DefaultOpts() Opts {
	return Opts{
		Baud: 57600, Address: 0xFFFFFFFF,
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

// Size is that of a picture, in pixels.
type Size struct{ Width, Height, DPI int }

// Sizes are those of pictures of the family: of the R503 (its manual, p. 1), and of the optical modules R307, R305, ZFM-20
// and AS608 (their manuals: 256 × 288 at 500 dpi). Their numbers of pixels differ, so that a picture tells which it is.
var Sizes = []Size{{192, 192, 508}, {256, 288, 500}}

// maxSide and minSide bound a picture's sides.
const minSide, maxSide = 64, 512

// size returns the size of a picture of so many bytes. told is what the module says, zero where it does not.
func (o *Opts) size(told Size, bytes int) (Size, error) {
	if set := (Size{o.Width, o.Height, dpiOf(o.Width, o.Height)}); o.Width > 0 {
		told = set
	}
	for i, s := range append([]Size{told}, Sizes...) {
		switch {
		case s.Width*s.Height/2 != bytes || bytes == 0:
		case o.Width > 0 && i > 0:
			return Size{}, fmt.Errorf("%w: picture of %d×%d, but its size is set to %d×%d", fingerprint.ErrAnswer, s.Width, s.Height, o.Width, o.Height)
		default:
			return s, nil
		}
	}
	return Size{}, fmt.Errorf("%w: picture of %d bytes, wanted %d", zfm.ErrLength, bytes, told.Width*told.Height/2)
}

// dpiOf returns the resolution of a size: that of a known one, else the family's 500 dpi.
func dpiOf(width, height int) int {
	for _, s := range Sizes {
		if s.Width == width && s.Height == height {
			return s.DPI
		}
	}
	return 500
}

// pictureBytes returns the most bytes that a picture may have.
func (o *Opts) pictureBytes() int {
	n := o.Width * o.Height
	for _, s := range Sizes {
		n = max(n, s.Width*s.Height)
	}
	return n / 2
}

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
	case (o.Width != 0 || o.Height != 0) && !sized(o.Width, o.Height):
		return fmt.Errorf("r503: picture of %d×%d, allowed are %d to %d a side and an even width, or 0×0 to ask the module",
			o.Width, o.Height, minSide, maxSide)
	case o.Answer < 50*time.Millisecond || o.Answer > 10*time.Second:
		return fmt.Errorf("r503: answers within %v, allowed are 50 ms to 10 s", o.Answer)
	case o.Repeat < 0 || o.Repeat > 10:
		return fmt.Errorf("r503: commands repeated %d times, allowed are 0 to 10", o.Repeat)
	case o.Start < 0 || o.Start > 5*time.Second:
		return fmt.Errorf("r503: %v to start, allowed are 0 to 5 s", o.Start)
	}
	return nil
}

// sized reports whether a picture can have this size.
func sized(width, height int) bool {
	return width >= minSide && width <= maxSide && width%2 == 0 && height >= minSide && height <= maxSide
}

func openSerial(path string, baud int) (Port, error) {
	return serial.Open(path, &serial.Mode{BaudRate: baud})
}
