package v4l2

import (
	"context"
	"fmt"
	"testing"

	"umbral/drivers/camera/feed"
)

// step is one call that the camera must make next, and what it gets for it.
type step struct {
	call   string // the method with its arguments
	err    error
	nodes  []string
	who    identity
	codes  []feed.FourCC
	format pixFormat
	rate   float64
	shot   shot
	then   func() // done before the call returns
}

// script is a system and a device that play steps in order. A call that is not the next one fails the test; finish
// proves that all were made.
type script struct {
	t     *testing.T
	steps []step
	at    int
}

func (s *script) play(format string, args ...any) step {
	call := fmt.Sprintf(format, args...)
	if s.at == len(s.steps) {
		s.t.Errorf("call %d is %s, the script is over", s.at, call)
		return step{err: context.Canceled}
	}
	next := s.steps[s.at]
	s.at++
	if next.call != call {
		s.t.Errorf("call %d is %s, wanted %s", s.at-1, call, next.call)
	}
	if next.then != nil {
		next.then()
	}
	return next
}

func (s *script) finish() {
	s.t.Helper()
	for _, left := range s.steps[s.at:] {
		s.t.Errorf("never called: %s", left.call)
	}
}

func (s *script) nodes() ([]string, error) {
	r := s.play("nodes")
	return r.nodes, r.err
}

func (s *script) open(path string) (device, identity, error) {
	r := s.play("open %s", path)
	if r.err != nil {
		return nil, identity{}, r.err
	}
	return s, r.who, nil
}

func (s *script) formats() []feed.FourCC { return s.play("formats").codes }

func (s *script) setFormat(code feed.FourCC, width, height int) error {
	return s.play("setFormat %v %d×%d", code, width, height).err
}

func (s *script) format() (pixFormat, error) {
	r := s.play("format")
	return r.format, r.err
}

func (s *script) setRate(fps float64) error { return s.play("setRate %v", fps).err }

func (s *script) rate() (float64, error) {
	r := s.play("rate")
	return r.rate, r.err
}

func (s *script) control(wanted []feed.Setting) error { return s.play("control %v", wanted).err }

func (s *script) start(buffers int) error { return s.play("start %d", buffers).err }
func (s *script) wait() error             { return s.play("wait").err }

func (s *script) get() (shot, error) {
	r := s.play("get")
	return r.shot, r.err
}

func (s *script) release(index uint32) error { return s.play("release %d", index).err }
func (s *script) close() error               { return s.play("close").err }

var (
	front = identity{card: "Front camera", bus: "usb-1.2"}
	other = identity{card: "Other camera", bus: "usb-1.3"}
	// grey is what the camera negotiates in these scripts: 32×16, a line of 40 bytes.
	grey = pixFormat{code: feed.GREY, width: 32, height: 16, stride: 40, size: 640}
)

// opening is what a good start of /dev/video0 takes after it was found, from formats to start.
func opening() []step {
	return []step{
		{call: "formats", codes: []feed.FourCC{feed.MJPG, feed.GREY}},
		{call: "setFormat GREY 64×48"},
		{call: "format", format: grey},
		{call: "setRate 30"},
		{call: "rate", rate: 25},
		{call: "start 4"},
	}
}

// taken is one whole frame.
func taken(seq uint32) []step {
	return []step{
		{call: "wait"},
		{call: "get", shot: shot{data: make([]byte, 640), index: seq % 4, known: true, seq: seq}},
		{call: fmt.Sprintf("release %d", seq%4)},
	}
}

func chain(parts ...[]step) (all []step) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// run plays the steps and a last wait that ends the run, and returns the camera.
func run(t *testing.T, path string, steps ...[]step) *Camera {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &script{t: t, steps: append(chain(steps...), step{call: "wait", err: errTimeout, then: cancel}, step{call: "close"})}
	o := feed.DefaultOpts()
	o.Width, o.Height, o.Formats = 64, 48, []feed.FourCC{feed.GREY, feed.YUYV}
	c, err := newCamera(path, o, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	s.finish()
	return c
}
