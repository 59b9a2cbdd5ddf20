package feed

import (
	"fmt"
	"sync/atomic"
	"time"
)

// FourCC is a pixel format as V4L2 names it: four ASCII characters, the first in the lowest byte
// (Linux include/uapi/linux/videodev2.h, v4l2_fourcc).
type FourCC uint32

// The formats that the drivers deliver.
const (
	YUYV FourCC = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24 // 4:2:2 packed, 2 bytes a pixel: Y0 Cb Y1 Cr
	GREY FourCC = 'G' | 'R'<<8 | 'E'<<16 | 'Y'<<24 // luminance only, 1 byte a pixel
	NV12 FourCC = 'N' | 'V'<<8 | '1'<<16 | '2'<<24 // 4:2:0, a plane of Y, then one of Cb Cr pairs, both of the same stride
	MJPG FourCC = 'M' | 'J'<<8 | 'P'<<16 | 'G'<<24 // one JPEG a frame, sometimes without Huffman tables
)

// String returns the four characters, or the number in hexadecimal when they are not printable.
func (c FourCC) String() string {
	b := [4]byte{byte(c), byte(c >> 8), byte(c >> 16), byte(c >> 24)}
	for _, x := range b {
		if x < ' ' || x > '~' {
			return fmt.Sprintf("%#08x", uint32(c))
		}
	}
	return string(b[:])
}

// ParseFourCC returns the format of that name, one of YUYV, GREY, NV12 and MJPG.
func ParseFourCC(name string) (FourCC, error) {
	for _, c := range []FourCC{YUYV, GREY, NV12, MJPG} {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("camera: pixel format %q, known are YUYV, GREY, NV12 and MJPG", name)
}

// Size returns the bytes of a line and of a whole frame of width×height pixels without padding. A compressed format has
// no lines (stride 0) and the size is the bound that is used for it: 2 bytes a pixel, what YUYV takes.
func (c FourCC) Size(width, height int) (stride, bytes int) {
	switch c {
	case GREY:
		return width, width * height
	case NV12:
		stride = width + width&1
		return stride, stride * (height + (height+1)/2)
	case MJPG:
		return 0, 2 * width * height
	default:
		stride = 2 * (width + width&1)
		return stride, stride * height
	}
}

// Frame is one picture from the camera. It belongs to whoever took it until Release.
type Frame struct {
	Format        FourCC
	Width, Height int       // pixels
	Stride        int       // bytes from one line to the next; 0 for MJPG
	Data          []byte    // the whole frame; for MJPG its length is that of the JPEG
	Sequence      uint64    // counts the frames that the source made, dropped ones too: a gap is a drop
	Captured      time.Time // when the picture was taken, with the monotonic clock

	pool   *pool
	buffer []byte // Data's full extent
	state  atomic.Int32
}

// The states of a frame of the pool; the pool's lock guards every change but the one in Release.
const (
	free int32 = iota
	filling
	ready
	held
)

// Release gives the frame back to its pool. A second call does nothing.
func (f *Frame) Release() {
	if f.state.CompareAndSwap(held, free) {
		f.pool.wake()
	}
}
