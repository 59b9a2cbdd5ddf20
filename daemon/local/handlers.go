package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// pages is what loopback HTTP serves: nothing that changes anything but what the screen asks for.
func (s *Server) pages() http.Handler {
	mux := http.NewServeMux()
	s.readOnly(mux)
	mux.HandleFunc("/api/v1/people", socketOnly)
	mux.HandleFunc("/api/v1/people/", socketOnly)
	mux.HandleFunc("/api/v1/enroll", socketOnly)
	mux.HandleFunc("/api/v1/passages", socketOnly)
	mux.HandleFunc("/api/v1/passages/", socketOnly)
	mux.HandleFunc("/api/v1/enroll/", socketOnly)
	mux.HandleFunc("/api/v1/issue", socketOnly)
	mux.HandleFunc("/api/v1/link", socketOnly)
	return guard(mux)
}

// everything is what the socket serves.
func (s *Server) everything() http.Handler {
	mux := http.NewServeMux()
	s.readOnly(mux)
	mux.HandleFunc("GET /api/v1/people", s.people)
	mux.HandleFunc("GET /api/v1/people/{id}", s.person)
	mux.HandleFunc("DELETE /api/v1/people/{id}", s.erase)
	mux.HandleFunc("GET /api/v1/people/{id}/export", s.export)
	mux.HandleFunc("GET /api/v1/people/{id}/file", s.file)
	mux.HandleFunc("POST /api/v1/people/{id}/file", s.editFile)
	mux.HandleFunc("GET /api/v1/passages", s.passages)
	mux.HandleFunc("GET /api/v1/passages/{id}", s.passage)
	mux.HandleFunc("POST /api/v1/enroll", s.enrol)
	mux.HandleFunc("POST /api/v1/enroll/live", func(w http.ResponseWriter, r *http.Request) { stepwise(w, r, s.backend.EnrolLive) })
	mux.HandleFunc("POST /api/v1/enroll/finger", func(w http.ResponseWriter, r *http.Request) { stepwise(w, r, s.backend.EnrolFinger) })
	mux.HandleFunc("POST /api/v1/issue", s.issue)
	mux.HandleFunc("POST /api/v1/link", s.link)
	return mux
}

func (s *Server) readOnly(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.enter("technician.html"))
	mux.HandleFunc("GET /screen", s.enter("screen.html"))
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(files)))
	mux.HandleFunc("GET /api/v1/state", s.state)
	mux.HandleFunc("GET /api/v1/events", s.events)
	mux.HandleFunc("GET /api/v1/picture.jpg", s.picture)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		s.backend.Metrics(w)
	})
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("POST /api/v1/screen/alternative", s.alternative)
}

// Issuance asks for a credential, or is one.
type Issuance struct {
	Enrolment  string `json:"enrolment,omitempty"`
	Credential string `json:"credential,omitempty"`
}

// maxIssuance bounds a request: an enrolment is a QR code's text.
const maxIssuance = 8 << 10

func (s *Server) issue(w http.ResponseWriter, r *http.Request) {
	var asked Issuance
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxIssuance))
	d.DisallowUnknownFields()
	if err := d.Decode(&asked); err != nil {
		fail(w, http.StatusBadRequest, "malformed", err.Error(), "")
		return
	}
	text, err := s.backend.Issue(asked.Enrolment)
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, Issuance{Credential: text})
}

