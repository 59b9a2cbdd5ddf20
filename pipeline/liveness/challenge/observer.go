package challenge

import (
	"fmt"
	"math"
	"time"
	"unsafe"

	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// The stabilised picture of a face is measured in units of 1/40 of the distance between the eyes; the origin lies between
// the eyes. The mouth's part reaches from below the nose to the chin, the rest from below the eyes, which blink, to the
// nostrils.
const (
	eyeUnits = 40

	mouthLeft, mouthTop     = -18, 38
	mouthWidth, mouthHeight = 36, 28
	mouthPixels             = mouthWidth * mouthHeight
	restLeft, restTop       = -24, 10
	restWidth, restHeight   = 48, 20
	restPixels              = restWidth * restHeight
	kept                    = 8 // frames
	minLuma                 = 8 // of 255: below, the camera's noise is all that changes
	changeAfter             = 80 * time.Millisecond
	changeAtLeast           = 50 * time.Millisecond
	changeAtMost            = 120 * time.Millisecond
)

// rigid are the landmarks that speaking moves least: eyes, nose, and the jaw's upper ends.
var rigid = [...]int{27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 0, 1, 2, 14, 15, 16}

// looks are where the landmark model looks, as shifts and a scale relative to the square of the face.
var looks = [...]struct{ x, y, scale float32 }{
	{0, 0, 1}, {0.03, 0, 1}, {-0.03, 0, 1}, {0, 0.03, 1}, {0, -0.03, 1},
	{0.02, 0.02, 1.06}, {-0.02, -0.02, 1.06}, {0.02, -0.02, 0.95}, {-0.02, 0.02, 0.95},
}

// MaxLooks bounds how often the landmark model looks at one frame.
const MaxLooks = len(looks)

// Observer turns the frames of one person into samples. It holds all its memory; its calls allocate nothing. It is not
// safe for concurrent use.
type Observer struct {
	analyzer *face.Analyzer
	looks    int

	shape  [len(rigid)]vision.Point // this person's rigid points, as first seen, in units
	known  bool
	points [len(rigid)]vision.Point

	ring  [kept]patch
	count int // frames ever kept; the newest is ring[(count-1)%kept]
}

// patch is the stabilised picture of one frame, relative to the mean luma of its rest.
type patch struct {
	at    time.Duration
	mouth [mouthPixels]float32
	rest  [restPixels]float32
}

// NewObserver makes an observer that lets the landmark model look so many times at a frame, 1 to MaxLooks. On GRID clips
// nine looks instead of one lift the AUC of the aperture's variation from 0.90 to 0.92.
func NewObserver(a *face.Analyzer, looks int) (*Observer, error) {
	if a == nil {
		return nil, fmt.Errorf("challenge: observer without an analyzer")
	}
	if looks < 1 || looks > MaxLooks {
		return nil, fmt.Errorf("challenge: %d looks, wanted 1 to %d", looks, MaxLooks)
	}
	return &Observer{analyzer: a, looks: looks}, nil
}

// Bytes is the memory of an observer, without that of its analyzer.
func (o *Observer) Bytes() int64 { return int64(unsafe.Sizeof(*o)) }

// Reset forgets the person.
func (o *Observer) Reset() {
	clear(o.ring[:])
	o.known, o.count = false, 0
}

// Observe measures the face in box of a frame that was captured at at. Track, Similarity and Compared of the sample are
// the caller's to fill in. The frames of one person come in order of time; after somebody else, Reset.
func (o *Observer) Observe(at time.Duration, img *vision.Image, box vision.Rect) (Sample, error) {
	points, err := o.Landmarks(img, box)
	if err != nil {
		return Sample{}, fmt.Errorf("challenge: %w", err)
	}
	return o.Measure(at, img, &points), nil
}

// Measure is Observe for landmarks that are known already.
func (o *Observer) Measure(at time.Duration, img *vision.Image, points *face.Landmarks) Sample {
	return Sample{At: at, Shape: NewShape(points), Change: o.change(at, img, points)}
}

// Landmarks is the mean over several looks.
func (o *Observer) Landmarks(img *vision.Image, box vision.Rect) (face.Landmarks, error) {
	points, err := o.analyzer.Landmarks(img, box)
	if err != nil || o.looks == 1 {
		return points, err
	}
	region := points.Region()
	c, side := region.Centre(), region.Dx()
	for _, l := range looks[1:o.looks] {
		x, y, half := c.X+l.x*side, c.Y+l.y*side, side*l.scale/2
		more, err := o.analyzer.LandmarksIn(img, vision.Rect{X0: x - half, Y0: y - half, X1: x + half, Y1: y + half})
		if err != nil {
			return points, err
		}
		for i, p := range more {
			points[i].X += p.X
			points[i].Y += p.Y
		}
	}
	n := float32(o.looks)
	for i := range points {
		points[i].X /= n
		points[i].Y /= n
	}
	return points, nil
}

// change stabilises the frame and compares it with the one of about 80 ms ago.
func (o *Observer) change(at time.Duration, img *vision.Image, l *face.Landmarks) Change {
	nan := float32(math.NaN())
	unknown := Change{Mouth: nan, Rest: nan}
	for i, at := range rigid {
		o.points[i] = l[at]
	}
	if !o.known {
		five := l.Five()
		upright, err := vision.EstimateSimilarity(five[:2], []vision.Point{{X: -eyeUnits / 2}, {X: eyeUnits / 2}})
		if err != nil {
			return unknown
		}
		for i, p := range o.points {
			o.shape[i] = upright.Apply(p)
		}
		o.known = true
	}
	if o.count > 0 && at-o.ring[(o.count-1)%kept].at < samplesApart {
		return unknown
	}
	m, err := vision.EstimateSimilarity(o.points[:], o.shape[:])
	if err != nil {
		return unknown
	}
	now := &o.ring[o.count%kept]
	if !now.take(at, img, m) {
		return unknown
	}
	o.count++
	before := o.before(at)
	if before == nil {
		return unknown
	}
	return Change{Mouth: difference(now.mouth[:], before.mouth[:]), Rest: difference(now.rest[:], before.rest[:])}
}

// before is the kept frame whose age is closest to changeAfter, nil if none is near.
func (o *Observer) before(at time.Duration) (best *patch) {
	for i := max(0, o.count-kept); i < o.count-1; i++ {
		p := &o.ring[i%kept]
		age := at - p.at
		if age < changeAtLeast || age > changeAtMost {
			continue
		}
		if best == nil || (age-changeAfter).Abs() < (at-best.at-changeAfter).Abs() {
			best = p
		}
	}
	return best
}

// take reads both parts from a frame; m maps its pixels to units. It fails where it is dark.
func (p *patch) take(at time.Duration, img *vision.Image, m vision.Similarity) bool {
	norm := vision.Norm{Order: vision.GreyLuma, Scale: [3]float32{1, 1, 1}}
	shifted := func(left, top float32) vision.Similarity {
		return vision.Similarity{A: m.A, B: m.B, X: m.X - left, Y: m.Y - top}
	}
	vision.WarpTensor(p.rest[:], restWidth, restHeight, img, shifted(restLeft, restTop), norm)
	vision.WarpTensor(p.mouth[:], mouthWidth, mouthHeight, img, shifted(mouthLeft, mouthTop), norm)
	var sum float64
	for _, v := range p.rest {
		sum += float64(v)
	}
	mean := float32(sum / restPixels)
	if !(mean >= minLuma) {
		return false
	}
	for i := range p.rest {
		p.rest[i] /= mean
	}
	for i := range p.mouth {
		p.mouth[i] /= mean
	}
	p.at = at
	return true
}

func difference(a, b []float32) float32 {
	var sum float64
	for i, v := range a {
		sum += math.Abs(float64(v - b[i]))
	}
	return float32(sum / float64(len(a)))
}
