package feed

import (
	"fmt"
	"time"
)

// Pace says how fast a replayed source makes frames.
type Pace int

const (
	RealTime Pace = iota // at the camera's rate; what is not taken in time is dropped
	AsTaken              // the next frame is made when the last one was taken; none is dropped
)

// Opts is what is asked of a camera. What it gives is in Stats.
type Opts struct {
	Width, Height int           // wanted size in pixels, 16 to 8192; the camera may choose another
	FPS           float64       // wanted frames a second, above 0 to 240; the camera may choose another
	Formats       []FourCC      // in order of preference; at least one
	Buffers       int           // frames of the pool, 3 to 32: one being filled, one ready, the rest may be held
	MaxFrameBytes int           // a camera whose frames are larger is refused; 4 KiB to 64 MiB
	Stall         time.Duration // no frame for so long is a stall: Frame says so, and a driver reopens its device
	RetryMin      time.Duration // the first wait after a failure; it doubles with each further one
	RetryMax      time.Duration // the longest such wait
	Controls      []Setting     // v4l2 only: set in this order, but switches and choices first, whenever the device is opened; at most 32
	Pace          Pace          // replay only
	Once          bool          // replay only: end after the last picture, even where the scene says to loop
	Pictures      string        // replay only: folder of the pictures of a scene that do not lie beside it
}

// DefaultOpts asks for VGA at 30 frames a second, uncompressed if it can be had.
func DefaultOpts() Opts {
	return Opts{
		Width: 640, Height: 480, FPS: 30,
		Formats:       []FourCC{YUYV, NV12, MJPG, GREY},
		Buffers:       4,
		MaxFrameBytes: 2 * 1920 * 1088,
		Stall:         2 * time.Second,
		RetryMin:      100 * time.Millisecond,
		RetryMax:      time.Second,
	}
}

// Check returns the first fault of the options.
func (o Opts) Check() error {
	switch {
	case o.Width < 16 || o.Width > 8192 || o.Height < 16 || o.Height > 8192:
		return fmt.Errorf("camera: size: %d×%d pixels, limit 16 to 8192 a side", o.Width, o.Height)
	case !(o.FPS > 0 && o.FPS <= 240):
		return fmt.Errorf("camera: rate: %v frames a second, limit above 0 to 240", o.FPS)
	case len(o.Formats) == 0 || len(o.Formats) > 16:
		return fmt.Errorf("camera: formats: %d named, limit 1 to 16", len(o.Formats))
	case o.Buffers < 3 || o.Buffers > 32:
		return fmt.Errorf("camera: buffers: %d, limit 3 to 32 (one is filled, one is ready, one is held)", o.Buffers)
	case o.MaxFrameBytes < 4<<10 || o.MaxFrameBytes > 64<<20:
		return fmt.Errorf("camera: frame bytes: %d, limit 4096 to %d", o.MaxFrameBytes, 64<<20)
	case o.Stall <= 0:
		return fmt.Errorf("camera: stall: %v, must be above 0", o.Stall)
	case o.RetryMin <= 0 || o.RetryMax < o.RetryMin:
		return fmt.Errorf("camera: retry: from %v to %v, must be above 0 and rising", o.RetryMin, o.RetryMax)
	case len(o.Controls) > maxSettings:
		return fmt.Errorf("camera: controls: %d, limit %d", len(o.Controls), maxSettings)
	case o.Pace != RealTime && o.Pace != AsTaken:
		return fmt.Errorf("camera: pace: %d is unknown", o.Pace)
	}
	for _, c := range o.Formats {
		if _, err := ParseFourCC(c.String()); err != nil {
			return err
		}
	}
	for _, s := range o.Controls {
		if !isSettingName(s.Name) {
			return fmt.Errorf("camera: control %q, wanted is a name of a-z 0-9 _, at most %d", s.Name, maxSettingName)
		}
	}
	return nil
}

// PoolBytes is the most that the frames of this source ever take.
func (o Opts) PoolBytes() int64 { return int64(o.Buffers) * int64(o.MaxFrameBytes) }
