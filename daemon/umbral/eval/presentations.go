package eval

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"umbral/pipeline/liveness"
	"umbral/pipeline/vision"
)

// Clips are looked at like a passage: a few frames a second from their beginning on.
const (
	clipRate   = 4 // frames a second
	clipFrames = 48
	clipWidth  = 640
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
	clip := clipOpts{rate: clipRate, frames: clipFrames, width: clipWidth}
	err := clip.pictures(ctx, path, func(img *vision.Image, _ float64) error {
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
