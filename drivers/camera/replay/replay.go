package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"umbral/drivers/camera/feed"
)

// Source plays pictures as if they came from a camera.
type Source struct {
	*feed.Feed
	player player
	once   bool
	pace   feed.Pace
	format feed.Format // of this run, once it was begun
}

// player makes the frames of one kind of file. Its methods are called by one goroutine.
type player interface {
	// open begins at the first frame and says what the frames are like.
	open(ctx context.Context) (feed.Format, error)
	// next fills the frame's Data, which has the length that open gave, and shortens it if the frame is shorter. io.EOF
	// comes after the last frame; an error that wraps errPicture spoils one frame, any other one ends the replay.
	next(ctx context.Context, b *feed.Frame) error
	// note is what is being shown now.
	note() string
	// close lets go what open took. It is harmless where open failed.
	close()
}

// New returns a source that plays the file or folder at path; see the package's documentation for what it may be.
func New(path string, o feed.Opts) (*Source, error) {
	f, err := feed.New("replay:"+path, o)
	if err != nil {
		return nil, err
	}
	s := &Source{Feed: f, once: o.Once, pace: o.Pace}
	if s.player, err = s.choose(path, o); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Source) choose(path string, o feed.Opts) (player, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	if info.IsDir() || isPicture(path) {
		return newAlbum(path, info.IsDir(), o)
	}
	if info.Mode().Type() == os.ModeNamedPipe && isMotionJPEG(path) {
		return &pipe{path: path, limit: o.MaxFrameBytes, rate: o.FPS}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("replay: %s: %v, wanted is a regular file, a folder, or a pipe named .mjpeg", path, info.Mode().Type())
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".toml":
		scene, err := readScene(path)
		if err != nil {
			return nil, err
		}
		s.once = s.once || !scene.Loop
		return newTheatre(scene, path, o)
	case ".mjpeg", ".mjpg":
		return &motionJPEG{path: path, limit: o.MaxFrameBytes, rate: o.FPS}, nil
	case ".y4m":
		if !squarePixels(path) {
			return newVideo(path, o)
		}
		return &yuv4mpeg{path: path, limit: o.MaxFrameBytes, rate: o.FPS}, nil
	}
	return newVideo(path, o)
}

func isMotionJPEG(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".mjpeg" || ext == ".mjpg"
}

// Run plays until ctx ends, Halt is called, or, where the source plays once, the end. The file being broken is an
// error.
func (s *Source) Run(ctx context.Context) error {
	return s.Feed.Run(ctx, func(ctx context.Context) error {
		defer s.player.close()
		s.State(feed.Opening, "")
		s.format = feed.Format{}
		for {
			made, err := s.play(ctx)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				s.Fault(feed.FaultOpen)
				return err
			case made == 0:
				return fmt.Errorf("%s: %w: it has no frame that can be shown", s, errPicture)
			case s.once:
				s.End()
				return nil
			}
		}
	})
}

// play plays once and returns how many good frames there were.
func (s *Source) play(ctx context.Context) (made int, err error) {
	s.player.close()
	format, err := s.player.open(ctx)
	if err != nil {
		return 0, err
	}
	if format != s.format {
		if err := s.Begin(format); err != nil {
			return 0, err
		}
		s.format = format
		s.Opened(s.String())
		s.State(feed.Streaming, "")
	}
	clock := newMetronome(format.Rate)
	defer clock.stop()
	shown := ""
	for {
		if s.pace == feed.AsTaken {
			err = s.WaitTaken(ctx)
		} else {
			err = clock.wait(ctx)
		}
		if err != nil {
			return made, err
		}
		b := s.Buffer()
		if b == nil {
			continue // counted; the consumer holds every buffer
		}
		err := s.player.next(ctx, b)
		if note := s.player.note(); note != shown {
			shown = note
			s.Note(note)
		}
		switch {
		case err == nil:
			s.Publish(b, time.Now())
			made++
			continue
		case errors.Is(err, errPicture):
			s.Discard(b)
			s.Fault(feed.FaultDecode)
			s.State(feed.Streaming, err.Error())
			continue
		}
		s.Discard(b)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return made, err
	}
}

// metronome beats at the frame rate. It does not make up for beats that came too late: a slow machine gets a slow
// camera.
type metronome struct {
	period time.Duration
	next   time.Time
	timer  *time.Timer
}

func newMetronome(rate float64) *metronome {
	m := &metronome{period: time.Duration(float64(time.Second) / rate), next: time.Now(), timer: time.NewTimer(0)}
	return m
}

func (m *metronome) stop() { m.timer.Stop() }

func (m *metronome) wait(ctx context.Context) error {
	now := time.Now()
	if m.next.Before(now) {
		m.next = now
	}
	m.timer.Reset(m.next.Sub(now))
	m.next = m.next.Add(m.period)
	select {
	case <-m.timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
