package link

import (
	"context"
	"errors"
	"time"

	"umbral/daemon/fleet"
)

// Commander obeys. Both methods are called from one goroutine of Run, never at the same time.
type Commander interface {
	// Execute carries out an authenticated command that was never seen before and returns what the
	// answer shall carry (anything encoding/json can encode, at most 16 KiB, nil for nothing). It has to
	// journal the command before acting, and to return soon after ctx has ended: the commands behind wait.
	// ctx ends after Opts.CommandTimeout; the expiry only bounds the beginning. An error of type *Failure gives the answer its reason.
	Execute(ctx context.Context, c fleet.Command) (result any, err error)
	// Refused is told of every command that was not carried out, for the journal.
	Refused(Refusal)
}

// NonceStore remembers what was used. It must be durable: a nonce that Use has accepted must be refused
// after a power cut. It must be bounded, and refuse (with an error) rather than forget a nonce early.
type NonceStore interface {
	// Use records a nonce of a key, which its fingerprint names, until the given time and reports whether it was fresh. Its
	// error wraps ErrClock where the terminal's clock is to blame.
	Use(fingerprint, nonce string, until time.Time) (fresh bool, err error)
}

// ErrClock is for a NonceStore that cannot judge a nonce because the clock is, or was, wrong.
var ErrClock = errors.New("the clock is wrong")

// Refusal tells of commands that were not carried out. Its texts come from outside, are cut to 160
// bytes and made printable.
type Refusal struct {
	Reason  fleet.Reason
	Detail  string
	Topic   string
	Command string // as far as known
	ID      string
	Key     string
	Count   int // 1, or how many refusals this one stands for when there were too many to tell singly
	// Counts has their reasons; nil for a single refusal. Reason is then the most frequent one.
	Counts map[fleet.Reason]int
	Time   time.Time
}
