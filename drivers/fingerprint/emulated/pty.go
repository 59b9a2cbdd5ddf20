package emulated

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// PTY is a pseudo terminal: what is written here comes out of the device at Path, which a program opens as a serial port.
type PTY struct {
	*os.File
	Path string
}

// OpenPTY makes a pseudo terminal.
func OpenPTY() (*PTY, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("emulated: /dev/ptmx: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = raw(fd)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("emulated: pseudo terminal: %w", err)
	}
	// A file in non-blocking mode is served by the runtime's poller, so that Close ends a Read.
	return &PTY{os.NewFile(uintptr(fd), "/dev/ptmx"), fmt.Sprintf("/dev/pts/%d", n)}, nil
}

// raw keeps the terminal from echoing and rewriting bytes before somebody opens it as a serial port.
func raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// speeds are the bits of a terminal's speed.
var speeds = map[uint32]int{unix.B9600: 9600, unix.B19200: 19200, unix.B38400: 38400, unix.B57600: 57600, unix.B115200: 115200}

// Baud is the speed that the other side has set.
func (p *PTY) Baud() (baud int, err error) {
	c, err := p.SyscallConn()
	if err != nil {
		return 0, err
	}
	var t *unix.Termios
	if e := c.Control(func(fd uintptr) { t, err = unix.IoctlGetTermios(int(fd), unix.TCGETS) }); e != nil {
		return 0, e
	}
	if err != nil {
		return 0, err
	}
	baud, known := speeds[t.Cflag&unix.CBAUD]
	if !known {
		return 0, fmt.Errorf("emulated: speed bits %o", t.Cflag&unix.CBAUD)
	}
	return baud, nil
}

// closedPoll is how often a pseudo terminal that nobody has open is looked at.
const closedPoll = 5 * time.Millisecond

// Read waits for bytes also while nobody has the device open, which the kernel reports as an input or output error.
func (p *PTY) Read(b []byte) (int, error) {
	for {
		n, err := p.File.Read(b)
		if !errors.Is(err, unix.EIO) {
			return n, err
		}
		time.Sleep(closedPoll)
	}
}
