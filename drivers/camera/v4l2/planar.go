package v4l2

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// codeNM12 is NV12 whose two planes lie in memory of their own, as image processors of SoCs write it.
const codeNM12 feed.FourCC = 'N' | 'M'<<8 | '1'<<16 | '2'<<24

// maxPlanes is the most that a format here has.
const maxPlanes = 2

// planar is an open node with the multi-planar interface, which the library does not speak: the one of cameras on CSI, behind
// the SoC's own image processor.
type planar struct {
	fd  int
	ask func(fd int, what uintptr, data unsafe.Pointer) error // ioctl(2)
	mem func(fd int, offset int64, length int) ([]byte, error)

	code    feed.FourCC // as the driver calls it
	planes  int
	sizes   [maxPlanes]int // bytes of each plane of a whole frame
	buffers [][maxPlanes][]byte
	joined  []byte // a frame of two planes
	on      bool

	// The kernel reads and writes these by their address, so they are kept here.
	plane  [maxPlanes]planeRequest
	buffer bufferRequest
	form   planarFormatRequest
}

func newPlanar(fd int) *planar {
	return &planar{fd: fd, ask: request, mem: func(fd int, offset int64, length int) ([]byte, error) {
		return unix.Mmap(fd, offset, length, unix.PROT_READ, unix.MAP_SHARED)
	}}
}

// maxFormats bounds what is asked of a driver that offers formats without end.
const maxFormats = 256

