package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// PassageQuery says which decisions of the journal are meant. Its zero fields mean any.
type PassageQuery struct {
	Since, Until time.Time // of the journal's clock
	Verdict      string
	Reason       string // one of the decision's reasons
	Person       string // named as passing, or as the guardian
	Limit        int    // the newest; 0 means MaxPassages
}

// MaxPassages bounds the answer to a PassageQuery.
const MaxPassages = 1000

// PassageLine is a decision in a list, newest first.
type PassageLine struct {
	Passage  string    `json:"passage"`
	Kind     string    `json:"kind"` // of the journal entry
	Time     time.Time `json:"time"` // of the journal entry
	Clock    string    `json:"clock"`
	Verdict  string    `json:"verdict"`
	Reasons  []string  `json:"reasons"`
	Person   string    `json:"person,omitempty"`
	Guardian string    `json:"guardian,omitempty"`
	Duration int64     `json:"duration_ms"`
}

// Decisions are the journalled passages, commands and exits.
type Decisions interface {
	Passages(PassageQuery) ([]PassageLine, error)
	// Explain returns the explanations of every decision under a passage's ID, oldest first, as JSON. An ID that the
	// journal doesn't hold is ErrUnknown.
	Explain(id string) ([]json.RawMessage, error)
}

func (s *Server) passages(w http.ResponseWriter, r *http.Request) {
	q, err := passageQuery(r.URL.Query())
	if err != nil {
		fail(w, http.StatusBadRequest, "malformed", err.Error(), "")
		return
	}
	lines, err := s.backend.Passages(q)
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, lines)
}

func (s *Server) passage(w http.ResponseWriter, r *http.Request) {
	explanations, err := s.backend.Explain(r.PathValue("id"))
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, explanations)
}

// passageQuery reads what values writes.
func passageQuery(v url.Values) (q PassageQuery, err error) {
	for name, values := range v {
		text := values[0]
		switch name {
		case "since":
			q.Since, err = time.Parse(time.RFC3339Nano, text)
		case "until":
			q.Until, err = time.Parse(time.RFC3339Nano, text)
		case "verdict":
			q.Verdict = text
		case "reason":
			q.Reason = text
		case "person":
			q.Person = text
		case "limit":
			if q.Limit, err = strconv.Atoi(text); err == nil && (q.Limit < 1 || q.Limit > MaxPassages) {
				err = fmt.Errorf("%d, allowed 1 to %d", q.Limit, MaxPassages)
			}
		default:
			err = fmt.Errorf("allowed since, until, verdict, reason, person, limit")
		}
		if err != nil {
			return q, fmt.Errorf("local: passages: %.64q: %w", name, err)
		}
	}
	return q, nil
}

func (q PassageQuery) values() url.Values {
	v := url.Values{}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			v.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	for name, text := range map[string]string{"verdict": q.Verdict, "reason": q.Reason, "person": q.Person} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Passages asks for the newest decisions of the journal.
func (c *Client) Passages(ctx context.Context, q PassageQuery) (lines []PassageLine, err error) {
	return lines, c.do(ctx, http.MethodGet, "/api/v1/passages?"+q.values().Encode(), nil, &lines)
}

// Explain asks why the decisions under a passage's ID came out as they did.
func (c *Client) Explain(ctx context.Context, id string) (all []json.RawMessage, err error) {
	return all, c.do(ctx, http.MethodGet, "/api/v1/passages/"+url.PathEscape(id), nil, &all)
}
