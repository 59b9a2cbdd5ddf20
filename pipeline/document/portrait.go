package document

import "umbral/pipeline/vision"

// The portrait as it is cut out: 26 × 32 mm (GA 461), at about the resolution that it was printed from.
const (
	portraitWidth  = 312
	portraitHeight = 384
	portraitScale  = 12 // pixels a millimetre
)

// portrait cuts out the place of the portrait.
func portrait(img *vision.Image, toImage *homography) *vision.Image {
	out := vision.NewImage(portraitWidth, portraitHeight)
	from := homography{1. / portraitScale, 0, portraitX, 0, 1. / portraitScale, portraitY, 0, 0, 1}
	from = from.then(toImage)
	warp(out, img, &from)
	return out
}

// portraitEdge is how far beside its place, in mm, a portrait may begin.
const portraitEdge = 0.5

// onPortrait tells whether a point in one of the front's rows lies on the portrait or right of it.
func (c *card) onPortrait(p Point) bool {
	return c.side == Front && p.X > portraitX-portraitEdge && p.Y < portraitY+float64(portraitHeight)/portraitScale
}
