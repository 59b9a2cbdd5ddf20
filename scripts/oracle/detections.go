package main

import (
	"fmt"
	"math"
	"slices"

	"umbral/pipeline/vision"
)

// The face detector's thresholds: below a score of 0.5 a box is no face; of two that share more than 0.4 of their
// union, the one of lower score is the same face again.
const (
	faceScore   = 0.5
	faceOverlap = 0.4
)

// detection is a face in relative coordinates, 0 to 1.
type detection struct {
	score float32
	box   vision.Rect
}

// detections reads the detector's outputs: scores[1,N,2], of which the second is the face's, and boxes[1,N,4].
func detections(r result) ([]detection, error) {
	var scores, boxes []float32
	for _, o := range r.outputs {
		switch o.name {
		case "scores":
			scores = o.data
		case "boxes":
			boxes = o.data
		}
	}
	if len(scores) == 0 || len(boxes) != 2*len(scores) {
		return nil, fmt.Errorf("oracle: the face detector gives %d scores and %d box sides", len(scores), len(boxes))
	}
	var all []detection
	for i := range len(scores) / 2 {
		if s := scores[2*i+1]; s > faceScore {
			b := boxes[4*i:]
			all = append(all, detection{s, vision.Rect{X0: b[0], Y0: b[1], X1: b[2], Y1: b[3]}})
		}
	}
	slices.SortStableFunc(all, func(a, b detection) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var kept []detection
	for _, d := range all {
		if !slices.ContainsFunc(kept, func(k detection) bool { return overlap(k.box, d.box) > faceOverlap }) {
			kept = append(kept, d)
		}
	}
	return kept, nil
}

// overlap is intersection over union.
func overlap(a, b vision.Rect) float32 {
	w := min(a.X1, b.X1) - max(a.X0, b.X0)
	h := min(a.Y1, b.Y1) - max(a.Y0, b.Y0)
	if w <= 0 || h <= 0 {
		return 0
	}
	shared := w * h
	return shared / (a.Dx()*a.Dy() + b.Dx()*b.Dy() - shared)
}

// boxTolerance is how far a side of the same face may lie from the other, in pixels of the detector's 320×240 input.
const boxTolerance = 0.01

// agreement compares the faces of one picture: the same number in the same order, each side within boxTolerance.
type agreement struct {
	Picture   string  `json:"picture"`
	Reference int     `json:"faces_reference"`
	Core      int     `json:"faces_core"`
	WorstSide float64 `json:"worst_side_px"`
	Same      bool    `json:"same"`
}

func agree(picture string, want, got []detection) agreement {
	a := agreement{Picture: picture, Reference: len(want), Core: len(got), Same: len(want) == len(got)}
	for i := range min(len(want), len(got)) {
		w, g := want[i].box, got[i].box
		a.WorstSide = max(a.WorstSide,
			320*math.Abs(float64(w.X0-g.X0)), 240*math.Abs(float64(w.Y0-g.Y0)),
			320*math.Abs(float64(w.X1-g.X1)), 240*math.Abs(float64(w.Y1-g.Y1)))
	}
	a.Same = a.Same && a.WorstSide <= boxTolerance
	return a
}
