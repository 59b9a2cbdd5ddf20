package replay

import (
	"image"
	"math"
)

// turned is img turned clockwise by degrees about (x, y), in the same rectangle; what comes from beyond it is the nearest
// pixel of its rim. It is done once, when a scene is read, so that drawing keeps to lines and columns.
func turned(img image.Image, degrees float64, x, y int) image.Image {
	b := img.Bounds()
	out := image.NewYCbCr(image.Rect(0, 0, b.Dx(), b.Dy()), image.YCbCrSubsampleRatio444)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	s, c := int(math.Round(sin*65536)), int(math.Round(cos*65536))
	for v := range b.Dy() {
		for u := range b.Dx() {
			// The way back, in units of 1/65536: where the pixel comes from.
			p := (u-x)*c + (v-y)*s + x<<16
			q := (v-y)*c - (u-x)*s + y<<16
			i := out.YOffset(u, v)
			out.Y[i], out.Cb[i], out.Cr[i] = between4(img, b, p, q)
		}
	}
	return out
}

// between4 interpolates between the four pixels about (p, q), in units of 1/65536, within b.
func between4(img image.Image, b image.Rectangle, p, q int) (y, cb, cr byte) {
	p, q = max(0, min(p, (b.Dx()-2)<<16)), max(0, min(q, (b.Dy()-2)<<16))
	u, v, f, g := b.Min.X+p>>16, b.Min.Y+q>>16, p>>8&255, q>>8&255
	var sum [3]int
	for k, weight := range [4]int{(256 - f) * (256 - g), f * (256 - g), (256 - f) * g, f * g} {
		a, b, c := ycc(img, u+k&1, v+k>>1)
		sum[0] += weight * int(a)
		sum[1] += weight * int(b)
		sum[2] += weight * int(c)
	}
	return byte((sum[0] + 1<<15) >> 16), byte((sum[1] + 1<<15) >> 16), byte((sum[2] + 1<<15) >> 16)
}
