package v4l2

import (
	"errors"
	"fmt"
	"time"
)

// strangerAfter is how long a known camera must be gone before another one may take its place: long enough for a camera
// that restarts, short enough for a technician who puts in a new one.
const strangerAfter = 10 * time.Second

// find opens the camera: the known one wherever it is now, else the configured node, else the first camera there is. The
// error wraps errNotCamera, or is that of opening, when there is none.
func (c *Camera) find(now time.Time) (device, identity, string, error) {
	if c.known != (identity{}) {
		d, who, path, err := c.findKnown()
		if err == nil || now.Sub(c.lost) < strangerAfter {
			return d, who, path, err
		}
	}
	return c.findAny()
}

// findKnown looks for the camera that was open before: at the same place, else the same model at another one.
func (c *Camera) findKnown() (device, identity, string, error) {
	d, who, path, err := c.search(func(who identity) bool { return who == c.known })
	if err != nil {
		d, who, path, err = c.search(func(who identity) bool { return who.card == c.known.card })
	}
	if err != nil {
		err = fmt.Errorf("v4l2: %s at %s went away: %w", c.known.card, c.known.bus, err)
	}
	return d, who, path, err
}

// findAny opens the configured node, or the first camera where none is configured.
func (c *Camera) findAny() (device, identity, string, error) {
	if c.path != "" {
		d, who, err := c.system.open(c.path)
		return d, who, c.path, err
	}
	return c.search(func(identity) bool { return true })
}

// search opens the first camera that suits. The error is the last camera's own, if there was one that did not open.
func (c *Camera) search(suits func(identity) bool) (device, identity, string, error) {
	paths, err := c.system.nodes()
	if err != nil {
		return nil, identity{}, "", err
	}
	last := fmt.Errorf("v4l2: %w: none under /dev/video*", errNotCamera)
	for _, path := range paths {
		d, who, err := c.system.open(path)
		switch {
		case err == nil && suits(who):
			return d, who, path, nil
		case err == nil:
			err = d.close()
		}
		if err != nil && !errors.Is(err, errNotCamera) {
			last = err
		}
	}
	return nil, identity{}, "", last
}
