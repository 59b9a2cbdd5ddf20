package vision

import "fmt"

// PixelFormat is a V4L2 fourcc: four ASCII letters, the first in the lowest byte (linux/videodev2.h, v4l2_fourcc).
type PixelFormat uint32

// The formats that Decode takes, by their V4L2 names.
const (
	// YUYV is V4L2_PIX_FMT_YUYV: 4:2:2 packed as Y0 Cb Y1 Cr, even width, limited range.
	YUYV = PixelFormat('Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24)
	// GREY is V4L2_PIX_FMT_GREY: one byte of luma a pixel, taken as full range.
	GREY = PixelFormat('G' | 'R'<<8 | 'E'<<16 | 'Y'<<24)
	// NV12 is V4L2_PIX_FMT_NV12: a plane of luma, then a half-height plane of interleaved Cb Cr with the same stride;
	// even width and height, limited range.
	NV12 = PixelFormat('N' | 'V'<<8 | '1'<<16 | '2'<<24)
	// MJPG is V4L2_PIX_FMT_MJPEG: one baseline JPEG a frame, often without Huffman tables, sometimes with junk around
	// it.
	MJPG = PixelFormat('M' | 'J'<<8 | 'P'<<16 | 'G'<<24)
	// RGB3 is V4L2_PIX_FMT_RGB24: three bytes a pixel, red first.
	RGB3 = PixelFormat('R' | 'G'<<8 | 'B'<<16 | '3'<<24)
)

// String returns the four letters, or the number in hexadecimal where they are not printable ASCII.
func (p PixelFormat) String() string {
	letters := [4]byte{byte(p), byte(p >> 8), byte(p >> 16), byte(p >> 24)}
	for _, c := range letters {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("0x%08x", uint32(p))
		}
	}
	return string(letters[:])
}

// Frame is one picture as a camera delivered it. Vision only reads Data.
type Frame struct {
	Format PixelFormat
	// Width and Height in pixels. MJPG ignores them: the picture's own header counts.
	Width, Height int
	// Stride is the distance of two rows in bytes; 0 means that rows follow each other without a gap. MJPG ignores it.
	Stride int
	Data   []byte
}
