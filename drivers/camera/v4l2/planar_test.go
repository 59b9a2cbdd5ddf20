package v4l2

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// planarDriver answers the requests of the multi-planar interface as a driver does.
type planarDriver struct {
	t       *testing.T
	offers  []feed.FourCC
	now     planarFormatRequest
	refuses map[uintptr]error // by request
	count   uint32            // of buffers, 0 = as asked for
	memory  [][]byte          // of planes, by offset
	queued  []uint32
	used    [maxPlanes]uint32
	start   [maxPlanes]uint32
	flags   uint32
	on      bool
	index   uint32 // of the buffer that is given, beyond those queued if not 0
}

func (d *planarDriver) ask(_ int, what uintptr, data unsafe.Pointer) error {
	if err := d.refuses[what]; err != nil {
		return err
	}
	switch what {
	case vidiocEnumFmt:
		r := (*formatDescription)(data)
		if int(r.index) >= len(d.offers) || r.kind != typeVideoCapturePlanar {
			return unix.EINVAL
		}
		r.code = uint32(d.offers[r.index])
	case vidiocSetFmt:
		r := (*planarFormatRequest)(data)
		if slices.Contains(d.offers, feed.FourCC(r.code)) {
			d.now.code = r.code
		}
		r.code = d.now.code
	case vidiocGetFmt:
		*(*planarFormatRequest)(data) = d.now
	case vidiocSetParm:
		r := (*rateRequest)(data)
		if r.numerator != 1000 || r.denominator != 30000 {
			d.t.Errorf("rate %d/%d", r.denominator, r.numerator)
		}
	case vidiocGetParm:
		r := (*rateRequest)(data)
		r.numerator, r.denominator = 2, 50
	case vidiocReqBufs:
		if r := (*buffersRequest)(data); d.count > 0 {
			r.count = d.count
		}
	case vidiocQueryBuf, vidiocQBuf, vidiocDQBuf:
		return d.transfer(what, (*bufferRequest)(data))
	case vidiocStreamOn, vidiocStreamOff:
		d.on = what == vidiocStreamOn
	default:
		d.t.Errorf("request %#x", what)
	}
	return nil
}

func (d *planarDriver) transfer(what uintptr, b *bufferRequest) error {
	planes := unsafe.Slice((*planeRequest)(*(*unsafe.Pointer)(unsafe.Pointer(&b.offset))), b.length)
	if b.kind != typeVideoCapturePlanar || b.memory != memoryMmap || int(b.length) != int(d.now.planes) {
		d.t.Errorf("buffer %+v", b)
	}
	switch what {
	case vidiocQueryBuf:
		for i := range planes {
			planes[i].length, planes[i].offset = d.now.plane[i].size, uintptr(len(d.memory))
			d.memory = append(d.memory, nil)
		}
	case vidiocQBuf:
		d.queued = append(d.queued, b.index)
	case vidiocDQBuf:
		if len(d.queued) == 0 {
			return unix.EAGAIN
		}
		b.index, d.queued = d.queued[0], d.queued[1:]
		b.index += d.index
		b.flags, b.sequence = d.flags, 7
		for i := range planes {
			planes[i].used, planes[i].start = d.used[i], d.start[i]
		}
	}
	return nil
}

// mem gives a plane memory of its own, filled with its number.
func (d *planarDriver) mem(_ int, offset int64, length int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, err
	}
	for i := range b {
		b[i] = byte(offset + 1)
	}
	d.memory[offset] = b
	return b, nil
}

// planarNode opens a node at a driver.
func planarNode(t *testing.T, d *planarDriver) *planar {
	t.Helper()
	fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlanar(fd)
	d.t, p.ask, p.mem = t, d.ask, d.mem
	return p
}

// nv12 is 32 × 16 pixels with lines of 40 bytes, in one plane or two.
func nv12(code feed.FourCC) planarFormatRequest {
	r := planarFormatRequest{width: 32, height: 16, code: uint32(code), planes: 1}
	r.plane[0] = planeFormat{size: 40 * 16 * 3 / 2, stride: 40}
	if code == codeNM12 {
		r.planes = 2
		r.plane[0].size, r.plane[1] = 700, planeFormat{size: 330, stride: 40}
	}
	return r
}

