package local

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

//go:embed assets
var assets embed.FS

// Errors that a Backend gives.
var (
	ErrNoPicture = errors.New("no picture")
	ErrRefused   = errors.New("refused")
	ErrUnknown   = errors.New("unknown")
)

// Opts configures a Server.
type Opts struct {
	// HTTP is the loopback address of the pages, such as 127.0.0.1:8600; empty for none.
	HTTP string
	// NextFreePort takes one of the following ports when that of HTTP is in use.
	NextFreePort bool
	// Socket is the unix socket's path; empty for none.
	Socket string
	// Key makes the tokens with which a page shows what is personal. Pages need one.
	Key []byte
	Log *slog.Logger
}

// Limits of the server.
const (
	portsTried    = 20
	maxEnrolBytes = 64 << 20 // of a request with pictures
	maxStreams    = 8        // pages that follow the state at a time, beside the gate's own screen
	readTimeout   = 30 * time.Second
	writeTimeout  = 15 * time.Second // of an answer on loopback; each event has its own
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 2 * time.Second
)

// Server serves one terminal.
type Server struct {
	backend Backend
	log     *slog.Logger
	tcp     net.Listener
	socket  net.Listener
	tokens  tokens
	streams chan struct{} // a place a stream
	screen  place         // of the gate's own screen
	ended   chan struct{} // closed when Run's context ends
}

// New starts to listen, so that Address is known; Run serves.
func New(o Opts, b Backend) (*Server, error) {
	s := &Server{backend: b, log: o.Log, tokens: tokens{o.Key, time.Now}, streams: make(chan struct{}, maxStreams), ended: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.HTTP != "" {
		if len(o.Key) == 0 {
			return nil, errors.New("local: pages without a key for their tokens could show nothing personal to anybody")
		}
		l, err := listenLoopback(o.HTTP, o.NextFreePort)
		if err != nil {
			return nil, err
		}
		s.tcp = &visitors{Listener: l}
	}
	if o.Socket != "" {
		var err error
		if s.socket, err = listenSocket(o.Socket); err != nil {
			if s.tcp != nil {
				s.tcp.Close()
			}
			return nil, err
		}
	}
	return s, nil
}

// listenLoopback takes the address, or with next one of the ports after it.
func listenLoopback(address string, next bool) (net.Listener, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("local: http address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("local: http address %q: only loopback is served (127.0.0.1 or ::1); use a tunnel to reach it from elsewhere", address)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("local: http address %q: port %q, allowed 0 to 65535", address, text)
	}
	last := port
	if next && port > 0 {
		last = min(port+portsTried, 65535)
	}
	for ; ; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			return l, nil
		}
		if port >= last {
			return nil, fmt.Errorf("local: %w (another terminal? local.next_free_port takes another port)", err)
		}
	}
}

// listenSocket replaces a socket that nobody listens on any more.
func listenSocket(path string) (net.Listener, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("local: socket %s: another terminal listens there", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("local: socket: %w", err)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("local: socket: %w", err)
	}
	// Who may write to the socket may enrol and erase: the terminal's user and its group.
	if err := os.Chmod(path, 0o660); err != nil {
		l.Close()
		return nil, fmt.Errorf("local: socket: %w", err)
	}
	return l, nil
}

// What is known of a request's connection.
type (
	fromSocket struct{} // true: it came by the unix socket
	ofVisitor  struct{} // the *visitor
)

// Address is the address of the pages, empty without them.
func (s *Server) Address() string {
	if s.tcp == nil {
		return ""
	}
	return s.tcp.Addr().String()
}

// Close stops listening without Run.
func (s *Server) Close() {
	for _, l := range []net.Listener{s.tcp, s.socket} {
		if l != nil {
			l.Close()
		}
	}
}

// Run serves until ctx ends. It can be called once.
func (s *Server) Run(ctx context.Context) error {
	var group sync.WaitGroup
	var servers []*http.Server
	serve := func(l net.Listener, handler http.Handler, write time.Duration, context func(context.Context, net.Conn) context.Context) {
		if l == nil {
			return
		}
		server := &http.Server{
			Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout, WriteTimeout: write, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10,
			ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), ConnContext: context,
		}
		servers = append(servers, server)
		group.Go(func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				s.log.Error("local: serving ended", "address", l.Addr(), "error", err)
			}
		})
	}
	serve(s.tcp, s.pages(), writeTimeout, func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, ofVisitor{}, c)
	})
	serve(s.socket, s.everything(), 0, func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, fromSocket{}, true)
	})
	<-ctx.Done()
	close(s.ended)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for _, server := range servers {
		if server.Shutdown(stop) != nil {
			server.Close()
		}
	}
	group.Wait()
	return nil
}
