package face

import (
	"fmt"

	"umbral/pipeline/vision"
)

// Landmarks are 68 points of a face in pixels of the picture, in the order of the iBUG 300-W markup: jaw 0–16, brows
// 17–26, nose 27–35, eyes 36–47 (the one on the left of the picture first), mouth 48–67.
type Landmarks [68]vision.Point

// Places in Landmarks that are read by name.
const (
	jawFirst, jawLast              = 0, 16
	leftEyeOuter, leftEyeInner     = 36, 39
	rightEyeInner, rightEyeOuter   = 42, 45
	noseTip                        = 30
	mouthLeft, mouthLeftInside     = 48, 60
	mouthRight, mouthRightInside   = 54, 64
	upperLipMiddle, lowerLipMiddle = 51, 57
	leftLidA, leftLidB             = 37, 38
	leftLidC, leftLidD             = 40, 41
	rightLidA, rightLidB           = 43, 44
	rightLidC, rightLidD           = 46, 47
)

// Landmarks finds the points of the face in box.
func (a *Analyzer) Landmarks(img *vision.Image, box vision.Rect) (Landmarks, error) {
	var points Landmarks
	if err := checkBox(img, box); err != nil {
		return points, err
	}
	region := clipped(Square(box), img)
	if !(region.Dx() >= 1 && region.Dy() >= 1) {
		return points, fmt.Errorf("face: landmarks: nothing of box %v lies inside the picture of %d×%d", box, img.Width, img.Height)
	}
	if err := a.landmark.Look(img, region); err != nil {
		return points, fmt.Errorf("face: landmarks: %w", err)
	}
	values, err := a.landmark.Output("points")
	if err != nil {
		return points, fmt.Errorf("face: landmarks: %w", err)
	}
	w, h := region.Dx(), region.Dy()
	for i := range points {
		points[i] = vision.Point{X: region.X0 + values[2*i]*w, Y: region.Y0 + values[2*i+1]*h}
		if !finite(points[i].X) || !finite(points[i].Y) {
			return Landmarks{}, fmt.Errorf("face: landmarks: point %d is not a number (damaged picture or model?)", i)
		}
	}
	return points, nil
}

// clipped is the part of r inside img.
func clipped(r vision.Rect, img *vision.Image) vision.Rect {
	return vision.Rect{
		X0: max(r.X0, 0), Y0: max(r.Y0, 0),
		X1: min(r.X1, float32(img.Width)), Y1: min(r.Y1, float32(img.Height)),
	}
}

// Five gives the points that faces are aligned by: left and right eye, tip of the nose, left and right corner of the
// mouth, left and right as seen in the picture. Each eye is the mean of four points of its lids, each corner of the mouth
// the mean of its outer and inner point.
func (l *Landmarks) Five() [5]vision.Point {
	return [5]vision.Point{
		l.leftEye(),
		l.rightEye(),
		l[noseTip],
		l.mean(mouthLeft, mouthLeftInside),
		l.mean(mouthRight, mouthRightInside),
	}
}

func (l *Landmarks) leftEye() vision.Point { return l.mean(leftLidA, leftLidB, leftLidC, leftLidD) }
func (l *Landmarks) rightEye() vision.Point {
	return l.mean(rightLidA, rightLidB, rightLidC, rightLidD)
}

func (l *Landmarks) mean(places ...int) (m vision.Point) {
	for _, i := range places {
		m.X += l[i].X
		m.Y += l[i].Y
	}
	n := float32(len(places))
	return vision.Point{X: m.X / n, Y: m.Y / n}
}
