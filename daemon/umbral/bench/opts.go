package bench

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// Opts says what to measure.
type Opts struct {
	Subjects []Subject
	Threads  []int
	Tier     string // of kernels; empty for the best
	Runtime  string // folder of onnxruntime-node; empty for none
	Rounds   int    // turns of each side
	Turn     time.Duration
	// Child is the command line of this program that calls Load for a set: the set's name is added. Nil measures no memory.
	Child    []string
	Progress io.Writer
}

// DefaultOpts are nine turns of at least 60 ms.
func DefaultOpts() Opts { return Opts{Threads: []int{1}, Rounds: 9, Turn: 60 * time.Millisecond} }

// check refuses what can't be measured.
func (o *Opts) check() error {
	if o.Rounds < 1 || o.Rounds > maxRounds {
		return fmt.Errorf("bench: %d rounds, allowed are 1 to %d", o.Rounds, maxRounds)
	}
	for _, n := range o.Threads {
		if n < 1 || n > maxThreads {
			return fmt.Errorf("bench: %d threads, allowed are 1 to %d", n, maxThreads)
		}
	}
	return nil
}

// Bounds of the options.
const maxRounds, maxThreads = 1000, 64
