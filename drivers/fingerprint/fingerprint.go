// Package fingerprint is what the terminal asks of a fingerprint sensor: is a finger there, what does it look like, and
// are you well.
//
// The packages below it are r503 (Grow R503 and other modules of the ZFM protocol, on a UART), fpc1011 (the area sensor
// FPC1011F3 on SPI), emulated (an R503 that a test or a virtual machine can talk to), zfm (the protocol's packets) and
// fingerprinttest (the conformance suite that each of them passes).
package fingerprint

import (
	"context"
	"errors"
	"fmt"
)

// Sensor is one fingerprint sensor. Its methods are safe for concurrent use; one waits for the other. Each returns ctx's
// error soon after ctx ends, and gives up by itself on a sensor that does not answer.
type Sensor interface {
	fmt.Stringer

	// Present says whether a finger lies on the sensor.
	Present(ctx context.Context) (bool, error)

	// Capture takes a picture of the finger on the sensor. Without one it returns ErrNoFinger at once.
	Capture(ctx context.Context) (Image, error)

	// Health asks the sensor how it is. It never fails: what is wrong stands in the result.
	Health(ctx context.Context) Health

	// Halt puts the sensor to rest, its light out, and makes it unusable: every other method then returns ErrHalted. It is
	// idempotent and ends calls that are waiting.
	Halt() error
}

// Image is a picture of a finger: 8 bits a pixel, dark ridges, line after line from the top.
type Image struct {
	Pix           []byte
	Width, Height int
	DPI           int
}

// Health is what is known of a sensor.
type Health struct {
	Fault   string // empty while it answers, else what is wrong, for a technician
	Device  string // what it says that it is
	Stored  int    // templates on the sensor, −1 if it keeps none
	Room    int    // templates that it could keep
	Counter Counter
}

// Counter counts since the start.
type Counter struct {
	Exchanges uint64 // commands answered
	Repeated  uint64 // commands sent again
	Damaged   uint64 // packets with a wrong checksum or length
	Timeouts  uint64 // answers that did not come
	Opened    uint64 // times that the device was opened
}

// Errors of a sensor; errors.Is tells them apart.
var (
	ErrNoFinger = errors.New("no finger on the sensor")
	ErrPicture  = errors.New("the finger gave no usable picture") // smeared, too dry, lifted too early
	ErrNoMatch  = errors.New("no stored finger matches")
	ErrRange    = errors.New("out of range")
	ErrAnswer   = errors.New("the sensor answers wrongly")   // damaged packets, again and again
	ErrSilent   = errors.New("the sensor does not answer")   // off, busy, another speed, not wired
	ErrAbsent   = errors.New("the sensor cannot be reached") // no such port, unplugged
	ErrHalted   = errors.New("halted")
)

// Lamp is a sensor with a light that tells the person what to do.
type Lamp interface {
	Light(ctx context.Context, c Color, e Effect) error
}

// Color of a lamp.
type Color uint8

// Values of Color.
const (
	Red Color = iota + 1
	Blue
	Purple
	Green
	Yellow
	Cyan
	White
)

// Effect is how a lamp shines.
type Effect uint8

// Values of Effect.
const (
	Off Effect = iota
	Steady
	Flashing
	Breathing
)

// Library is a sensor that extracts, keeps and compares templates itself. What it keeps cannot be compared by anyone
// else. Places count from 0.
type Library interface {
	// Read takes a picture of the finger on the sensor and extracts it into a buffer, 1 to Buffers.
	Read(ctx context.Context, buffer int) error
	// Merge makes one template of what was read into the buffers since the last Merge: presses of one finger.
	Merge(ctx context.Context) error
	// Save keeps the merged template at a place and replaces what was there.
	Save(ctx context.Context, place int) error
	// Remove forgets the template at a place.
	Remove(ctx context.Context, place int) error
	// Find compares what was read into buffer 1 with all kept templates; the score is the sensor's own. ErrNoMatch.
	Find(ctx context.Context) (place, score int, err error)
	// Places lists where templates are kept, in ascending order.
	Places(ctx context.Context) ([]int, error)
	// Buffers is how many presses a template can be merged from.
	Buffers() int
}

// Sleeper is a sensor that can be put to sleep between fingers. Any other call wakes it.
type Sleeper interface {
	Sleep(ctx context.Context) error
}
