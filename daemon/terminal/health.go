package terminal

import (
	"slices"
	"sync"
	"time"
)

// severity orders conditions by what they mean for a person who wants to pass.
type severity string

const (
	severityInfo     severity = "info"     // worth knowing
	severityWarning  severity = "warning"  // works, but somebody should look
	severityCritical severity = "critical" // no one can pass
)

// conditionKind is one thing that can be wrong with a terminal.
type conditionKind struct {
	code     string
	severity severity
	// delay is how long it must last before it shows: a camera that hiccups for a moment is no news.
	delay time.Duration
}

// The conditions, worst first.
var (
	conditionJournal     = conditionKind{"journal", severityCritical, 0}
	conditionCamera      = conditionKind{"camera", severityCritical, 3 * time.Second}
	conditionDoor        = conditionKind{"door", severityCritical, 2 * time.Second}
	conditionFingers     = conditionKind{"finger-sensor", severityCritical, 3 * time.Second} // where nobody passes without a finger
	conditionFinger      = conditionKind{"finger-sensor-away", severityWarning, 3 * time.Second}
	conditionForced      = conditionKind{"door-forced", severityWarning, 0}
	conditionHousing     = conditionKind{"housing-open", severityWarning, 0}
	conditionHeld        = conditionKind{"door-held-open", severityWarning, 0}
	conditionChatter     = conditionKind{"input-chatters", severityWarning, 0}
	conditionLost        = conditionKind{"store-recovered", severityWarning, 0}
	conditionCopy        = conditionKind{"store-copy", severityWarning, time.Minute}
	conditionBroker      = conditionKind{"broker", severityWarning, 10 * time.Second}
	conditionEvents      = conditionKind{"events-not-passed-on", severityWarning, 0}
	conditionCertificate = conditionKind{"certificate", severityWarning, 0}
	conditionRival       = conditionKind{"session-taken-over", severityWarning, 0}
	conditionClock       = conditionKind{"clock", severityWarning, 30 * time.Second}
	conditionUnread      = conditionKind{"clock-unreadable", severityWarning, 30 * time.Second}
	conditionPanic       = conditionKind{"part-failed", severityWarning, 0}
	conditionEmpty       = conditionKind{"nobody-enrolled", severityInfo, 0}
)

var conditionOrder = []conditionKind{
	conditionJournal, conditionCamera, conditionDoor, conditionFingers, conditionForced, conditionHousing, conditionHeld, conditionChatter, conditionFinger, conditionLost, conditionCopy,
	conditionBroker, conditionEvents, conditionRival, conditionCertificate, conditionClock, conditionUnread, conditionPanic, conditionEmpty,
}

// condition is a kind that holds now.
type condition struct {
	conditionKind
	text  string // for the operator, in one sentence
	since time.Time
}

// health holds the conditions that hold now. Its methods are safe for concurrent use.
type health struct {
	mu      sync.Mutex
	now     func() time.Time
	current map[string]condition
}

func newHealth(now func() time.Time) *health {
	return &health{now: now, current: make(map[string]condition, len(conditionOrder))}
}

// set says that a condition holds; its age counts from the first time.
func (h *health) set(k conditionKind, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.current[k.code]
	if !ok {
		c = condition{conditionKind: k, since: h.now()}
	}
	c.text = text
	h.current[k.code] = c
}

func (h *health) clear(k conditionKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.current, k.code)
}

// put sets or clears a condition by its text: empty means that nothing is wrong.
func (h *health) put(k conditionKind, text string) {
	if text == "" {
		h.clear(k)
	} else {
		h.set(k, text)
	}
}

// shown lists what has held for longer than its delay, worst first.
func (h *health) shown() []condition {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	var list []condition
	for _, k := range conditionOrder {
		if c, ok := h.current[k.code]; ok && now.Sub(c.since) >= k.delay {
			list = append(list, c)
		}
	}
	return slices.Clip(list)
}
