package v4l2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

const (
	// buffers that the driver fills in turn. More only make frames older.
	buffers = 4
	// maxReadErrors in a row end a session. One may be a disturbance on the cable.
	maxReadErrors = 3
	// emptyPause follows a wait that brought no frame: after an unplug, waits return at once.
	emptyPause = 20 * time.Millisecond
	// maxAge is the oldest that a frame can be; a stamp that says otherwise is of another clock.
	maxAge = 10 * time.Second
)

// session opens the camera, takes its frames until something goes wrong, and closes it. good says that there was a
// frame.
func (c *Camera) session(ctx context.Context) (good bool, err error) {
	d, who, path, err := c.find(time.Now())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	name := fmt.Sprintf("%s (%s, %s)", path, who.card, who.bus)
	c.State(feed.Opening, "")
	n, from, err := c.negotiate(d)
	if err != nil {
		return false, fmt.Errorf("v4l2: %s: %w", name, err)
	}
	if err := d.start(buffers); err != nil {
		return false, fmt.Errorf("v4l2: %s: start: %w (is it in use, or the USB bus full?)", name, err)
	}
	c.known = who
	c.Opened(name)
	s := stream{Camera: c, device: d, format: n, source: from, last: time.Now(), pause: time.NewTimer(0)}
	defer s.pause.Stop()
	err = s.run(ctx)
	if err != nil {
		c.lost = time.Now()
		err = fmt.Errorf("v4l2: %s: %w", name, err)
	}
	return s.good, err
}

// negotiate sets format and rate, and reads what came of it: what frames are given on as, and what they come as.
func (c *Camera) negotiate(d device) (feed.Format, source, error) {
	offered := d.formats()
	code, found := asOffered(c.opts.Formats, offered)
	if !found {
		return feed.Format{}, source{}, fail(feed.FaultFormat, fmt.Errorf("formats: it offers %v, wanted is one of %v", offered, c.opts.Formats))
	}
	if err := d.setFormat(code, c.opts.Width, c.opts.Height); err != nil {
		return feed.Format{}, source{}, fmt.Errorf("set format: %w", err)
	}
	p, err := d.format()
	if err != nil {
		return feed.Format{}, source{}, fmt.Errorf("read format: %w", err)
	}
	n, from, err := usable(p)
	if err != nil {
		return feed.Format{}, source{}, fail(feed.FaultFormat, err)
	}
	// Neither matters to a device that has one rate only; what counts is measured.
	_ = d.setRate(c.opts.FPS)
	if rate, err := d.rate(); err == nil {
		n.Rate = rate
	}
	// A camera that takes no exposure time still shows who stands there.
	if len(c.opts.Controls) > 0 {
		c.Unset(text(d.control(c.opts.Controls)))
	}
	if n.Format == feed.MJPG {
		n.Bytes = min(n.Bytes, c.opts.MaxFrameBytes)
	}
	if err := c.Begin(n); err != nil {
		return feed.Format{}, source{}, fail(feed.FaultFormat, err)
	}
	return n, from, nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// usable checks what was negotiated and says what a whole frame is.
func usable(p pixFormat) (n feed.Format, from source, err error) {
	turned := rawOf(p.code)
	n = feed.Format{Format: p.code, Width: p.width, Height: p.height}
	if turned != nil {
		n.Format = turned.as
	}
	if _, err := feed.ParseFourCC(n.Format.String()); err != nil {
		return n, from, fmt.Errorf("negotiated: %w", err)
	}
	if p.width < 16 || p.width > 8192 || p.height < 16 || p.height > 8192 || p.width%2 != 0 || p.code == feed.NV12 && p.height%2 != 0 {
		return n, from, fmt.Errorf("negotiated: %v %d×%d pixels, limit 16 to 8192 a side and even", p.code, p.width, p.height)
	}
	if p.code == feed.MJPG {
		if p.size <= 0 {
			return n, from, errors.New("negotiated: MJPG with frames of no bytes")
		}
		n.Bytes = p.size
		return n, source{bytes: p.size}, nil // a bound, often far above what comes
	}
	stride, size := n.Format.Size(p.width, p.height)
	n.Stride, n.Bytes = stride, size // what is turned is given on without padding
	if turned != nil {
		stride = turned.stride(p.width)
		size = stride * p.height
	}
	if p.stride == 0 {
		p.stride = stride
	}
	if stride == 0 || p.stride < stride || p.stride > 8*8192 {
		return n, from, fmt.Errorf("negotiated: %v %d×%d pixels with %d bytes a line, wanted are at least %d", p.code, p.width, p.height, p.stride, stride)
	}
	from = source{raw: turned, line: stride, stride: p.stride, bytes: size / stride * p.stride, height: p.height}
	if p.size < from.bytes {
		return n, from, fmt.Errorf("negotiated: %v %d×%d pixels in %d bytes, wanted are at least %d", p.code, p.width, p.height, p.size, from.bytes)
	}
	if turned == nil {
		n.Stride, n.Bytes = from.stride, from.bytes
	}
	return n, from, nil
}

// stream takes frames from a device that streams.
type stream struct {
	*Camera
	device device
	format feed.Format
	source source
	pause  *time.Timer
	last   time.Time // when the last good frame came, or the stream began
	good   bool      // there was one
	errors int       // read errors in a row
	seq    uint32    // of the last frame
	counts bool      // seq is known
}

// run ends with an error, or with ctx.
func (s *stream) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.device.wait()
		if err == nil {
			err = s.frame()
		}
		switch {
		case err == nil, errors.Is(err, errTimeout):
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			s.rest(ctx)
		case errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
			return &trouble{feed.Absent, feed.FaultLost, err}
		default:
			if s.errors++; s.errors >= maxReadErrors {
				return fail(feed.FaultRead, fmt.Errorf("%d errors in a row: %w", s.errors, err))
			}
			s.Fault(feed.FaultRead)
			s.State(feed.Failing, err.Error())
			s.rest(ctx)
		}
		if silent := time.Since(s.last); silent >= s.opts.Stall {
			return &trouble{feed.Stalled, feed.FaultStall, fmt.Errorf("no good frame for %v", silent.Round(time.Millisecond))}
		}
	}
	return nil
}

