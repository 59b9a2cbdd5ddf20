package nn

import (
	"sync"
	"sync/atomic"
)

// Pool is a fixed set of goroutines that share the units of large steps. Workers wait awake for a moment after a step,
// since the next one follows within microseconds, and then sleep. A step never waits for a worker that has not begun:
// on a busy machine the goroutine that calls Run does the work itself.
type Pool struct {
	threads int
	mu      sync.Mutex // one program at a time
	wake    []chan struct{}
	asleep  []atomic.Bool
	closed  atomic.Bool
	ended   sync.WaitGroup

	// gate says which step is open and how many workers are at it: the step's number from bit 32 on, shut in bit 31,
	// the number of workers below. Who wants to begin adds one while the gate is open; who shuts it waits for the
	// number to become zero. The fields after it change only while the gate is shut and nobody is inside.
	gate    atomic.Uint64
	entry   *entry
	workers []*worker
	chunk   int64
	next    atomic.Int64 // the first unit not taken
}

const (
	shut    = 1 << 31
	present = shut - 1
)

// spins is how often an idle worker looks for work before it sleeps: some hundred microseconds, which outlasts the small
// steps between two large ones.
const spins = 2000

// NewPool starts threads−1 workers; the goroutine that calls Run is the remaining one.
func NewPool(threads int) *Pool {
	p := &Pool{threads: max(threads, 1)}
	p.gate.Store(shut)
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
	if p.closed.Swap(true) {
		return
	}
	for _, wake := range p.wake {
		close(wake)
	}
	p.ended.Wait()
}

// do shares a step's units among the threads. It returns false, having done nothing, where that isn't possible: there
// is no pool, it is closed, or another program uses it.
func (p *Pool) do(e *entry, workers []*worker) bool {
	if p == nil || p.threads < 2 || !p.mu.TryLock() {
		return false
	}
	defer p.mu.Unlock()
	if p.closed.Load() {
		return false
	}
	p.entry, p.workers = e, workers
	// Several chunks a thread even out threads that are held up.
	p.chunk = max(1, int64(e.units)/int64(4*p.threads))
	p.next.Store(0)
	p.gate.Store((p.gate.Load()>>32 + 1) << 32)
	for i, wake := range p.wake {
		if p.asleep[i+1].Load() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
	p.share(workers[0])
	p.gate.Or(shut)
	for p.gate.Load()&present != 0 {
		spin()
	}
	p.entry, p.workers = nil, nil
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
	done := uint64(0) // the last step served
	for p.await(i, done, wake) {
		g := p.gate.Load()
		if !fresh(g, done) || !p.gate.CompareAndSwap(g, g+1) {
			continue
		}
		done = g >> 32
		p.share(p.workers[i])
		p.gate.Add(^uint64(0))
	}
}

// fresh says that the gate is open to a step other than the one done.
func fresh(gate, done uint64) bool { return gate&shut == 0 && gate>>32 != done }

// await returns true when there may be a step to begin, false when the pool is closed.
func (p *Pool) await(i int, done uint64, wake chan struct{}) bool {
	for range spins {
		if p.closed.Load() {
			return false
		}
		if fresh(p.gate.Load(), done) {
			return true
		}
		spin()
	}
	p.asleep[i].Store(true)
	defer p.asleep[i].Store(false)
	// Looking once more after saying so keeps a step from being missed between the two.
	if !fresh(p.gate.Load(), done) {
		<-wake
	}
	return !p.closed.Load()
}
