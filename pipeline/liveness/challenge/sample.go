package challenge

import (
	"math"
	"time"

	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// Sample is what one frame says about the face. Lengths are relative to the distance between the eyes.
type Sample struct {
	// At is when the frame was captured, after the challenge's begin.
	At time.Duration
	// Track is the face's (face.Track.ID). Another one counts only after it was compared.
	Track uint64
	// Similarity is the cosine between this frame's template and the reference of the person, if Compared.
	Similarity float32
	Compared   bool

	Shape
	Change
}

// Shape is what the landmarks of one frame say.
type Shape struct {
	// Aperture is how far the inner edges of the lips are apart, Height the outer ones, Width the corners of the mouth.
	Aperture, Height, Width float32
	// Yaw and Pitch are those of face.Landmarks.Pose in degrees, Eyes is face.Landmarks.Open.
	Yaw, Pitch, Eyes float32
}

// Change is how much the picture of the face changed within about 80 ms, as the mean absolute difference over the mean
// luma of the nose and cheeks. Both are not numbers where no frame of that age is known.
type Change struct {
	// Mouth is that of the mouth, Rest that of the nose and the cheeks beside it: what moves, shakes or flickers there is
	// not speech.
	Mouth, Rest float32
}

// NewShape measures the landmarks of one frame. Points that are no face give values that are not numbers.
func NewShape(l *face.Landmarks) Shape {
	five := l.Five()
	eyes := apart(five[0], five[1])
	mean := func(pairs [3][2]int) float32 {
		var sum float32
		for _, p := range pairs {
			sum += apart(l[p[0]], l[p[1]])
		}
		return sum / 3 / eyes
	}
	pose := l.Pose()
	return Shape{
		Aperture: mean([3][2]int{{61, 67}, {62, 66}, {63, 65}}),
		Height:   mean([3][2]int{{50, 58}, {51, 57}, {52, 56}}),
		Width:    apart(l[48], l[54]) / eyes,
		Yaw:      pose.Yaw, Pitch: pose.Pitch,
		Eyes: l.Open(),
	}
}

func apart(a, b vision.Point) float32 {
	return float32(math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)))
}

// usable says that the values are those of a face: numbers, and none beyond what faces reach.
func (s *Sample) usable(k Kind) bool {
	within := func(v, low, high float32) bool { return v >= low && v <= high }
	if !within(s.Width, 0.1, 4) { // a mouth without width is that of a Sample nobody filled in
		return false
	}
	if k == Move {
		return within(s.Yaw, -90, 90) && within(s.Pitch, -90, 90) && within(s.Eyes, 0, 2)
	}
	return within(s.Aperture, 0, 2) && within(s.Height, 0, 4) &&
		within(s.Mouth, 0, 10) && within(s.Rest, 0, 10)
}
