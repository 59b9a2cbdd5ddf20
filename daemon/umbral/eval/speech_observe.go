package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"umbral/pipeline/face"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/vision"
)

const (
	speechLooks     = 5
	maxClipFrames   = 60 * 60
	similarityEvery = 5 // frames
	// halved is the second rate that clips are looked at with: every other frame.
	halved = 2
)

// rates is how many rates a clip is looked at with: its own, and half of it.
const rates = 2

// observed is what the pipeline saw of a clip.
type observed struct {
	clip    SpeechClip
	rate    float64
	length  time.Duration
	samples [rates][]challenge.Sample
	missed  int // frames without a face
	// similarity is the lowest cosine between a frame and the clip's first.
	similarity float32
	// still is a frame in the middle of the clip's speech.
	still *vision.Image
}

// watcher observes at both rates.
type watcher struct {
	eye     *eye
	full    *challenge.Observer
	half    *challenge.Observer
	samples [rates][]challenge.Sample
	frames  int
	missed  int
}

func (e *eye) watcher() (*watcher, error) {
	w := &watcher{eye: e}
	var err error
	if w.full, err = challenge.NewObserver(e.analyzer, speechLooks); err != nil {
		return nil, err
	}
	w.half, err = challenge.NewObserver(e.analyzer, speechLooks)
	return w, err
}

// see observes the next frame.
func (w *watcher) see(at time.Duration, img *vision.Image) (points face.Landmarks, found bool, err error) {
	half := w.frames%halved == 0
	w.frames++
	d, err := w.eye.find(img)
	if errors.Is(err, errNoFace) {
		w.missed++
		w.add(challenge.Sample{At: at}, challenge.Sample{At: at}, half)
		return points, false, nil
	}
	if err != nil {
		return points, false, err
	}
	if points, err = w.full.Landmarks(img, d.Box); err != nil {
		return points, false, err
	}
	full := w.full.Measure(at, img, &points)
	var second challenge.Sample
	if half {
		second = w.half.Measure(at, img, &points)
	}
	w.add(full, second, half)
	return points, true, nil
}

func (w *watcher) add(full, second challenge.Sample, half bool) {
	w.samples[0] = append(w.samples[0], full)
	if half {
		w.samples[1] = append(w.samples[1], second)
	}
}

