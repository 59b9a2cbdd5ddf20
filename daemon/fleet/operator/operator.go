// Package operator commands and watches terminals from outside, and publishes the signed lists of the fleet.
package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Operator commands and watches terminals.
type Operator struct{ dialer *mqtt.Dialer }

// New checks the options and reads the TLS files. It does not connect.
func New(o mqtt.Opts) (*Operator, error) {
	d, err := mqtt.New(o)
	if err != nil {
		return nil, err
	}
	return &Operator{d}, nil
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
func NewCommand(o Order, now time.Time) (fleet.Command, error) {
	c := fleet.Command{Terminal: o.Terminal, Name: o.Command, ID: fleet.RandomHex(8), Nonce: fleet.RandomHex(16), Issued: now.UTC().Round(0)}
	if o.Valid <= 0 {
		o.Valid = defaultValid
	}
	c.Expires = c.Issued.Add(o.Valid)
	if o.Args != nil {
		b, err := fleet.EncodeJSON(o.Args)
		if err != nil {
			return fleet.Command{}, err
		}
		c.Args = b
	}
	return c, c.Check()
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
func (p *Operator) Send(ctx context.Context, o Order, s fleet.Signer, progress func(fleet.Answer)) (fleet.Answer, error) {
	c, err := NewCommand(o, time.Now())
	if err != nil {
		return fleet.Answer{}, err
	}
	topic, message, err := fleet.Sign(c, s)
	if err != nil {
		return fleet.Answer{}, err
	}
	heard := make(chan fleet.Answer, sendQueue)
	conn, err := p.connect(ctx, func(m mqtt.Message) {
		var a fleet.Answer
		if m.Retained || json.Unmarshal(m.Payload, &a) != nil || a.Status == "" || a.Status == fleet.StatusInit {
			return
		}
		select {
		case heard <- a:
		default: // there are two answers to a command; more is noise
		}
	})
	if err != nil {
		return fleet.Answer{}, err
	}
	defer conn.Close(mqtt.Farewell)
	if err := conn.Subscribe(ctx, topic); err != nil {
		return fleet.Answer{}, err
	}
	if err := conn.Publish(ctx, topic, 1, false, message); err != nil {
		return fleet.Answer{}, err
	}
	for {
		select {
		case a := <-heard:
			if progress != nil {
				progress(a)
			}
			if a.Status == fleet.StatusSuccessful || a.Status == fleet.StatusFailed {
				return a, nil
			}
		case <-conn.Lost():
			return fleet.Answer{}, fmt.Errorf("fleet: connection lost before the answer of %s: %w", o.Terminal, conn.Why())
		case <-ctx.Done():
			return fleet.Answer{}, fmt.Errorf("fleet: no final answer of %s (is it connected, and does the broker let it hear commands?): %w", o.Terminal, ctx.Err())
		}
	}
}

func (p *Operator) connect(ctx context.Context, handle func(mqtt.Message)) (*mqtt.Session, error) {
	return p.dialer.Connect(ctx, clientID(), nil, handle)
}

// clientID returns a name that no other client has: a broker ends the older of two connections of one name.
func clientID() string { return "umbral-operator-" + fleet.RandomHex(6) }

// Message is what Watch saw.
type Message struct {
	Time      time.Time // of reception
	Terminal  string
	Channel   fleet.Channel
	Rest      []string // levels after the channel: kind, type, name …
	Retained  bool
	Payload   json.RawMessage // empty when something retained was cleared, or Oversized
	Oversized bool            // too long to be taken
	Missed    uint64          // messages dropped so far because see was too slow
}

// Watch calls see for every message of the terminal ("" for all) until ctx ends, when it returns nil,
// or see returns an error, which it returns. It connects again when the connection is lost; lost, if
// not nil, is told why. What happens meanwhile is not seen.
func (p *Operator) Watch(ctx context.Context, terminal string, see func(Message) error, lost func(error)) error {
	filter := fleet.TopicFilter("+")
	if terminal != "" {
		if err := fleet.CheckTerminal(terminal); err != nil {
			return err
		}
		filter = fleet.TopicFilter(terminal)
	}
	pauses := mqtt.NewBackoff()
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
		if time.Since(began) > pauses.Max {
			pauses.Reset()
		}
		mqtt.Sleep(ctx, pauses.Pause())
	}
}

// stopWatching carries an error of the caller's callback through the loop that repairs connections.
type stopWatching struct{ err error }

func (s *stopWatching) Error() string { return s.err.Error() }

func (p *Operator) watch(ctx context.Context, filter string, see func(Message) error) error {
	heard := make(chan Message, watchQueue)
	var missed atomic.Uint64
	conn, err := p.connect(ctx, func(m mqtt.Message) {
		terminal, c, rest, err := fleet.ParseTopic(m.Topic)
		if err != nil {
			return
		}
		msg := Message{
			Time: time.Now(), Terminal: terminal, Channel: c, Rest: rest,
			Retained: m.Retained, Payload: m.Payload, Oversized: m.Oversized, Missed: missed.Load(),
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
	defer conn.Close(mqtt.Farewell)
	if err := conn.Subscribe(ctx, filter); err != nil {
		return err
	}
	for {
		select {
		case m := <-heard:
			if err := see(m); err != nil {
				return &stopWatching{err}
			}
		case <-conn.Lost():
			return conn.Why()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
