package nn

import (
	"fmt"
	"runtime"
	"sync"

	"umbral/pipeline/pages"
)

// Arena is memory for the activations of several programs that run in turns: they take as much as those of the largest,
// and are more likely to be in a cache. Inputs and outputs keep a place of their own. Programs of one Arena wait for each
// other; what must run at the same time needs two.
type Arena struct {
	// Transient gives inputs and outputs no place of their own either, which must be said before the first program is compiled.
	// They are then valid until the next use of another program, so that all programs must be used by one goroutine.
	Transient bool

	mu     sync.Mutex // whose turn it is
	floats []float32
	low    int // what zeros and activations take, from the start on
	high   int // where inputs and outputs begin, which take the rest
}

// sharedZeros is the floats of zero that an Arena begins with, for whichever program needs most.
const sharedZeros = 16 << 10

// NewArena reserves so many bytes at most, from 1 MiB to 1 GiB; they take memory only when programs use them.
func NewArena(bytes int64) (*Arena, error) {
	if bytes < 1<<20 || bytes > largestArena {
		return nil, fmt.Errorf("nn: an arena of %d bytes, allowed are %d to %d", bytes, 1<<20, largestArena)
	}
	floats, release, err := pages.Reserve[float32](int(bytes / 4))
	if err != nil {
		return nil, fmt.Errorf("nn: arena: %w", err)
	}
	a := &Arena{floats: floats, low: sharedZeros, high: len(floats) &^ 15}
	runtime.AddCleanup(a, func(release func()) { release() }, release)
	return a, nil
}

// Bytes is what the programs compiled so far take of the arena.
func (a *Arena) Bytes() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return 4 * int64(a.low+len(a.floats)-a.high)
}

// place gives every buffer its place, and returns how many floats the program takes beyond what others took before.
func (a *Arena) place(buffers []*buffer, zeros int, limit int64) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if zeros > sharedZeros {
		return 0, fmt.Errorf("nn: %d floats of zeros, an arena that is shared has %d: %w", zeros, sharedZeros, ErrUnsupported)
	}
	var passing, lasting []*buffer
	own := 0
	for _, b := range buffers {
		if b.home != nil {
			continue
		}
		if !a.Transient && (b.first < 0 || b.last == forever) {
			lasting = append(lasting, b)
			own += room(b.size)
		} else {
			passing = append(passing, b)
		}
	}
	own += slack // what kernels read behind the last
	low, err := plan(passing, sharedZeros, limit-4*int64(own))
	if err != nil {
		return 0, err
	}
	low = room(max(low, a.low))
	if a.high-own < low {
		return 0, fmt.Errorf("nn: the programs of an arena take %d bytes, it has %d (more programs than it was made for?): %w",
			4*(low+own+len(a.floats)-a.high), 4*len(a.floats), ErrUnsupported)
	}
	added := low - a.low + own
	a.low, a.high = low, a.high-own
	at := a.high
	for _, b := range lasting {
		b.offset = at
		at += room(b.size)
	}
	for _, b := range buffers {
		b.offset = b.root().offset
	}
	return added, nil
}
