// Package camera is where the terminal gets its frames from.
//
// Open makes a Source from a specification; the packages below are v4l2 (Linux's cameras), replay (pictures, videos and
// scenes played as if they came from a camera), feed (what both share: frames, the pool, the hand-over, the counters) and
// cameratest (the conformance suite that each source passes).
package camera

import (
	"context"
	"fmt"
	"strings"

	"umbral/drivers/camera/feed"
	"umbral/drivers/camera/replay"
	"umbral/drivers/camera/v4l2"
)

// The types that all sources share.
type (
	FourCC = feed.FourCC // pixel format
	Frame  = feed.Frame  // one picture; Release gives it back
	Opts   = feed.Opts   // what is asked of a camera
	Stats  = feed.Stats  // what a source knows about itself
	State  = feed.State  // what a source is doing
	Fault  = feed.Fault  // a kind of error
	Faults = feed.Faults // counts by kind
	Pace   = feed.Pace   // how fast a replay goes

	Setting = feed.Setting // a control of the camera with its value
)

// The formats, states, faults and paces of package feed.
const (
	YUYV = feed.YUYV
	GREY = feed.GREY
	NV12 = feed.NV12
	MJPG = feed.MJPG

	Idle      = feed.Idle
	Absent    = feed.Absent
	Opening   = feed.Opening
	Streaming = feed.Streaming
	Stalled   = feed.Stalled
	Failing   = feed.Failing
	Ended     = feed.Ended
	Halted    = feed.Halted

	FaultOpen   = feed.FaultOpen
	FaultFormat = feed.FaultFormat
	FaultRead   = feed.FaultRead
	FaultFlag   = feed.FaultFlag
	FaultLength = feed.FaultLength
	FaultDecode = feed.FaultDecode
	FaultStall  = feed.FaultStall
	FaultLost   = feed.FaultLost

	RealTime = feed.RealTime
	AsTaken  = feed.AsTaken
)

// The errors of Source.
var (
	ErrStalled = feed.ErrStalled // Frame: none came for Opts.Stall; ask again
	ErrHalted  = feed.ErrHalted  // Frame, Run: after Halt
	ErrEnd     = feed.ErrEnd     // Frame: a replay that plays once is over
	ErrRunning = feed.ErrRunning // Run: there is one already
)

// Source is one camera. Its methods are safe for concurrent use.
type Source interface {
	fmt.Stringer

	// Run owns the device until ctx ends or Halt is called, and then returns nil with every goroutine and descriptor gone.
	// A device that is missing or fails is not an end: Run says so in Stats and tries again with growing waits. A replay
	// that plays once returns nil after its last frame; one whose file turns out to be broken returns the error.
	Run(ctx context.Context) error

	// Frame returns the newest frame that was not handed out yet; older ones were dropped and counted. It waits until
	// there is one, and returns ctx's error, ErrStalled, ErrEnd or ErrHalted instead. The frame is the caller's until its
	// Release; who holds all of them gets no new one.
	Frame(ctx context.Context) (*Frame, error)

	// Stats returns the counters and the state; it never waits for the device.
	Stats() Stats

	// Halt ends Run, waits for its return, and makes the source unusable. It is idempotent.
	Halt() error
}

// DefaultOpts asks for VGA at 30 frames a second, uncompressed if it can be had.
func DefaultOpts() Opts { return feed.DefaultOpts() }

// ParseFourCC returns the format of that name, one of YUYV, GREY, NV12 and MJPG.
func ParseFourCC(name string) (FourCC, error) { return feed.ParseFourCC(name) }

// ParseSetting reads a control and its value, such as "gain=64" or "white_balance_automatic=off".
func ParseSetting(text string) (Setting, error) { return feed.ParseSetting(text) }

// Open makes a source:
//
//	v4l2:                first camera that is found
//	v4l2:/dev/video2     that camera; once seen, it is found again under another number
//	replay:PATH          folder of pictures, .mjpeg, .y4m, .toml (a scene), or a video, through ffmpeg
//
// It opens no device: a camera that is missing is no error here, Run waits for it. A replay's file must be there.
func Open(spec string, o Opts) (Source, error) {
	kind, path, found := strings.Cut(spec, ":")
	var s Source
	var err error
	switch {
	case kind == "v4l2" && found:
		s, err = v4l2.New(path, o)
	case kind == "replay" && found && path != "":
		s, err = replay.New(path, o)
	default:
		err = fmt.Errorf("camera: source %q, known are v4l2:, v4l2:/dev/videoN and replay:PATH", spec)
	}
	if err != nil {
		return nil, err // without the pointer to nothing that s may hold
	}
	return s, nil
}
