// Package authority answers the questions of terminals about people: the other side of link.Link's Ask.
package authority

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Opts configures an authority.
type Opts struct {
	Broker    mqtt.Opts
	Signer    fleet.Signer       // whose name and key the terminals know
	Key       fleet.RecipientKey // claims are encrypted to it
	Terminals []fleet.NamedKey   // whose questions are answered: by the terminal's name and the key of its twin "identity"
	Skew      time.Duration
	// Answer finds out. It is called from one goroutine and has to return soon after ctx has ended, which is when the
	// question expires. An error is told to the terminal as doubt, without its text.
	Answer func(ctx context.Context, a Asked) (fleet.Finding, error)
	Log    *slog.Logger // default: none
}

// Asked is a question as the authority sees it.
type Asked struct {
	Terminal string
	Passage  string
	Purpose  fleet.Purpose
	Expires  time.Time
	Claim    fleet.Claim
}

// Stats tells what an authority has done.
type Stats struct {
	Connected bool
	Answered  uint64 // questions
	Repeated  uint64 // questions answered again, with the same answer
	Refused   uint64 // messages that were no question of a known terminal
	Dropped   uint64 // questions dropped because too many waited
}

// Bounds of an authority.
const (
	authorityQueue  = 64   // questions waiting
	rememberedReply = 1024 // answers kept for repetitions
)

// Authority answers the questions of terminals.
type Authority struct {
	o       Opts
	dialer  *mqtt.Dialer
	used    atomic.Bool
	inbox   chan mqtt.Message
	replies chan mqtt.Message

	known map[[32]byte]mqtt.Message // by the question's digest; belongs to work
	order [][32]byte

	mu    sync.Mutex
	stats Stats
}

// DetailClock is the detail of a doubt about a question whose times do not fit the authority's clock; DetailFailed of one
// that could not be looked into.
const (
	DetailClock  = "clock"
	DetailFailed = "failed"
)

// New checks the options and reads the TLS files. It does not connect before Run.
func New(o Opts) (*Authority, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Answer == nil:
		return nil, errors.New("fleet: an authority needs Answer")
	case len(o.Signer.Private) != ed25519.PrivateKeySize || !fleet.ValidLevel(o.Signer.Name, fleet.MaxTerminal):
		return nil, fmt.Errorf("fleet: authority's key %q of %d bytes, wanted a name and an Ed25519 private key", fleet.Printable(o.Signer.Name, 80), len(o.Signer.Private))
	case o.Key.IsZero():
		return nil, errors.New("fleet: the authority's key for reading is missing")
	case o.Skew < 0 || o.Skew > time.Hour:
		return nil, fmt.Errorf("fleet: Skew %v, allowed 0s to 1h", o.Skew)
	case len(o.Terminals) == 0:
		return nil, errors.New("fleet: an authority needs the keys of its terminals")
	}
	if err := fleet.CheckNamedKeys(o.Terminals); err != nil {
		return nil, err
	}
	d, err := mqtt.New(o.Broker)
	if err != nil {
		return nil, err
	}
	return &Authority{
		o: o, dialer: d, inbox: make(chan mqtt.Message, authorityQueue), replies: make(chan mqtt.Message, authorityQueue),
		known: map[[32]byte]mqtt.Message{},
	}, nil
}

// Stats tells how it does.
func (a *Authority) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stats
}

func (a *Authority) count(f func(*Stats)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.stats)
}

// Run answers until ctx ends, when it returns nil. An absent broker is no error. It can be called once.
func (a *Authority) Run(ctx context.Context) error {
	if a.used.Swap(true) {
		return errors.New("fleet: Run was called before")
	}
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group.Go(func() { a.work(ctx) })
	pauses := mqtt.NewBackoff()
	for {
		began := time.Now()
		err := a.serve(ctx)
		a.count(func(s *Stats) { s.Connected = false })
		if ctx.Err() != nil {
			return nil
		}
		a.o.Log.Warn("fleet: the authority is not connected", "error", err)
		if time.Since(began) > pauses.Max {
			pauses.Reset()
		}
		mqtt.Sleep(ctx, pauses.Pause())
	}
}

