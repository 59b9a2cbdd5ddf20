package replay

import (
	"context"
	"errors"
	"testing"

	"umbral/drivers/camera/feed"
)

// demoScene is the scene that the demo plays, as seen from this folder.
const demoScene = "../../../config/scenes/walkup.toml"

// take runs s and calls each with every frame until the end, which must come by itself and without an error.
func take(t testing.TB, s *Source, each func(*feed.Frame)) {
	t.Helper()
	if err := played(t, s, each); err != nil {
		t.Fatal(err)
	}
}

// played runs s to its end, or to its error, which it returns.
func played(t testing.TB, s *Source, each func(*feed.Frame)) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := s.Run(ctx)
		if err != nil {
			cancel()
		}
		done <- err
	}()
	for {
		b, err := s.Frame(ctx)
		if err != nil {
			if !errors.Is(err, feed.ErrEnd) && !errors.Is(err, context.Canceled) {
				t.Error(err)
				cancel()
			}
			return <-done
		}
		each(b)
		b.Release()
	}
}