func (p *planar) formats() (codes []feed.FourCC) {
	for i := range uint32(maxFormats) {
		d := formatDescription{index: i, kind: typeVideoCapturePlanar}
		if p.ask(p.fd, vidiocEnumFmt, unsafe.Pointer(&d)) != nil {
			break
		}
		if code := feed.FourCC(d.code); code == codeNM12 {
			codes = append(codes, feed.NV12)
		} else {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// setFormat asks for a format; for NV12 in one plane, or else in two.
func (p *planar) setFormat(code feed.FourCC, width, height int) error {
	tries := []feed.FourCC{code}
	if code == feed.NV12 {
		tries = append(tries, codeNM12)
	}
	for _, try := range tries {
		p.form = planarFormatRequest{kind: typeVideoCapturePlanar, width: uint32(width), height: uint32(height), code: uint32(try)}
		if err := p.ask(p.fd, vidiocSetFmt, unsafe.Pointer(&p.form)); err != nil {
			return fmt.Errorf("VIDIOC_S_FMT: %w", err)
		}
		if p.form.code == uint32(try) {
			return nil
		}
	}
	return nil // what it became, format tells
}

func (p *planar) format() (pixFormat, error) {
	p.form = planarFormatRequest{kind: typeVideoCapturePlanar}
	if err := p.ask(p.fd, vidiocGetFmt, unsafe.Pointer(&p.form)); err != nil {
		return pixFormat{}, fmt.Errorf("VIDIOC_G_FMT: %w", err)
	}
	f := &p.form
	p.code, p.planes = feed.FourCC(f.code), int(f.planes)
	wanted := 1
	if p.code == codeNM12 {
		wanted = maxPlanes
	}
	if p.planes != wanted || max(f.width, f.height, f.plane[0].stride, f.plane[0].size, f.plane[1].stride, f.plane[1].size) > 1<<30 {
		return pixFormat{}, fmt.Errorf("VIDIOC_G_FMT: %v %d×%d pixels in %d planes, of %d and %d bytes", p.code, f.width, f.height, f.planes, f.plane[0].size, f.plane[1].size)
	}
	n := pixFormat{code: p.code, width: int(f.width), height: int(f.height), stride: int(f.plane[0].stride), size: int(f.plane[0].size)}
	p.sizes = [maxPlanes]int{n.size}
	if p.code != codeNM12 {
		return n, nil
	}
	// The planes are joined as NV12 has them: both with the first one's stride, without a gap.
	n.code = feed.NV12
	if int(f.plane[1].stride) != n.stride {
		return pixFormat{}, fmt.Errorf("VIDIOC_G_FMT: NM12 with lines of %d and %d bytes, wanted are equal ones", n.stride, f.plane[1].stride)
	}
	p.sizes = [maxPlanes]int{n.stride * n.height, n.stride * n.height / 2}
	if n.size < p.sizes[0] || int(f.plane[1].size) < p.sizes[1] {
		return pixFormat{}, fmt.Errorf("VIDIOC_G_FMT: NM12 in %d and %d bytes, wanted are %d and %d", n.size, f.plane[1].size, p.sizes[0], p.sizes[1])
	}
	n.size = p.sizes[0] + p.sizes[1]
	return n, nil
}

func (p *planar) setRate(fps float64) error {
	r := rateRequest{kind: typeVideoCapturePlanar, numerator: 1000, denominator: uint32(1000 * fps)}
	return p.ask(p.fd, vidiocSetParm, unsafe.Pointer(&r))
}

func (p *planar) rate() (float64, error) {
	r := rateRequest{kind: typeVideoCapturePlanar}
	if err := p.ask(p.fd, vidiocGetParm, unsafe.Pointer(&r)); err != nil {
		return 0, err
	}
	if r.numerator == 0 {
		return 0, errors.New("VIDIOC_G_PARM: no rate")
	}
	return float64(r.denominator) / float64(r.numerator), nil
}

func (p *planar) control(wanted []feed.Setting) error { return apply(p.fd, wanted) }

func (p *planar) start(buffers int) error {
	r := buffersRequest{count: uint32(buffers), kind: typeVideoCapturePlanar, memory: memoryMmap}
	if err := p.ask(p.fd, vidiocReqBufs, unsafe.Pointer(&r)); err != nil {
		return fmt.Errorf("VIDIOC_REQBUFS: %w", err)
	}
	if r.count == 0 || r.count > maxBuffers {
		return fmt.Errorf("VIDIOC_REQBUFS: %d buffers, wanted are 1 to %d", r.count, maxBuffers)
	}
	if p.code == codeNM12 {
		p.joined = make([]byte, p.sizes[0]+p.sizes[1])
	}
	for i := range r.count {
		planes, err := p.mapBuffer(i)
		p.buffers = append(p.buffers, planes)
		if err != nil {
			return err
		}
		if err := p.release(i); err != nil {
			return err
		}
	}
	kind := uint32(typeVideoCapturePlanar)
	if err := p.ask(p.fd, vidiocStreamOn, unsafe.Pointer(&kind)); err != nil {
		return fmt.Errorf("VIDIOC_STREAMON: %w", err)
	}
	p.on = true
	return nil
}

// about prepares the request about a buffer.
func (p *planar) about(index uint32) *bufferRequest {
	p.plane = [maxPlanes]planeRequest{}
	p.buffer = bufferRequest{
		index: index, kind: typeVideoCapturePlanar, memory: memoryMmap, offset: uintptr(unsafe.Pointer(&p.plane[0])), length: uint32(p.planes),
	}
	return &p.buffer
}

// mapBuffer maps the planes of a buffer. Those that were mapped before an error are returned with it.
func (p *planar) mapBuffer(index uint32) (planes [maxPlanes][]byte, err error) {
	if err := p.ask(p.fd, vidiocQueryBuf, unsafe.Pointer(p.about(index))); err != nil {
		return planes, fmt.Errorf("VIDIOC_QUERYBUF: %w", err)
	}
	for i := range p.planes {
		if p.plane[i].length > 1<<30 {
			return planes, fmt.Errorf("VIDIOC_QUERYBUF: plane of %d bytes", p.plane[i].length)
		}
		// The offset is the lower half of a union as wide as a pointer.
		if planes[i], err = p.mem(p.fd, int64(uint32(p.plane[i].offset)), int(p.plane[i].length)); err != nil {
			return planes, fmt.Errorf("mmap: %w", err)
		}
	}
	return planes, nil
}

func (p *planar) wait() error {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}, int(waitLimit/time.Millisecond))
	switch {
	case err != nil:
		return err
	case n == 0:
		return errTimeout
	}
	return nil
}

func (p *planar) get() (shot, error) {
	b := p.about(0)
	if err := p.ask(p.fd, vidiocDQBuf, unsafe.Pointer(b)); err != nil {
		return shot{}, err
	}
	if int(b.index) >= len(p.buffers) {
		return shot{}, fmt.Errorf("VIDIOC_DQBUF: buffer %d of %d", b.index, len(p.buffers))
	}
	s := shot{index: b.index, known: true, bad: b.flags&flagError != 0, seq: b.sequence}
	if b.flags&flagTimeMask == flagMonotonic {
		s.age = monotonic() - time.Duration(b.time.Nano())
	}
	var err error
	if s.data, err = p.frame(b.index); err != nil {
		return shot{}, errors.Join(err, p.release(s.index))
	}
	return s, nil
}

// frame cuts the frame out of a buffer by the driver's word, and joins its planes.
func (p *planar) frame(index uint32) ([]byte, error) {
	joined := p.joined[:0]
	for i := range p.planes {
		plane, r := p.buffers[index][i], &p.plane[i]
		if r.start > r.used || int64(r.used) > int64(len(plane)) {
			return nil, fmt.Errorf("driver tells %d bytes from %d on in a plane of %d", r.used, r.start, len(plane))
		}
		data := plane[r.start:r.used]
		if p.planes == 1 {
			return data, nil
		}
		if len(data) < p.sizes[i] {
			return joined, nil // too short for a whole frame, which counts as a fault
		}
		joined = append(joined, data[:p.sizes[i]]...)
	}
	return joined, nil
}

func (p *planar) release(index uint32) error {
	if err := p.ask(p.fd, vidiocQBuf, unsafe.Pointer(p.about(index))); err != nil {
		return fmt.Errorf("VIDIOC_QBUF: %w", err)
	}
	return nil
}

func (p *planar) close() error {
	var errs []error
	if p.on {
		kind := uint32(typeVideoCapturePlanar)
		if err := p.ask(p.fd, vidiocStreamOff, unsafe.Pointer(&kind)); err != nil && !errors.Is(err, unix.ENODEV) {
			errs = append(errs, fmt.Errorf("VIDIOC_STREAMOFF: %w", err))
		}
	}
	for _, planes := range p.buffers {
		for _, plane := range planes {
			if plane != nil {
				errs = append(errs, unix.Munmap(plane))
			}
		}
	}
	p.buffers = nil
	return errors.Join(append(errs, os.NewSyscallError("close", unix.Close(p.fd)))...)
}
