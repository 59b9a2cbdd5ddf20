package fleet

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// AuthorityOpts configures the other side of Link.Ask.
type AuthorityOpts struct {
	Broker    OperatorOpts
	Signer    Signer       // whose name and key the terminals know
	Key       ReaderKey    // claims are encrypted to it
	Terminals []Authorised // whose questions are answered: by the terminal's name and the key of its twin "identity"
	Skew      time.Duration
	// Answer finds out. It is called from one goroutine and has to return soon after ctx has ended, which is when the
	// question expires. An error is told to the terminal as doubt, without its text.
	Answer func(ctx context.Context, a Asked) (Finding, error)
	Log    *slog.Logger // default: none
}

// Asked is a question as the authority sees it.
type Asked struct {
	Terminal string
	Passage  string
	Purpose  Purpose
	Expires  time.Time
	Claim    Claim
}

// AuthorityStats tells what an authority has done.
type AuthorityStats struct {
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
	o        AuthorityOpts
	operator *Operator
	used     atomic.Bool
	inbox    chan inbound
	replies  chan outbound

	known map[[32]byte]outbound // by the question's digest; belongs to work
	order [][32]byte

	mu    sync.Mutex
	stats AuthorityStats
}

// DetailClock is the detail of a doubt about a question whose times do not fit the authority's clock; DetailFailed of one
// that could not be looked into.
const (
	DetailClock  = "clock"
	DetailFailed = "failed"
)

// NewAuthority checks the options and reads the TLS files. It does not connect before Run.
func NewAuthority(o AuthorityOpts) (*Authority, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Answer == nil:
		return nil, errors.New("fleet: an authority needs Answer")
	case len(o.Signer.Private) != ed25519.PrivateKeySize || !validLevel(o.Signer.Name, maxTerminal):
		return nil, fmt.Errorf("fleet: authority's key %q of %d bytes, wanted a name and an Ed25519 private key", clip(o.Signer.Name, 80), len(o.Signer.Private))
	case o.Key.private == nil:
		return nil, errors.New("fleet: the authority's key for reading is missing")
	case o.Skew < 0 || o.Skew > time.Hour:
		return nil, fmt.Errorf("fleet: Skew %v, allowed 0s to 1h", o.Skew)
	case len(o.Terminals) == 0:
		return nil, errors.New("fleet: an authority needs the keys of its terminals")
	}
	if err := checkAuthorised(o.Terminals); err != nil {
		return nil, err
	}
	p, err := NewOperator(o.Broker)
	if err != nil {
		return nil, err
	}
	return &Authority{
		o: o, operator: p, inbox: make(chan inbound, authorityQueue), replies: make(chan outbound, authorityQueue),
		known: map[[32]byte]outbound{},
	}, nil
}

// Stats tells how it does.
func (a *Authority) Stats() AuthorityStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stats
}

func (a *Authority) count(f func(*AuthorityStats)) {
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
	d := DefaultOpts()
	pauses := backoff{min: d.BackoffMin, max: d.BackoffMax}
	for {
		began := time.Now()
		err := a.serve(ctx)
		a.count(func(s *AuthorityStats) { s.Connected = false })
		if ctx.Err() != nil {
			return nil
		}
		a.o.Log.Warn("fleet: the authority is not connected", "error", err)
		if time.Since(began) > d.BackoffMax {
			pauses.reset()
		}
		sleep(ctx, pauses.pause())
	}
}

