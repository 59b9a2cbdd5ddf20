package eval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"umbral/pipeline/vision"
)

// clipTimeout bounds how long one clip may take, maxClipRate the frames a second that are taken for a camera's.
const (
	clipTimeout = 2 * time.Minute
	maxClipRate = 120
)

// clipOpts say how a clip is read.
type clipOpts struct {
	rate   float64 // frames a second; 0 for the clip's own
	frames int     // at most
	width  int     // of the pictures; 0 for the clip's own, at most clipWidth
}

// pictures gives the frames of a clip to fn, with their rate, through ffmpeg as a child with bounded output and time.
func (o clipOpts) pictures(ctx context.Context, path string, fn func(*vision.Image, float64) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clipTimeout)
	defer cancel()
	shape, err := probeClip(ctx, path)
	if err != nil {
		return err
	}
	if o.width == 0 {
		o.width = min(shape.width, clipWidth)
	}
	if o.rate == 0 {
		o.rate = shape.rate
	}
	if !(o.rate >= 1 && o.rate <= maxClipRate) {
		return fmt.Errorf("%s: %v frames a second, limit 1 to %d", path, o.rate, maxClipRate)
	}
	height := (o.width*shape.height/shape.width + 1) &^ 1
	input, err := clipInput(path)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", append(input, "-an", "-sn",
		"-vf", fmt.Sprintf("fps=%g,scale=%d:%d", o.rate, o.width, height),
		"-frames:v", fmt.Sprint(o.frames), "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1")...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	img := vision.NewImage(o.width, height)
	var failed error
	for failed == nil {
		if _, err := io.ReadFull(pipe, img.Pix[:3*o.width*height]); err != nil {
			break
		}
		failed = fn(img, o.rate)
	}
	cancel()
	cmd.Wait() // ended by us or by itself: what it gave is what counts
	return failed
}

// clipInput names a file to ffmpeg or ffprobe so that it leads to no other place than files, whatever it holds.
func clipInput(path string) ([]string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return []string{"-v", "error", "-protocol_whitelist", "file,pipe", "-i", "file:" + full}, nil
}

// clipShape is what a clip says of itself.
type clipShape struct {
	width, height int
	rate          float64 // frames a second; 0 where it doesn't say
}

// probeClip asks for the clip's shape.
func probeClip(ctx context.Context, path string) (clipShape, error) {
	input, err := clipInput(path)
	if err != nil {
		return clipShape{}, err
	}
	text, err := exec.CommandContext(ctx, "ffprobe", append(input, "-select_streams", "v:0",
		"-show_entries", "stream=width,height,avg_frame_rate", "-of", "csv=p=0")...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			said, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
			err = fmt.Errorf("%w: %s", err, said)
		}
		return clipShape{}, fmt.Errorf("%s: ffprobe: %w", path, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	var s clipShape
	var frames, seconds float64
	if n, _ := fmt.Sscanf(line, "%d,%d,%f/%f", &s.width, &s.height, &frames, &seconds); n < 2 || s.width < 16 || s.height < 16 || s.height > 8*s.width {
		return clipShape{}, fmt.Errorf("%s: no picture of a size that can be used: %q", path, line)
	}
	if frames > 0 && seconds > 0 {
		s.rate = frames / seconds
	}
	return s, nil
}
