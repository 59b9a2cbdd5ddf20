package fleet

import "time"

// State is asked by the link for what is not in the journal. It is called from Run's goroutine, every
// few seconds, and must answer at once from memory.
type State interface {
	// Health is sent when the link comes up, when it changes, and at Opts.Interval.
	Health() Health
	// Twin gives what the terminal is (topic twin/<name>): software version, model hashes, config
	// digest … Values are anything encoding/json can encode. Sent at connection and when they change.
	// At most 32 names.
	Twin() map[string]any
	// Measurements gives numbers by type and name (topic m/<type>), sent at Opts.Interval and lost when
	// there is no connection. NaN and infinities are left out. At most 32 types.
	Measurements() map[string]map[string]float64
	// Alarms gives the alarms that are active now, one a type, at most 32; an alarm that is no longer
	// among them is cleared at the broker, also if it was raised before a restart.
	Alarms() []Alarm
}

// Health is the part of the health report that the terminal knows; the link adds the rest.
type Health struct {
	Software string         // version of the running program
	Detail   map[string]any // small, anything encoding/json can encode, may be nil
}

// Severity of an alarm, thin-edge.io's words.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	Major    Severity = "major"
	Minor    Severity = "minor"
	Warning  Severity = "warning"
)

// Alarm is a condition that holds until it is over, topic a/<type>, retained.
type Alarm struct {
	Type     string // last level of the topic, e.g. "camera"
	Severity Severity
	Text     string // for the operator
	Since    time.Time
}

// healthReport is the payload of status/health.
type healthReport struct {
	Schema   int            `json:"schema"`
	Status   string         `json:"status"` // "up" or "down"
	PID      int            `json:"pid"`
	Time     time.Time      `json:"time"` // of this report; in a last will: when the connection was made
	Clock    string         `json:"clock"`
	Terminal string         `json:"terminal"`
	Boot     uint64         `json:"boot"`
	Software string         `json:"software,omitempty"`
	Reason   string         `json:"reason,omitempty"` // of "down": "stopped" or "connection lost"
	Detail   map[string]any `json:"detail,omitempty"`
}

// alarmReport is the payload of a/<type>.
type alarmReport struct {
	Schema   int       `json:"schema"`
	Severity Severity  `json:"severity"`
	Text     string    `json:"text"`
	Time     time.Time `json:"time"`
}
