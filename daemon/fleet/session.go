package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Paho's own machinery for reliable delivery is switched off, because each part of it has a trap:
// automatic reconnection completes the token of an unacknowledged message as if it had been delivered;
// its stores send again in another order; a client that connects again after Disconnect may panic. So
// a session is one connection of one client, which is thrown away with it.
//
// CleanSession is true. What the broker would keep for an absent terminal are commands, and those act
// now or never; what this side has to send again it sends again from the journal.

// dialOpts is what Link and Operator share.
type dialOpts struct {
	address, username, password string
	url                         *url.URL
	tls                         *tls.Config // nil for none
	clientID                    string
	keepAlive                   time.Duration
	connectTimeout, ackTimeout  time.Duration
}

// prepare checks the address, the credentials and the TLS files, once.
func (d *dialOpts) prepare(t TLSOpts) error {
	u, secure, err := brokerURL(d.address)
	if err != nil {
		return err
	}
	d.url = u
	switch {
	case secure:
		if d.tls, err = t.Config(u.Hostname()); err != nil {
			return err
		}
	case !t.empty():
		return fmt.Errorf("fleet: broker address %q is without TLS but TLS files are given (write tls://%s)", d.address, u.Host)
	case d.username != "" && !loopback(u.Hostname()):
		return fmt.Errorf("fleet: a password would go in clear to %s (write tls://%s)", u.Host, u.Host)
	}
	if d.username == "" && d.password != "" {
		return errors.New("fleet: a password is given without a user name, which MQTT 3.1.1 does not allow")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// will is what the broker publishes, retained, when the connection breaks.
type will struct {
	topic   string
	payload []byte
}

// session is one live connection.
type session struct {
	client     mqtt.Client
	wire       *wire
	ackTimeout time.Duration
	lost       chan struct{} // closed when paho has noticed the loss and has ended its goroutines
	why        error         // set before lost is closed
	expected   int           // bytes of a large message that was asked for and comes before any acknowledgement
}

// handover bounds how long paho may keep a publisher that found it ending its goroutines; how long a
// write may take is the wire's to say.
const handover = time.Second

// connect makes one attempt. handle is called for every message from one goroutine and must not block.
func connect(ctx context.Context, d *dialOpts, w *will, handle func(mqtt.Message)) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, d.connectTimeout)
	defer cancel()
	s := &session{ackTimeout: d.ackTimeout, lost: make(chan struct{})}
	var once sync.Once
	var mu sync.Mutex // the callback below runs on a goroutine of paho
	o := mqtt.NewClientOptions().
		AddBroker(d.url.String()).
		SetClientID(d.clientID).
		SetUsername(d.username).
		SetPassword(d.password).
		SetProtocolVersion(4).
		SetCleanSession(true).
		SetAutoReconnect(false).
		SetConnectRetry(false).
		SetResumeSubs(false).
		SetOrderMatters(true).
		SetKeepAlive(d.keepAlive).
		SetPingTimeout(d.ackTimeout).
		SetConnectTimeout(d.connectTimeout).
		SetWriteTimeout(min(d.ackTimeout, handover)).
		SetStore(forget{}).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { handle(m) }).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) {
			once.Do(func() { s.why = err; close(s.lost) })
		}).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
			c, err := dial(ctx, d)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			s.wire = newWire(c, d.ackTimeout)
			return s.wire, nil
		})
	if w != nil {
		o.SetBinaryWill(w.topic, w.payload, 1, true)
	}
	s.client = mqtt.NewClient(o)
	// The dial ends with ctx and paho gives the handshake a deadline, so that this wait is bounded;
	// cutting the connection ends the handshake at once when ctx is cancelled.
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if s.wire != nil {
			s.wire.cut()
		}
	})
	t := s.client.Connect()
	<-t.Done()
	inTime := stop()
	if err := t.Error(); err != nil {
		// Paho has closed the connection and ends its goroutine. Disconnect would race with that: called
		// before paho's state has followed the token, it waits for a connection that is never made.
		return nil, fmt.Errorf("fleet: connect to %s: %w", d.url.Host, err)
	}
	if !inTime {
		s.close(0)
		return nil, fmt.Errorf("fleet: connect to %s: %w", d.url.Host, ctx.Err())
	}
	return s, nil
}

