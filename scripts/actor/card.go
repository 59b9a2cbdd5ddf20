package main

import (
	"image"
	"math"

	"golang.org/x/image/math/f64"
)

// number adds the check character of GB 11643 (ISO 7064, MOD 11-2) to 17 digits.
func number(digits string) string {
	sum := 0
	for i := range len(digits) {
		sum = (sum + int(digits[i]-'0')) * 2 % 11
	}
	return digits + string("10X98765432"[sum%11])
}

// upright turns a part of a photograph by an angle in degrees and brings it to the size of the portrait.
func upright(from, to image.Rectangle, tilt float64) f64.Aff3 {
	scale := float64(to.Dx()) / float64(from.Dx())
	sin, cos := math.Sincos(tilt * math.Pi / 180)
	cx, cy := float64(from.Min.X+from.Max.X)/2, float64(from.Min.Y+from.Max.Y)/2
	a, b := scale*cos, -scale*sin
	return f64.Aff3{
		a, b, float64(to.Dx())/2 - a*cx - b*cy,
		-b, a, float64(to.Dy())/2 + b*cx - a*cy,
	}
}
