package fleet

import (
	"math"
	"time"
)

// Health is the part of the health report that the terminal knows; the link adds the rest.
type Health struct {
	Software string         // version of the running program
	Detail   map[string]any // small, anything encoding/json can encode, may be nil
}

// Severity of an alarm, thin-edge.io's words.
type Severity string

// The severities in use, worst first.
const (
	Critical Severity = "critical" // nobody can pass
	Warning  Severity = "warning"
)

// Alarm is a condition that holds until it is over, topic a/<type>, retained.
type Alarm struct {
	Type     string // last level of the topic, e.g. "camera"
	Severity Severity
	Text     string // for the operator
	Since    time.Time
}

// The words of HealthReport.Status.
const (
	HealthUp   = "up"
	HealthDown = "down"
)

// HealthReport is the payload of status/health.
type HealthReport struct {
	Schema   int            `json:"schema"`
	Status   string         `json:"status"` // HealthUp or HealthDown
	PID      int            `json:"pid"`
	Time     time.Time      `json:"time"` // of this report; in a last will: when the connection was made
	Clock    string         `json:"clock"`
	Terminal string         `json:"terminal"`
	Boot     uint64         `json:"boot"`
	Instance string         `json:"instance"` // of one run of the program: two terminals of one name have two
	Software string         `json:"software,omitempty"`
	Reason   string         `json:"reason,omitempty"` // of "down": "stopped" or "connection lost"
	Detail   map[string]any `json:"detail,omitempty"`
}

// AlarmReport is the payload of a/<type>.
type AlarmReport struct {
	Schema   int       `json:"schema"`
	Severity Severity  `json:"severity"`
	Text     string    `json:"text"`
	Time     time.Time `json:"time"`
}

// Measurement returns the payload of m/<type> in thin-edge.io's form: the time, and beside it nothing but numbers.
func Measurement(values map[string]float64, now time.Time) map[string]any {
	m := map[string]any{}
	for name, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			m[name] = v
		}
	}
	m["time"] = now
	return m
}
