package face

import (
	"fmt"
	"math"

	"umbral/pipeline/vision"
)

// Pose is where a face looks, in degrees from straight ahead: Yaw to its side, Pitch up or down, Roll tilted towards a
// shoulder.
type Pose struct{ Yaw, Pitch, Roll float32 }

// The pose model decides between bins of 3° from −99°.
const (
	poseBins  = 66
	poseStep  = 3
	poseStart = -99
)

// Pose asks the pose model about the face in box. Landmarks.Pose costs nothing and is good enough for most.
func (a *Analyzer) Pose(img *vision.Image, box vision.Rect) (Pose, error) {
	if err := checkBox(img, box); err != nil {
		return Pose{}, err
	}
	// Context is 1.5 for "the box and a quarter more on each side".
	context := max(a.pose.Input.Context, 1)
	c, w, h := box.Centre(), box.Dx()*context/2, box.Dy()*context/2
	region := vision.Rect{X0: c.X - w, Y0: c.Y - h, X1: c.X + w, Y1: c.Y + h}
	if err := a.pose.Look(img, region); err != nil {
		return Pose{}, fmt.Errorf("face: pose: %w", err)
	}
	var angles [3]float32
	for i, meaning := range [...]string{"yaw", "pitch", "roll"} {
		bins, err := a.pose.Output(meaning)
		if err != nil {
			return Pose{}, fmt.Errorf("face: pose: %w", err)
		}
		angles[i] = expectedAngle(bins)
		if !finite(angles[i]) {
			return Pose{}, fmt.Errorf("face: pose: %s is not a number (damaged picture or model?)", meaning)
		}
	}
	return Pose{Yaw: angles[0], Pitch: angles[1], Roll: angles[2]}, nil
}

// expectedAngle returns the mean of the bins' angles, weighted by the softmax of their logits.
func expectedAngle(logits []float32) float32 {
	highest := logits[0]
	for _, v := range logits[1:] {
		highest = max(highest, v)
	}
	var sum, weighted float64
	for i, v := range logits {
		e := math.Exp(float64(v - highest))
		sum += e
		weighted += float64(i) * e
	}
	return float32(weighted/sum*poseStep + poseStart)
}
