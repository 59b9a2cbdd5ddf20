package link

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// A broker ends the older of two connections under one client identifier, and MQTT 3.1.1 does not say why. Two terminals of
// one name then take the connection from each other for ever. So a terminal listens to its own health: a report of another
// instance says who it is.

// rival finds out whether another terminal has this one's name.
type rival struct {
	instance string // of this run

	mu        sync.Mutex
	connected int                  // connections made
	before    map[string]time.Time // reports of instances that were there before this run
}

// maxBefore bounds how many instances of earlier runs are remembered.
const maxBefore = 8

func newRival() rival {
	return rival{instance: fleet.RandomHex(8), before: map[string]time.Time{}}
}

// connecting begins another connection.
func (r *rival) connecting() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connected++
}

// foreign reports whether a health report shows another terminal that lives under this name.
//
// An earlier run of this terminal has left a retained report, and its last will comes when the broker gives it up, which
// may be at this run's first connection. What says "up" then, later, or comes anew at a later connection is another's.
func (r *rival) foreign(h fleet.HealthReport, retained bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.Instance == "" || h.Instance == r.instance {
		return false
	}
	known, ok := r.before[h.Instance]
	if r.connected <= 1 && (retained || h.Status == fleet.HealthDown) {
		if len(r.before) < maxBefore && h.Time.After(known) {
			r.before[h.Instance] = h.Time
		}
		return false
	}
	return !ok || h.Time.After(known)
}

// hearHealth takes a report on the terminal's own topic from paho's goroutine.
func (l *Link) hearHealth(m mqtt.Message) {
	var h fleet.HealthReport
	if json.Unmarshal(m.Payload, &h) != nil || h.Terminal != l.o.Terminal || !l.rival.foreign(h, m.Retained) {
		return
	}
	text := fmt.Sprintf("another terminal is connected as %q (boot %d, process %d, software %s): each takes the connection from the other",
		l.o.Terminal, h.Boot, h.PID, fleet.Printable(h.Software, fleet.MaxLevel))
	l.o.Log.Error("fleet: session taken over", "by", text)
	l.count(func(s *Stats) { s.Rival, s.RivalSeen = text, l.now() })
}
