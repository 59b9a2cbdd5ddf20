package v4l2

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/cameratest"
	"umbral/drivers/camera/feed"
)

// good is a camera without faults, as the driver of a real one behaves: four buffers, which it fills in turn as long as
// they are given back.
type good struct {
	period  time.Duration
	opened  atomic.Int32
	next    time.Time
	seq     uint32
	out     [buffers]bool
	picture [buffers][]byte
}

func (g *good) nodes() ([]string, error) { return []string{"/dev/video0"}, nil }

func (g *good) open(string) (device, identity, error) {
	if g.opened.Add(1) > 1 {
		return nil, identity{}, unix.EBUSY
	}
	return g, front, nil
}

func (g *good) formats() []feed.FourCC                { return []feed.FourCC{feed.YUYV} }
func (g *good) setFormat(feed.FourCC, int, int) error { return nil }
func (g *good) setRate(fps float64) error {
	g.period = time.Duration(float64(time.Second) / fps)
	return nil
}
func (g *good) rate() (float64, error)       { return float64(time.Second) / float64(g.period), nil }
func (g *good) control([]feed.Setting) error { return nil }
func (g *good) close() error                 { g.opened.Add(-1); return nil }
func (g *good) release(index uint32) error   { g.out[index] = false; return nil }
func (g *good) format() (pixFormat, error) {
	return pixFormat{code: feed.YUYV, width: 64, height: 48, stride: 128, size: 128 * 48}, nil
}

func (g *good) start(n int) error {
	for i := range n {
		g.picture[i], g.out[i] = make([]byte, 128*48), false
	}
	g.next = time.Now().Add(g.period)
	return nil
}

func (g *good) wait() error {
	time.Sleep(time.Until(g.next))
	g.next = g.next.Add(g.period)
	return nil
}

func (g *good) get() (shot, error) {
	i := g.seq % buffers
	if g.out[i] {
		return shot{}, unix.EAGAIN
	}
	g.out[i] = true
	s := shot{data: g.picture[i], index: i, known: true, seq: g.seq, age: time.Millisecond / 10}
	g.seq++
	for k := range 16 {
		s.data[k] = byte(g.seq)
	}
	return s, nil
}

func TestConformance(t *testing.T) {
	cameratest.Conform(t, func(t *testing.T, o feed.Opts) cameratest.Source {
		c, err := newCamera("", o, &good{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}
