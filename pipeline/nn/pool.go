package nn

import (
	"sync"
	"sync/atomic"
	"time"
)

// Pool is a fixed set of goroutines that share the units of large steps. What it does on a machine that has other work
// too is bounded:
//
//   - A step never waits for a worker that has not begun: the goroutine that calls Run can do all of it alone.
//   - A worker takes a little at a time, and between two pieces offers its processor to whoever else wants it (see
//     quantum). Had it been taken away in the middle of a piece, the step would have to wait until it comes back.
//   - If that happens all the same, steps are not shared for many times as long (see restFactor).
//   - There are no more threads than the control group's quota has processors, for the group would be stopped.
//
// Workers wait awake for a moment after a step, since the next one follows within microseconds, and then sleep.
type Pool struct {
	threads int
	mu      sync.Mutex // one program at a time
	rest    time.Time  // until when steps are not shared; zero for no rest
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
	piece   int64        // units that a worker takes at most
	next    atomic.Int64 // the first unit not taken
}

const (
	shut    = 1 << 31
	present = shut - 1
)

const (
	// awake is how long an idle worker looks for work before it sleeps: it outlasts the small steps between two large ones.
	awake = 200 * time.Microsecond
	// quantum is how long a worker works before it offers its processor: less than a scheduler's slice, so that the
	// processor is seldom taken from it.
	quantum = 500 * time.Microsecond
	// patience is how long a step waits for a worker without offering its own processor, of which it might not get the
	// next slice: longer than a piece takes.
	patience = 100 * time.Microsecond
	// stall is a wait for a worker that can only mean that its processor was taken from it, and restFactor for how many
	// times as long steps are then not shared: so such waits cost at most a share of one in restFactor.
	stall      = 300 * time.Microsecond
	restFactor = 40
	// sharedCost is the estimated time of a step below which sharing it costs more than it gains, pieceCost that of the
	// largest piece, both in nanoseconds.
	sharedCost = 5_000
	pieceCost  = 60_000
	// rouseCost is the estimated time of a run that is long enough for a worker to wake up and be of use.
	rouseCost = 200_000
	// aloneCost is the estimated time of a run below which no step of it is shared: even to ask costs more.
	aloneCost = 100_000
)

// NewPool starts threads−1 workers, or fewer where the control group's quota of processor time is smaller; the goroutine
// that calls Run is the remaining one.
func NewPool(threads int) *Pool { return newPool(min(threads, quota())) }

func newPool(threads int) *Pool {
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

// Threads is the number of goroutines that work on one step, the caller's included; 1 for no pool.
func (p *Pool) Threads() int {
	if p == nil {
		return 1
	}
	return p.threads
}

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

// do shares a step's units among the threads. It returns false, having done nothing, where that isn't possible or wise:
// there is no pool, it is closed or rests, or another program uses it. rouse says that waking a worker is worth while.
func (p *Pool) do(e *entry, workers []*worker, rouse bool) bool {
	if p == nil || p.threads < 2 || !p.mu.TryLock() {
		return false
	}
	defer p.mu.Unlock()
	if p.closed.Load() || !p.rested() {
		return false
	}
	p.entry, p.workers = e, workers
	p.piece = max(1, int64(e.units)*pieceCost/e.cost)
	p.next.Store(0)
	p.gate.Store((p.gate.Load()>>32 + 1) << 32)
	for i, wake := range p.wake {
		if rouse && p.asleep[i+1].Load() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
	for p.work(workers[0]) {
	}
	p.gate.Or(shut)
	p.wait()
	p.entry, p.workers = nil, nil
	return true
}

// rested says that the pool doesn't rest.
func (p *Pool) rested() bool {
	if p.rest.IsZero() {
		return true
	}
	if time.Now().Before(p.rest) {
		return false
	}
	p.rest = time.Time{}
	return true
}

// wait returns when no worker is at the step any more.
func (p *Pool) wait() {
	var since time.Time
	for n := 0; p.gate.Load()&present != 0; n++ {
		if n%64 != 63 {
			continue
		}
		if now := time.Now(); since.IsZero() {
			since = now
		} else if now.Sub(since) > patience {
			yield() // the worker may be waiting for this very processor
		}
	}
	if since.IsZero() {
		return
	}
	now := time.Now()
	if took := now.Sub(since); took > stall {
		p.rest = now.Add(restFactor * took)
	}
}

// work does a piece of the open step, the larger the more is left; false if nothing is.
func (p *Pool) work(w *worker) bool {
	units := int64(p.entry.units)
	for {
		from := p.next.Load()
		if from >= units {
			return false
		}
		n := min(max((units-from)/int64(2*p.threads), 1), p.piece)
		if p.next.CompareAndSwap(from, from+n) {
			p.entry.step.run(w, int(from), int(from+n))
			return true
		}
	}
}

// serve is a worker's life.
func (p *Pool) serve(i int, wake chan struct{}) {
	defer p.ended.Done()
	done := uint64(0) // the last step of which nothing was left
	for p.await(i, done, wake) {
		began := time.Now()
		for {
			g := p.gate.Load()
			if !fresh(g, done) {
				break
			}
			if !p.gate.CompareAndSwap(g, g+1) {
				continue
			}
			more := p.work(p.workers[i])
			p.gate.Add(^uint64(0))
			if !more {
				done = g >> 32
			} else if time.Since(began) > quantum {
				yield()
				began = time.Now()
			}
		}
	}
}

// fresh says that the gate is open to a step other than the one done.
func fresh(gate, done uint64) bool { return gate&shut == 0 && gate>>32 != done }

// await returns true when there may be a step to begin, false when the pool is closed.
func (p *Pool) await(i int, done uint64, wake chan struct{}) bool {
	until := time.Now().Add(awake)
	for n := 0; ; n++ {
		if fresh(p.gate.Load(), done) {
			return true
		}
		if n%64 != 63 {
			continue
		}
		if p.closed.Load() {
			return false
		}
		yield()
		if time.Now().After(until) {
			break
		}
	}
	p.asleep[i].Store(true)
	defer p.asleep[i].Store(false)
	// Looking once more after saying so keeps a step from being missed between the two.
	if !fresh(p.gate.Load(), done) {
		<-wake
	}
	return !p.closed.Load()
}
