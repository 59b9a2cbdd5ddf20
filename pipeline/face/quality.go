package face

import (
	"math"

	"umbral/pipeline/vision"
)

// Quality is how good a face is for being compared, and what is wrong with it.
type Quality struct {
	// Size is the height of the box in pixels, and Share the same over the picture's smaller side.
	Size, Share float32
	// Sharpness returns the variance of the Laplacian of the face brought to 96×96 pixels, in squared levels.
	Sharpness float32
	// Light is the brightness of the face between brows and chin, black and white shares included.
	Light vision.Light
	// Pose as it was given to Analyzer.Quality.
	Pose Pose
	// Misfit is how far the five points lie from those of the mean face after alignment, root mean square over the
	// distance of the eyes. It grows as a face turns, and beyond that where the points are not those of a face.
	Misfit float32
	// Eyes are hints of closed eyes, and Open is how far the lids of the wider eye are apart by the landmarks, over the
	// width of that eye: about 0.3 for open ones.
	Eyes Eyes
	Open float32
	// Edge says that the box touches the picture's edge.
	Edge bool
	// Score is the detector's.
	Score float32
	// Value is all of it in one number for choosing among pictures of one person, 0 to 1.
	Value float32

	found [problems]Problem
	count int
}

// Problems lists what is wrong, first what the person should do first. It is valid as long as q.
func (q *Quality) Problems() []Problem { return q.found[:q.count] }

// Usable reports whether the face may be compared: no problem blocks it.
func (q *Quality) Usable() bool {
	for _, p := range q.Problems() {
		if p.Blocks() {
			return false
		}
	}
	return true
}

// sampleSide is the side in pixels that a face is brought to before its sharpness is measured, so that a near face
// and a far one compare.
const sampleSide = 96

// Quality measures the face d of img with the given landmarks and pose (Landmarks.Pose, or Analyzer.Pose where it
// must be exact) and judges it by the options' limits.
func (a *Analyzer) Quality(img *vision.Image, d Detection, points Landmarks, pose Pose) Quality {
	q := Quality{Pose: pose, Edge: d.Edge, Score: d.Score, Misfit: float32(math.Inf(1))}
	if checkBox(img, d.Box) != nil {
		q.Edge = true
		return q.Judge(a.opts.Quality)
	}
	q.Size = d.Box.Dy()
	q.Share = q.Size / float32(min(img.Width, img.Height))
	face := clipped(d.Box, img)
	vision.Resize(a.sample, img, face)
	q.Sharpness = vision.Sharpness(a.sample, a.sample.Bounds())
	q.Light = vision.Brightness(img, points.skin())
	q.Misfit, q.Open = points.misfit(), points.open()
	// The model fails only for eyes without width, which Misfit tells already.
	q.Eyes, _ = a.Eyes(img, points)
	return q.Judge(a.opts.Quality)
}

// Judge returns q with the problems that it has by other limits, such as those of enrolment.
func (q Quality) Judge(l Limits) Quality {
	q.count = 0
	for p := Problem(1); p < problems; p++ {
		if l.has(p, &q) {
			q.found[q.count] = p
			q.count++
		}
	}
	q.Value = l.value(&q)
	return q
}
