package fleet

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The commands that exist.
const (
	CommandStatus  = "status"         // how the terminal is
	CommandOpen    = "door.open"      // opens the door once
	CommandReview  = "review.answer"  // a reviewer's answer to a review; arguments passage, review, answer
	CommandBlock   = "person.block"   // keeps a person out; arguments person, reason
	CommandUnblock = "person.unblock" // lets a person pass again; argument person
)

// Commands returns the names of all commands.
func Commands() []string {
	return []string{CommandStatus, CommandOpen, CommandReview, CommandBlock, CommandUnblock}
}

// Admits reports whether a command can let somebody in. Such a command is obeyed only while the terminal can tell that it
// has not expired.
func Admits(name string) bool {
	return name == CommandOpen || name == CommandReview || name == CommandUnblock
}

// Command is an order to one terminal. On the wire it is the payload of a signed envelope (see Sign).
type Command struct {
	Terminal string          // the only terminal that may obey
	Name     string          // one of Commands
	ID       string          // names this order; last level of its topic
	Nonce    string          // 16 to 64 characters never used before under the same key
	Issued   time.Time       // when it was signed
	Expires  time.Time       // from then on it is void
	Args     json.RawMessage // a JSON object of at most 1 KiB, nil when there are none
	Key      string          // name of the key that signed it; set by the terminal, not signed itself
	// Fingerprint names the key itself, whatever names it has: 32 hex digits, set by the terminal. Two reviewers are two
	// fingerprints.
	Fingerprint string
}

// Failure is why a command was refused or failed: a reason code for the answer, and an explanation for people.
type Failure struct {
	Reason Reason
	Detail string
}

// Error returns "reason: detail".
func (f *Failure) Error() string { return string(f.Reason) + ": " + f.Detail }

