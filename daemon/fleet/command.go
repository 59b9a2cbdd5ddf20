package fleet

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"time"
)

// The commands that exist.
const (
	CommandStatus  = "status"
	CommandOpen    = "door.open"
	CommandReview  = "review.answer"  // arguments: ReviewArgs
	CommandBlock   = "person.block"   // arguments: BlockArgs
	CommandUnblock = "person.unblock" // arguments: BlockArgs without a reason
)

// Commands are all of them.
func Commands() []string {
	return []string{CommandStatus, CommandOpen, CommandReview, CommandBlock, CommandUnblock}
}

// admits tells whether a command can let somebody in: it is obeyed only while the terminal can tell that it has not expired.
func admits(name string) bool {
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

// Key is a public key that may command this terminal.
type Key struct {
	Name     string
	Public   ed25519.PublicKey
	Commands []string // the commands it may give
}

// Commander obeys. Both methods are called from one goroutine of Run, never at the same time.
type Commander interface {
	// Execute carries out an authenticated command that was never seen before and returns what the
	// answer shall carry (anything encoding/json can encode, at most 16 KiB, nil for nothing). It has to
	// journal the command before acting, and to return soon after ctx has ended: the commands behind wait.
	// ctx ends after Opts.CommandTimeout; the expiry only bounds the beginning. An error of type *Failure gives the answer its reason.
	Execute(ctx context.Context, c Command) (result any, err error)
	// Refused is told of every command that was not carried out, for the journal.
	Refused(Refusal)
}

// Nonces remembers what was used. It must be durable: a nonce that Use has accepted must be refused
// after a power cut. It must be bounded, and refuse (with an error) rather than forget a nonce early.
type Nonces interface {
	// Use records a nonce of a key until the given time and tells whether it was fresh.
	Use(key, nonce string, until time.Time) (fresh bool, err error)
}

// Failure is an error of Execute with a reason code for the answer.
type Failure struct {
	Reason Reason
	Detail string
}

// Error gives "reason: detail".
func (f *Failure) Error() string { return string(f.Reason) + ": " + f.Detail }

// Reason tells in one word why a command was refused or failed. Codes never change their meaning.
type Reason string

// The reasons for which the link itself refuses a command, in the order of the checks.
const (
	ReasonRetained     Reason = "retained"      // it was kept by the broker; a command acts now or never
	ReasonOversized    Reason = "oversized"     // longer than Opts.MaxCommandBytes
	ReasonMalformed    Reason = "malformed"     // not the JSON that Sign makes
	ReasonUnsigned     Reason = "unsigned"      // no key or no signature
	ReasonUnknownKey   Reason = "unknown-key"   // the key's name is not among Opts.Keys
	ReasonBadSignature Reason = "bad-signature" // does not verify under that key
	ReasonWrongTarget  Reason = "wrong-target"  // made for another terminal
	ReasonWrongTopic   Reason = "wrong-topic"   // name or id differ from those of the topic
	ReasonUnknown      Reason = "unknown-command"
	ReasonNotAllowed   Reason = "not-allowed"     // the key may not give this command
	ReasonNotYetValid  Reason = "not-yet-valid"   // issued in the terminal's future
	ReasonExpired      Reason = "expired"         //
	ReasonTooOld       Reason = "too-old"         // issued longer ago than Opts.MaxCommandAge, whatever its expiry says
	ReasonUntrusted    Reason = "clock-untrusted" // the terminal cannot tell whether it has expired
	ReasonReplayed     Reason = "replayed"        // the nonce was used before
	ReasonNonces       Reason = "nonce-store"     // the nonce could not be recorded
	ReasonBusy         Reason = "busy"            // the queue of commands is full
)

// The reasons for which an authenticated command fails.
const (
	ReasonFailed  Reason = "failed"  // Execute returned an error that says no more
	ReasonTimeout Reason = "timeout" // Execute did not end in time

	ReasonArguments Reason = "bad-arguments"  // the command's arguments are not what it takes
	ReasonNoReview  Reason = "no-review"      // no review of that passage waits, or it is another one
	ReasonDecided   Reason = "decided"        // the review is closed, or its deadline has passed
	ReasonTwice     Reason = "answered-twice" // this reviewer has answered already: another one has to
	ReasonNoPerson  Reason = "no-person"      // nobody is enrolled under that pseudonym, or nothing is to be changed
)

// Refusal tells of commands that were not carried out. Its texts come from outside, are cut to 80
// bytes and made printable.
type Refusal struct {
	Reason  Reason
	Detail  string
	Topic   string
	Command string // as far as known
	ID      string
	Key     string
	Count   int // 1, or how many refusals this one stands for when there were too many to tell singly
	Time    time.Time
}

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
