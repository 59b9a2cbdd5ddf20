// Package wallet serves a page for phones that holds a key, receives a credential bound to it, and shows it in a code that
// is renewed every few seconds; and it issues such credentials to whoever has a one-time code.
//
// The page is plain HTML and JavaScript without anything from outside. Its private key is made by the browser's WebCrypto
// and cannot be exported; the page works without a network once it was opened. The text of its codes is defined in package
// credential.
package wallet

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"umbral/pipeline/credential"
)

//go:embed assets
var assets embed.FS

// Limits of the server.
const (
	maxBody        = 16 << 10
	maxAudiences   = 64
	maxAudience    = 64 // bytes of an id or a name
	maxConnections = 64
	readTimeout    = 10 * time.Second
	idleTimeout    = time.Minute
	stopTimeout    = 2 * time.Second
)

// Audience is a terminal or site that codes can be made for.
type Audience struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Issuer issues credentials to wallets: a credential.IssuanceDesk, or a terminal that has proofed somebody. An error that wraps
// credential.ErrBusy asks to wait.
type Issuer interface {
	Issue(enrolment string, now time.Time) (text string, holder *credential.Key, err error)
}

// Opts configures a Server.
type Opts struct {
	// Listen is the address. One that is not loopback needs a certificate: browsers make keys only for pages that come
	// over HTTPS or from the device itself.
	Listen string
	// CertFile and KeyFile are for HTTPS.
	CertFile, KeyFile string
	// Audiences are offered to choose from; the person can also type one.
	Audiences []Audience
	// Period is how often the code is renewed, 1 s to 20 s.
	Period time.Duration
	// Issuer issues credentials; nil where somebody else does.
	Issuer Issuer
	Log    *slog.Logger
	// Now is the clock; nil for the system's.
	Now func() time.Time
}

// DefaultOpts serve this device, with a new code every 5 s.
func DefaultOpts() Opts { return Opts{Listen: "127.0.0.1:8620", Period: 5 * time.Second} }

// Server serves the wallet's page.
type Server struct {
	opts     Opts
	log      *slog.Logger
	now      func() time.Time
	listener net.Listener
	files    fs.FS
}

// New starts to listen, so that URL is known; Run serves.
func New(o Opts) (*Server, error) {
	s := &Server{opts: o, log: o.Log, now: o.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Period < time.Second || o.Period > 20*time.Second {
		return nil, fmt.Errorf("wallet: period %v, allowed 1s to 20s", o.Period)
	}
	if len(o.Audiences) > maxAudiences {
		return nil, fmt.Errorf("wallet: %d audiences, limit %d", len(o.Audiences), maxAudiences)
	}
	for _, a := range o.Audiences {
		if a.ID == "" || len(a.ID) > maxAudience || len(a.Name) > maxAudience {
			return nil, fmt.Errorf("wallet: audience %.80q (%.80q), wanted an id of 1 to %d bytes and a name of at most as many", a.ID, a.Name, maxAudience)
		}
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return nil, errors.New("wallet: HTTPS needs both a certificate and its key")
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("wallet: address %q: %w", o.Listen, err)
	}
	if !loopback(host) && o.CertFile == "" {
		return nil, fmt.Errorf("wallet: address %q: other devices are served only over HTTPS, because browsers make no keys otherwise (give a certificate, or listen on 127.0.0.1)", o.Listen)
	}
	if s.files, err = fs.Sub(assets, "assets"); err != nil {
		return nil, fmt.Errorf("wallet: %w", err)
	}
	if s.listener, err = net.Listen("tcp", o.Listen); err != nil {
		return nil, fmt.Errorf("wallet: %w", err)
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// URL is where the page is.
func (s *Server) URL() string {
	scheme := "http"
	if s.opts.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String() + "/"
}

// Close stops listening without Run.
func (s *Server) Close() { s.listener.Close() }

// Run serves until ctx ends. It can be called once.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout, WriteTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	listener := &limited{Listener: s.listener, tokens: make(chan struct{}, maxConnections)}
	go func() {
		if s.opts.CertFile != "" {
			ended <- server.ServeTLS(listener, s.opts.CertFile, s.opts.KeyFile)
		} else {
			ended <- server.Serve(listener)
		}
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("wallet: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if server.Shutdown(stop) != nil {
		server.Close()
	}
	<-ended
	return nil
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(s.files))
	mux.HandleFunc("GET /wallet.json", s.config)
	mux.HandleFunc("POST /issue", s.issue)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		// Without HTTPS only this device is served; a foreign name that leads here is somebody else's page.
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if s.opts.CertFile == "" && !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "this page is served as localhost only", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// config tells the page what it may offer, and what time it is.
func (s *Server) config(w http.ResponseWriter, _ *http.Request) {
	audiences := s.opts.Audiences
	if audiences == nil {
		audiences = []Audience{}
	}
	answer(w, map[string]any{
		"audiences": audiences, "issues": s.opts.Issuer != nil, "period": s.opts.Period.Seconds(), "now": float64(s.now().UnixMilli()) / 1000,
	})
}

// issue takes {"enrolment": text} and gives {"credential": text, "now": seconds}.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) {
	if s.opts.Issuer == nil {
		http.Error(w, "no credentials are issued here", http.StatusNotFound)
		return
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if site := r.Header.Get("Sec-Fetch-Site"); err != nil || kind != "application/json" || site != "" && site != "same-origin" {
		http.Error(w, "wanted JSON from the wallet's own page", http.StatusForbidden)
		return
	}
	var request struct {
		Enrolment string `json:"enrolment"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, "wanted {\"enrolment\": text}", http.StatusBadRequest)
		return
	}
	now := s.now()
	text, holder, err := s.opts.Issuer.Issue(request.Enrolment, now)
	switch {
	case errors.Is(err, credential.ErrBusy):
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case err != nil:
		s.log.Warn("wallet: not issued", "reason", err)
		http.Error(w, "the enrolment is not accepted", http.StatusForbidden)
	default:
		s.log.Info("wallet: issued", "key", fmt.Sprintf("%x", holder.Thumbprint()[:8]))
		answer(w, map[string]any{"credential": text, "now": float64(now.UnixMilli()) / 1000})
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}
