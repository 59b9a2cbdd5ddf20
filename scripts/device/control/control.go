// Package control is how a test moves things inside the emulated device: it runs and starts programs there and carries
// files. The device's end is Serve, the test's is Client; between them is HTTP over the device's network.
package control

import (
	"time"
)

// Port is where the device listens, on all its addresses: nothing but this machine's user reaches the emulated network.
const Port = 7000

// maxOutput bounds what is kept of a program's output; the end of it counts.
const maxOutput = 4 << 20

// Command is a program to run.
type Command struct {
	Args  []string
	Env   []string // added to the device's own
	Input []byte   // for its standard input
	// Limit bounds its time; 0 means a minute.
	Limit time.Duration
}

// Result is what became of a program that was run.
type Result struct {
	Exit   int // -1 when a signal ended it
	Output []byte
	Error  string // why it did not run, or what ended it
	Took   time.Duration
	CPU    time.Duration // of user and system
}

// Process is what is known of a program that was started.
type Process struct {
	PID     int
	Running bool
	Exit    int
	Error   string
}

// CameraReport is a line that "guest watch" writes about its camera.
type CameraReport struct {
	Device, State, Text, Unset, Format string
	FPS                                float64
	Captured, Opened                   uint64
	Faults                             map[string]uint64
	CPU                                time.Duration
	Descriptors, Mappings              int
}