// dial opens the connection. The proxy variables of the environment, which paho would heed, are not
// read: a terminal connects to what its configuration says.
func dial(ctx context.Context, d *dialOpts) (net.Conn, error) {
	var n net.Dialer
	c, err := n.DialContext(ctx, "tcp", d.url.Host)
	if err != nil || d.tls == nil {
		return c, err
	}
	t := tls.Client(c, d.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return t, nil
}

// errNoAck says that a message may or may not have arrived.
var errNoAck = errors.New("no acknowledgement")

// publish sends a message and, at QoS 1, returns nil only when the broker has acknowledged it. It is
// called by one goroutine at a time. After an error the session is of no more use.
func (s *session) publish(ctx context.Context, topic string, qos byte, retained bool, payload []byte) error {
	t := s.client.Publish(topic, qos, retained, payload)
	if err := s.wait(ctx, t, s.ackTimeout+transfer(len(payload)+s.expected)); err != nil {
		return fmt.Errorf("fleet: publish on %s: %w", topic, err)
	}
	if p, ok := t.(*mqtt.PublishToken); ok && qos > 0 && p.MessageID() != s.wire.lastAck() {
		return fmt.Errorf("fleet: publish on %s: %w", topic, errNoAck)
	}
	return nil
}

// errForbidden says that the broker does not let this client subscribe.
var errForbidden = errors.New("refused by the broker")

// subscribe asks for one filter at QoS 1.
func (s *session) subscribe(ctx context.Context, filter string) error {
	t := s.client.Subscribe(filter, 1, nil)
	if err := s.wait(ctx, t, s.ackTimeout); err != nil {
		return fmt.Errorf("fleet: subscribe to %s: %w", filter, err)
	}
	if st, ok := t.(*mqtt.SubscribeToken); ok && st.Result()[filter] > 2 {
		return fmt.Errorf("fleet: subscribe to %s: %w (look at its access rules)", filter, errForbidden)
	}
	return nil
}

// unsubscribe takes a subscription back.
func (s *session) unsubscribe(ctx context.Context, filter string) error {
	if err := s.wait(ctx, s.client.Unsubscribe(filter), s.ackTimeout); err != nil {
		return fmt.Errorf("fleet: unsubscribe from %s: %w", filter, err)
	}
	return nil
}

// slowest is the slowest connection that is worth having, in bytes a second: a message of pictures gets the time that it
// takes there, or a terminal with a slow modem would break its connection over each of them.
const slowest = 4 << 10

func transfer(bytes int) time.Duration { return time.Duration(bytes) * time.Second / slowest }

func (s *session) wait(ctx context.Context, t mqtt.Token, patience time.Duration) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-s.lost:
		return fmt.Errorf("%w: %w", errNoAck, s.why)
	case <-limit.C:
		return fmt.Errorf("%w within %v", errNoAck, patience)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closeTimeout bounds the end of a session; with the connection cut it takes far less.
const closeTimeout = 5 * time.Second

// close ends the session and returns when paho's goroutines have ended. With grace it says goodbye
// first, so that the broker does not publish the will; without, the broker does.
func (s *session) close(grace time.Duration) {
	if grace > 0 {
		s.client.Disconnect(uint(grace.Milliseconds()))
	}
	s.wire.cut()
	// Returns at once when paho has disconnected, else waits for its goroutines to end.
	s.client.Disconnect(uint(closeTimeout.Milliseconds()))
}

// ignore is for who only publishes.
func ignore(mqtt.Message) {}

// forget is a store that keeps nothing: unacknowledged messages are in the journal.
type forget struct{}

func (forget) Open()                             {}
func (forget) Put(string, packets.ControlPacket) {}
func (forget) Get(string) packets.ControlPacket  { return nil }
func (forget) All() []string                     { return nil }
func (forget) Del(string)                        {}
func (forget) Close()                            {}
func (forget) Reset()                            {}
