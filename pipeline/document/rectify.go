package document

import (
	"math"

	"umbral/pipeline/vision"
)

// maxLevel bounds the scale of Level: 50 pixels a millimetre are 4280 × 2700 pixels.
const maxLevel = 50

// Level returns the card as if it lay level under the camera, at a scale of 1 to 50 pixels a millimetre. img is the picture
// that the reading is of.
func (r *Reading) Level(img *vision.Image, scale float64) *vision.Image {
	return r.Cut(img, [4]float32{0, 0, CardWidth, CardHeight}, scale)
}

// Cut returns a part of what Level does. place is its left, top, right and bottom, in millimetres on the card.
func (r *Reading) Cut(img *vision.Image, place [4]float32, scale float64) *vision.Image {
	scale = clamp(scale, 1, maxLevel)
	x0, y0 := clamp(float64(place[0]), 0, CardWidth), clamp(float64(place[1]), 0, CardHeight)
	x1, y1 := clamp(float64(place[2]), x0, CardWidth), clamp(float64(place[3]), y0, CardHeight)
	out := vision.NewImage(max(1, int(math.Round((x1-x0)*scale))), max(1, int(math.Round((y1-y0)*scale))))
	from := homography{1 / scale, 0, x0, 0, 1 / scale, y0, 0, 0, 1}
	from = from.then(&r.toImage)
	warp(out, img, &from)
	return out
}
