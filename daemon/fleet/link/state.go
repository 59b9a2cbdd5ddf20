package link

import (
	"umbral/daemon/fleet"
)

// State is asked by the link for what is not in the journal. It is called from Run's goroutine, every
// few seconds, and must answer at once from memory.
type State interface {
	// Health is sent when the link comes up, when it changes, and at Opts.Interval.
	Health() fleet.Health
	// Twin gives what the terminal is (topic twin/<name>): software version, model hashes, config
	// digest … Values are anything encoding/json can encode. Sent at connection and when they change.
	// At most 32 names.
	Twin() map[string]any
	// Measurements gives numbers by type and name (topic m/<type>), sent at Opts.Interval and lost when
	// there is no connection. NaN and infinities are left out. At most 32 types.
	Measurements() map[string]map[string]float64
	// Alarms gives the alarms that are active now, one a type, at most 32; an alarm that is no longer
	// among them is cleared at the broker, also if it was raised before a restart.
	Alarms() []fleet.Alarm
}
