package fleet

import (
	"errors"
	"fmt"
)

// ReviewArgs are the arguments of CommandReview: a reviewer's answer to one review.
type ReviewArgs struct {
	Passage string `json:"passage"`
	Review  string `json:"review"` // StatementHash of what the reviewer saw
	Answer  string `json:"answer"` // "approve" or "deny"
}

// The answers to a review.
const (
	Approve = "approve"
	Deny    = "deny"
)

// BlockArgs are the arguments of CommandBlock and CommandUnblock.
type BlockArgs struct {
	Person string `json:"person"`           // pseudonym, as in events: commands are read by whoever may read the broker
	Reason string `json:"reason,omitempty"` // code of 1 to 48 characters; CommandBlock needs it
}

// ReviewArgs reads the arguments of a CommandReview.
func (c Command) ReviewArgs() (a ReviewArgs, err error) {
	members, err := strictObject(c.Args, "passage", "review", "answer")
	if err == nil {
		err = errors.Join(member(members, "passage", &a.Passage), member(members, "review", &a.Review), member(members, "answer", &a.Answer))
	}
	switch {
	case err != nil:
	case !ValidLevel(a.Passage, MaxLevel):
		err = fmt.Errorf("passage %q", Printable(a.Passage, 80))
	case !validDigest(a.Review):
		err = fmt.Errorf("review %q, wanted the 64 hex digits of its hash", Printable(a.Review, 80))
	case a.Answer != Approve && a.Answer != Deny:
		err = fmt.Errorf("answer %q, wanted %s or %s", Printable(a.Answer, 80), Approve, Deny)
	}
	return a, malformed(err)
}

// BlockArgs reads the arguments of a CommandBlock or CommandUnblock.
func (c Command) BlockArgs() (a BlockArgs, err error) {
	members, err := strictObject(c.Args, "person", "reason")
	if err == nil {
		err = member(members, "person", &a.Person)
	}
	if err == nil && members["reason"] != nil {
		err = member(members, "reason", &a.Reason)
	}
	switch {
	case err != nil:
	case !ValidLevel(a.Person, MaxLevel):
		err = fmt.Errorf("person %q, wanted the pseudonym that events carry", Printable(a.Person, 80))
	case a.Reason == "" && c.Name == CommandBlock, a.Reason != "" && !ValidLevel(a.Reason, MaxLevel):
		err = fmt.Errorf("reason %q, wanted a code of 1 to %d of A-Z a-z 0-9 . _ -", Printable(a.Reason, 80), MaxLevel)
	}
	return a, malformed(err)
}

// malformed makes an error the failure that the sender is told.
func malformed(err error) error {
	if err == nil {
		return nil
	}
	return &Failure{Reason: ReasonArguments, Detail: err.Error()}
}
