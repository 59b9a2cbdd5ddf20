package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

func (s *Server) people(w http.ResponseWriter, _ *http.Request) {
	list, err := s.backend.People()
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, list)
}

func (s *Server) person(w http.ResponseWriter, r *http.Request) {
	p, err := s.backend.Person(r.PathValue("id"))
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, p)
}

func (s *Server) erase(w http.ResponseWriter, r *http.Request) {
	receipt, err := s.backend.Erase(r.PathValue("id"), r.URL.Query().Get("reason"))
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, receipt)
}

func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	e, err := s.backend.Export(r.PathValue("id"))
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, e)
}

// request reads an enrolment's JSON.
func request(w http.ResponseWriter, r *http.Request) (EnrolRequest, bool) {
	var e EnrolRequest
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxEnrolBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			fail(w, http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("more than %d MiB of pictures", maxEnrolBytes>>20), "send fewer or smaller pictures")
		} else {
			fail(w, http.StatusBadRequest, "malformed", err.Error(), "")
		}
		return e, false
	}
	return e, true
}

func (s *Server) enrol(w http.ResponseWriter, r *http.Request) {
	e, ok := request(w, r)
	if !ok {
		return
	}
	result, err := s.backend.Enrol(r.Context(), e)
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, result)
}

// stepwise answers with a line of JSON for each step, so that the technician can tell the person what to do.
func stepwise(w http.ResponseWriter, r *http.Request, enrol func(context.Context, EnrolRequest, func(Progress)) (Enrolled, error)) {
	e, ok := request(w, r)
	if !ok {
		return
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "application/x-ndjson")
	var mu sync.Mutex
	var last Progress
	line := func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p == last {
			return
		}
		last = p
		json.NewEncoder(w).Encode(p) // the context ends the enrolment when the client has gone
		control.Flush()
	}
	result, err := enrol(r.Context(), e, line)
	if err != nil {
		line(Progress{Error: err.Error()})
		return
	}
	line(Progress{Done: last.Of, Of: last.Of, Enrolled: &result})
}
