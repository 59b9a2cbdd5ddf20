package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Farewell bounds the graceful end of a connection.
const Farewell = time.Second

// Session is one live connection. Its methods are called by one goroutine at a time.
type Session struct {
	client     paho.Client
	conn       *conn
	ackTimeout time.Duration
	lost       chan struct{} // closed when paho has noticed the loss and has ended its goroutines
	why        error         // set before lost is closed
	expected   int           // see Expect
}

// Lost returns a channel that is closed when the connection is lost.
func (s *Session) Lost() <-chan struct{} { return s.lost }

// Why returns why the connection was lost. It may be called after Lost's channel is closed.
func (s *Session) Why() error { return s.why }

// Expect says that a message of that many bytes was asked for and comes before any acknowledgement, which is then waited
// for longer; 0 ends it.
func (s *Session) Expect(bytes int) { s.expected = bytes }

// handover bounds how long paho may keep a publisher that found it ending its goroutines. How long a write may take is for
// conn to say.
const handover = time.Second

// Connect makes one attempt. handle is called for every message from one goroutine and must not block; it may be nil. will,
// if not nil, is what the broker publishes, retained, when the connection breaks.
func (d *Dialer) Connect(ctx context.Context, clientID string, will *Message, handle func(Message)) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, d.o.ConnectTimeout)
	defer cancel()
	s := &Session{ackTimeout: d.o.AckTimeout, lost: make(chan struct{})}
	_ = d.Refresh() // the caller asks for what is wrong with the files; what was read before may do
	use := d.credentials()
	if handle == nil {
		handle = func(Message) {}
	}
	var once sync.Once
	var mu sync.Mutex // the callback below runs on a goroutine of paho
	o := paho.NewClientOptions().
		AddBroker(d.url.String()).
		SetClientID(clientID).
		SetUsername(d.o.Username).
		SetPassword(use.password).
		SetProtocolVersion(4).
		SetCleanSession(true).
		SetAutoReconnect(false).
		SetConnectRetry(false).
		SetResumeSubs(false).
		SetOrderMatters(true).
		SetKeepAlive(d.o.KeepAlive).
		SetPingTimeout(d.o.AckTimeout).
		SetConnectTimeout(d.o.ConnectTimeout).
		SetWriteTimeout(min(d.o.AckTimeout, handover)).
		SetStore(forget{}).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { handle(received(m, s.conn.oversized)) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) {
			once.Do(func() { s.why = err; close(s.lost) })
		}).
		SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) {
			c, err := dial(ctx, d.url.Host, use.tls)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			s.conn = newConn(c, d.o.AckTimeout)
			return s.conn, nil
		})
	if will != nil {
		o.SetBinaryWill(will.Topic, will.Payload, 1, true)
	}
	s.client = paho.NewClient(o)
	// The dial ends with ctx and paho gives the handshake a deadline, so that this wait is bounded;
	// cutting the connection ends the handshake at once when ctx is cancelled.
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if s.conn != nil {
			s.conn.cut()
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
		s.Close(0)
		return nil, fmt.Errorf("fleet: connect to %s: %w", d.url.Host, ctx.Err())
	}
	return s, nil
}

// dial opens the connection. The proxy variables of the environment, which paho would heed, are not
// read: a terminal connects to what its configuration says.
func dial(ctx context.Context, host string, config *tls.Config) (net.Conn, error) {
	var n net.Dialer
	c, err := n.DialContext(ctx, "tcp", host)
	if err != nil || config == nil {
		return c, err
	}
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return t, nil
}

// errNoAck says that a message may or may not have arrived.
var errNoAck = errors.New("no acknowledgement")

// Publish sends a message and, at QoS 1, returns nil only when the broker has acknowledged it. After an error the session is
// of no more use.
func (s *Session) Publish(ctx context.Context, topic string, qos byte, retained bool, payload []byte) error {
	t := s.client.Publish(topic, qos, retained, payload)
	if err := s.wait(ctx, t, s.ackTimeout+TransferTime(len(payload)+s.expected)); err != nil {
		return fmt.Errorf("fleet: publish on %s: %w", topic, err)
	}
	if p, ok := t.(*paho.PublishToken); ok && qos > 0 && p.MessageID() != s.conn.lastAck() {
		return fmt.Errorf("fleet: publish on %s: %w", topic, errNoAck)
	}
	return nil
}

// ErrForbidden says that the broker does not let this client subscribe.
var ErrForbidden = errors.New("refused by the broker")

// Subscribe asks for one filter at QoS 1.
func (s *Session) Subscribe(ctx context.Context, filter string) error {
	t := s.client.Subscribe(filter, 1, nil)
	if err := s.wait(ctx, t, s.ackTimeout); err != nil {
		return fmt.Errorf("fleet: subscribe to %s: %w", filter, err)
	}
	if st, ok := t.(*paho.SubscribeToken); ok && st.Result()[filter] > 2 {
		return fmt.Errorf("fleet: subscribe to %s: %w (look at its access rules)", filter, ErrForbidden)
	}
	return nil
}

// Unsubscribe takes a subscription back.
func (s *Session) Unsubscribe(ctx context.Context, filter string) error {
	if err := s.wait(ctx, s.client.Unsubscribe(filter), s.ackTimeout); err != nil {
		return fmt.Errorf("fleet: unsubscribe from %s: %w", filter, err)
	}
	return nil
}

// slowest is the slowest connection that is worth having, in bytes a second: a message of pictures gets the time that it
// takes there, or a terminal with a slow modem would break its connection over each of them.
const slowest = 4 << 10

// TransferTime returns the time that bytes take over the slowest connection.
func TransferTime(bytes int) time.Duration { return time.Duration(bytes) * time.Second / slowest }

// maxExtensions bounds how often the wait for an answer goes on because other packets come before it: a broker may have
// thousands of retained messages to send, but an answer that never comes must be noticed.
const maxExtensions = 10

// wait waits for the broker's answer. It goes on while a message that is too long comes, and for a while if others come.
func (s *Session) wait(ctx context.Context, t paho.Token, patience time.Duration) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	discarded, packets := s.conn.discarded.Load(), s.conn.packets.Load()
	for extensions := 0; ; {
		select {
		case <-t.Done():
			return t.Error()
		case <-s.lost:
			return fmt.Errorf("%w: %w", errNoAck, s.why)
		case <-limit.C:
			d, p := s.conn.discarded.Load(), s.conn.packets.Load()
			switch {
			case d != discarded:
			case p != packets && extensions < maxExtensions:
				extensions++
			default:
				return fmt.Errorf("%w within %v", errNoAck, patience)
			}
			discarded, packets = d, p
			limit.Reset(patience)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// closeTimeout bounds the end of a session; with the connection cut it takes far less.
const closeTimeout = 5 * time.Second

// Close ends the session and returns when paho's goroutines have ended. With grace it says goodbye
// first, so that the broker does not publish the will; without, the broker does.
func (s *Session) Close(grace time.Duration) {
	if grace > 0 {
		s.client.Disconnect(uint(grace.Milliseconds()))
	}
	s.conn.cut()
	// Returns at once when paho has disconnected, else waits for its goroutines to end.
	s.client.Disconnect(uint(closeTimeout.Milliseconds()))
}

// forget is a store that keeps nothing: unacknowledged messages are in the journal.
type forget struct{}

func (forget) Open() {}

func (forget) Put(string, packets.ControlPacket) {}

func (forget) Get(string) packets.ControlPacket { return nil }

func (forget) All() []string { return nil }

func (forget) Del(string) {}

func (forget) Close() {}

func (forget) Reset() {}