// observe looks at a clip.
func (e *eye) observe(ctx context.Context, clip SpeechClip) (*observed, error) {
	w, err := e.watcher()
	if err != nil {
		return nil, err
	}
	o := &observed{clip: clip, similarity: 1}
	middle := (clip.Start + clip.End) / 2
	var first *face.Template
	err = clipOpts{frames: maxClipFrames}.pictures(ctx, clip.File, func(img *vision.Image, rate float64) error {
		o.rate = rate
		at := time.Duration(float64(w.frames) / rate * float64(time.Second))
		points, found, err := w.see(at, img)
		if err != nil || !found {
			return err
		}
		if o.still == nil || at.Seconds() <= middle {
			o.still = &vision.Image{Width: img.Width, Height: img.Height, Stride: img.Stride, Pix: append([]byte(nil), img.Pix...)}
		}
		if w.frames%similarityEvery != 1 {
			return nil
		}
		t, err := e.analyzer.Embed(img, points)
		switch {
		case err != nil:
			return err
		case first == nil:
			first = &t
		default:
			o.similarity = min(o.similarity, face.Compare(first, &t))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if first == nil {
		return nil, errNoFace
	}
	o.samples, o.missed = w.samples, w.missed
	o.length = time.Duration(float64(w.frames) / o.rate * float64(time.Second))
	if clip.Labelled && clip.End > o.length.Seconds()+0.1 {
		return nil, fmt.Errorf("speech ends at %.2f s, the clip at %.2f s", clip.End, o.length.Seconds())
	}
	return o, nil
}

// motion says where a picture is at an instant, in seconds.
type motion func(at float64) vision.Similarity

// The attacks that are made of one frame, by how the picture is moved.
const (
	stillPicture  = "still picture"
	pannedPicture = "panned picture"
	turnedPicture = "moved, turned and zoomed picture"
)

// motions are those of a picture of w × h pixels held before the camera; each varies slowly, like a hand.
func motions(w, h int, r *rand.Rand) []struct {
	name string
	move motion
} {
	// A sum of two waves with periods of one to five seconds.
	wave := func(size float64) func(float64) float64 {
		f1, f2 := 0.2+0.4*r.Float64(), 0.4+0.6*r.Float64()
		p1, p2 := 2*math.Pi*r.Float64(), 2*math.Pi*r.Float64()
		return func(at float64) float64 {
			return size * (0.7*math.Sin(2*math.Pi*f1*at+p1) + 0.3*math.Sin(2*math.Pi*f2*at+p2))
		}
	}
	panX, panY := wave(0.08*float64(w)), wave(0.04*float64(h))
	moveX, moveY, zoom, turn := wave(0.05*float64(w)), wave(0.04*float64(h)), wave(0.1), wave(0.15)
	return []struct {
		name string
		move motion
	}{
		{stillPicture, func(float64) vision.Similarity { return vision.Similarity{A: 1} }},
		{pannedPicture, func(at float64) vision.Similarity {
			return vision.Similarity{A: 1, X: float32(panX(at)), Y: float32(panY(at))}
		}},
		{turnedPicture, func(at float64) vision.Similarity {
			scale, angle := 1+zoom(at), turn(at)
			m := vision.Similarity{A: float32(scale * math.Cos(angle)), B: float32(scale * math.Sin(angle))}
			centre := vision.Point{X: float32(w) / 2, Y: float32(h) / 2}
			c := m.Apply(centre)
			m.X, m.Y = centre.X-c.X+float32(moveX(at)), centre.Y-c.Y+float32(moveY(at))
			return m
		}},
	}
}

// noise is the deviation in levels that a camera adds to a picture that is held before it; noises are that many draws,
// of which each frame takes a stretch.
const (
	noise  = 1.5
	noises = 1 << 20
)

// present observes a picture that is moved before the camera for a length of time.
func (e *eye) present(ctx context.Context, still *vision.Image, rate float64, length time.Duration, move motion, r *rand.Rand) ([rates][]challenge.Sample, error) {
	w, err := e.watcher()
	if err != nil {
		return [rates][]challenge.Sample{}, err
	}
	seen := vision.NewImage(still.Width, still.Height)
	planes := make([]float32, 3*still.Width*still.Height)
	norm := vision.Norm{Order: vision.RGB, Scale: [3]float32{1, 1, 1}}
	drawn := make([]float32, noises)
	for i := range drawn {
		drawn[i] = float32(noise*r.NormFloat64() + 0.5)
	}
	for k := 0; ; k++ {
		at := float64(k) / rate
		if at >= length.Seconds() {
			return w.samples, nil
		}
		if err := ctx.Err(); err != nil {
			return w.samples, err
		}
		vision.WarpTensor(planes, still.Width, still.Height, still, move(at), norm)
		n, from := still.Width*still.Height, r.IntN(noises)
		for i := range n {
			for c := range 3 {
				v := planes[c*n+i] + drawn[(from+3*i+c)%noises]
				seen.Pix[3*i+c] = byte(max(0, min(v, 255)))
			}
		}
		if _, _, err := w.see(time.Duration(at*float64(time.Second)), seen); err != nil {
			return w.samples, err
		}
	}
}

// repeated plays samples over and over, as a recording in a loop.
func repeated(samples []challenge.Sample, period, length time.Duration) []challenge.Sample {
	var out []challenge.Sample
	for begin := time.Duration(0); begin < length; begin += period {
		for _, s := range samples {
			if s.At += begin; s.At < length {
				out = append(out, s)
			}
		}
	}
	return slices.Clip(out)
}
