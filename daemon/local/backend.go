package local

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// Backend is the terminal. Its methods are called from several goroutines.
type Backend interface {
	// State answers from memory.
	State() State
	// Picture writes the newest frame as JPEG and returns its number. ErrNoPicture before the first frame, or where the
	// site does not allow it.
	Picture(w io.Writer) (sequence uint64, err error)
	// Metrics writes the Prometheus text format.
	Metrics(w io.Writer)
	// Alternative gives the person at the gate the other kind of challenge. An error that wraps ErrRefused says why not.
	Alternative() error
	// Issue answers a wallet's enrolment, whose one-time code the screen has shown, with a credential. An error that wraps
	// ErrRefused says why not.
	Issue(enrolment string) (credential string, err error)
	Registry
	Decisions
}

// Registry is who is enrolled. Errors that wrap ErrRefused or ErrUnknown are the caller's to mend.
type Registry interface {
	People() ([]Person, error)
	Person(id string) (Person, error)
	Erase(id, reason string) (Erased, error)
	Export(id string) (Export, error)
	File(id string) (File, error)
	EditFile(id string, e FileEdit) (File, error)
	Enrol(ctx context.Context, r EnrolRequest) (Enrolled, error)
	// EnrolLive takes pictures from the camera; progress is called from another goroutine.
	EnrolLive(ctx context.Context, r EnrolRequest, progress func(Progress)) (Enrolled, error)
	// EnrolFinger takes presses of a finger from the sensor, for somebody who is enrolled or for somebody new; progress is
	// called from another goroutine.
	EnrolFinger(ctx context.Context, r EnrolRequest, progress func(Progress)) (Enrolled, error)
}

// Person is somebody who is enrolled.
type Person struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Status     string      `json:"status"`
	Created    time.Time   `json:"created"`
	Alias      string      `json:"alias"` // what stands for the person in MQTT messages
	References []Reference `json:"references"`
}

// Reference is what a person is recognised by, without the template itself.
type Reference struct {
	Number  uint32    `json:"number"`
	Source  string    `json:"source"`
	Quality float32   `json:"quality"`
	Created time.Time `json:"created"`
	Current bool      `json:"current"` // made by the model in use
	Kind    string    `json:"kind"`    // "face" or "finger"
	// Position is which finger, such as "right-index"; empty for a face.
	Position string `json:"position,omitempty"`
}

// EnrolRequest asks to enrol a person. Pictures are JPEG, PNG, PGM or PPM.
type EnrolRequest struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Pictures []Picture `json:"pictures,omitempty"`
	Finger   string    `json:"finger,omitempty"` // which, for EnrolFinger: "right-thumb" to "left-little"
}

// Picture is one photograph.
type Picture struct {
	Source string `json:"source"`
	Data   []byte `json:"data"`
	Face   int    `json:"face,omitempty"` // which, counted from the left from 1; 0 where there is only one
}

// Enrolled is the result of an enrolment.
type Enrolled struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	References int      `json:"references"`
	Alias      string   `json:"alias"`
	Notes      []string `json:"notes,omitempty"`
}

// Progress is a line of a live enrolment: advice while it lasts, Enrolled or Error at the end.
type Progress struct {
	Done     int       `json:"done"`
	Of       int       `json:"of"`
	Advice   string    `json:"advice,omitempty"`
	Enrolled *Enrolled `json:"enrolled,omitempty"`
	Error    string    `json:"error,omitempty"`
}

// Erased is the receipt of an erasure.
type Erased struct {
	Person     string `json:"person"`
	References int    `json:"references"`
	Position   string `json:"position"` // of the journal entry
	Scrubbed   bool   `json:"scrubbed"` // no file holds the key any more; else it is destroyed as soon as the disk allows
	// Statement says all that was destroyed, and when. Signature is the terminal's over it, Ed25519, and Public the key
	// that verifies it.
	Statement string `json:"statement"`
	Signature []byte `json:"signature"`
	Public    string `json:"public"`
}

// Export is everything that the terminal holds about a person, for a program and for a person.
type Export struct {
	Data json.RawMessage `json:"data"`
	Text string          `json:"text"`
}
