package nn

import (
	"sync"
	"sync/atomic"
)

// Pool is a fixed set of goroutines that share the units of large steps. Workers wait awake for a moment after a step,
// since the next one follows within microseconds, and then sleep.
type Pool struct {
	threads int
	mu      sync.Mutex // one program at a time
	closed  bool
	wake    []chan struct{}
	ended   sync.WaitGroup

	// The step at hand.
	entry   *entry
	workers []*worker
	next    atomic.Int64 // the first unit not taken
	chunk   int64
	round   atomic.Uint64 // grows with each step; odd after Close
	running atomic.Int64  // workers that have not finished the step
	asleep  []atomic.Bool
}

// spins is how often an idle worker looks for work before it sleeps: some ten microseconds.
const spins = 4000

// NewPool starts threads−1 workers; the goroutine that calls Run is the remaining one.
func NewPool(threads int) *Pool {
	p := &Pool{threads: max(threads, 1)}
	p.asleep = make([]atomic.Bool, p.threads)
	for i := 1; i < p.threads; i++ {
		wake := make(chan struct{}, 1)
		p.wake = append(p.wake, wake)
		p.ended.Add(1)
		go p.serve(i, wake)
	}
	return p
}

// Threads is the number of goroutines that work on one step, the caller's included.
func (p *Pool) Threads() int { return p.threads }

// Close ends the workers and returns when they have ended. Programs run on their caller's goroutine alone from then on.
// It is idempotent.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	for _, wake := range p.wake {
		close(wake)
	}
	p.entry = nil
	p.round.Add(1)
	p.ended.Wait()
}

// do shares a step's units among the threads. It returns false, having done nothing, where that isn't possible: there
// is no pool, it is closed, or another program uses it.
func (p *Pool) do(e *entry, workers []*worker) bool {
	if p == nil || p.threads < 2 || !p.mu.TryLock() {
		return false
	}
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.entry, p.workers = e, workers
	// Several chunks a thread even out threads that are held up.
	p.chunk = max(1, int64(e.units)/int64(4*p.threads))
	p.next.Store(0)
	p.running.Store(int64(p.threads - 1))
	p.round.Add(2)
	for i, wake := range p.wake {
		if p.asleep[i+1].Load() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
	p.share(workers[0])
	for p.running.Load() != 0 {
		spin()
	}
	return true
}

// share takes chunks of units until none is left.
func (p *Pool) share(w *worker) {
	units := int64(p.entry.units)
	for {
		from := p.next.Add(p.chunk) - p.chunk
		if from >= units {
			return
		}
		p.entry.step.run(w, int(from), int(min(from+p.chunk, units)))
	}
}

func (p *Pool) serve(i int, wake chan struct{}) {
	defer p.ended.Done()
	seen := uint64(0)
	for {
		round := p.await(i, seen, wake)
		if round&1 == 1 {
			return
		}
		seen = round
		p.share(p.workers[i])
		p.running.Add(-1)
	}
}

// await returns the number of a round that this worker has not served.
func (p *Pool) await(i int, seen uint64, wake chan struct{}) uint64 {
	for range spins {
		if round := p.round.Load(); round != seen {
			return round
		}
		spin()
	}
	p.asleep[i].Store(true)
	defer p.asleep[i].Store(false)
	for {
		// Looking once more after saying so keeps a round from being missed between the two.
		if round := p.round.Load(); round != seen {
			return round
		}
		<-wake
	}
}
