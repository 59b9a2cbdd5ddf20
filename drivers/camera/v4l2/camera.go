package v4l2

import (
	"context"

	"umbral/drivers/camera/feed"
)

// Camera is a V4L2 capture device.
type Camera struct {
	*feed.Feed
	path string
}

// New returns a camera that Run opens: the device at path, or the first capture device when path is empty.
func New(path string, o feed.Opts) (*Camera, error) {
	f, err := feed.New("v4l2:"+path, o)
	if err != nil {
		return nil, err
	}
	return &Camera{Feed: f, path: path}, nil
}

// Run owns the device until ctx ends or Halt is called.
func (c *Camera) Run(ctx context.Context) error {
	return c.Feed.Run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
}
