package gpio

import "bytes"

// The structures of include/uapi/linux/gpio.h, version 2. Every gap is an explicit padding field there, so that they are
// the same on 32 and 64 bits; a test compares sizes, offsets and ioctl numbers with the C compiler's.
const (
	maxLines = 64 // GPIO_V2_LINES_MAX
	maxAttrs = 10 // GPIO_V2_LINE_NUM_ATTRS_MAX
	maxName  = 32 // GPIO_MAX_NAME_SIZE
)

// Flags of a line, GPIO_V2_LINE_FLAG_….
const (
	flagUsed         = 1 << 0
	flagActiveLow    = 1 << 1
	flagInput        = 1 << 2
	flagOutput       = 1 << 3
	flagEdgeRising   = 1 << 4
	flagEdgeFalling  = 1 << 5
	flagBiasPullUp   = 1 << 8
	flagBiasPullDown = 1 << 9
	flagBiasDisabled = 1 << 10
)

// Which member of lineAttribute's union is meant, GPIO_V2_LINE_ATTR_ID_….
const (
	attrOutputValues = 2
	attrDebounce     = 3
)

// Kinds of LineEvent, GPIO_V2_LINE_EVENT_….
const (
	eventRising  = 1
	eventFalling = 2
)

// ChipInfo is struct gpiochip_info.
type ChipInfo struct {
	Name  [maxName]byte
	Label [maxName]byte
	Lines uint32
}

// LineInfo is struct gpio_v2_line_info.
type LineInfo struct {
	Name     [maxName]byte
	Consumer [maxName]byte
	Offset   uint32
	NumAttrs uint32
	Flags    uint64
	Attrs    [maxAttrs]lineAttribute
	_        [4]uint32
}

// lineAttribute is struct gpio_v2_line_attribute; value is flags, output values, or in its low half a debounce period in
// microseconds (every machine that Umbral is built for is little-endian).
type lineAttribute struct {
	ID    uint32
	_     uint32
	Value uint64
}

type configAttribute struct {
	Attr lineAttribute
	Mask uint64
}

type lineConfig struct {
	Flags    uint64
	NumAttrs uint32
	_        [5]uint32
	Attrs    [maxAttrs]configAttribute
}

// LineRequest is struct gpio_v2_line_request.
type LineRequest struct {
	Offsets         [maxLines]uint32
	Consumer        [maxName]byte
	Config          lineConfig
	NumLines        uint32
	EventBufferSize uint32
	_               [5]uint32
	FD              int32
}

// LineEvent is struct gpio_v2_line_event.
type LineEvent struct {
	Timestamp uint64 // nanoseconds of CLOCK_MONOTONIC
	ID        uint32
	Offset    uint32
	Seq       uint32 // of the request
	LineSeq   uint32 // of the line, from 1
	_         [6]uint32
}

// lineValues is struct gpio_v2_line_values; bit i stands for the request's line i.
type lineValues struct {
	Bits uint64
	Mask uint64
}

// Numbers of the ioctls: direction, size, type 0xB4, number (include/uapi/asm-generic/ioctl.h; the same on arm, arm64 and
// x86).
const (
	dirRead      = 2
	dirReadWrite = 3

	ioctlChipInfo  = dirRead<<30 | 68<<16 | 0xB4<<8 | 0x01
	ioctlLineInfo  = dirReadWrite<<30 | 256<<16 | 0xB4<<8 | 0x05
	ioctlGetLine   = dirReadWrite<<30 | 592<<16 | 0xB4<<8 | 0x07
	ioctlGetValues = dirReadWrite<<30 | 16<<16 | 0xB4<<8 | 0x0E
	ioctlSetValues = dirReadWrite<<30 | 16<<16 | 0xB4<<8 | 0x0F
)

// text is a NUL-terminated name.
func text(b [maxName]byte) string {
	s, _, _ := bytes.Cut(b[:], []byte{0})
	return string(s)
}
