package face

import (
	"fmt"
	"math"

	"umbral/pipeline/vision"
)

// Template is what a face looks like to the feature model: a direction in 512 dimensions, of unit length.
type Template [512]float32

// Compare returns the cosine of the angle between two templates, −1 to 1: the more alike the faces, the higher. The
// threshold of a match is models.Calibrations'.
func Compare(a, b *Template) float32 {
	// Four sums in parallel: one would wait for itself at every addition.
	var s0, s1, s2, s3 float32
	for i := 0; i < len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return (s0 + s1) + (s2 + s3)
}

// aligned is where the five points lie in the feature model's 112×112 input: the mean face that it was trained with.
var aligned = [5]vision.Point{{X: 38.2946, Y: 51.6963}, {X: 73.5318, Y: 51.5014}, {X: 56.0252, Y: 71.7366}, {X: 41.5493, Y: 92.3655}, {X: 70.7299, Y: 92.2041}}

// alignedSide is the side of the input that aligned speaks of.
const alignedSide = 112

// alignment returns the similarity with the least squared error that brings the five points of a face to their places
// in an input of the given side. All five are used: three of them alone cost 9 points of accuracy.
func alignment(five [5]vision.Point, side int) (vision.Similarity, error) {
	places := aligned
	scale := float32(side) / alignedSide
	for i := range places {
		places[i].X *= scale
		places[i].Y *= scale
	}
	return vision.EstimateSimilarity(five[:], places[:])
}

// Embed makes the template of a face from its landmarks.
func (a *Analyzer) Embed(img *vision.Image, points Landmarks) (Template, error) {
	var t Template
	if err := checkPicture(img); err != nil {
		return t, err
	}
	m, err := alignment(points.Five(), a.feature.Input.Width)
	if err != nil {
		return t, fmt.Errorf("face: embed: %w", err)
	}
	if err := a.feature.Warp(img, m); err != nil {
		return t, fmt.Errorf("face: embed: %w", err)
	}
	values, err := a.feature.Output("template")
	if err != nil {
		return t, fmt.Errorf("face: embed: %w", err)
	}
	copy(t[:], values)
	if !t.normalise() {
		return Template{}, fmt.Errorf("face: embed: the model's output has no direction (damaged picture or model?)")
	}
	return t, nil
}

// normalise brings t to unit length; false if it has none.
func (t *Template) normalise() bool {
	var sum float64
	for _, v := range t {
		sum += float64(v) * float64(v)
	}
	if !(sum > 1e-12) || math.IsInf(sum, 0) {
		return false
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range t {
		t[i] *= scale
	}
	return true
}
