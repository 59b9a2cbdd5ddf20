package replay

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"umbral/drivers/camera/cameratest"
	"umbral/drivers/camera/feed"
)

// clip makes a video of two seconds, or skips the test.
func clip(t *testing.T, dir string) string {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	path := filepath.Join(dir, "-clip.avi") // a name that looks like an option
	out, err := exec.Command(program, "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=80x60:rate=10:duration=2",
		"-c:v", "mjpeg", "file:"+path).CombinedOutput()
	if err != nil {
		t.Skipf("ffmpeg makes no clip: %v: %s", err, out)
	}
	return path
}

func TestVideoPlays(t *testing.T) {
	path := clip(t, t.TempDir())
	o := feed.DefaultOpts()
	o.Width, o.Height, o.FPS, o.Once, o.Pace = 160, 80, 20, true, feed.AsTaken
	s := must(New(path, o))
	n := 0
	take(t, s, func(b *feed.Frame) {
		if b.Format != feed.NV12 || b.Width != 160 || b.Height != 80 || len(b.Data) != 160*80*3/2 {
			t.Fatalf("%v %d×%d of %d bytes", b.Format, b.Width, b.Height, len(b.Data))
		}
		n++
	})
	if n < 38 || n > 42 {
		t.Errorf("%d frames of a clip of two seconds at 20 a second", n)
	}
}

func TestVideoConformance(t *testing.T) {
	path := clip(t, t.TempDir())
	// The child's start alone makes more of each check than the rest of the suite; the hand-over is the same for all.
	for name, check := range map[string]func(*testing.T, *Source){
		"ends with its context": func(t *testing.T, s *Source) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			b, err := s.Frame(ctx)
			for err != nil && ctx.Err() == nil {
				b, err = s.Frame(ctx)
			}
			b.Release()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		},
		"ends with Halt": func(t *testing.T, s *Source) {
			done := make(chan error, 1)
			go func() { done <- s.Run(t.Context()) }()
			for b, err := s.Frame(t.Context()); ; b, err = s.Frame(t.Context()) {
				if err == nil {
					b.Release()
					break
				}
			}
			if err := s.Halt(); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := must(New(path, cameratest.Opts()))
			check(t, s)
			if v := s.player.(*video); v.child != nil {
				t.Error("the child was not waited for")
			}
		})
	}
}

func TestVideoThatIsNone(t *testing.T) {
	dir := t.TempDir()
	clip(t, dir) // for its skip
	path := filepath.Join(dir, "a.mp4")
	if err := os.WriteFile(path, []byte("this is no video"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := must(New(path, feed.DefaultOpts()))
	err := s.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Invalid data") || !strings.Contains(err.Error(), "a.mp4") {
		t.Errorf("%v: ffmpeg's own words are wanted", err)
	}
}

func TestVideoWithoutFFmpeg(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mp4")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := New(path, feed.DefaultOpts()); err == nil || !strings.Contains(err.Error(), "needs ffmpeg") {
		t.Error(err)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var x tail
	for range 1000 {
		if n, err := x.Write([]byte("0123456789")); n != 10 || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := x.Write([]byte("\nend\xff")); err != nil || len(x.kept) > tailLength || !strings.HasSuffix(x.String(), " end?") {
		t.Errorf("%d bytes, %.20q", len(x.kept), x.String())
	}
}
