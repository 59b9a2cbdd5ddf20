package usbip

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"net"
	"slices"
	"sync"
	"time"
)

// Fault is a way in which the camera fails while it stays plugged in.
type Fault int

const (
	None      Fault = iota
	Stalled         // transfers are never answered
	Truncated       // frames end in the middle
	Garbage         // frames are no pictures
	Stalling        // transfers are answered with an error
)

// Camera is the emulated camera. What it shows, Show says.
type Camera struct {
	listener net.Listener

	mu       sync.Mutex
	picture  func(n int) Picture
	fault    Fault
	slower   int
	controls []control
	plugged  net.Conn
	probe    probe
	frames   int // sent since the beginning
	starts   int // of streaming
	closed   bool
	wg       sync.WaitGroup
}

// Picture is one frame, in both of the camera's formats.
type Picture struct {
	JPEG []byte
	YUYV func(width, height int) []byte
}

// Still shows the same picture for ever.
func Still(jpeg []byte) func(int) Picture {
	return func(int) Picture { return Picture{JPEG: jpeg, YUYV: Grey} }
}

// Grey is a mid-grey frame in YUYV.
func Grey(width, height int) []byte { return bytes.Repeat([]byte{128}, 2*width*height) }

// YUYV converts a picture (ITU-R BT.601, studio range).
func YUYV(m *image.YCbCr) func(width, height int) []byte {
	return func(width, height int) []byte {
		out := make([]byte, 0, 2*width*height)
		b := m.Bounds()
		for y := range height {
			for x := range width {
				px, py := b.Min.X+x*b.Dx()/width, b.Min.Y+y*b.Dy()/height
				c := m.COffset(px, py)
				chroma := m.Cb[c]
				if x%2 == 1 {
					chroma = m.Cr[c]
				}
				out = append(out, byte(16+int(m.Y[m.YOffset(px, py)])*219/255), chroma)
			}
		}
		return out
	}
}

// NewCamera listens on the loopback; a device plugs the camera in by connecting to Port.
func NewCamera() (*Camera, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("usbip: %w", err)
	}
	c := &Camera{listener: l, controls: controlTable(), picture: Still([]byte{0xff, 0xd8, 0xff, 0xd9}), slower: 1}
	c.wg.Go(c.accept)
	return c, nil
}

// Port is where the camera is plugged in.
func (c *Camera) Port() int { return c.listener.Addr().(*net.TCPAddr).Port }

// Show says what frame n since the plugging in shows.
func (c *Camera) Show(picture func(n int) Picture) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.picture = picture
}

// Fail sets the way in which the camera fails from now on.
func (c *Camera) Fail(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = f
}

// Slow sends frames so many times less often than was negotiated. A device whose clock runs slowly would otherwise spend
// its processor on frames that nobody looks at.
func (c *Camera) Slow(times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slower = times
}

// Control is the value of a control of this name.
func (c *Camera) Control(name string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.controls {
		if k.name == name {
			return k.now, nil
		}
	}
	return 0, fmt.Errorf("usbip: no control %q", name)
}

// Frames is how many frames were sent so far.
func (c *Camera) Frames() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frames
}

// Unplug pulls the plug. Connecting again puts it back.
func (c *Camera) Unplug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plugged != nil {
		c.plugged.Close()
		c.plugged = nil
	}
}

// Close unplugs the camera for good.
func (c *Camera) Close() error {
	err := c.listener.Close()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.Unplug()
	c.wg.Wait()
	return err
}

func (c *Camera) accept() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.Unplug()
		c.mu.Lock()
		if c.closed { // since it was accepted
			c.mu.Unlock()
			conn.Close()
			return
		}
		c.plugged = conn
		c.controls, c.probe = controlTable(), newProbe()
		c.mu.Unlock()
		c.wg.Go(func() {
			defer conn.Close()
			p := &plug{Camera: c, conn: conn, news: make(chan struct{}, 1), done: make(chan struct{})}
			c.wg.Go(p.stream)
			p.serve()
		})
	}
}

