package passage

import (
	"time"

	"umbral/config/policy/enum"
)

// Input is a line or device of the terminal that can chatter: a loose contact, a bad cable, a hand that plays with it.
type Input uint8

// The inputs.
const (
	InputHousing   Input = iota // the tamper switch
	InputContact                // the door contact
	InputHardware               // the door's hardware, which answers or does not
	InputCamera                 // the camera, which gives pictures or does not
	InputExit                   // the exit button
	InputInterlock              // the contact of the other door
	inputCount
)

var inputNames = []string{"housing", "contact", "hardware", "camera", "exit", "interlock"}

// String returns the input's name as conditions have it.
func (i Input) String() string { return enum.Name(inputNames, i) }

// InputSet is a set of inputs.
type InputSet uint8

// Has reports whether i is in s.
func (s InputSet) Has(i Input) bool { return s>>i&1 == 1 }

// Names returns the names of s's inputs.
func (s InputSet) Names() (names []string) {
	for i := range inputCount {
		if s.Has(i) {
			names = append(names, i.String())
		}
	}
	return names
}

// chatterPeriod is how often an input that chatters is journalled.
const chatterPeriod = time.Minute

// calmEvents is how often the same event of an input is ordinary within a period. People who leave one after the other
// press less often than 30 times a minute, and no other door opens more often than 10 times.
var calmEvents = [inputCount]uint32{InputHousing: 1, InputContact: 1, InputHardware: 1, InputCamera: 1, InputExit: 30, InputInterlock: 10}

// reasonsOfInput is the most reasons that the alerts of one input have.
const reasonsOfInput = 3

// rate counts the events of an input in a period. The zero rate is that of an input at which nothing happens.
type rate struct {
	until    Instant // end of the period, 0 without one
	reasons  [reasonsOfInput]Reason
	events   [reasonsOfInput]uint32
	untold   uint32 // of all events: those that were only counted
	latest   Reason
	often    bool // an event came more often than is ordinary
	chatters bool // so it did in this period or the one before
}

// note counts an event.
func (c *rate) note(r Reason, calm uint32) {
	c.latest = r
	for i := range c.reasons {
		if c.reasons[i] == "" {
			c.reasons[i] = r
		}
		if c.reasons[i] == r {
			c.events[i]++
			c.often = c.often || c.events[i] > calm
			break
		}
	}
	c.chatters = c.chatters || c.often
}

// within counts an event and reports whether it counts for itself; otherwise the input chatters, and the event is told
// of in a sum. In a replay every event does, because the log holds those only.
func (m *Machine) within(now Instant, in Input, r Reason) bool {
	c := &m.inputs[in]
	if m.replayed {
		return true
	}
	if c.until == 0 {
		c.until = now.Add(chatterPeriod)
	}
	c.note(r, calmEvents[in])
	if c.chatters {
		c.untold++
	}
	return !c.chatters
}

// inputTime ends periods. Each that had more events than were journalled ends in one alert with their number and the
// reason of the latest. An input is calm again after a period with an ordinary number of events.
func (m *Machine) inputTime(now Instant) {
	for in := range inputCount {
		c := &m.inputs[in]
		if c.until == 0 || now < c.until {
			continue
		}
		if c.untold > 0 {
			m.journalAlert(now, c.latest, c.untold)
		}
		if *c = (rate{chatters: c.often}); c.chatters {
			c.until = now.Add(chatterPeriod)
		} else if in == InputInterlock {
			m.setInterlock(now, m.lock.other)
		}
	}
}
