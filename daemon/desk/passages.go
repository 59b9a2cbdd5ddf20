package desk

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// decisionBatch is how many entries are read at a time.
const decisionBatch = 64

// decisions shows each journalled decision to fn, oldest first, with the people's names that are on file.
func decisions(s *store.Store, fn func(store.Entry) error) error {
	var after store.Position
	for {
		entries, err := s.Next(after, decisionBatch)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return nil
		}
		for _, e := range entries {
			after = e.Position
			switch e.Kind {
			case passage.EntryPassage, passage.EntryCommand, passage.EntryExit, passage.EntryReview:
				if err := fn(s.Named(e)); err != nil {
					return err
				}
			}
		}
	}
}

// summary is what a list shows of a record.
type summary struct {
	Passage  string        `json:"passage"`
	Verdict  string        `json:"verdict"`
	Reasons  []string      `json:"reasons"`
	Person   string        `json:"person"`
	Guardian string        `json:"guardian"`
	Duration time.Duration `json:"duration"`
}

// Passages returns the newest decisions that a query means, newest first. An entry that can't be read is left out: umbral
// replay tells of it.
func (d *Desk) Passages(q local.PassageQuery) ([]local.PassageLine, error) {
	limit := local.MaxPassages
	if q.Limit > 0 {
		limit = min(q.Limit, limit)
	}
	lines := []local.PassageLine{}
	err := decisions(d.store, func(e store.Entry) error {
		if !q.Since.IsZero() && e.Wall.Before(q.Since) || !q.Until.IsZero() && !e.Wall.Before(q.Until) {
			return nil
		}
		var r summary
		if json.Unmarshal(e.Payload, &r) != nil || r.Passage == "" {
			return nil
		}
		switch {
		case q.Verdict != "" && r.Verdict != q.Verdict:
		case q.Reason != "" && !slices.Contains(r.Reasons, q.Reason):
		case q.Person != "" && r.Person != q.Person && r.Guardian != q.Person:
		default:
			if len(lines) == limit {
				lines = slices.Delete(lines, 0, 1)
			}
			lines = append(lines, local.PassageLine{
				Passage: r.Passage, Kind: e.Kind, Time: e.Wall, Clock: e.Clock, Verdict: r.Verdict, Reasons: r.Reasons,
				Person: r.Person, Guardian: r.Guardian, Duration: r.Duration.Milliseconds(),
			})
		}
		return nil
	})
	slices.Reverse(lines)
	return lines, err
}

// Explain returns why the decisions under a passage's ID came out as they did.
func (d *Desk) Explain(id string) ([]json.RawMessage, error) {
	if _, err := passage.ParseID(id); err != nil {
		return nil, fmt.Errorf("%w: %w", local.ErrUnknown, err)
	}
	var all []json.RawMessage
	err := decisions(d.store, func(e store.Entry) error {
		var r summary
		if json.Unmarshal(e.Payload, &r) != nil || r.Passage != id {
			return nil
		}
		x, err := passage.Explain(e.Payload)
		if err != nil {
			return fmt.Errorf("desk: journal entry %v: %w", e.Position, err)
		}
		text, err := json.Marshal(x)
		all = append(all, text)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%w: the journal holds no decision of a passage %q", local.ErrUnknown, id)
	}
	return all, err
}
