package terminal

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// panics turns a panic into an error of the input that caused it. What can't be read has to cost its frame or its message,
// not the gate.
type panics struct {
	log *slog.Logger

	mu     sync.Mutex
	counts map[string]uint64    // by part
	last   map[string]time.Time // when each part panicked last
	told   map[string]time.Time // when that was logged last
}

const (
	// panicTold bounds how often a part's panics are logged: the first with its stack, the next ones as a count.
	panicTold = time.Minute
	// panicShown is for how long after the last panic a condition tells of it.
	panicShown = time.Hour
)

func newPanics(log *slog.Logger) *panics {
	return &panics{log: log, counts: map[string]uint64{}, last: map[string]time.Time{}, told: map[string]time.Time{}}
}

// errPanic is wrapped by errors that were panics.
type errPanic struct{ part, text string }

func (e *errPanic) Error() string { return fmt.Sprintf("terminal: %s: panic: %s", e.part, e.text) }

// guard calls f and returns its error, or what it panicked with.
func (p *panics) guard(part string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &errPanic{part, fmt.Sprint(r)}
			p.note(part, err, debug.Stack())
		}
	}()
	return f()
}

func (p *panics) note(part string, err error, stack []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[part]++
	p.last[part] = time.Now()
	if time.Since(p.told[part]) < panicTold {
		return
	}
	p.told[part] = time.Now()
	p.log.Error("an input made a part of the program panic", "part", part, "error", err, "count", p.counts[part], "stack", string(stack))
}

// count returns how often each part has panicked.
func (p *panics) count() map[string]uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[string]uint64, len(p.counts))
	for part, n := range p.counts {
		counts[part] = n
	}
	return counts
}

// text returns what the operator has to know, and nothing when no part has panicked for a while.
func (p *panics) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	for part, at := range p.last {
		if time.Since(at) < panicShown {
			parts = append(parts, fmt.Sprintf("%s (%d)", part, p.counts[part]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Sort(parts)
	return "An input that the program does not understand made a part of it fail, and was left out: " + strings.Join(parts, ", ") +
		". The log has the place; please send it to the maker."
}