// Refuse returns a Failure whose detail is formatted.
func Refuse(r Reason, format string, args ...any) *Failure {
	return &Failure{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// Reason tells in one word why a command was refused or failed. Codes never change their meaning.
type Reason string

// The reasons for which the link itself refuses a command, in the order of the checks.
const (
	ReasonRetained     Reason = "retained"        // the broker had kept it: a command acts now or never
	ReasonOversized    Reason = "oversized"       // longer than the terminal takes
	ReasonMalformed    Reason = "malformed"       // not the JSON of a command
	ReasonUnsigned     Reason = "unsigned"        // no key or no signature
	ReasonUnknownKey   Reason = "unknown-key"     // no key of that name may command the terminal
	ReasonBadSignature Reason = "bad-signature"   // does not verify under that key
	ReasonWrongTarget  Reason = "wrong-target"    // made for another terminal
	ReasonWrongTopic   Reason = "wrong-topic"     // name or id differ from those of the topic
	ReasonUnknown      Reason = "unknown-command" // no such command
	ReasonNotAllowed   Reason = "not-allowed"     // the key may not give this command
	ReasonNotYetValid  Reason = "not-yet-valid"   // issued in the terminal's future
	ReasonExpired      Reason = "expired"         // came when its time was over
	ReasonTooOld       Reason = "too-old"         // issued longer ago than the terminal allows, whatever its expiry says
	ReasonUntrusted    Reason = "clock-untrusted" // the terminal cannot tell whether it has expired
	ReasonReplayed     Reason = "replayed"        // the nonce was used before
	ReasonNonces       Reason = "nonce-store"     // the nonce could not be recorded
	ReasonBusy         Reason = "busy"            // too many commands wait
)

// The reasons for which an authenticated command fails. An opening that the gate refuses has a reason of passages.
const (
	ReasonFailed    Reason = "failed"         // it failed, and the detail says why
	ReasonTimeout   Reason = "timeout"        // it was not carried out in time
	ReasonArguments Reason = "bad-arguments"  // its arguments are not what the command takes
	ReasonNoReview  Reason = "no-review"      // no review of that passage waits, or it is another one
	ReasonDecided   Reason = "decided"        // the review is closed, or its deadline has passed
	ReasonTwice     Reason = "answered-twice" // this reviewer has answered already: another one has to
	ReasonNoPerson  Reason = "no-person"      // nobody is enrolled under that pseudonym, or nothing is to be changed
)

// Status of a command, thin-edge.io's words.
type Status string

// The statuses. A request says StatusInit or nothing; the terminal says the others.
const (
	StatusInit       Status = "init"
	StatusExecuting  Status = "executing"
	StatusSuccessful Status = "successful"
	StatusFailed     Status = "failed"
)

// Answer is what the terminal says to a command, on the command's own topic, not retained.
type Answer struct {
	Schema int             `json:"schema"`
	Status Status          `json:"status"`
	Reason Reason          `json:"reason,omitempty"`
	Detail string          `json:"detail,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Time   time.Time       `json:"time"`
	Clock  string          `json:"clock"`
}

// order is the signed payload.
type order struct {
	Schema   int             `json:"schema"`
	Terminal string          `json:"terminal"`
	Command  string          `json:"command"`
	ID       string          `json:"id"`
	Nonce    string          `json:"nonce"`
	Issued   time.Time       `json:"issued"`
	Expires  time.Time       `json:"expires"`
	Args     json.RawMessage `json:"args,omitempty"`
}

// Sign returns the topic and the message of a command. The signature is Ed25519 (RFC 8032) over
// "umbral-command-v1", a zero byte, and the payload.
func Sign(c Command, s Signer) (topic string, message []byte, err error) {
	if len(s.Private) != ed25519.PrivateKeySize {
		return "", nil, fmt.Errorf("fleet: private key %q has %d bytes, Ed25519 private keys have %d", s.Name, len(s.Private), ed25519.PrivateKeySize)
	}
	if err := c.Check(); err != nil {
		return "", nil, err
	}
	payload, err := EncodeJSON(order{
		Schema: Schema, Terminal: c.Terminal, Command: c.Name, ID: c.ID, Nonce: c.Nonce,
		Issued: c.Issued.UTC(), Expires: c.Expires.UTC(), Args: c.Args,
	})
	if err != nil {
		return "", nil, err
	}
	signature := ed25519.Sign(s.Private, append([]byte(domainCommand), payload...))
	message, err = EncodeJSON(CommandEnvelope{Status: StatusInit, Payload: payload, Key: s.Name, Signature: signature})
	return Topic(c.Terminal, ChannelCommand, c.Name, c.ID), message, err
}

// Limits of a command's parts.
const (
	MinNonce = 16
	MaxNonce = 64
	MaxArgs  = 1 << 10 // bytes
)

// Check returns an error if c is malformed. It does not look at any clock.
func (c Command) Check() error {
	switch {
	case CheckTerminal(c.Terminal) != nil:
		return CheckTerminal(c.Terminal)
	case !ValidLevel(c.Name, MaxLevel):
		return fmt.Errorf("fleet: command name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(c.Name, 80), MaxLevel)
	case !ValidLevel(c.ID, MaxLevel):
		return fmt.Errorf("fleet: command id %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(c.ID, 80), MaxLevel)
	case len(c.Nonce) < MinNonce || !ValidLevel(c.Nonce, MaxNonce):
		return fmt.Errorf("fleet: command nonce of %d bytes, allowed are %d to %d of A-Z a-z 0-9 . _ -", len(c.Nonce), MinNonce, MaxNonce)
	case !c.Issued.Before(c.Expires):
		return fmt.Errorf("fleet: command issued %v expires %v, before it can be obeyed", c.Issued, c.Expires)
	case len(c.Args) > MaxArgs:
		return fmt.Errorf("fleet: command arguments of %d bytes, limit %d", len(c.Args), MaxArgs)
	}
	if len(c.Args) > 0 {
		if _, err := strictObject(c.Args); err != nil {
			return fmt.Errorf("fleet: command arguments: %w", err)
		}
	}
	return nil
}

// ReadCommand reads the signed payload of a command's envelope.
func ReadCommand(b []byte) (Command, error) {
	members, err := strictObject(b, "schema", "terminal", "command", "id", "nonce", "issued", "expires", "args")
	if err != nil {
		return Command{}, err
	}
	var schema int
	var c Command
	err = errors.Join(
		member(members, "schema", &schema),
		member(members, "terminal", &c.Terminal),
		member(members, "command", &c.Name),
		member(members, "id", &c.ID),
		member(members, "nonce", &c.Nonce),
		member(members, "issued", &c.Issued),
		member(members, "expires", &c.Expires),
	)
	if err != nil {
		return Command{}, err
	}
	if schema != Schema {
		return Command{}, fmt.Errorf("schema %d, this program reads %d", schema, Schema)
	}
	if args := members["args"]; args != nil && !bytes.Equal(args, []byte("null")) {
		c.Args = args
	}
	if err := c.Check(); err != nil {
		return Command{}, err
	}
	return c, nil
}
