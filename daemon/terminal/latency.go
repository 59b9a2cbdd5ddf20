package terminal

import (
	"slices"
	"sync"
	"time"
)

// stage is one step of the frame loop whose time is kept.
type stage int

const (
	stageDecode stage = iota
	stageDetect
	stageTrack
	stageLandmarks
	stageQuality
	stageLiveness
	stageEmbed
	stageSearch
	stageDecide
	stageFrame // the whole frame
	stages
)

var stageNames = [stages]string{"decode", "detect", "track", "landmarks", "quality", "liveness", "embed", "search", "decide", "frame"}

// window is how many of the newest durations the percentiles speak of: some half a minute of frames.
const window = 256

// latency keeps the newest durations of each stage in fixed memory.
type latency struct {
	mu     sync.Mutex
	rings  [stages][window]time.Duration
	counts [stages]uint64
}

func (w *latency) add(s stage, d time.Duration) {
	w.mu.Lock()
	w.rings[s][w.counts[s]%window] = d
	w.counts[s]++
	w.mu.Unlock()
}

// percentiles returns the median and the 95th percentile of the newest durations, and how often the stage has run.
func (w *latency) percentiles(s stage) (p50, p95 time.Duration, count uint64) {
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