// TestPlanarFrames streams NV12 in one plane, and in two with bytes before and behind them.
func TestPlanarFrames(t *testing.T) {
	one := &planarDriver{offers: []feed.FourCC{feed.NV12}, now: nv12(feed.NV12), used: [maxPlanes]uint32{960}}
	two := &planarDriver{offers: []feed.FourCC{feed.GREY, codeNM12}, now: nv12(codeNM12), used: [maxPlanes]uint32{660, 330}, start: [maxPlanes]uint32{10, 5}}
	for name, d := range map[string]*planarDriver{"one": one, "two": two} {
		t.Run(name, func(t *testing.T) {
			p := planarNode(t, d)
			if !slices.Contains(p.formats(), feed.NV12) {
				t.Errorf("formats %v", p.formats())
			}
			if err := p.setFormat(feed.NV12, 32, 16); err != nil {
				t.Fatal(err)
			}
			f, err := p.format()
			if want := (pixFormat{feed.NV12, 32, 16, 40, 960}); err != nil || f != want {
				t.Fatalf("%+v, %v", f, err)
			}
			if err := p.setRate(30); err != nil {
				t.Error(err)
			}
			if rate, err := p.rate(); rate != 25 || err != nil {
				t.Errorf("rate %v, %v", rate, err)
			}
			if err := p.start(3); err != nil || !d.on || len(d.queued) != 3 {
				t.Fatalf("start: %v, streaming %v, %d queued", err, d.on, len(d.queued))
			}
			for n := range uint32(4) {
				s, err := p.get()
				if err != nil || s.index != n%3 || !s.known || s.bad || s.seq != 7 || len(s.data) != 960 {
					t.Fatalf("frame %d: %+v of %d bytes, %v", n, s.index, len(s.data), err)
				}
				planes := int(d.now.planes)
				want := append(bytes.Repeat([]byte{byte(int(n%3)*planes + 1)}, 640), bytes.Repeat([]byte{byte(int(n%3)*planes + planes)}, 320)...)
				if !bytes.Equal(s.data, want) {
					t.Errorf("frame %d holds % x … % x", n, s.data[:2], s.data[958:])
				}
				if err := p.release(s.index); err != nil {
					t.Error(err)
				}
			}
			d.flags = flagError
			if s, err := p.get(); err != nil || !s.bad {
				t.Errorf("a broken frame: %v, %v", s.bad, err)
			}
			if err := p.close(); err != nil || d.on {
				t.Errorf("close: %v, streaming %v", err, d.on)
			}
		})
	}
}

// TestPlanarRefusals has a driver refuse, or tell what cannot be, at each step.
func TestPlanarRefusals(t *testing.T) {
	boom := unix.EIO
	for name, c := range map[string]struct {
		change func(*planarDriver)
		want   string
	}{
		"set":              {func(d *planarDriver) { d.refuses[vidiocSetFmt] = boom }, "VIDIOC_S_FMT"},
		"get":              {func(d *planarDriver) { d.refuses[vidiocGetFmt] = boom }, "VIDIOC_G_FMT"},
		"three planes":     {func(d *planarDriver) { d.now.planes = 3 }, "in 3 planes"},
		"one plane":        {func(d *planarDriver) { d.now.planes = 1 }, "in 1 planes"},
		"huge":             {func(d *planarDriver) { d.now.plane[1].size = 1<<30 + 1 }, "bytes"},
		"two strides":      {func(d *planarDriver) { d.now.plane[1].stride = 48 }, "lines of 40 and 48"},
		"short first":      {func(d *planarDriver) { d.now.plane[0].size = 639 }, "in 639 and 330 bytes"},
		"short second":     {func(d *planarDriver) { d.now.plane[1].size = 319 }, "in 700 and 319 bytes"},
		"buffers":          {func(d *planarDriver) { d.refuses[vidiocReqBufs] = boom }, "VIDIOC_REQBUFS"},
		"too many buffers": {func(d *planarDriver) { d.count = maxBuffers + 1 }, "33 buffers"},
		"query":            {func(d *planarDriver) { d.refuses[vidiocQueryBuf] = boom }, "VIDIOC_QUERYBUF"},
		"queue":            {func(d *planarDriver) { d.refuses[vidiocQBuf] = boom }, "VIDIOC_QBUF"},
		"on":               {func(d *planarDriver) { d.refuses[vidiocStreamOn] = boom }, "VIDIOC_STREAMON"},
		"take":             {func(d *planarDriver) { d.refuses[vidiocDQBuf] = boom }, "input/output"},
		"no such buffer":   {func(d *planarDriver) { d.index = 9 }, "buffer 9 of 2"},
		"beyond the plane": {func(d *planarDriver) { d.used[1] = 331 }, "331 bytes from 0 on in a plane of 330"},
		"behind its end":   {func(d *planarDriver) { d.start[0] = 661 }, "from 661 on"},
		"rate":             {func(d *planarDriver) { d.refuses[vidiocGetParm] = boom }, "rate"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &planarDriver{offers: []feed.FourCC{codeNM12}, now: nv12(codeNM12), used: [maxPlanes]uint32{660, 330}, refuses: map[uintptr]error{}}
			c.change(d)
			p := planarNode(t, d)
			err := func() error {
				if err := p.setFormat(feed.NV12, 32, 16); err != nil {
					return err
				}
				if _, err := p.format(); err != nil {
					return err
				}
				if _, err := p.rate(); err != nil {
					return errors.New("rate")
				}
				if err := p.start(2); err != nil {
					return err
				}
				_, err := p.get()
				return err
			}()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, wanted %q", err, c.want)
			}
			if err := p.close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	short := &planarDriver{offers: []feed.FourCC{codeNM12}, now: nv12(codeNM12), used: [maxPlanes]uint32{640, 319}}
	p := planarNode(t, short)
	if _, err := p.format(); err != nil {
		t.Fatal(err)
	}
	if err := p.start(1); err != nil {
		t.Fatal(err)
	}
	if s, err := p.get(); err != nil || len(s.data) >= 960 {
		t.Errorf("a short second plane: %d bytes, %v", len(s.data), err)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}
