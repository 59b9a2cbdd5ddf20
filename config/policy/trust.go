package policy

import "umbral/config/policy/enum"

// Trust says how far the wall clock is believed, least first.
type Trust uint8

// The levels of trust in the wall clock.
const (
	TrustUnknown Trust = iota // never set since the start
	TrustRTC                  // read from the battery clock
	TrustBroker               // told by the fleet's broker
	TrustNTP                  // kept by NTP
)

var trustNames = []string{"unknown", "rtc", "broker", "ntp"}

// String returns t's name, as in the journal and the configuration.
func (t Trust) String() string { return enum.Name(trustNames, t) }

// MarshalText returns t's name.
func (t Trust) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText sets t to the level of a name.
func (t *Trust) UnmarshalText(b []byte) (err error) {
	*t, err = enum.Parse[Trust]("clock trust", trustNames, string(b))
	return err
}
