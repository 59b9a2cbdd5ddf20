package fleet

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"time"
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
	o OperatorOpts
}

// NewOperator checks the options and reads the TLS files. It does not connect yet.
func NewOperator(o OperatorOpts) (*Operator, error) { return &Operator{o: o}, nil }

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

// Send signs the order, sends it and waits for its final answer. progress, if not nil, is told of
// every answer as it comes. A refusal or failure is an Answer with StatusFailed, not an error; an error
// means that the outcome is unknown.
func (p *Operator) Send(ctx context.Context, o Order, s Signer, progress func(Answer)) (Answer, error) {
	return Answer{}, errors.New("fleet: not there yet")
}

// Message is what Watch saw.
type Message struct {
	Time     time.Time // of reception
	Terminal string
	Channel  Channel
	Rest     []string // levels after the channel: kind, type, name …
	Retained bool
	Payload  json.RawMessage // empty when something retained was cleared
	Missed   uint64          // messages dropped so far because the callback was too slow
}

// Watch calls see for every message of the terminal ("" for all) until ctx ends or see returns an
// error, which it returns. It connects again when the connection is lost; lost, if not nil, is told why.
func (p *Operator) Watch(ctx context.Context, terminal string, see func(Message) error, lost func(error)) error {
	return errors.New("fleet: not there yet")
}
