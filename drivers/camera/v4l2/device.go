package v4l2

import (
	"errors"
	"time"

	"umbral/drivers/camera/feed"
)

// system is what this package needs of the machine. It is as small as can be, so that a test can play every failure.
type system interface {
	// nodes lists the paths of video nodes in the order of their numbers.
	nodes() ([]string, error)
	// open opens a node and says what it is. errNotCamera is wrapped for one that takes no pictures.
	open(path string) (device, identity, error)
}

// device is an open node. Its methods are called in the order in which they stand here, close at any time and once.
type device interface {
	// formats lists the formats that the device offers.
	formats() []feed.FourCC
	// setFormat asks for a format. What came of it, format tells.
	setFormat(code feed.FourCC, width, height int) error
	// format is what was negotiated (VIDIOC_G_FMT).
	format() (pixFormat, error)
	// setRate asks for frames a second (VIDIOC_S_PARM). Some devices cannot.
	setRate(fps float64) error
	// rate is what was negotiated.
	rate() (float64, error)
	// control sets controls and says of each that could not be set why.
	control(wanted []feed.Setting) error
	// start begins streaming with that many buffers.
	start(buffers int) error
	// wait waits for a frame, for at most waitLimit; errTimeout when there is none. nil is no promise that there is one.
	wait() error
	// get takes a frame. EAGAIN means none is there, ENODEV that the device is gone.
	get() (shot, error)
	// release gives a frame's buffer back to the device.
	release(index uint32) error
	close() error
}

// waitLimit is how long device.wait may take: the library counts whole seconds.
const waitLimit = time.Second

var (
	errNotCamera = errors.New("not a capture device")
	errTimeout   = errors.New("no frame yet")
)

// identity is how a camera is known again when its node has another number.
type identity struct{ card, bus string }

// pixFormat is the part of v4l2_pix_format that matters here.
type pixFormat struct {
	code          feed.FourCC
	width, height int
	stride        int // bytes a line; 0 where the driver says none
	size          int // most bytes of a frame
}

// shot is one frame in the device's own memory; it is valid until release.
type shot struct {
	data  []byte
	index uint32
	known bool // the driver told the following
	bad   bool // it marked the frame as broken
	seq   uint32
	age   time.Duration // how long ago it was captured
}
