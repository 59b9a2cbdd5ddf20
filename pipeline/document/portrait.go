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
const portraitEdge = 1

// besidePortrait is the part of an area in one of the front's rows that ends before the portrait, whose dark clothes may
// reach its edge.
func (c *card) besidePortrait(b *box) *box {
	left, right := b.span()
	if limit := portraitX - portraitEdge; c.side == Front && right > limit && left < limit && b.centre.Y < portraitY+float64(portraitHeight)/portraitScale {
		beside := area{left, b.centre.Y - b.height/2, limit, b.centre.Y + b.height/2}.box()
		return &beside
	}
	return b
}
