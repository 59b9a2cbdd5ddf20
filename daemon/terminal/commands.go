package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"umbral/daemon/enrolment"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/journal"
	"umbral/daemon/passage"
	"umbral/daemon/reviews"
	"umbral/daemon/store"
)

// commands carries out the fleet's commands.
type commands struct {
	decider *decider
	append  func(kind string, payload []byte) error
	status  func() any
	reviews *reviews.Reviews // nil where nobody reviews
	people  *enrolment.People
}

// Execute does what an authenticated command says. The machine decides on the door and journals it; asking for the
// status is journalled here.
func (o commands) Execute(ctx context.Context, c fleet.Command) (any, error) {
	switch c.Name {
	case fleet.CommandStatus:
		payload, err := json.Marshal(map[string]string{"id": c.ID, "key": c.Key})
		if err != nil {
			return nil, err
		}
		if err := o.append(journal.EntryCommandStatus, payload); err != nil {
			return nil, fmt.Errorf("the journal could not be written: %w", err)
		}
		return o.status(), nil
	case fleet.CommandOpen:
		e, err := o.decider.command(ctx, passage.Command{Name: passage.CommandOpen, ID: c.ID, Key: c.Key})
		if err != nil {
			return nil, err
		}
		if e.Verdict != passage.Grant {
			detail := "the gate refused"
			reason := fleet.ReasonFailed
			if len(e.Reasons) > 0 {
				reason, detail = fleet.Reason(e.Reasons[0]), e.Reasons[0].Text()
			}
			return nil, &fleet.Failure{Reason: reason, Detail: detail}
		}
		return map[string]passage.Verdict{"verdict": e.Verdict}, nil
	}
	switch {
	case c.Name == fleet.CommandReview && o.reviews != nil:
		return o.review(c)
	case c.Name == fleet.CommandBlock, c.Name == fleet.CommandUnblock:
		return o.block(c)
	}
	return nil, &fleet.Failure{Reason: fleet.ReasonUnknown, Detail: c.Name}
}

// review hands a reviewer's answer to the decision.
func (o commands) review(c fleet.Command) (any, error) {
	result, answer, err := o.reviews.Answer(c)
	if err != nil {
		return nil, err
	}
	o.decider.observe(passage.Observation{Kind: passage.ObserveReviewed, Reviewed: answer})
	return result, nil
}

// block keeps a person out, or lets them pass again; the store journals it.
func (o commands) block(c fleet.Command) (any, error) {
	args, err := c.BlockArgs()
	if err != nil {
		return nil, err
	}
	id, err := o.people.OfAlias(args.Person)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, &fleet.Failure{Reason: fleet.ReasonNoPerson, Detail: "nobody is enrolled under the pseudonym " + args.Person}
	}
	if c.Name == fleet.CommandBlock {
		err = o.people.Block(id, c.Key, args.Reason)
	} else if err = o.people.Unblock(id, c.Key); errors.Is(err, store.ErrNotFound) {
		return nil, &fleet.Failure{Reason: fleet.ReasonNoPerson, Detail: args.Person + " is not blocked"}
	}
	if err != nil {
		return nil, err
	}
	return map[string]string{"person": args.Person}, nil
}

// Refused journals a command that was not carried out. Where that fails there is nothing more to be done: the refusal
// itself stands.
func (o commands) Refused(r link.Refusal) {
	said := map[string]any{"reason": r.Reason, "detail": r.Detail, "command": r.Command, "id": r.ID, "key": r.Key, "count": r.Count}
	if r.Counts != nil {
		said["counts"] = r.Counts
	}
	payload, err := json.Marshal(said)
	if err == nil {
		o.append(journal.EntryCommandRefused, payload)
	}
}