func (a *Authority) serve(ctx context.Context) error {
	s, err := a.operator.connect(ctx, a.receive)
	if err != nil {
		return err
	}
	defer s.close(farewell)
	if err := s.subscribe(ctx, Topic("+", ChannelRemote, "+", "request")); err != nil {
		return err
	}
	a.o.Log.Info("fleet: the authority is connected", "broker", a.operator.dial.url.Host)
	a.count(func(s *AuthorityStats) { s.Connected = true })
	for {
		select {
		case m := <-a.replies:
			// Where the connection breaks meanwhile, the terminal asks again.
			if err := s.publish(ctx, m.topic, 1, false, m.payload); err != nil {
				return err
			}
		case <-s.lost:
			return s.why
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// receive takes a message from paho's goroutine, which must not be held up.
func (a *Authority) receive(m mqtt.Message) {
	if m.Retained() || len(m.Payload()) > maxQuestionBytes {
		a.count(func(s *AuthorityStats) { s.Refused++ })
		return
	}
	select {
	case a.inbox <- inbound{topic: m.Topic(), payload: m.Payload()}:
	default:
		a.count(func(s *AuthorityStats) { s.Dropped++ })
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
				a.count(func(s *AuthorityStats) { s.Refused++ })
				a.o.Log.Warn("fleet: a question does not count", "error", err, "topic", clip(m.topic, 160))
				continue
			}
			select {
			case a.replies <- reply:
			case <-ctx.Done():
				return
			default:
				a.count(func(s *AuthorityStats) { s.Dropped++ }) // the terminal asks again
			}
		}
	}
}

// answer makes the reply to a message; an error says why it is no question that counts.
func (a *Authority) answer(ctx context.Context, m inbound) (outbound, error) {
	terminal, _, rest, err := ParseTopic(m.topic)
	if err != nil {
		return outbound{}, err
	}
	signed, err := readSigned(m.payload)
	if err != nil {
		return outbound{}, err
	}
	i := slices.IndexFunc(a.o.Terminals, func(k Authorised) bool { return k.Name == terminal })
	if i < 0 || signed.Key != terminal || !signed.by(domainQuestion, a.o.Terminals[i].Public) {
		return outbound{}, fmt.Errorf("not signed by terminal %q, or that is not known", terminal)
	}
	p, err := readQuestion(signed.Payload)
	if err != nil {
		return outbound{}, err
	}
	if p.Terminal != terminal || p.ID != rest[0] {
		return outbound{}, errors.New("signed for another topic")
	}
	digest := sha256.Sum256(signed.Payload)
	if again, ok := a.known[digest]; ok {
		a.count(func(s *AuthorityStats) { s.Repeated++ })
		return again, nil
	}
	reply, err := a.look(ctx, &p, digest)
	if err != nil {
		return outbound{}, err
	}
	a.remember(digest, reply)
	a.count(func(s *AuthorityStats) { s.Answered++ })
	return reply, nil
}

// look decrypts the claim, finds out, and signs the answer.
func (a *Authority) look(ctx context.Context, p *questionPayload, digest [32]byte) (outbound, error) {
	plain, cipher, err := openLetter(a.o.Key, p.context(), letter{p.Enc, p.Data})
	if err != nil {
		return outbound{}, err
	}
	claim, err := readClaim(plain)
	if err != nil {
		return outbound{}, fmt.Errorf("claim: %w", err)
	}
	q := Question{Passage: p.Passage, Purpose: p.Purpose, Claim: claim}
	if err := q.check(); err != nil {
		return outbound{}, err
	}
	f := Finding{Outcome: OutcomeDoubtful, Detail: DetailClock}
	now := time.Now()
	if !now.After(p.Expires.Add(a.o.Skew)) && !p.Issued.After(now.Add(a.o.Skew)) {
		until := now.Add(p.Expires.Sub(p.Issued)) // the clocks may differ; the question lives no longer than that
		ctx, cancel := context.WithDeadline(ctx, until)
		f, err = a.o.Answer(ctx, Asked{Terminal: p.Terminal, Passage: p.Passage, Purpose: p.Purpose, Expires: until, Claim: claim})
		cancel()
		if err == nil {
			err = f.check()
		}
		if err != nil {
			a.o.Log.Error("fleet: the authority could not look", "passage", p.Passage, "terminal", p.Terminal, "error", err)
			f = Finding{Outcome: OutcomeDoubtful, Detail: DetailFailed}
		}
	}
	secret, err := encodeJSON(replySecret{f.Subject, f.Name})
	if err != nil {
		return outbound{}, err
	}
	question := hexDigest(digest)
	payload, err := encodeJSON(replyPayload{
		Schema: Schema, Terminal: p.Terminal, Passage: p.Passage, ID: p.ID, Question: question, Outcome: f.Outcome,
		Score: f.Score, Detail: f.Detail, Data: cipher.Seal(nil, nil, secret, []byte(question)), Time: time.Now().UTC().Round(0),
	})
	if err != nil {
		return outbound{}, err
	}
	m, err := signPayload(domainReply, payload, a.o.Signer)
	if err != nil {
		return outbound{}, err
	}
	b, err := encodeJSON(m)
	return outbound{topic: Topic(p.Terminal, ChannelRemote, p.ID, "answer"), payload: b}, err
}

func (a *Authority) remember(digest [32]byte, reply outbound) {
	if len(a.order) >= rememberedReply {
		delete(a.known, a.order[0])
		a.order = a.order[1:]
	}
	a.known[digest] = reply
	a.order = append(a.order, digest)
}
