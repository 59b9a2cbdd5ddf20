package usbip

import (
	"bytes"
	"fmt"
	"image"
	"net"
	"sync"
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
			p := &plug{Camera: c, conn: conn, news: make(chan struct{}, 1), done: make(chan struct{}), early: map[uint32]request{}}
			c.wg.Go(p.stream)
			p.serve()
		})
	}
}
