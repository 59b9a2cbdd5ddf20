package vision

import "errors"

const markerSOS = 0xda

type jpegDecoder struct{}

func (d *jpegDecoder) init(maxWidth, maxHeight int) {}

func (d *jpegDecoder) decode(rgb *Image, luma *Grey, data []byte) error {
	return errors.New("vision: MJPG is not decoded yet")
}

func fullRange(to *[3]byte, y, cb, cr byte) {
	const (
		crR, cbG, crG, cbB = 91881, 22554, 46802, 116130
	)
	a, u, v := int32(y)<<16+half, int32(cb)-128, int32(cr)-128
	to[0], to[1], to[2] = clamp8((a+crR*v)>>16), clamp8((a-cbG*u-crG*v)>>16), clamp8((a+cbB*u)>>16)
}
