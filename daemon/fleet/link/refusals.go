package link

import (
	"sync/atomic"
	"time"

	"umbral/daemon/fleet"
)

// How many refusals are journalled and answered singly: a burst, and then one a period. What goes beyond is counted and
// journalled as one sum a period, so that whoever can publish cannot fill the journal, which would push out passages: at
// most two entries a period, some 600 a day.
const (
	refusalBurst  = 10
	refusalPeriod = 5 * time.Minute
	answerPeriod  = 10 * time.Second
)

// refusals limits how often refusals are told. It belongs to the goroutine of obey, but for busy and kept.
type refusals struct {
	journal allowance
	answers allowance
	silent  map[fleet.Reason]int
	busy    atomic.Int64 // commands dropped by receive because the queue was full
	kept    atomic.Int64 // and retained ones that came faster than they are told
}

func newRefusals() refusals {
	return refusals{journal: allowance{period: refusalPeriod}, answers: allowance{period: answerPeriod}}
}

// allowance is a burst, and then one a period.
type allowance struct {
	period time.Duration
	spent  int
	since  time.Time // when spent last went down
}

// take reports whether there is something left, and takes it.
func (a *allowance) take(now time.Time) bool {
	if back := int(now.Sub(a.since) / a.period); back > 0 {
		a.spent, a.since = max(a.spent-back, 0), now
	}
	if a.spent >= refusalBurst {
		return false
	}
	a.spent++
	return true
}

// add counts a refusal that is not journalled singly.
func (f *refusals) add(r fleet.Reason, n int) {
	if n == 0 {
		return
	}
	if f.silent == nil {
		f.silent = map[fleet.Reason]int{}
	}
	f.silent[r] += n
}

// take returns the counts of what was not journalled singly and starts anew; nil when there was none.
func (f *refusals) take() map[fleet.Reason]int {
	f.add(fleet.ReasonBusy, int(f.busy.Swap(0)))
	f.add(fleet.ReasonRetained, int(f.kept.Swap(0)))
	silent := f.silent
	f.silent = nil
	return silent
}