func (s *stream) rest(ctx context.Context) {
	s.pause.Reset(emptyPause)
	select {
	case <-s.pause.C:
	case <-ctx.Done():
	}
}

// frame takes one frame, copies it into the pool if it is whole, and gives its buffer back.
func (s *stream) frame() error {
	shot, err := s.device.get()
	if err != nil {
		return err
	}
	now := time.Now()
	s.sequence(shot)
	fault := s.deliver(shot, now)
	if err := s.device.release(shot.index); err != nil {
		return fmt.Errorf("give back buffer %d: %w", shot.index, err)
	}
	if fault != nil {
		s.Fault(fault.fault)
		s.State(feed.Failing, fault.Error())
		return nil
	}
	s.errors = 0
	return nil
}

// sequence counts the frames that the device made and we did not get.
func (s *stream) sequence(shot shot) {
	if !shot.known {
		return
	}
	// A jump of more than a minute's frames is a driver that does not count.
	if gap := shot.seq - s.seq - 1; s.counts && gap > 0 && gap < 10000 {
		s.Missed(uint64(gap))
	}
	s.seq, s.counts = shot.seq, true
}

// deliver copies a whole frame into the pool and gives it on; it says what is wrong with one that is not whole.
func (s *stream) deliver(shot shot, now time.Time) *trouble {
	data := shot.data
	switch {
	case shot.bad:
		return &trouble{feed.Failing, feed.FaultFlag, errors.New("the driver marked a frame as broken")}
	case s.format.Format == feed.MJPG:
		start := bytes.Index(data, startOfImage)
		if start < 0 || len(data)-start > s.format.Bytes {
			return &trouble{feed.Failing, feed.FaultLength, fmt.Errorf("a frame of %d bytes is no JPEG of at most %d", len(data), s.format.Bytes)}
		}
		if data = data[start:]; start > 0 {
			s.Trimmed()
		}
	case len(data) < s.source.bytes:
		return &trouble{feed.Failing, feed.FaultLength, fmt.Errorf("a frame of %d bytes, wanted are %d", len(data), s.source.bytes)}
	default:
		data = data[:s.source.bytes]
	}
	s.last, s.good = now, true
	s.State(feed.Streaming, "")
	b := s.Buffer()
	if b == nil {
		return nil // counted; the consumer holds every buffer
	}
	b.Data = b.Data[:s.source.copy(b.Data, data, s.format.Stride)]
	if shot.age > 0 && shot.age < maxAge {
		now = now.Add(-shot.age)
	}
	s.Publish(b, now)
	return nil
}

// startOfImage is the JPEG marker SOI (ITU-T T.81, B.1.1.3). Some cameras send other bytes before it, and some send
// it twice, which the decoder knows.
var startOfImage = []byte{0xff, 0xd8}
