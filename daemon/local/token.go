package local

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Scope says how much of what is personal a page may show.
type Scope byte

// The scopes. Without a token a page tells how the terminal is, and of nobody who was there.
const (
	ScopeNone   Scope = iota
	ScopeScreen       // the gate's own screen: the name and the offer of the person who stands there, and the live picture
	ScopePage         // the technician's page: everything
)

var scopeNames = map[string]Scope{"screen": ScopeScreen, "page": ScopePage}

// Lives of tokens. A technician's lasts a working day; the screen's as long as a screen stays unattended.
const (
	pageLife   = 10 * time.Hour
	screenLife = 2 * 366 * 24 * time.Hour
)

// tokens make and verify tokens. A token is the base64 of its scope, its end, and a MAC over both, so that it outlives a
// restart and nothing has to be kept of it.
type tokens struct {
	key []byte
	now func() time.Time
}

const (
	tokenHead = 1 + 8 // scope and end
	tokenMAC  = 16
)

func (t tokens) mac(head []byte) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(head)
	return mac.Sum(nil)[:tokenMAC]
}

// issue makes a token of a scope that ends at a time.
func (t tokens) issue(s Scope, end time.Time) string {
	head := binary.BigEndian.AppendUint64([]byte{byte(s)}, uint64(end.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(head, t.mac(head)...))
}

// scope returns what a token opens, and when it ends; ScopeNone for one that is not this terminal's or has ended.
func (t tokens) scope(text string) (Scope, time.Time) {
	if len(t.key) == 0 || len(text) != base64.RawURLEncoding.EncodedLen(tokenHead+tokenMAC) {
		return ScopeNone, time.Time{}
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !hmac.Equal(b[tokenHead:], t.mac(b[:tokenHead])) {
		return ScopeNone, time.Time{}
	}
	end := time.Unix(int64(binary.BigEndian.Uint64(b[1:])), 0)
	if !t.now().Before(end) {
		return ScopeNone, end
	}
	return Scope(b[0]), end
}

// cookie holds a page's token.
const cookie = "umbral"

// scope returns what a request may see. Whoever may write to the socket may see everything.
func (s *Server) scope(r *http.Request) Scope {
	if r.Context().Value(fromSocket{}) != nil {
		return ScopePage
	}
	c, err := r.Cookie(cookie)
	if err != nil {
		return ScopeNone
	}
	scope, _ := s.tokens.scope(c.Value)
	return scope
}

// enter takes a link's token into a cookie, so that it doesn't stay in the address, and serves the page.
func (s *Server) enter(name string) http.HandlerFunc {
	serve := page(name)
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		text := query.Get("token")
		if text == "" {
			serve(w, r)
			return
		}
		scope, end := s.tokens.scope(text)
		if scope == ScopeNone {
			http.Error(w, "This link has expired or is another terminal's. On the terminal, \"umbral page\" prints a new one.", http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: text, Path: "/", Expires: end, HttpOnly: true, SameSite: http.SameSiteStrictMode})
		query.Del("token")
		to := url.URL{Path: r.URL.Path, RawQuery: query.Encode()}
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
	}
}

// Link opens a page with what is personal on it.
type Link struct {
	Page    string    `json:"page"` // its address with a token
	Expires time.Time `json:"expires"`
}

// Link makes a link to the technician's page or to the gate's screen. It is for whoever may write to the socket.
func (s *Server) Link(scope Scope) (Link, error) {
	if s.tcp == nil {
		return Link{}, fmt.Errorf("%w: this terminal serves no pages (local.http names their address)", ErrRefused)
	}
	path, life := "/", pageLife
	if scope == ScopeScreen {
		path, life = "/screen", screenLife
	}
	end := s.tokens.now().Add(life).Truncate(time.Second)
	to := url.URL{Scheme: "http", Host: s.Address(), Path: path, RawQuery: url.Values{"token": {s.tokens.issue(scope, end)}}.Encode()}
	return Link{Page: to.String(), Expires: end}, nil
}

// link answers with a link.
func (s *Server) link(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("for")
	scope, known := scopeNames[name]
	if !known {
		fail(w, http.StatusBadRequest, "malformed", fmt.Sprintf("for %.20q, wanted page or screen", name), "")
		return
	}
	l, err := s.Link(scope)
	if err != nil {
		wrong(w, err)
		return
	}
	answer(w, http.StatusOK, l)
}

// stateFor returns the terminal's state as a scope may see it.
func (s *Server) stateFor(scope Scope) State {
	state := s.backend.State()
	if scope == ScopePage {
		return state
	}
	verdicts := make([]Verdict, len(state.Verdicts))
	for i, v := range state.Verdicts {
		v.Person, v.Name = "", ""
		verdicts[i] = v
	}
	faces := make([]Face, len(state.Frame.Faces))
	for i, f := range state.Frame.Faces {
		f.Person = ""
		faces[i] = f
	}
	state.Verdicts, state.Frame.Faces = verdicts, faces
	if scope == ScopeNone {
		state.Screen.Name, state.Screen.Offer = "", nil
	}
	return state
}

// state answers with the terminal's state.
func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, s.stateFor(s.scope(r)))
}

// encodeState is the state as the events have it.
func (s *Server) encodeState(scope Scope) ([]byte, error) { return json.Marshal(s.stateFor(scope)) }