// plug is one time that the camera is plugged in.
type plug struct {
	*Camera
	conn net.Conn
	news chan struct{} // a transfer waits
	done chan struct{}

	// answering guards the connection and the transfers that wait together: an answer to a transfer that follows the answer
	// to its unlinking makes the kernel pull the plug (vhci_rx.c, "cannot find a urb").
	answering sync.Mutex
	waiting   []request
}

// maxWaiting bounds the transfers that wait; uvcvideo asks for five at a time.
const maxWaiting = 64

// serve answers the kernel until the plug is pulled.
func (p *plug) serve() {
	defer close(p.done)
	in := bufio.NewReader(p.conn)
	for {
		q, err := readRequest(in)
		switch {
		case err != nil:
			return
		case q.unlink:
			err = p.unlink(q)
		case q.endpoint == 0:
			data, ok := p.control(q)
			status := int32(statusOK)
			if !ok {
				status = statusStall
			}
			err = p.send(q.reply(status, data[:min(len(data), q.length)]))
		case q.endpoint == endpoint && q.in:
			err = p.wait(q)
		default:
			err = p.send(q.reply(statusStall, nil))
		}
		if err != nil {
			return
		}
	}
}

func (p *plug) send(b []byte) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	_, err := p.conn.Write(b)
	return err
}

// wait queues a transfer for the stream.
func (p *plug) wait(q request) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	if len(p.waiting) == maxWaiting {
		return errors.New("usbip: too many transfers")
	}
	p.waiting = append(p.waiting, q)
	select {
	case p.news <- struct{}{}:
	default:
	}
	return nil
}

// take removes a waiting transfer; false if it is not there. The caller holds answering.
func (p *plug) take(seq uint32) bool {
	i := slices.IndexFunc(p.waiting, func(q request) bool { return q.seq == seq })
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	return i >= 0
}

// unlink takes a transfer back for the kernel.
func (p *plug) unlink(q request) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	_, err := p.conn.Write(q.unlinked(p.take(q.unlinkSeq)))
	return err
}

// answer answers a waiting transfer; false if it was unlinked meanwhile.
func (p *plug) answer(q request, status int32, data []byte) (bool, error) {
	p.answering.Lock()
	defer p.answering.Unlock()
	if !p.take(q.seq) {
		return false, nil
	}
	_, err := p.conn.Write(q.reply(status, data))
	return true, err
}

// next waits for a transfer to answer, which goes on waiting.
func (p *plug) next() (request, bool) {
	for {
		p.answering.Lock()
		if len(p.waiting) > 0 {
			q := p.waiting[0]
			p.answering.Unlock()
			return q, true
		}
		p.answering.Unlock()
		select {
		case <-p.news:
		case <-p.done:
			return request{}, false
		}
	}
}

// stream answers transfers with frames at the negotiated rate. Each transfer is a payload of its own with a header of two
// bytes (2.4.3.3): the frame's bit, which changes with each frame, and a bit for its last payload.
func (p *plug) stream() {
	const endOfHeader, endOfFrame = 0x80, 0x02
	begin, bit := time.Now(), byte(0)
	for n := 0; ; n++ {
		frame, period, fault := p.frame(n)
		// The rate is kept by the clock; a kernel that asks late gets no burst.
		if due := begin.Add(period); time.Until(due) > 0 {
			select {
			case <-time.After(time.Until(due)):
			case <-p.done:
				return
			}
			begin = due
		} else {
			begin = time.Now()
		}
		if fault == Stalled {
			continue
		}
		for sent := 0; sent < len(frame); {
			q, ok := p.next()
			if !ok {
				return
			}
			k := min(len(frame)-sent, q.length-2, payload-2)
			if fault == Stalling || k <= 0 {
				if _, err := p.answer(q, statusStall, nil); err != nil {
					return
				}
				if fault == Stalling {
					break
				}
				continue
			}
			flags := endOfHeader | bit
			if sent+k == len(frame) {
				flags |= endOfFrame
			}
			data := append([]byte{2, flags}, frame[sent:sent+k]...)
			answered, err := p.answer(q, statusOK, data)
			if err != nil {
				return
			}
			if answered {
				sent += k
			}
		}
		bit ^= 1
		p.mu.Lock()
		p.frames++
		p.mu.Unlock()
	}
}

