package evidence

import (
	"sync"
	"time"
)

// hintFor is how long a hint stands.
const hintFor = 2 * time.Second

// Hints keeps what the screen adds to a request, for a moment. Its zero value says nothing; its methods may be called by
// several goroutines.
type Hints struct {
	mu    sync.Mutex
	code  string
	until time.Time
}

// Say shows a hint; an empty one lets the last stand.
func (h *Hints) Say(code string) {
	if code == "" {
		return
	}
	h.mu.Lock()
	h.code, h.until = code, time.Now().Add(hintFor)
	h.mu.Unlock()
}

// Hint returns the hint that stands, and nothing when its time is over.
func (h *Hints) Hint() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().After(h.until) {
		return ""
	}
	return h.code
}
