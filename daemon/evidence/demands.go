package evidence

import (
	"sync"

	"umbral/config/policy"
	"umbral/daemon/passage"
)

// Demands holds the newest demand for a source, which embeds it.
type Demands struct {
	mu      sync.Mutex
	now     passage.Demand
	changed chan struct{} // holds one
}

// NewDemands returns Demands that want nothing yet.
func NewDemands() *Demands { return &Demands{changed: make(chan struct{}, 1)} }

// Want makes d the newest demand.
func (w *Demands) Want(d passage.Demand) {
	w.mu.Lock()
	w.now = d
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default: // whoever waits has not looked since the last change
	}
}

// Now returns the newest demand.
func (w *Demands) Now() passage.Demand {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Asks reports whether the newest demand asks for a kind of evidence in a passage.
func (w *Demands) Asks(id passage.ID, k policy.Kind) bool {
	d := w.Now()
	return d.Passage == id && d.Ask.Has(k)
}

// Changed returns a channel that holds a value after each change since it was last received from.
func (w *Demands) Changed() <-chan struct{} { return w.changed }
