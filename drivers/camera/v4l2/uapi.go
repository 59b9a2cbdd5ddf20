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

	typeVideoCapture = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	memoryMmap       = 1 // V4L2_MEMORY_MMAP

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

// bufferRequest is struct v4l2_buffer.
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
