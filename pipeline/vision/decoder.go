package vision

import (
	"fmt"
	"sync/atomic"
)

// Decoder turns camera frames into RGB or luma. It owns the memory that this takes, allocated by NewDecoder, and is
// for one goroutine at a time.
type Decoder struct {
	maxWidth, maxHeight int
	jpeg                jpegDecoder
	mended              atomic.Uint64
}

// Mended returns how many MJPG frames were decoded although something in them was out of order: bytes that belong
// nowhere, a second start of image, a misnumbered restart marker. It may be called while another goroutine decodes.
func (d *Decoder) Mended() uint64 { return d.mended.Load() }

// frame decodes an MJPG frame to rgb or to luma, whichever is not nil.
func (d *Decoder) frame(rgb *Image, luma *Grey, data []byte) error {
	err := d.jpeg.frame(rgb, luma, data)
	if err == nil && d.jpeg.mended {
		d.mended.Add(1)
	}
	return err
}

// NewDecoder makes a decoder for frames up to maxWidth × maxHeight pixels; larger ones are refused. Sizes below 1 or
// above 65535, the limit of JPEG, are moved into that range.
func NewDecoder(maxWidth, maxHeight int) *Decoder {
	d := &Decoder{maxWidth: min(max(maxWidth, 1), 65535), maxHeight: min(max(maxHeight, 1), 65535)}
	d.jpeg.init(d.maxWidth, d.maxHeight)
	return d
}

// Decode writes f as full-range RGB into dst, which takes the size of the frame. It allocates only when dst.Pix is too
// small for it, so a dst that is used again costs nothing.
//
// YUYV and NV12 are converted as BT.601 limited range, which V4L2 defines as the default of Y'CbCr formats of cameras
// (V4L2_MAP_YCBCR_ENC_DEFAULT, V4L2_MAP_QUANTIZATION_DEFAULT); MJPG as BT.601 full range (JFIF 1.02, page 3). Chroma is
// repeated, not interpolated: the face models were measured not to care, and it costs half.
//
// On an error the content of dst is undefined.
func (d *Decoder) Decode(dst *Image, f Frame) error {
	if f.Format == MJPG {
		return d.frame(dst, nil, f.Data)
	}
	stride, err := d.check(f)
	if err != nil {
		return err
	}
	dst.Reset(f.Width, f.Height)
	switch f.Format {
	case YUYV:
		for y := range f.Height {
			yuyvToRGB(dst.Row(y), f.Data[y*stride:])
		}
	case NV12:
		chroma := f.Data[stride*f.Height:]
		for y := range f.Height {
			nv12ToRGB(dst.Row(y), f.Data[y*stride:], chroma[y/2*stride:])
		}
	case GREY:
		for y := range f.Height {
			greyToRGB(dst.Row(y), f.Data[y*stride:])
		}
	case RGB3:
		for y := range f.Height {
			copy(dst.Row(y), f.Data[y*stride:])
		}
	}
	return nil
}

// Luma writes the luma of f, stretched to 0–255, into dst, which takes the size of the frame; it allocates and fails as
// Decode does, and takes a third to a half of its time.
func (d *Decoder) Luma(dst *Grey, f Frame) error {
	if f.Format == MJPG {
		return d.frame(nil, dst, f.Data)
	}
	stride, err := d.check(f)
	if err != nil {
		return err
	}
	dst.Reset(f.Width, f.Height)
	for y := range f.Height {
		from, to := f.Data[y*stride:], dst.Row(y)
		switch f.Format {
		case YUYV:
			stretchLuma(to, from, 2)
		case NV12:
			stretchLuma(to, from, 1)
		case GREY:
			copy(to, from)
		case RGB3:
			rgbToLuma(to, from)
		}
	}
	return nil
}

// check compares a raw frame's size, stride and length with what its format needs, and returns the stride in use.
func (d *Decoder) check(f Frame) (stride int, err error) {
	var row, rows int
	switch f.Format {
	case YUYV:
		row, rows = 2*f.Width, f.Height
	case NV12:
		row, rows = f.Width, f.Height+f.Height/2
	case GREY:
		row, rows = f.Width, f.Height
	case RGB3:
		row, rows = 3*f.Width, f.Height
	default:
		return 0, fmt.Errorf("vision: pixel format %v is not one of YUYV, GREY, NV12, MJPG, RGB3", f.Format)
	}
	if f.Width < 1 || f.Height < 1 || f.Width > d.maxWidth || f.Height > d.maxHeight {
		return 0, fmt.Errorf("vision: %v frame of %dx%d pixels, limit %dx%d", f.Format, f.Width, f.Height, d.maxWidth, d.maxHeight)
	}
	if (f.Format == YUYV || f.Format == NV12) && f.Width%2 != 0 || f.Format == NV12 && f.Height%2 != 0 {
		return 0, fmt.Errorf("vision: %v frame of %dx%d pixels, but its chroma is shared by pairs (odd size)", f.Format, f.Width, f.Height)
	}
	stride = f.Stride
	if stride == 0 {
		stride = row
	}
	if stride < row {
		return 0, fmt.Errorf("vision: %v frame of width %d with stride %d, at least %d (stride counts bytes, not pixels)", f.Format, f.Width, stride, row)
	}
	// A driver may leave out the gap after the last row. Stride comes from outside, so the product is made in 64 bits.
	if need := int64(stride)*int64(rows-1) + int64(row); int64(len(f.Data)) < need {
		return 0, fmt.Errorf("vision: %v frame of %dx%d pixels has %d bytes, needs %d (frame cut short?)", f.Format, f.Width, f.Height, len(f.Data), need)
	}
	return stride, nil
}
