package gpio

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Kernel is the part of the kernel that this package uses. Tests put a scripted one in its place.
type Kernel interface {
	// Chips lists the paths of the GPIO chips.
	Chips() []string
	// Open opens a chip.
	Open(path string) (Chip, error)
}

// Chip is an open GPIO chip.
type Chip interface {
	Info() (ChipInfo, error)
	Line(offset uint32) (LineInfo, error)
	// Request takes lines; they are held until the returned Lines are closed, also when the chip is closed before.
	Request(r *LineRequest) (Lines, error)
	Close() error
}

// Lines are requested lines. There is no way to reconfigure them.
type Lines interface {
	// Values returns the logical values of the lines in mask.
	Values(mask uint64) (uint64, error)
	// SetValues sets the logical values of the lines in mask.
	SetValues(mask, bits uint64) error
	// Read waits for edge events, at most that long, or for ever when the time is negative. It returns
	// os.ErrDeadlineExceeded after that time and os.ErrClosed after Close, which ends a wait.
	Read(events []LineEvent, wait time.Duration) (int, error)
	Close() error
}

// linux is the real kernel, whose devices are in the folder dev.
type linux struct{ dev string }

func (l linux) Chips() []string {
	paths, err := filepath.Glob(filepath.Join(l.dev, "gpiochip*"))
	if err != nil {
		return nil
	}
	// gpiochip10 after gpiochip9
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return paths
}

func (linux) Open(path string) (Chip, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return chip{f}, nil
}

type chip struct{ f *os.File }

func (c chip) Info() (info ChipInfo, err error) {
	return info, ioctl(c.f, ioctlChipInfo, unsafe.Pointer(&info))
}

func (c chip) Line(offset uint32) (LineInfo, error) {
	info := LineInfo{Offset: offset}
	return info, ioctl(c.f, ioctlLineInfo, unsafe.Pointer(&info))
}

func (c chip) Request(r *LineRequest) (Lines, error) {
	if err := ioctl(c.f, ioctlGetLine, unsafe.Pointer(r)); err != nil {
		return nil, err
	}
	// Non-blocking, so that the runtime's poller waits for events and Close ends a wait.
	if err := unix.SetNonblock(int(r.FD), true); err != nil {
		unix.Close(int(r.FD))
		return nil, err
	}
	unix.CloseOnExec(int(r.FD))
	return lines{os.NewFile(uintptr(r.FD), c.f.Name()+" lines")}, nil
}

func (c chip) Close() error { return c.f.Close() }

type lines struct{ f *os.File }

func (l lines) Values(mask uint64) (uint64, error) {
	v := lineValues{Mask: mask}
	err := ioctl(l.f, ioctlGetValues, unsafe.Pointer(&v))
	return v.Bits & mask, err
}

func (l lines) SetValues(mask, bits uint64) error {
	return ioctl(l.f, ioctlSetValues, unsafe.Pointer(&lineValues{Mask: mask, Bits: bits}))
}

const eventSize = int(unsafe.Sizeof(LineEvent{}))

func (l lines) Read(events []LineEvent, wait time.Duration) (int, error) {
	var until time.Time
	if wait >= 0 {
		until = time.Now().Add(wait)
	}
	if err := l.f.SetReadDeadline(until); err != nil {
		return 0, err
	}
	buf := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(events))), len(events)*eventSize)
	n, err := l.f.Read(buf)
	if err == nil && n%eventSize != 0 {
		return 0, fmt.Errorf("gpio: the kernel gave %d bytes, an event has %d", n, eventSize)
	}
	return n / eventSize, err
}

func (l lines) Close() error { return l.f.Close() }

// ioctl works on the raw descriptor without taking the file from the runtime's poller, as File.Fd would.
func ioctl(f *os.File, request uint, arg unsafe.Pointer) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno unix.Errno
	err = raw.Control(func(fd uintptr) {
		for {
			_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, uintptr(request), uintptr(arg))
			if errno != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	if errno != 0 {
		return os.NewSyscallError("ioctl", errno)
	}
	return nil
}
