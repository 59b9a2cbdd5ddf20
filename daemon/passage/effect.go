package passage

import (
	"time"

	"umbral/config/policy"
	"umbral/config/policy/enum"
)

// EffectKind says what the terminal has to do.
type EffectKind uint8

// The kinds of effects.
const (
	EffectJournal  EffectKind = iota + 1 // append Record under Entry, sync, then observe Commit as committed or failed
	EffectOpenDoor                       // open the door for Pulse
	EffectScreen                         // show Screen
	EffectAnswer                         // tell the fleet what came of Command
	EffectLookUp                         // observe as ObserveStanding what is on file about Person at that moment
	EffectDemand                         // Demand is what is to be established now
	EffectReview                         // ask the reviewers about Passage within Pulse
	EffectReviewed                       // the review of Passage ended with Verdict and Reasons
	EffectAlarms                         // Alarms is what is wrong now
)

var effectNames = []string{"none", "journal", "open door", "screen", "answer", "look up", "demand", "review", "reviewed", "alarms"}

// String returns k's name.
func (k EffectKind) String() string { return enum.Name(effectNames, k) }

// The kinds of journal entries.
const (
	EntryPassage = "passage"        // a Record
	EntryCommand = "command"        // a Record without person
	EntryExit    = "exit"           // a Record without person
	EntryReview  = "passage-review" // a Record: how the review of a referred passage ended
	EntryAlert   = "alert"          // an Alert
)

// Effect is one thing for the terminal to do, in the order given.
type Effect struct {
	Kind EffectKind

	// EffectJournal. Record is JSON of at most MaxRecord bytes, valid until the next Step.
	Entry  string
	Record []byte
	// Decision is what Record encodes, nil for an alert; its Log and Reasons are valid until the next Step.
	Decision *Record
	Commit   uint64
	Verdict  Verdict
	Reasons  []Reason // valid until the next Step
	Person   string

	// All but EffectDemand, EffectScreen, EffectAnswer and EffectAlarms.
	Passage ID

	// EffectOpenDoor, EffectReview.
	Pulse time.Duration

	// EffectReview: what came of each piece of evidence.
	Results []EvidenceResult

	// EffectDemand.
	Demand Demand

	// EffectScreen.
	Screen Screen

	// EffectAlarms.
	Alarms Alarms

	// EffectAnswer: Verdict is Grant when the door was told to open, else Deny with Reasons.
	Command string
}

// Demand is what the decision wants established beside the camera's evidence. It is told whenever it changes.
type Demand struct {
	// Passage is the one under way, or whose end is still on the screen; zero outside. Whatever was established for
	// another passage is to be forgotten.
	Passage ID
	Ask     policy.Set // any of these; empty while nothing is wanted
	Subject string     // whom the passage is about, as far as that is known
}

// ScreenCode says what the gate's screen tells the person.
type ScreenCode uint8

// The screens.
const (
	ScreenIdle       ScreenCode = iota // nobody is here
	ScreenGuide                        // Problem says what to mend: come closer, look here …
	ScreenLook                         // look at the camera; Progress grows
	ScreenOneAtATime                   // somebody else stands too near
	ScreenWait                         // decided, being recorded
	ScreenGranted                      // go through; Person is whom
	ScreenDenied                       // Reason says why
	ScreenReferred                     // wait for staff
	ScreenLingering                    // you were let through or refused a moment ago
	ScreenOutOfOrder                   // Reason: camera-lost or journal-unavailable
	ScreenAsk                          // present or do what is in Ask
	ScreenGuardian                     // the guardian is to step before the camera as well
)

var screenNames = []string{"idle", "guide", "look", "one-at-a-time", "wait", "granted", "denied", "referred", "lingering", "out-of-order", "ask", "guardian"}

// String returns the screen's code.
func (c ScreenCode) String() string { return enum.Name(screenNames, c) }

// Screen is what the person should see now.
type Screen struct {
	Code     ScreenCode
	Passage  ID         // zero outside a passage
	Person   string     // of ScreenGranted: the id, for which the terminal knows a name
	Problem  Problem    // of ScreenGuide
	Reason   Reason     // of ScreenDenied, ScreenReferred, ScreenOutOfOrder
	Progress int        // of ScreenLook: 0 to 100
	Ask      policy.Set // of ScreenAsk: any of these
}

// Wants says what is still worth computing for a face.
type Wants struct {
	Match, Live bool
	Gallery     bool // Match is with the gallery, even where a document brought a reference
}