// frame is what is sent next, and how long after the one before.
func (p *plug) frame(n int) (data []byte, period time.Duration, fault Fault) {
	p.mu.Lock()
	picture, probe, fault, slower := p.picture, p.probe, p.fault, p.slower
	p.mu.Unlock()
	f := formats[probe[2]-1]
	size := f.frames[probe[3]-1]
	period = time.Duration(binary.LittleEndian.Uint32(probe[4:])) * 100 * time.Nanosecond * time.Duration(slower)
	if shown := picture(n); f.code == "MJPG" {
		data = shown.JPEG
	} else {
		data = shown.YUYV(size.width, size.height)
	}
	switch fault {
	case Truncated:
		data = data[:len(data)/3]
	case Garbage:
		data = bytes.Repeat([]byte{0x55, 0xaa, 0xff}, len(data)/3)
	}
	return data, period, fault
}

// control answers a request to endpoint 0 (USB 2.0, 9.3 and 9.4); false stalls it.
func (p *plug) control(q request) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kind, req := q.setup[0], q.setup[1]
	value, index := binary.LittleEndian.Uint16(q.setup[2:]), binary.LittleEndian.Uint16(q.setup[4:])
	switch kind & setupTypeMask {
	case setupStandard:
		return standard(req, value)
	case setupClass:
		if kind&^(setupDeviceToPC|setupClass) != setupToInterface {
			return nil, false
		}
		selector, unit := byte(value>>8), byte(index>>8)
		if byte(index) == streamingInterface {
			return p.negotiate(req, selector, q.data)
		}
		for i := range p.controls {
			c := &p.controls[i]
			if c.unit != unit || c.selector != selector {
				continue
			}
			if req == setCur {
				return nil, c.set(q.data)
			}
			data := c.answer(req)
			return data, data != nil
		}
	}
	return nil, false
}

// standard answers a standard request.
func standard(req byte, value uint16) ([]byte, bool) {
	const getStatus, clearFeature, setFeature, getDescriptor, getConfiguration, setConfiguration, getInterface, setInterface = 0, 1, 3, 6, 8, 9, 10, 11
	switch req {
	case getStatus:
		return []byte{0, 0}, true
	case getConfiguration:
		return []byte{1}, true
	case getInterface:
		return []byte{0}, true
	case clearFeature, setFeature, setConfiguration, setInterface:
		return nil, true
	case getDescriptor:
		switch value >> 8 {
		case 1:
			return deviceDescriptor(), true
		case 2:
			return configuration(), true
		case 3:
			data := stringDescriptor(int(value & 0xff))
			return data, data != nil
		}
	}
	return nil, false
}

// negotiate answers for VS_PROBE_CONTROL (1) and VS_COMMIT_CONTROL (2).
func (p *plug) negotiate(req, selector byte, data []byte) ([]byte, bool) {
	if selector != 1 && selector != 2 {
		return nil, false
	}
	switch req {
	case setCur:
		if len(data) < 26 {
			return nil, false
		}
		copy(p.probe[:], data)
		p.probe.settle()
		if selector == 2 {
			p.starts++
		}
		return nil, true
	case getCur, getDef, getMin, getMax:
		out := p.probe
		return out[:], true
	case getLen:
		return u16(len(probe{})), true
	case getInfo:
		return []byte{3}, true
	}
	return nil, false
}
