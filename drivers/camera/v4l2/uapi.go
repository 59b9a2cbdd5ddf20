package v4l2

import (
	"unsafe"

	"github.com/blackjack/webcam/ioctl"
	"golang.org/x/sys/unix"
)

// The requests and structures of include/uapi/linux/videodev2.h that are used beside the library.
var (
	vidiocQueryCap = ioctl.IoR('V', 0, unsafe.Sizeof(capability{}))
	vidiocGetFmt   = ioctl.IoRW('V', 4, unsafe.Sizeof(formatRequest{}))
	vidiocQueryBuf = ioctl.IoRW('V', 9, unsafe.Sizeof(bufferRequest{}))

	vidiocEnumFmt   = ioctl.IoRW('V', 2, unsafe.Sizeof(formatDescription{}))
	vidiocSetFmt    = ioctl.IoRW('V', 5, unsafe.Sizeof(planarFormatRequest{}))
	vidiocReqBufs   = ioctl.IoRW('V', 8, unsafe.Sizeof(buffersRequest{}))
	vidiocQBuf      = ioctl.IoRW('V', 15, unsafe.Sizeof(bufferRequest{}))
	vidiocDQBuf     = ioctl.IoRW('V', 17, unsafe.Sizeof(bufferRequest{}))
	vidiocStreamOn  = ioctl.IoW('V', 18, unsafe.Sizeof(uint32(0)))
	vidiocStreamOff = ioctl.IoW('V', 19, unsafe.Sizeof(uint32(0)))
	vidiocGetParm   = ioctl.IoRW('V', 21, unsafe.Sizeof(rateRequest{}))
	vidiocSetParm   = ioctl.IoRW('V', 22, unsafe.Sizeof(rateRequest{}))

	vidiocGetCtrl   = ioctl.IoRW('V', 27, unsafe.Sizeof(controlValue{}))
	vidiocSetCtrl   = ioctl.IoRW('V', 28, unsafe.Sizeof(controlValue{}))
	vidiocQueryCtrl = ioctl.IoRW('V', 36, unsafe.Sizeof(controlQuery{}))
	vidiocQueryMenu = ioctl.IoRW('V', 37, unsafe.Sizeof(menuQuery{}))
)

const (
	capVideoCapture = 0x00000001 // V4L2_CAP_VIDEO_CAPTURE
	capMultiPlanar  = 0x00001000 // V4L2_CAP_VIDEO_CAPTURE_MPLANE
	capMemToMem     = 0x00008000 // V4L2_CAP_VIDEO_M2M
	capStreaming    = 0x04000000 // V4L2_CAP_STREAMING
	capDeviceCaps   = 0x80000000 // V4L2_CAP_DEVICE_CAPS

	typeVideoCapture       = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	typeVideoCapturePlanar = 9 // V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
	memoryMmap             = 1 // V4L2_MEMORY_MMAP

	flagDone      = 0x00000004 // V4L2_BUF_FLAG_DONE
	flagError     = 0x00000040 // V4L2_BUF_FLAG_ERROR
	flagTimeMask  = 0x0000e000 // V4L2_BUF_FLAG_TIMESTAMP_MASK
	flagMonotonic = 0x00002000 // V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC
)

// capability is struct v4l2_capability.
type capability struct {
	driver       [16]byte
	card         [32]byte
	bus          [32]byte
	version      uint32
	capabilities uint32
	deviceCaps   uint32
	_            [3]uint32
}

// wordGap is the hole before a member that is as wide as a pointer.
const wordGap = unsafe.Sizeof(uintptr(0)) - 4

// formatRequest is struct v4l2_format with a v4l2_pix_format in its union of 200 bytes.
type formatRequest struct {
	kind          uint32
	_             [wordGap]byte
	width, height uint32
	code          uint32
	field         uint32
	stride        uint32
	size          uint32
	_             [200 - 24]byte
}

// planarFormatRequest is struct v4l2_format with a v4l2_pix_format_mplane in its union.
type planarFormatRequest struct {
	kind          uint32
	_             [wordGap]byte
	width, height uint32
	code          uint32
	field         uint32
	colours       uint32
	plane         [8]planeFormat
	planes        uint8
	_             [200 - 20 - 8*20 - 1]byte
}

// planeFormat is struct v4l2_plane_pix_format.
type planeFormat struct {
	size   uint32
	stride uint32
	_      [6]uint16
}

// formatDescription is struct v4l2_fmtdesc.
type formatDescription struct {
	index, kind, flags uint32
	description        [32]byte
	code               uint32
	_                  [4]uint32
}

// buffersRequest is struct v4l2_requestbuffers.
type buffersRequest struct {
	count, kind, memory, capabilities uint32
	_                                 uint32
}

// rateRequest is struct v4l2_streamparm with a v4l2_captureparm in its union of 200 bytes.
type rateRequest struct {
	kind                   uint32
	capability, mode       uint32
	numerator, denominator uint32
	_                      [200 - 16]byte
}

// planeRequest is struct v4l2_plane.
type planeRequest struct {
	used, length uint32
	offset       uintptr
	start        uint32
	_            [11]uint32
}

// bufferRequest is struct v4l2_buffer. Its offset is the address of its planes where the interface is multi-planar, and its
// length then their number.
type bufferRequest struct {
	index    uint32
	kind     uint32
	used     uint32
	flags    uint32
	field    uint32
	time     unix.Timeval
	timecode [16]byte
	sequence uint32
	memory   uint32
	offset   uintptr
	length   uint32
	_        [2]uint32
}

// controlValue is struct v4l2_control.
type controlValue struct {
	id    uint32
	value int32
}

// controlQuery is struct v4l2_queryctrl.
type controlQuery struct {
	id                   uint32
	kind                 uint32
	name                 [32]byte
	min, max, step, init int32
	flags                uint32
	_                    [2]uint32
}

// menuQuery is struct v4l2_querymenu, which is packed; the union holds a name or a number of 64 bits.
type menuQuery struct {
	id, index uint32
	name      [32]byte
	_         uint32
}

// cString is a C string in a field of fixed length.
func cString(field []byte) string { return unix.ByteSliceToString(field) }
