// Package clock tells a terminal's two times: the monotonic one that decisions are made by, and the wall clock with how far it
// can be trusted.
package clock

import (
	"os"
	"runtime/debug"
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/ntpstate"
	"umbral/daemon/passage"
)

// Clock tells the terminal's two times: the monotonic one that decisions are made by, and the wall clock with how far
// it can be trusted.
type Clock struct {
	Start    time.Time
	ntp      bool
	maxDrift time.Duration
	rtc      bool
	synced   func() bool // a time daemon keeps the clock
	now      func() (wall time.Time, since time.Duration)

	mu     sync.Mutex
	offset time.Duration // of the wall clock against the monotonic one, at the latest look
	jumped bool          // the wall clock moved against the monotonic one, and nothing has vouched for it since
	unread error         // why synced could not find out
	least  time.Time     // a battery clock that tells an earlier time has lost it
}

// New returns a clock. ntp says that a time daemon may vouch for it; a jump of more than maxDrift costs its trust.
func New(ntp bool, maxDrift time.Duration) *Clock {
	start := time.Now()
	_, err := os.Stat("/sys/class/rtc/rtc0")
	c := &Clock{Start: start, ntp: ntp, maxDrift: maxDrift, rtc: err == nil, least: built()}
	c.synced = c.kernelSynced
	c.now = func() (time.Time, time.Duration) {
		now := time.Now()
		return now.Round(0), now.Sub(start) // Round strips the monotonic reading
	}
	return c
}

const (
	// rtcBehind is how far a battery clock may be behind the last trusted time: what it loses while the box is off.
	rtcBehind = time.Minute
	// rtcAhead is how many years it may be ahead: longer than any box lies in a drawer, and shorter than it takes to the
	// next date that a clock without battery or with an overflow shows (2036, 2038, 2099, 2165).
	rtcAhead = 5
)

// earliest is before any build of this program: a clock that tells an earlier time is wrong.
var earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// built returns when the program was made, as far as it knows.
func built() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && t.After(earliest) {
				return t
			}
		}
	}
	return earliest
}

// Trusted lets the clock know the last time that a trusted clock told before this start.
func (c *Clock) Trusted(last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last.After(c.least) {
		c.least = last
	}
}

// kernelSynced reports whether a time daemon keeps the clock. It is called with the lock held.
func (c *Clock) kernelSynced() (synced bool) {
	synced, c.unread = ntpstate.Read(ntpstate.Path)
	return synced
}

// Fault returns why nothing is known of a time daemon; nil where it is, or is not asked for.
func (c *Clock) Fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unread
}

// Wall returns the wall time.
func (c *Clock) Wall() time.Time {
	now, _ := c.Read()
	return now
}

// Instant is the time since the terminal's start.
func (c *Clock) Instant() passage.Instant { return passage.Instant(time.Since(c.Start)) }

// Read returns the wall time and the trust in it.
func (c *Clock) Read() (time.Time, policy.Trust) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, since := c.now()
	offset := now.Sub(c.Start.Round(0)) - since
	if drift := offset - c.offset; drift > c.maxDrift || drift < -c.maxDrift {
		c.jumped = true
	}
	c.offset = offset
	if c.ntp && c.synced() {
		c.jumped = false
		return now, policy.TrustNTP
	}
	if c.rtc && !c.jumped && !now.Before(c.least.Add(-rtcBehind)) && now.Before(c.least.AddDate(rtcAhead, 0, 0)) {
		return now, policy.TrustRTC
	}
	return now, policy.TrustUnknown
}

// Stamp is the clock as the store and the fleet's link want it.
func (c *Clock) Stamp() (time.Time, string) {
	now, trust := c.Read()
	return now, trust.String()
}
