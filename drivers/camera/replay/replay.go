package replay

import (
	"context"

	"umbral/drivers/camera/feed"
)

// Source plays pictures as if they came from a camera.
type Source struct {
	*feed.Feed
	path string
}

// New returns a source that plays path.
func New(path string, o feed.Opts) (*Source, error) {
	f, err := feed.New("replay:"+path, o)
	if err != nil {
		return nil, err
	}
	return &Source{Feed: f, path: path}, nil
}

// Run plays until ctx ends, Halt is called, or the end.
func (s *Source) Run(ctx context.Context) error {
	return s.Feed.Run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
}
