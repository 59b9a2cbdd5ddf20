package terminal

import (
	"context"
	"encoding/json"
	"fmt"

	"umbral/daemon/fleet"
	"umbral/daemon/passage"
)

// orders carries out the fleet's commands.
type orders struct {
	decider *decider
	append  func(kind string, payload []byte) error
	status  func() any
}

// Execute does what an authenticated command says. The machine decides on the door and journals it; asking for the
// status is journalled here.
func (o orders) Execute(ctx context.Context, c fleet.Command) (any, error) {
	switch c.Name {
	case fleet.CommandStatus:
		payload, err := json.Marshal(map[string]string{"id": c.ID, "key": c.Key})
		if err != nil {
			return nil, err
		}
		if err := o.append(entryStatus, payload); err != nil {
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
		return map[string]string{"passage": e.Passage.String()}, nil
	}
	return nil, &fleet.Failure{Reason: fleet.ReasonUnknown, Detail: c.Name}
}

// Refused journals a command that was not carried out. Where that fails there is nothing more to be done: the refusal
// itself stands.
func (o orders) Refused(r fleet.Refusal) {
	payload, err := json.Marshal(map[string]any{
		"reason": r.Reason, "detail": r.Detail, "command": r.Command, "id": r.ID, "key": r.Key, "count": r.Count,
	})
	if err == nil {
		o.append(entryCommand, payload)
	}
}
