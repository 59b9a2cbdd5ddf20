package face

import (
	"math"

	"umbral/pipeline/vision"
)

// Pose estimates where the face looks from the landmarks alone. Roll is the slope of the line between the eyes,
// positive when the eye on the right of the picture is lower. Yaw and pitch come from where the tip of the nose lies
// among eyes and mouth: yaw is positive towards the left of the picture, pitch upwards.
//
// The slopes were fitted to the pose model on 2,058 pictures (LFW, ORL, CASIA-FaceV5, NUAA) with angles below 40°:
// yaw agrees with it within 3.2° root mean square, pitch within 5.5°. Here 0° is the mean of those pictures; the
// model's own zero lies 8° higher in pitch and 3° further in roll.
func (l *Landmarks) Pose() Pose {
	left, right := l.leftEye(), l.rightEye()
	mouth := l.mean(mouthLeft, mouthRight)
	apart := float64(distance(left, right))
	if !(apart > 0) {
		return Pose{Yaw: 90}
	}
	eyes := vision.Point{X: (left.X + right.X) / 2, Y: (left.Y + right.Y) / 2}
	// Axes of the face in the picture: along the eyes, and down.
	ax, ay := float64(right.X-left.X)/apart, float64(right.Y-left.Y)/apart
	along := func(p vision.Point) float64 { return float64(p.X-eyes.X)*ax + float64(p.Y-eyes.Y)*ay }
	down := func(p vision.Point) float64 { return float64(p.Y-eyes.Y)*ax - float64(p.X-eyes.X)*ay }
	height := down(mouth)
	if !(height > 0.1*apart) {
		return Pose{Yaw: 90}
	}
	tip := l[noseTip]
	// The middle of the face at the height of the nose, on the line from between the eyes to the mouth.
	depth := down(tip) / height
	sideways := (along(tip) - depth*along(mouth)) / apart
	return Pose{
		Yaw:   float32(yawSlope * sideways),
		Pitch: float32(pitchSlope * (depth - levelDepth)),
		Roll:  float32(math.Atan2(ay, ax) * 180 / math.Pi),
	}
}

// Degrees for each distance of the eyes that the nose lies beside the middle, and for each height from eyes to mouth
// that it lies lower than in a level face.
const (
	yawSlope               = -76.0
	pitchSlope, levelDepth = -58.5, 0.52
)

// misfit returns the error that remains after the five points are aligned with the mean face, over the distance of
// its eyes.
func (l *Landmarks) misfit() float32 {
	five := l.Five()
	m, err := alignment(five, alignedSide)
	if err != nil {
		return float32(math.Inf(1))
	}
	var sum float64
	for i, p := range five {
		d := float64(distance(m.Apply(p), aligned[i]))
		sum += d * d
	}
	return float32(math.Sqrt(sum/float64(len(five)))) / distance(aligned[0], aligned[1])
}

// open returns how far the lids of the wider eye are apart, over its width.
func (l *Landmarks) open() float32 {
	left := (distance(l[leftLidA], l[leftLidD]) + distance(l[leftLidB], l[leftLidC])) / 2 / distance(l[leftEyeOuter], l[leftEyeInner])
	right := (distance(l[rightLidA], l[rightLidD]) + distance(l[rightLidB], l[rightLidC])) / 2 / distance(l[rightEyeInner], l[rightEyeOuter])
	return max(left, right)
}

// skin returns the part of the face between brows and chin and between the outer corners of the eyes: little hair and
// background.
func (l *Landmarks) skin() vision.Rect {
	r := vision.Rect{X0: l[leftEyeOuter].X, Y0: l[leftEyeOuter].Y, X1: l[rightEyeOuter].X, Y1: l[rightEyeOuter].Y}
	for _, p := range l {
		r.Y0, r.Y1 = min(r.Y0, p.Y), max(r.Y1, p.Y)
	}
	return r
}
