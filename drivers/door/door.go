// Package door is what the terminal asks of a door or a gate: open for a while, and say what is going on.
//
// The packages below it are simulated (no hardware) and gpio (relay, contact and exit button on GPIO lines); doortest is
// the conformance suite that each of them passes.
package door

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Door is one door. Its methods are safe for concurrent use.
//
// The relay is energised only between a successful Open and the end of its pulse, and only while Run runs: Run owns the
// timer that ends the pulse, and de-energises the relay when it returns, whatever the reason.
type Door interface {
	fmt.Stringer

	// Open energises the relay for pulse, counted from now; while a pulse runs it moves its end, never beyond the hard
	// maximum counted from the moment when the relay was energised, and never to an earlier time. It returns when the
	// relay was switched, not at the end of the pulse.
	// Errors: ErrPulse for a pulse that is not above 0 or is above the maximum, ErrNotReady while Run is not running or
	// the hardware is away, or the hardware's own error, after which the relay was asked to be inert again.
	Open(pulse time.Duration) error

	// Show lets lamp and buzzer say something, from now until it is over or something else is shown. It never waits for the
	// hardware. A door without lamp or buzzer does nothing, and one whose lamp fails still opens.
	Show(Sign)

	// State is what is known now; it never waits for the hardware.
	State() State

	// Event waits for the next event, or returns ctx's error. At most QueueLength events wait; beyond that the oldest
	// are dropped and counted in Event.Lost of the next one.
	Event(ctx context.Context) (Event, error)

	// Run owns the hardware until ctx ends, then leaves it inert, lamp and buzzer too, and returns nil. Hardware that is missing or fails is
	// not an end: Run says so in State and tries again. A second Run at the same time, or one after Halt, is an error.
	Run(ctx context.Context) error

	// Halt de-energises the relay and ends Run for good. It is idempotent.
	Halt() error
}

// Errors of a door; errors.Is tells them apart.
var (
	ErrPulse    = errors.New("pulse out of range")
	ErrNotReady = errors.New("not ready")
	ErrHalted   = errors.New("halted")
)

// MaxPulse is the longest pulse that any door accepts. A relay that is energised for longer is a door that stands open.
const MaxPulse = 30 * time.Second

// QueueLength is how many events wait for Event.
const QueueLength = 64

// Contact is what the door contact says.
type Contact uint8

// Values of Contact. Unknown also stands for a door without a contact.
const (
	Unknown Contact = iota
	Closed
	Opened
)

// String is the word for logs and pages.
func (c Contact) String() string {
	switch c {
	case Closed:
		return "closed"
	case Opened:
		return "open"
	}
	return "unknown"
}

// State is a door's state.
type State struct {
	// Relay says whether the relay is energised.
	Relay bool
	// Until is when the pulse ends; zero while the relay is not energised.
	Until time.Time
	// Contact is what the door contact says.
	Contact Contact
	// Button says whether the exit button is held.
	Button bool
	// Tamper says whether the housing is open.
	Tamper bool
	// Interlock says whether another door is open that this one waits for.
	Interlock bool
	// Sign is what was shown last.
	Sign Sign
	// Fault is empty while the hardware answers, else what is wrong, for a technician.
	Fault string
}

// Kind is what happened.
type Kind uint8

// Values of Kind.
const (
	RelayOn Kind = iota + 1
	RelayOff
	ContactOpened
	ContactClosed
	ButtonPressed
	ButtonReleased
	Fault
	Recovered
	Tampered     // the housing was opened
	TamperClosed // and is closed again
	OtherOpened  // another door, that this one waits for
	OtherClosed  // and is closed again
)

var kindNames = [...]string{"none", "relay on", "relay off", "contact opened", "contact closed", "button pressed", "button released", "fault", "recovered", "tampered", "tamper closed", "other door opened", "other door closed"}

// String is the word for logs and pages.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Event is one thing that happened at the door.
type Event struct {
	Kind Kind
	// At is when it happened, with the monotonic clock.
	At time.Time
	// Lost is how many events before this one were dropped because nobody fetched them.
	Lost int
	// Text says more about a Fault.
	Text string
}
