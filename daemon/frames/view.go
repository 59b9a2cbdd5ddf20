package frames

import (
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// Seen is one face of the newest frame.
type Seen struct {
	Box     vision.Rect
	Points  face.Landmarks
	Quality face.Quality
	Face    passage.Face
}

// View shows frames to people; nothing is decided by it.
type View interface {
	// Show takes over an analysed picture and the faces on it, which are valid for the call, and returns a picture that may
	// be written to.
	Show(img *vision.Image, f *camera.Frame, faces []Seen) *vision.Image
}
