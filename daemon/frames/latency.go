package frames

import (
	"slices"
	"sync"
	"time"
)

// Stage is one step of the frame loop whose time is kept.
type Stage int

const (
	stageDecode Stage = iota
	stageDetect
	stageTrack
	stageLandmarks
	stageQuality
	stageLiveness
	stageEmbed
	stageSearch
	Decide
	WholeFrame // the whole frame
	Stages
)

var StageNames = [Stages]string{"decode", "detect", "track", "landmarks", "quality", "liveness", "embed", "search", "decide", "frame"}

// window is how many of the newest durations the percentiles speak of: some half a minute of frames.
const window = 256

// Latency keeps the newest durations of each stage in fixed memory.
type Latency struct {
	mu     sync.Mutex
	rings  [Stages][window]time.Duration
	counts [Stages]uint64
}

// Add keeps a duration of a stage.
func (w *Latency) Add(s Stage, d time.Duration) {
	w.mu.Lock()
	w.rings[s][w.counts[s]%window] = d
	w.counts[s]++
	w.mu.Unlock()
}

// Percentiles returns the median and the 95th percentile of the newest durations, and how often the stage has run.
func (w *Latency) Percentiles(s Stage) (p50, p95 time.Duration, count uint64) {
	w.mu.Lock()
	ring, count := w.rings[s], w.counts[s]
	w.mu.Unlock()
	n := int(min(count, window))
	if n == 0 {
		return 0, 0, 0
	}
	sorted := ring[:n]
	slices.Sort(sorted)
	return sorted[n/2], sorted[n*95/100], count
}
