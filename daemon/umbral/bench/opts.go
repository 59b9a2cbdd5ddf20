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
	Threads  []int         // numbers of threads, each measured by itself
	Tier     string        // of kernels; empty for the best
	Runtime  string        // folder of onnxruntime-node; empty for none
	Rounds   int           // turns of each side
	Turn     time.Duration // how long a turn is at least
	// Child is the command line of this program that calls Load for a set and prints its result as JSON: the set's name is
	// added. Nil measures no memory.
	Child    []string
	Progress io.Writer // nil for silence
}

// DefaultOpts are nine turns of at least 60 ms.
func DefaultOpts() Opts { return Opts{Threads: []int{1}, Rounds: 9, Turn: 60 * time.Millisecond} }

// Bounds of the options.
const maxRounds, maxThreads = 1000, 64

// check refuses what can't be measured.
func (o *Opts) check() error {
	if o.Rounds < 1 || o.Rounds > maxRounds {
		return fmt.Errorf("bench: %d rounds, allowed are 1 to %d", o.Rounds, maxRounds)
	}
	if len(o.Threads) == 0 {
		return fmt.Errorf("bench: no number of threads, wanted some, as in 1,2")
	}
	for i, n := range o.Threads {
		if n < 1 || n > maxThreads {
			return fmt.Errorf("bench: %d threads, allowed are 1 to %d", n, maxThreads)
		}
		if slices.Contains(o.Threads[:i], n) {
			return fmt.Errorf("bench: %d threads are named twice", n)
		}
	}
	return nil
}

// progress says on one line what is being measured now.
func (o *Opts) progress(format string, args ...any) {
	if o.Progress != nil {
		fmt.Fprintf(o.Progress, "\r%-60s", fmt.Sprintf(format, args...))
	}
}

// done ends the line.
func (o *Opts) done() {
	if o.Progress != nil {
		fmt.Fprintf(o.Progress, "\r%60s\r", "")
	}
}
