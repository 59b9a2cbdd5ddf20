package main

import (
	"image"
	"image/color"

	"umbral/pipeline/face"
)

// mouth opens the mouth of a face on a photograph: what lies above the lips' line moves up a little, what lies below it
// down to the chin moves down, and between them it is dark.
type mouth struct {
	left, right float64 // corners
	line        [2]float64
	nose, chin  float64
	most        float64 // pixels between the lips when it is wide open
}

func newMouth(l *face.Landmarks) mouth {
	eyes := float64(l[45].X - l[36].X)
	return mouth{
		left: float64(l[48].X), right: float64(l[54].X), line: [2]float64{float64(l[60].Y+l[48].Y) / 2, float64(l[64].Y+l[54].Y) / 2},
		nose: float64(l[33].Y), chin: float64(l[8].Y), most: 0.30 * eyes,
	}
}

var throat = color.RGBA{52, 20, 22, 255}

// upperShare is how much of the opening is the upper lip's.
const upperShare = 0.25

// open draws the photograph with the mouth open by a share of its most.
func (m mouth) open(dst *image.RGBA, src image.Image, share float64) {
	if share <= 0 {
		return
	}
	for x := int(m.left) + 1; x < int(m.right); x++ {
		t := (float64(x) - m.left) / (m.right - m.left)
		gap := share * m.most * 4 * t * (1 - t)
		line := m.line[0] + t*(m.line[1]-m.line[0])
		top, bottom := line-upperShare*gap, line+(1-upperShare)*gap
		for y := int(m.nose); y <= int(m.chin); y++ {
			at := float64(y)
			switch {
			case at <= top:
				at = m.nose + (at-m.nose)*(line-m.nose)/(top-m.nose)
			case at >= bottom:
				at = m.chin - (m.chin-at)*(m.chin-line)/(m.chin-bottom)
			default:
				dst.Set(x, y, throat)
				continue
			}
			dst.Set(x, y, src.At(x, int(at+0.5)))
		}
	}
}
