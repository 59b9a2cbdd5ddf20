package bench

import (
	"slices"
	"sync"
	"time"

	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
	"umbral/pipeline/pages"
)

// timed runs a program n times.
func timed(p *nn.Program, n int) ([]time.Duration, error) {
	times := make([]time.Duration, n)
	for i := range times {
		begin := time.Now()
		if err := p.Run(); err != nil {
			return nil, err
		}
		times[i] = time.Since(begin)
	}
	return times, nil
}

// enough is how many runs fill a turn, at least three. It warms up.
func enough(run func(int) ([]time.Duration, error), turn time.Duration) (int, error) {
	times, err := run(3)
	if err != nil {
		return 0, err
	}
	return int(max(3, min(turn/max(slices.Min(times), time.Microsecond), 1000))), nil
}

// medianOf is the median of n runs in milliseconds.
func medianOf(run func(int) ([]time.Duration, error), n int) (float64, error) {
	times, err := run(n)
	if err != nil {
		return 0, err
	}
	slices.Sort(times)
	return float64(times[n/2]) / float64(time.Millisecond), nil
}

// median of an odd number of values is the middle one, of an even number the upper of the two in the middle.
func median(values []float64) float64 {
	values = slices.Clone(values)
	slices.Sort(values)
	return values[len(values)/2]
}

// peakOf measures what some threads at once can multiply and add, in GFLOP/s: the best of some trials of a millisecond or
// so, since nothing makes a core faster than it is.
func peakOf(set *kernel.Set, threads int) float64 {
	rounds := 1000
	best := 0.0
	for range 8 {
		var all sync.WaitGroup
		begin := time.Now()
		for range threads - 1 {
			all.Go(func() { set.Peak(rounds) })
		}
		flops := int64(threads) * set.Peak(rounds)
		all.Wait()
		took := time.Since(begin)
		best = max(best, float64(flops)/float64(max(took, 1)))
		if took < time.Millisecond {
			rounds *= 2
		}
	}
	return best
}

// reader measures what one core reads from memory.
type reader struct {
	set    *kernel.Set
	floats []float32
}

// readerBytes is more than any cache of these processors holds.
const readerBytes = 128 << 20

func newReader(set *kernel.Set) *reader {
	r := &reader{set, pages.Make[float32](readerBytes / 4)} // as the gallery's templates lie
	for i := 0; i < len(r.floats); i += 1024 {
		r.floats[i] = 1 // or all pages would be the same one of zeros
	}
	return r
}

// bandwidth is in GB/s: the best of some passes.
func (r *reader) bandwidth() float64 {
	best := 0.0
	for range 3 {
		begin := time.Now()
		r.set.Read(r.floats)
		best = max(best, readerBytes/float64(time.Since(begin)))
	}
	return best
}
