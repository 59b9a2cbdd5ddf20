package v4l2

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// Camera is a V4L2 capture device.
type Camera struct {
	*feed.Feed
	opts   feed.Opts
	path   string // as configured; empty = the first camera
	system system
	// The following belong to Run.
	known identity  // the camera that was open last
	lost  time.Time // when it was lost
}

// New returns a camera that Run opens: the device at path, or the first capture device when path is empty.
func New(path string, o feed.Opts) (*Camera, error) { return newCamera(path, o, kernel{}) }

func newCamera(path string, o feed.Opts, s system) (*Camera, error) {
	f, err := feed.New("v4l2:"+path, o)
	if err != nil {
		return nil, err
	}
	return &Camera{Feed: f, opts: o, path: path, system: s}, nil
}

// Run opens the camera and takes its frames until ctx ends or Halt is called; it tries again whatever happens, with waits
// that grow from Opts.RetryMin to Opts.RetryMax and begin anew after a good frame.
func (c *Camera) Run(ctx context.Context) error {
	return c.Feed.Run(ctx, func(ctx context.Context) error {
		pause := time.NewTimer(0)
		defer pause.Stop()
		for wait := c.opts.RetryMin; ; wait = min(2*wait, c.opts.RetryMax) {
			good, err := c.session(ctx)
			if ctx.Err() != nil {
				return nil
			}
			c.tell(err)
			if good {
				wait = c.opts.RetryMin
			}
			pause.Reset(wait)
			select {
			case <-pause.C:
			case <-ctx.Done():
				return nil
			}
		}
	})
}

// tell counts what ended a session and says so in the state.
func (c *Camera) tell(err error) {
	state, fault := feed.Failing, feed.FaultOpen
	var t *trouble
	switch {
	case errors.As(err, &t):
		state, fault = t.state, t.fault
	case errors.Is(err, errNotCamera), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		// A camera that is absent is looked for every second; each look is no new fault.
		c.State(feed.Absent, err.Error())
		return
	}
	c.Fault(fault)
	c.State(state, err.Error())
}

// trouble is an error with what it means for state and counters.
type trouble struct {
	state feed.State
	fault feed.Fault
	err   error
}

func (t *trouble) Error() string { return t.err.Error() }
func (t *trouble) Unwrap() error { return t.err }

func fail(fault feed.Fault, err error) error { return &trouble{feed.Failing, fault, err} }
