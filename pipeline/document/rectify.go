package document

import "umbral/pipeline/vision"

// maxLevel bounds the scale of Level: 50 pixels a millimetre is 4280 × 2700 pixels.
const maxLevel = 50

// Level gives the card as if it lay level under the camera, at a scale of 1 to 50 pixels a millimetre. img is the picture
// that the reading is of.
func (r *Reading) Level(img *vision.Image, scale float64) *vision.Image {
	scale = clamp(scale, 1, maxLevel)
	out := vision.NewImage(int(CardWidth*scale), int(CardHeight*scale))
	from := homography{1 / scale, 0, 0, 0, 1 / scale, 0, 0, 0, 1}
	from = from.then(&r.toImage)
	warp(out, img, &from)
	return out
}
