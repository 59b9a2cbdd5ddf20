package v4l2

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/blackjack/webcam"
	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// kernel is the real system.
type kernel struct{}

func (kernel) nodes() ([]string, error) {
	paths, err := filepath.Glob("/dev/video[0-9]*")
	if err != nil {
		return nil, fmt.Errorf("v4l2: %w", err)
	}
	number := func(path string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(path, "/dev/video"))
		return n
	}
	slices.SortFunc(paths, func(a, b string) int { return number(a) - number(b) })
	return paths, nil
}

func (kernel) open(path string) (device, identity, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, identity{}, fmt.Errorf("v4l2: open %s: %w", path, err)
	}
	who, planar, err := inspect(fd)
	if err != nil {
		unix.Close(fd)
		return nil, identity{}, fmt.Errorf("v4l2: %s: %w", path, err)
	}
	if planar {
		return newPlanar(fd), who, nil
	}
	cam, err := webcam.Open(path)
	if err != nil {
		unix.Close(fd)
		return nil, identity{}, fmt.Errorf("v4l2: open %s: %w", path, err)
	}
	// Mappings are listed by the node's own name, and a path below /dev/v4l is a link to it.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return &node{path: path, fd: fd, cam: cam}, who, nil
}

// inspect says which camera is behind fd, and whether it has the multi-planar interface only; or it wraps errNotCamera.
func inspect(fd int) (who identity, planar bool, err error) {
	var c capability
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), vidiocQueryCap, uintptr(unsafe.Pointer(&c))); errno != 0 {
		return who, false, fmt.Errorf("VIDIOC_QUERYCAP: %w: %w", errNotCamera, errno)
	}
	caps := c.capabilities
	if caps&capDeviceCaps != 0 {
		caps = c.deviceCaps
	}
	switch {
	case caps&capMemToMem != 0 || caps&(capVideoCapture|capMultiPlanar) == 0:
		return who, false, fmt.Errorf("%w: capabilities %#08x", errNotCamera, caps)
	case caps&capStreaming == 0:
		return who, false, fmt.Errorf("%w: no streaming, capabilities %#08x", errNotCamera, caps)
	}
	return identity{card: cString(c.card[:]), bus: cString(c.bus[:])}, caps&capVideoCapture == 0, nil
}

// node is an open video node: the library's descriptor, and one of our own for what the library does not tell.
type node struct {
	path  string
	fd    int
	cam   *webcam.Webcam
	marks []mark // by buffer; nil when the driver does not answer VIDIOC_QUERYBUF on this descriptor
	query bufferRequest
}

// mark is what a buffer that waits to be taken carries.
type mark struct {
	flags, seq uint32
	at         time.Duration // on the kernel's monotonic clock; 0 if unknown
}

func (n *node) formats() []feed.FourCC {
	var out []feed.FourCC
	for code := range n.cam.GetSupportedFormats() {
		out = append(out, feed.FourCC(code))
	}
	slices.Sort(out)
	return out
}

func (n *node) setFormat(code feed.FourCC, width, height int) error {
	_, _, _, err := n.cam.SetImageFormat(webcam.PixelFormat(code), uint32(width), uint32(height))
	return err
}

func (n *node) format() (pixFormat, error) {
	r := formatRequest{kind: typeVideoCapture}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(n.fd), vidiocGetFmt, uintptr(unsafe.Pointer(&r))); errno != 0 {
		return pixFormat{}, fmt.Errorf("VIDIOC_G_FMT: %w", errno)
	}
	if max(r.width, r.height, r.stride, r.size) > 1<<30 {
		return pixFormat{}, fmt.Errorf("VIDIOC_G_FMT: %d×%d pixels, %d bytes a line, %d a frame", r.width, r.height, r.stride, r.size)
	}
	return pixFormat{
		code: feed.FourCC(r.code), width: int(r.width), height: int(r.height), stride: int(r.stride), size: int(r.size),
	}, nil
}

func (n *node) setRate(fps float64) error { return n.cam.SetFramerate(float32(fps)) }

func (n *node) rate() (float64, error) {
	r, err := n.cam.GetFramerate()
	return float64(r), err
}

func (n *node) start(buffers int) error {
	if err := n.cam.SetBufferCount(uint32(buffers)); err != nil {
		return err
	}
	before, err := mapped(n.path)
	if err != nil {
		return err
	}
	if err := n.cam.StartStreaming(); err != nil {
		return errors.Join(err, unmap(n.path, before))
	}
	// The driver may have made another number of buffers; those without an answer have no marks.
	n.marks = make([]mark, maxBuffers)
	return nil
}

// maxBuffers is the most that V4L2 makes (VIDEO_MAX_FRAME).
const maxBuffers = 32

func (n *node) wait() error {
	err := n.cam.WaitForFrame(uint32(waitLimit / time.Second))
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*webcam.Timeout](err); ok {
		return errTimeout
	}
	return err
}

// get looks at the marks of the buffers that wait, then takes the first of them: nobody else takes any, so the buffer that
// comes was among those looked at.
func (n *node) get() (s shot, err error) {
	// The library cuts the frame out of its buffer by the driver's word.
	defer func() {
		if r := recover(); r != nil {
			s, err = shot{}, fmt.Errorf("driver tells a buffer or length that cannot be: %v", r)
		}
	}()
	n.look()
	data, index, err := n.cam.GetFrame()
	if err != nil {
		return shot{}, err
	}
	s = shot{data: data, index: index}
	if int(index) < len(n.marks) && n.marks[index].flags&flagDone != 0 {
		m := &n.marks[index]
		s.known, s.bad, s.seq = true, m.flags&flagError != 0, m.seq
		if m.at > 0 {
			s.age = monotonic() - m.at
		}
	}
	return s, nil
}

// look reads the marks of all buffers.
func (n *node) look() {
	for i := range n.marks {
		n.query = bufferRequest{index: uint32(i), kind: typeVideoCapture, memory: memoryMmap}
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(n.fd), vidiocQueryBuf, uintptr(unsafe.Pointer(&n.query)))
		if errno != 0 {
			n.marks = n.marks[:i] // there are no more buffers, or this driver does not tell
			return
		}
		m := mark{flags: n.query.flags, seq: n.query.sequence}
		if m.flags&flagTimeMask == flagMonotonic {
			m.at = time.Duration(n.query.time.Nano())
		}
		n.marks[i] = m
	}
}

// monotonic is the kernel's clock that drivers stamp frames with.
func monotonic() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func (n *node) release(index uint32) error { return n.cam.ReleaseFrame(index) }

func (n *node) close() error { return errors.Join(n.cam.Close(), unix.Close(n.fd)) }
