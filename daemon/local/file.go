package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// File is a person's enrolment file, without the secret of one-time passwords.
type File struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Born       string   `json:"born,omitempty"` // days are written 2006-01-02
	ValidFrom  string   `json:"valid_from,omitempty"`
	ValidUntil string   `json:"valid_until,omitempty"`
	Guardians  []string `json:"guardians"`
	Schedule   string   `json:"schedule,omitempty"`
	Occasion   string   `json:"occasion,omitempty"`
	Secret     bool     `json:"secret"` // there is one
	Blocked    *Block   `json:"blocked,omitempty"`
	Ticks      []Tick   `json:"ticks"`
	Wanted     []string `json:"wanted"`  // items that the site asks of this person now
	Missing    []string `json:"missing"` // those without a tick: the enrolment is complete when there are none
}

// Block keeps a person out.
type Block struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// Tick says that an item of the checklist was seen to.
type Tick struct {
	Item string    `json:"item"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"`
	// Until is when a consent ends, zero where it has no end.
	Until time.Time `json:"until,omitzero"`
}

// FileEdit is one change of a file. Change says which members count.
type FileEdit struct {
	Change   string    `json:"change"` // "tick", "untick", "block", "unblock", "occasion", "secret", "details"
	By       string    `json:"by"`
	Item     string    `json:"item,omitempty"`     // of tick and untick
	Note     string    `json:"note,omitempty"`     // of tick
	Until    time.Time `json:"until,omitzero"`     // of the tick of a consent that ends
	Reason   string    `json:"reason,omitempty"`   // of block
	Occasion string    `json:"occasion,omitempty"` // "issue", "renewal" or "replacement"
	Secret   []byte    `json:"secret,omitempty"`   // none removes it
	Details  *Details  `json:"details,omitempty"`
}

// Details are what a change of kind "details" sets; what is nil stays as it is, what is empty is forgotten.
type Details struct {
	Born       *string   `json:"born,omitempty"`
	ValidFrom  *string   `json:"valid_from,omitempty"`
	ValidUntil *string   `json:"valid_until,omitempty"`
	Guardians  *[]string `json:"guardians,omitempty"`
	Schedule   *string   `json:"schedule,omitempty"`
}

// maxEditBytes bounds the request of a change.
const maxEditBytes = 16 << 10

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	f, err := s.backend.File(r.PathValue("id"))
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, f)
}

func (s *Server) editFile(w http.ResponseWriter, r *http.Request) {
	var e FileEdit
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxEditBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		fail(w, http.StatusBadRequest, "malformed", fmt.Sprintf("%v (at most %d bytes of JSON are read)", err, maxEditBytes), "")
		return
	}
	f, err := s.backend.EditFile(r.PathValue("id"), e)
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, f)
}

// File asks for a person's enrolment file.
func (c *Client) File(ctx context.Context, id string) (f File, err error) {
	return f, c.do(ctx, http.MethodGet, "/api/v1/people/"+url.PathEscape(id)+"/file", nil, &f)
}

// EditFile changes it, and gives it as it is then.
func (c *Client) EditFile(ctx context.Context, id string, e FileEdit) (f File, err error) {
	return f, c.do(ctx, http.MethodPost, "/api/v1/people/"+url.PathEscape(id)+"/file", e, &f)
}
