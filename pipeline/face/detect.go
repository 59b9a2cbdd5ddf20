package face

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"umbral/pipeline/vision"
)

// Detection is a face that the detector found.
type Detection struct {
	// Box in pixels of the picture; it may reach beyond its edges.
	Box vision.Rect
	// Score is the detector's, 0 to 1.
	Score float32
	// Edge says that the box touches the picture's edge: part of the face may be cut off. With such faces TAR at FMR
	// 1e-3 falls from 99.7 to 93.4 %, so they are not to be compared.
	Edge bool
}

// candidate is a box in coordinates relative to the picture, before faces found twice are dropped.
type candidate struct {
	box   vision.Rect
	score float32
	place int32
}

// Detect finds faces, the one with the highest score first. The slice is used again by the next call. A picture without
// faces gives none and no error.
func (a *Analyzer) Detect(img *vision.Image) ([]Detection, error) {
	if err := checkPicture(img); err != nil {
		return nil, err
	}
	if err := a.detect.Look(img, img.Bounds()); err != nil {
		return nil, fmt.Errorf("face: detect: %w", err)
	}
	scores, err := a.detect.Output("scores")
	if err != nil {
		return nil, fmt.Errorf("face: detect: %w", err)
	}
	boxes, err := a.detect.Output("boxes")
	if err != nil {
		return nil, fmt.Errorf("face: detect: %w", err)
	}
	a.candidates = decode(a.candidates[:0], scores, boxes, a.opts.MinScore)
	a.candidates = suppress(a.candidates, a.opts.MaxOverlap, a.opts.MaxFaces)
	a.found = a.found[:0]
	for _, c := range a.candidates {
		a.found = append(a.found, Detection{
			Box:   scaled(c.box, float32(img.Width), float32(img.Height)),
			Score: c.score,
			Edge:  touchesEdge(c.box, a.detect.Input.Width, a.detect.Input.Height),
		})
	}
	return a.found, nil
}

// decode collects the boxes whose score for a face is above least. Boxes that are not finite or have no area are left
// out: a damaged picture can bring the detector to give them.
func decode(to []candidate, scores, boxes []float32, least float32) []candidate {
	for i := 0; 2*i+1 < len(scores) && 4*i+3 < len(boxes) && len(to) < cap(to); i++ {
		score := scores[2*i+1]
		if !(score > least) {
			continue
		}
		box := vision.Rect{X0: boxes[4*i], Y0: boxes[4*i+1], X1: boxes[4*i+2], Y1: boxes[4*i+3]}
		if area := box.Dx() * box.Dy(); !(box.Dx() > 0 && box.Dy() > 0 && area < maxArea) {
			continue
		}
		to = append(to, candidate{box, score, int32(i)})
	}
	return to
}

// maxArea bounds a box against the picture's area: a face can reach beyond the picture, but not by this much.
const maxArea = 16

// suppress sorts by score, drops every box that overlaps a better one by more than maxOverlap, and keeps at most limit
// (greedy non-maximum suppression). It works in place.
func suppress(all []candidate, maxOverlap float32, limit int) []candidate {
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.place, b.place))
	})
	kept := 0
	for _, c := range all {
		if kept == limit {
			break
		}
		again := false
		for i := 0; i < kept && !again; i++ {
			again = overlap(all[i].box, c.box) > maxOverlap
		}
		if !again {
			all[kept] = c
			kept++
		}
	}
	return all[:kept]
}

// overlap returns the intersection of two boxes over their union, 0 to 1.
func overlap(a, b vision.Rect) float32 {
	w := min(a.X1, b.X1) - max(a.X0, b.X0)
	h := min(a.Y1, b.Y1) - max(a.Y0, b.Y0)
	if !(w > 0 && h > 0) {
		return 0
	}
	shared := w * h
	return shared / (a.Dx()*a.Dy() + b.Dx()*b.Dy() - shared)
}

// touchesEdge reports whether a relative box comes within one pixel of the detector's input of an edge.
func touchesEdge(box vision.Rect, width, height int) bool {
	x, y := 1/float32(width), 1/float32(height)
	return box.X0 < x || box.Y0 < y || box.X1 > 1-x || box.Y1 > 1-y
}

func scaled(r vision.Rect, x, y float32) vision.Rect {
	return vision.Rect{X0: r.X0 * x, Y0: r.Y0 * y, X1: r.X1 * x, Y1: r.Y1 * y}
}

// Square returns the square that the models look at: as high as the box, around the same centre. It may reach beyond
// the picture.
func Square(box vision.Rect) vision.Rect { return around(box.Centre(), box.Dy()) }

func around(c vision.Point, side float32) vision.Rect {
	return vision.Rect{X0: c.X - side/2, Y0: c.Y - side/2, X1: c.X + side/2, Y1: c.Y + side/2}
}

func checkPicture(img *vision.Image) error {
	if img == nil || img.Width < 1 || img.Height < 1 {
		return fmt.Errorf("face: the picture is empty (no frame yet?)")
	}
	return nil
}

// checkBox refuses boxes that no face can have, so that no region is computed from them.
func checkBox(img *vision.Image, box vision.Rect) error {
	if err := checkPicture(img); err != nil {
		return err
	}
	w, h := float32(img.Width), float32(img.Height)
	if !(box.Dx() > 0 && box.Dy() > 0 && box.Dx()*box.Dy() < maxArea*w*h && box.X0 < w && box.Y0 < h && box.X1 > 0 && box.Y1 > 0) {
		return fmt.Errorf("face: box %v outside the picture of %d×%d, or without area (coordinates of another picture?)", box, img.Width, img.Height)
	}
	return nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
