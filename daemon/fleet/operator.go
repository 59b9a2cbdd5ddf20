package fleet

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// OperatorOpts says how the tool reaches the broker.
type OperatorOpts struct {
	Broker         string
	Username       string
	Password       string
	TLS            TLSOpts
	ConnectTimeout time.Duration // default 15 s
	AckTimeout     time.Duration // default 15 s
}

// Operator commands and watches terminals from outside: the tool's side of this package.
type Operator struct {
	dial dialOpts
}

// NewOperator checks the options and reads the TLS files. It does not connect yet.
func NewOperator(o OperatorOpts) (*Operator, error) {
	d := DefaultOpts()
	p := &Operator{dial: dialOpts{
		address: o.Broker, username: o.Username, password: o.Password, keepAlive: d.KeepAlive,
		connectTimeout: o.ConnectTimeout, ackTimeout: o.AckTimeout,
	}}
	if p.dial.connectTimeout <= 0 {
		p.dial.connectTimeout = d.ConnectTimeout
	}
	if p.dial.ackTimeout <= 0 {
		p.dial.ackTimeout = d.AckTimeout
	}
	return p, p.dial.prepare(o.TLS)
}

// Signer is a private key with the name the terminals know it by.
type Signer struct {
	Name    string
	Private ed25519.PrivateKey
}

// Order is what an operator wants of a terminal.
type Order struct {
	Terminal string
	Command  string
	Args     any           // encoded as a JSON object, nil for none
	Valid    time.Duration // from now until the command expires; default 30 s
}

// defaultValid is how long an order can be obeyed when it does not say.
const defaultValid = 30 * time.Second

// NewCommand gives an order an id, a nonce and its times.
func NewCommand(o Order, now time.Time) (Command, error) {
	c := Command{Terminal: o.Terminal, Name: o.Command, ID: random(8), Nonce: random(16), Issued: now.UTC().Round(0)}
	if o.Valid <= 0 {
		o.Valid = defaultValid
	}
	c.Expires = c.Issued.Add(o.Valid)
	if o.Args != nil {
		b, err := encodeJSON(o.Args)
		if err != nil {
			return Command{}, err
		}
		c.Args = b
	}
	return c, c.check()
}

// random gives n random bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, or ends the program
	return hex.EncodeToString(b)
}

// Queues between paho and the operator's goroutine, in messages.
const (
	sendQueue  = 16
	watchQueue = 1024
)

// Send signs the order, sends it and waits for its final answer. progress, if not nil, is told of
// every answer as it comes. A refusal or failure is an Answer with StatusFailed, not an error; an error
// means that the outcome is unknown. Answers are not signed: who may publish on the terminal's topics
// can forge one, so let the broker's access rules name who may.
func (p *Operator) Send(ctx context.Context, o Order, s Signer, progress func(Answer)) (Answer, error) {
	c, err := NewCommand(o, time.Now())
	if err != nil {
		return Answer{}, err
	}
	topic, message, err := Sign(c, s)
	if err != nil {
		return Answer{}, err
	}
	heard := make(chan Answer, sendQueue)
	conn, err := p.connect(ctx, func(m mqtt.Message) {
		var a Answer
		if m.Retained() || json.Unmarshal(m.Payload(), &a) != nil || a.Status == "" || a.Status == StatusInit {
			return
		}
		select {
		case heard <- a:
		default: // there are two answers to a command; more is noise
		}
	})
	if err != nil {
		return Answer{}, err
	}
	defer conn.close(farewell)
	if err := conn.subscribe(ctx, topic); err != nil {
		return Answer{}, err
	}
	if err := conn.publish(ctx, topic, 1, false, message); err != nil {
		return Answer{}, err
	}
	for {
		select {
		case a := <-heard:
			if progress != nil {
				progress(a)
			}
			if a.Status == StatusSuccessful || a.Status == StatusFailed {
				return a, nil
			}
		case <-conn.lost:
			return Answer{}, fmt.Errorf("fleet: connection lost before the answer of %s: %w", o.Terminal, conn.why)
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("fleet: no final answer of %s (is it connected, and does the broker let it hear commands?): %w", o.Terminal, ctx.Err())
		}
	}
}

func (p *Operator) connect(ctx context.Context, handle func(mqtt.Message)) (*session, error) {
	d := p.dial
	d.clientID = "umbral-operator-" + random(6)
	return connect(ctx, &d, nil, handle)
}

// Message is what Watch saw.
type Message struct {
	Time     time.Time // of reception
	Terminal string
	Channel  Channel
	Rest     []string // levels after the channel: kind, type, name …
	Retained bool
	Payload  json.RawMessage // empty when something retained was cleared
	Missed   uint64          // messages dropped so far because see was too slow
}

// Watch calls see for every message of the terminal ("" for all) until ctx ends, when it returns nil,
// or see returns an error, which it returns. It connects again when the connection is lost; lost, if
// not nil, is told why. What happens meanwhile is not seen.
func (p *Operator) Watch(ctx context.Context, terminal string, see func(Message) error, lost func(error)) error {
	filter := root + "+" + noService + "#"
	if terminal != "" {
		if err := CheckTerminal(terminal); err != nil {
			return err
		}
		filter = root + terminal + noService + "#"
	}
	d := DefaultOpts()
	pauses := backoff{min: d.BackoffMin, max: d.BackoffMax}
	for {
		began := time.Now()
		err := p.watch(ctx, filter, see)
		var final *stopWatching
		switch {
		case errors.As(err, &final):
			return final.err
		case ctx.Err() != nil:
			return nil
		}
		if lost != nil {
			lost(err)
		}
		if time.Since(began) > d.BackoffMax {
			pauses.reset()
		}
		sleep(ctx, pauses.pause())
	}
}

// stopWatching carries an error of the caller's callback through the loop that repairs connections.
type stopWatching struct{ err error }

func (s *stopWatching) Error() string { return s.err.Error() }

func (p *Operator) watch(ctx context.Context, filter string, see func(Message) error) error {
	heard := make(chan Message, watchQueue)
	var missed atomic.Uint64
	conn, err := p.connect(ctx, func(m mqtt.Message) {
		terminal, c, rest, err := ParseTopic(m.Topic())
		if err != nil {
			return
		}
		msg := Message{
			Time: time.Now(), Terminal: terminal, Channel: c, Rest: rest,
			Retained: m.Retained(), Payload: m.Payload(), Missed: missed.Load(),
		}
		select {
		case heard <- msg:
		default:
			missed.Add(1)
		}
	})
	if err != nil {
		return err
	}
	defer conn.close(farewell)
	if err := conn.subscribe(ctx, filter); err != nil {
		return err
	}
	for {
		select {
		case m := <-heard:
			if err := see(m); err != nil {
				return &stopWatching{err}
			}
		case <-conn.lost:
			return conn.why
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
