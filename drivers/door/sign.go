package door

import (
	"fmt"
	"time"
)

// Sign is what lamp and buzzer say.
type Sign uint8

// The signs. Each is told apart by lamp alone and by buzzer alone, for who cannot see or hear the other.
const (
	Rest    Sign = iota // nobody is there: both are off
	Busy                // somebody is being looked at: the lamp blinks slowly
	Granted             // a long light and one tone
	Denied              // three flashes and three short tones
	Alarm               // the door was forced or the housing opened: both, quickly, for a minute
)

var signNames = [...]string{"rest", "busy", "granted", "denied", "alarm"}

// String is the word for logs and pages.
func (s Sign) String() string {
	if int(s) < len(signNames) {
		return signNames[s]
	}
	return fmt.Sprintf("sign(%d)", uint8(s))
}

// beat is a part of a pattern.
type beat struct {
	length       time.Duration
	lamp, buzzer bool
}

// pattern is beats in order; behind the last one it begins again, until limit.
type pattern struct {
	beats []beat
	limit time.Duration // 0 = once
}

const (
	flash = 150 * time.Millisecond
	// alarmFor bounds the noise: who did not come within a minute will not for the noise.
	alarmFor = time.Minute
)

var patterns = [...]pattern{
	Rest:    {},
	Busy:    {[]beat{{500 * time.Millisecond, true, false}, {500 * time.Millisecond, false, false}}, MaxPulse},
	Granted: {[]beat{{300 * time.Millisecond, true, true}, {1700 * time.Millisecond, true, false}}, 0},
	Denied: {[]beat{
		{flash, true, true}, {flash, false, false}, {flash, true, true}, {flash, false, false}, {flash, true, true},
	}, 0},
	Alarm: {[]beat{{100 * time.Millisecond, true, true}, {100 * time.Millisecond, false, false}}, alarmFor},
}

// At says what lamp and buzzer do that long after the sign was given, and how long until that changes; 0 if it does not
// any more. A sign that is unknown is Rest.
func (s Sign) At(since time.Duration) (lamp, buzzer bool, next time.Duration) {
	if int(s) >= len(patterns) || since < 0 {
		return false, false, 0
	}
	p := &patterns[s]
	var length time.Duration
	for _, b := range p.beats {
		length += b.length
	}
	limit := max(p.limit, length)
	if since >= limit {
		return false, false, 0
	}
	at := since % length
	for _, b := range p.beats {
		if at < b.length {
			return b.lamp, b.buzzer, min(b.length-at, limit-since)
		}
		at -= b.length
	}
	return false, false, 0
}
