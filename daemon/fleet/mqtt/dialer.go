package mqtt

import (
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

// Opts says how the broker is reached.
type Opts struct {
	Broker         string // "tcp://host:1883" or "tls://host:8883"; also mqtt, mqtts
	Username       string // empty for none; refused without TLS unless the broker is on loopback
	Password       string
	PasswordFile   string // holds the password and nothing else; empty: Password counts
	TLS            TLSOpts
	KeepAlive      time.Duration // default 30 s
	ConnectTimeout time.Duration // for name, TCP, TLS and MQTT handshake together; default 15 s
	AckTimeout     time.Duration // for the acknowledgement of one message; then the session is of no more use; default 15 s
}

// The defaults of Opts.
const (
	DefaultKeepAlive = 30 * time.Second
	DefaultTimeout   = 15 * time.Second
)

// Dialer makes connections. It reads the files of TLSOpts and the password's at each of them, since certificates are
// renewed while the program runs. Its methods are safe for concurrent use.
type Dialer struct {
	o      Opts
	url    *url.URL
	secure bool

	mu      sync.Mutex
	current credentials
}

// New checks the options and reads the files. It does not connect.
func New(o Opts) (*Dialer, error) {
	u, secure, err := brokerURL(o.Broker)
	if err != nil {
		return nil, err
	}
	d := &Dialer{o: o, url: u, secure: secure}
	switch {
	case secure:
	case !o.TLS.empty():
		return nil, fmt.Errorf("fleet: broker address %q is without TLS but TLS files are given (write tls://%s)", o.Broker, u.Host)
	case o.Username != "" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("fleet: a password would go in clear to %s (write tls://%s)", u.Host, u.Host)
	}
	if o.Username == "" && (o.Password != "" || o.PasswordFile != "") {
		return nil, errors.New("fleet: a password is given without a user name, which MQTT 3.1.1 does not allow")
	}
	if d.o.KeepAlive <= 0 {
		d.o.KeepAlive = DefaultKeepAlive
	}
	if d.o.ConnectTimeout <= 0 {
		d.o.ConnectTimeout = DefaultTimeout
	}
	if d.o.AckTimeout <= 0 {
		d.o.AckTimeout = DefaultTimeout
	}
	return d, d.Refresh()
}

// Host returns host:port of the broker.
func (d *Dialer) Host() string { return d.url.Host }

// Refresh reads the files again. Where they cannot be used, what was read before stays in use; it may be that they are just
// being replaced.
func (d *Dialer) Refresh() error {
	c, err := d.read()
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current = c
	return nil
}

// Expires returns when the client certificate in use ends, the zero time where none is used.
func (d *Dialer) Expires() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.current.expires
}

func (d *Dialer) credentials() credentials {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.current
}