func (a *Authority) serve(ctx context.Context) error {
	s, err := a.dialer.Connect(ctx, "umbral-authority-"+fleet.RandomHex(6), nil, a.receive)
	if err != nil {
		return err
	}
	defer s.Close(mqtt.Farewell)
	if err := s.Subscribe(ctx, fleet.Topic("+", fleet.ChannelRemote, "+", "request")); err != nil {
		return err
	}
	a.o.Log.Info("fleet: the authority is connected", "broker", a.dialer.Host())
	a.count(func(s *Stats) { s.Connected = true })
	for {
		select {
		case m := <-a.replies:
			// Where the connection breaks meanwhile, the terminal asks again.
			if err := s.Publish(ctx, m.Topic, 1, false, m.Payload); err != nil {
				return err
			}
		case <-s.Lost():
			return s.Why()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// receive takes a message from paho's goroutine, which must not be held up.
func (a *Authority) receive(m mqtt.Message) {
	if m.Retained || len(m.Payload) > fleet.MaxQuestionBytes {
		a.count(func(s *Stats) { s.Refused++ })
		return
	}
	select {
	case a.inbox <- m:
	default:
		a.count(func(s *Stats) { s.Dropped++ })
	}
}

// work answers one question after the other.
func (a *Authority) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-a.inbox:
			reply, err := a.answer(ctx, m)
			if err != nil {
				a.count(func(s *Stats) { s.Refused++ })
				a.o.Log.Warn("fleet: a question does not count", "error", err, "topic", fleet.Printable(m.Topic, 160))
				continue
			}
			select {
			case a.replies <- reply:
			case <-ctx.Done():
				return
			default:
				a.count(func(s *Stats) { s.Dropped++ }) // the terminal asks again
			}
		}
	}
}

// answer makes the reply to a message; an error says why it is no question that counts.
func (a *Authority) answer(ctx context.Context, m mqtt.Message) (mqtt.Message, error) {
	q, err := fleet.ReadQuestion(m.Topic, m.Payload, a.o.Terminals, a.o.Key)
	if err != nil {
		return mqtt.Message{}, err
	}
	if again, ok := a.known[q.Digest]; ok {
		a.count(func(s *Stats) { s.Repeated++ })
		return again, nil
	}
	topic, message, err := q.Reply(a.find(ctx, q), time.Now(), a.o.Signer)
	if err != nil {
		return mqtt.Message{}, err
	}
	reply := mqtt.Message{Topic: topic, Payload: message}
	a.remember(q.Digest, reply)
	a.count(func(s *Stats) { s.Answered++ })
	return reply, nil
}

// find asks Opts.Answer. What cannot be looked into is doubtful.
func (a *Authority) find(ctx context.Context, q *fleet.ReceivedQuestion) fleet.Finding {
	now := time.Now()
	if now.After(q.Expires.Add(a.o.Skew)) || q.Issued.After(now.Add(a.o.Skew)) {
		return fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: DetailClock}
	}
	until := now.Add(q.Expires.Sub(q.Issued)) // the clocks may differ; the question lives no longer than that
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	f, err := a.o.Answer(ctx, Asked{Terminal: q.Terminal, Passage: q.Passage, Purpose: q.Purpose, Expires: until, Claim: q.Claim})
	if err == nil {
		err = f.Check()
	}
	if err != nil {
		a.o.Log.Error("fleet: the authority could not look", "passage", q.Passage, "terminal", q.Terminal, "error", err)
		return fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: DetailFailed}
	}
	return f
}

func (a *Authority) remember(digest [32]byte, reply mqtt.Message) {
	if len(a.order) >= rememberedReply {
		delete(a.known, a.order[0])
		a.order = a.order[1:]
	}
	a.known[digest] = reply
	a.order = append(a.order, digest)
}
