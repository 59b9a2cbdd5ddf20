package eval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"umbral/pipeline/liveness"
	"umbral/pipeline/vision"
)

// Clips are looked at like a passage: a few frames a second from their beginning on.
const (
	clipRate    = 4 // frames a second
	clipFrames  = 48
	clipTimeout = 2 * time.Minute
	clipWidth   = 640
)

// Presentations scores pictures and clips. A clip's score is that of the vote by rule: its mean, or 0 where the vote finds
// an attack although the mean would pass.
func Presentations(ctx context.Context, rows []Labelled, rule liveness.Rule, o Opts) ([]Presentation, error) {
	files := make([]string, len(rows))
	for i, r := range rows {
		files[i] = r.File
	}
	out := make([]Presentation, len(rows))
	err := o.each(ctx, files, func(e *eye, i int) error {
		out[i].Label = rows[i].Label
		score, err := e.score(ctx, files[i], rule, o.Pad)
		if errors.Is(err, exec.ErrNotFound) {
			err = fmt.Errorf("%w %s: it is a video, and ffmpeg is not installed (apt-get install ffmpeg)", errCannot, files[i])
		}
		out[i].Score, out[i].Acquired = score, err == nil
		return err
	})
	return out, err
}

func (e *eye) score(ctx context.Context, path string, rule liveness.Rule, pad bool) (float32, error) {
	if slices.Contains(pictureEndings, strings.ToLower(filepath.Ext(path))) {
		img, d, err := e.acquire(path, pad)
		if err != nil {
			return 0, err
		}
		return e.passive.Score(img, d.Box)
	}
	var vote liveness.Vote
	err := frames(ctx, path, func(img *vision.Image) error {
		score, err := e.live(img)
		if err == nil {
			vote.Add(score)
		}
		if errors.Is(err, errNoFace) {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case vote.Count() == 0:
		return 0, errNoFace
	case vote.Decide(rule) == liveness.Attack:
		return min(vote.Mean(), max(0, rule.Threshold-0.001)), nil
	}
	return vote.Mean(), nil
}

func (e *eye) live(img *vision.Image) (float32, error) {
	d, err := e.find(img)
	if err != nil {
		return 0, err
	}
	return e.passive.Score(img, d.Box)
}

// frames gives pictures of a clip to fn, through ffmpeg as a child with bounded output and time.
func frames(ctx context.Context, path string, fn func(*vision.Image) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clipTimeout)
	defer cancel()
	height, err := clipHeight(ctx, path)
	if err != nil {
		return err
	}
	filter := fmt.Sprintf("fps=%d,scale=%d:%d", clipRate, clipWidth, height)
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-i", path,
		"-vf", filter, "-frames:v", fmt.Sprint(clipFrames), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	img := vision.NewImage(clipWidth, height)
	var failed error
	for failed == nil {
		if _, err := io.ReadFull(pipe, img.Pix[:3*clipWidth*height]); err != nil {
			break
		}
		failed = fn(img)
	}
	cancel()
	cmd.Wait() // ended by us or by itself: what it gave is what counts
	return failed
}

// clipHeight asks for the clip's shape and gives the even height that goes with clipWidth.
func clipHeight(ctx context.Context, path string) (int, error) {
	text, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", path).Output()
	if err != nil {
		return 0, fmt.Errorf("%s: ffprobe: %w", path, err)
	}
	var width, height int
	if _, err := fmt.Sscanf(strings.TrimSpace(string(text)), "%d,%d", &width, &height); err != nil || width < 16 || height < 16 || height > 8*width {
		return 0, fmt.Errorf("%s: no picture of a size that can be used: %q", path, text)
	}
	return (clipWidth*height/width + 1) &^ 1, nil
}
