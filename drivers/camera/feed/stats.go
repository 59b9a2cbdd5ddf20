package feed

import (
	"fmt"
	"time"
)

// State says what a source is doing.
type State int

const (
	Idle      State = iota // Run has not begun
	Absent                 // there is no such device now; it is looked for
	Opening                // the device was found and is being set up
	Streaming              // frames come
	Stalled                // the device is open and no frame came for Opts.Stall
	Failing                // the device answers with errors; Text says which; it is tried again
	Ended                  // a replay that plays once has played
	Halted                 // for good
)

var stateNames = [...]string{"idle", "absent", "opening", "streaming", "stalled", "failing", "ended", "halted"}

// String returns one lower-case word.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// Fault is a kind of error that a source counts.
type Fault int

const (
	FaultOpen   Fault = iota // the device could not be opened or set up
	FaultFormat              // the device negotiated a format or size that cannot be used
	FaultRead                // taking or giving back a buffer failed
	FaultFlag                // the driver marked the frame as broken
	FaultLength              // the frame's length does not fit its format
	FaultDecode              // a picture of a replay is broken
	FaultStall               // no frame for Opts.Stall
	FaultLost                // the device went away
	faults
)

var faultNames = [faults]string{"open", "format", "read", "flagged", "length", "decode", "stall", "lost"}

// String returns one lower-case word.
func (f Fault) String() string {
	if f < 0 || f >= faults {
		return fmt.Sprintf("fault %d", int(f))
	}
	return faultNames[f]
}

// Faults are the counts by kind, indexed by Fault.
type Faults [faults]uint64

// Total is the sum of all kinds.
func (f Faults) Total() (n uint64) {
	for _, x := range f {
		n += x
	}
	return n
}

// Stats is what a source knows about itself.
type Stats struct {
	Device        string    // what is read, as precisely as it is known: path, card and bus, or file
	State         State     //
	Text          string    // for the technician: the last error's text, empty while all is well
	Unset         string    // which of Opts.Controls could not be set, and why; empty while all are
	Note          string    // replay: what is being shown
	Since         time.Time // when State began
	Format        FourCC    // as negotiated; 0 until then, as are the sizes
	Width, Height int       // pixels
	Stride        int       // bytes a line; 0 for MJPG
	Rate          float64   // frames a second that the device promised; 0 where it promises none
	FPS           float64   // frames a second as measured, over about the last 16 frames
	Captured      uint64    // whole frames that came from the device
	Delivered     uint64    // of these, taken by the consumer
	Dropped       uint64    // of these, replaced by a newer one before anybody took them
	Starved       uint64    // frames lost because all buffers were held by the consumer
	Missed        uint64    // frames that the device made and the driver never saw, by the device's sequence numbers
	Trimmed       uint64    // whole MJPG frames that had other bytes before the picture; these are left out
	Faults        Faults    //
	Opened        uint64    // how often the device was opened successfully
	PoolBytes     int64     // memory of the frame pool
}