// alternative is the button on the gate's screen of somebody who cannot speak. Whoever stands at the gate may press it, so
// it changes nothing but what that person is asked to do. A page of another origin cannot send JSON without being asked.
func (s *Server) alternative(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, "malformed", fmt.Sprintf("content type %.64q, wanted application/json", r.Header.Get("Content-Type")), "")
		return
	}
	if err := s.backend.Alternative(); err != nil {
		wrong(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// guard refuses requests that a web page of another origin has brought a browser to make, and forbids the pages
// everything that is not theirs.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			fail(w, http.StatusMisdirectedRequest, "host", fmt.Sprintf("host %.64q is not this terminal", r.Host), "use the address that the terminal printed")
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			fail(w, http.StatusForbidden, "origin", "another site's page may not read this terminal", "open the terminal's own page")
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, assets, "assets/"+name)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

// Failure is the JSON of an error.
type Failure struct {
	Text string `json:"error"`
	Code string `json:"code"`
	Hint string `json:"hint,omitempty"`
}

// Codes that a client tells apart.
const (
	codeUnknown = "unknown"
	codeRefused = "refused"
)

func fail(w http.ResponseWriter, status int, code, text, hint string) {
	answer(w, status, Failure{Text: text, Code: code, Hint: hint})
}

func socketOnly(w http.ResponseWriter, _ *http.Request) {
	fail(w, http.StatusForbidden, "socket-only", "people are shown and changed, and passages shown, through the unix socket only", "use the tool: umbral people, umbral passages, umbral enroll")
}

// wrong answers with a backend's error.
func wrong(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrUnknown):
		fail(w, http.StatusNotFound, codeUnknown, err.Error(), "")
	case errors.Is(err, ErrRefused):
		fail(w, http.StatusUnprocessableEntity, codeRefused, err.Error(), "")
	default:
		fail(w, http.StatusInternalServerError, "failed", err.Error(), "see the terminal's log")
	}
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	state := s.backend.State()
	status := http.StatusOK
	for _, c := range state.Conditions {
		if c.Severity == "critical" {
			status = http.StatusServiceUnavailable
		}
	}
	answer(w, status, state.Conditions)
}

func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	if s.scope(r) == ScopeNone {
		fail(w, http.StatusForbidden, "token", "the picture shows people: it needs a link with a token", "on the terminal, \"umbral page\" prints one")
		return
	}
	var picture bytes.Buffer
	sequence, err := s.backend.Picture(&picture)
	if err != nil {
		if errors.Is(err, ErrNoPicture) {
			fail(w, http.StatusNotFound, "no-picture", err.Error(), "")
			return
		}
		wrong(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Sequence", strconv.FormatUint(sequence, 10))
	w.Write(picture.Bytes())
}

// eventsEvery is how often a page that follows the state is told of changes.
const eventsEvery = 150 * time.Millisecond

// place is the reserved place of the gate's own screen: the newest takes it.
type place struct {
	mu  sync.Mutex
	now chan struct{} // closed when another screen takes the place; nil while it is free
}

// take gives the place to a screen. The channel is closed when another one has it.
func (p *place) take() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil {
		close(p.now)
	}
	p.now = make(chan struct{})
	return p.now
}

// leave frees the place unless another screen has it.
func (p *place) leave(mine chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == mine {
		p.now = nil
	}
}

// stream finds a place for a page that follows the state. over is closed when the page has to give it up.
func (s *Server) stream(r *http.Request, scope Scope) (over chan struct{}, leave func(), room bool) {
	if c, ok := r.Context().Value(ofVisitor{}).(*visitor); ok && scope != ScopeNone {
		c.keep()
	}
	if scope == ScopeScreen {
		over = s.screen.take()
		return over, func() { s.screen.leave(over) }, true
	}
	select {
	case s.streams <- struct{}{}:
		return nil, func() { <-s.streams }, true
	default:
		return nil, nil, false
	}
}

// events streams the state whenever it has changed, and a comment every few seconds so that a dead connection shows.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	scope := s.scope(r)
	over, leave, room := s.stream(r, scope)
	if !room {
		fail(w, http.StatusTooManyRequests, "too-many", fmt.Sprintf("%d pages follow the terminal already", maxStreams), "close one of them")
		return
	}
	defer leave()
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Time{})
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	ticker := time.NewTicker(eventsEvery)
	defer ticker.Stop()
	var last []byte
	var told time.Time
	for {
		text, err := s.encodeState(scope)
		if err != nil {
			s.log.Error("local: state", "error", err)
			return
		}
		control.SetWriteDeadline(time.Now().Add(5 * time.Second))
		switch {
		case !bytes.Equal(text, last):
			_, err = fmt.Fprintf(w, "data: %s\n\n", text)
			last, told = text, time.Now()
		case time.Since(told) > 5*time.Second:
			_, err = fmt.Fprint(w, ": alive\n\n")
			told = time.Now()
		}
		if err == nil {
			err = control.Flush()
		}
		if err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.ended:
			return
		case <-over:
			return
		case <-ticker.C:
		}
	}
}
