package fleet

import (
	"context"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// RemoteOpts lets a link ask an authority about a passage.
type RemoteOpts struct {
	Authorities []Authorised // whose answers count: 1 to 8
	Reader      Reader       // the authority's key, which claims are encrypted to
	Pictures    bool         // claims may carry a picture
	Templates   bool         // claims may carry a template
	InFlight    int          // questions waiting for their answers, 1 to 16; default 4
}

// Authorised is a public key with its name, without rights of its own.
type Authorised struct {
	Name   string
	Public ed25519.PublicKey
}

// Errors of Ask that callers tell apart.
var (
	// ErrNoAuthority: the link has no RemoteOpts.
	ErrNoAuthority = errors.New("fleet: no authority is configured")
	// ErrTooMany: RemoteOpts.InFlight questions wait already.
	ErrTooMany = errors.New("fleet: too many questions wait for the authority")
	// ErrNoAnswer: the authority has not answered in time.
	ErrNoAnswer = errors.New("fleet: the authority has not answered in time")
	// ErrNotAllowed: the claim carries what the site does not send.
	ErrNotAllowed = errors.New("fleet: the site does not send this to the authority")
)

func (o *RemoteOpts) check() error {
	if len(o.Authorities) == 0 || len(o.Authorities) > MaxReaders {
		return fmt.Errorf("fleet: %d authorities, allowed 1 to %d", len(o.Authorities), MaxReaders)
	}
	if o.Reader.public == nil {
		return errors.New("fleet: the authority's key for reading is missing (umbral authority keygen makes one)")
	}
	if o.InFlight == 0 {
		o.InFlight = 4
	}
	if o.InFlight < 1 || o.InFlight > maxQuestionsAsked {
		return fmt.Errorf("fleet: InFlight %d, allowed 1 to %d", o.InFlight, maxQuestionsAsked)
	}
	return checkAuthorised(o.Authorities)
}

func checkAuthorised(keys []Authorised) error {
	for i, k := range keys {
		switch {
		case !validLevel(k.Name, maxTerminal):
			return fmt.Errorf("fleet: key name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", clip(k.Name, 80), maxTerminal)
		case len(k.Public) != ed25519.PublicKeySize:
			return fmt.Errorf("fleet: key %q has %d bytes, Ed25519 public keys have %d", k.Name, len(k.Public), ed25519.PublicKeySize)
		case slices.ContainsFunc(keys[:i], func(other Authorised) bool { return other.Name == k.Name }):
			return fmt.Errorf("fleet: two keys are named %q", k.Name)
		}
	}
	return nil
}

// asked is a question that waits for its answer.
type asked struct {
	id         string
	topic      string
	message    []byte
	digest     [32]byte // of the signed payload
	passage    string
	subject    string // claimed; empty to identify
	reply      cipher.AEAD
	answer     chan Finding // holds one
	connection uint64       // on which it was sent last
	sent       time.Time
	pause      time.Duration // before it is sent again
}

// A question is sent again after repeatMin, then after twice that and so on up to repeatMax: the broker keeps nothing for an
// authority that is away, and after its restart the terminal may be back before the authority is. An authority answers
// every repetition with the same answer.
const (
	repeatMin  = 2 * time.Second
	repeatMax  = 16 * time.Second
	repeatTick = 500 * time.Millisecond
)

// remote holds the questions of a link.
type remote struct {
	o       *RemoteOpts // nil: no questions
	wake    chan struct{}
	replies chan inbound // from paho; full: dropped and counted

	mu      sync.Mutex
	waiting []*asked // at most o.InFlight
}

// maxReplies bounds the replies between paho and the link.
const maxReplies = 16

func newRemote(o *RemoteOpts) remote {
	return remote{o: o, wake: make(chan struct{}, 1), replies: make(chan inbound, maxReplies)}
}

// Ask asks the authority and waits for its answer, until ctx ends or MaxQuestionLife has passed. It survives broken
// connections and restarts of the broker and the authority in between. Only an answer that an authority has signed for this
// very question counts; all others are counted in Stats and change nothing.
func (l *Link) Ask(ctx context.Context, q Question) (Finding, error) {
	o := l.remote.o
	if o == nil {
		return Finding{}, ErrNoAuthority
	}
	if err := q.check(); err != nil {
		return Finding{}, err
	}
	if len(q.Claim.Picture) > 0 && !o.Pictures || len(q.Claim.Template) > 0 && !o.Templates {
		return Finding{}, ErrNotAllowed
	}
	ctx, cancel := context.WithTimeout(ctx, MaxQuestionLife)
	defer cancel()
	deadline, _ := ctx.Deadline()
	a, err := l.compose(q, time.Until(deadline))
	if err != nil {
		return Finding{}, err
	}
	if !l.remote.add(a) {
		return Finding{}, ErrTooMany
	}
	defer l.remote.remove(a)
	l.count(func(s *Stats) { s.Asked++ })
	select {
	case f := <-a.answer:
		l.count(func(s *Stats) { s.Answered++ })
		return f, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return Finding{}, ErrNoAnswer
		}
		return Finding{}, ctx.Err()
	}
}

// compose encrypts and signs a question that is valid for that long.
func (l *Link) compose(q Question, life time.Duration) (*asked, error) {
	if life <= 0 {
		return nil, ErrNoAnswer
	}
	now := l.now()
	p := questionPayload{
		Schema: Schema, Terminal: l.o.Terminal, Passage: q.Passage, ID: random(8), Nonce: random(16),
		Issued: now, Expires: now.Add(min(life, MaxQuestionLife)), Purpose: q.Purpose,
	}
	claim, err := encodeJSON(q.Claim)
	if err != nil {
		return nil, err
	}
	sealed, reply, err := sealLetter(l.remote.o.Reader, p.context(), claim)
	if err != nil {
		return nil, err
	}
	p.Enc, p.Data = sealed.Enc, sealed.Data
	payload, err := encodeJSON(p)
	if err != nil {
		return nil, err
	}
	m, err := signPayload(domainQuestion, payload, Signer{Name: l.o.Terminal, Private: l.o.Identity})
	if err != nil {
		return nil, err
	}
	message, err := encodeJSON(m)
	if err == nil && len(message) > maxQuestionBytes {
		err = fmt.Errorf("fleet: question of %d bytes, limit %d", len(message), maxQuestionBytes)
	}
	if err != nil {
		return nil, err
	}
	subject := q.Claim.Subject
	if q.Purpose != PurposeVerify {
		subject = ""
	}
	return &asked{
		id: p.ID, topic: Topic(l.o.Terminal, ChannelRemote, p.ID, "request"), message: message, digest: sha256.Sum256(payload),
		passage: q.Passage, subject: subject, reply: reply, answer: make(chan Finding, 1), pause: repeatMin,
	}, nil
}

func (r *remote) add(a *asked) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= r.o.InFlight {
		return false
	}
	r.waiting = append(r.waiting, a)
	offer(r.wake, struct{}{}) // full: the link will look anyway
	return true
}

func (r *remote) remove(a *asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(other *asked) bool { return other == a })
}

// due takes the next question to be sent on that connection, nil when there is none, and whether there may be more.
func (r *remote) due(connection uint64, now time.Time) (next *asked, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.waiting {
		switch {
		case a.connection != connection:
		case now.Sub(a.sent) >= a.pause:
			a.pause = min(2*a.pause, repeatMax)
		default:
			continue
		}
		if next != nil {
			return next, true
		}
		a.connection, a.sent = connection, now
		next = a
	}
	return next, false
}

// ask sends one question that is due. Where another is due as well it wakes the link again, so that the journal and
// commands get their turns in between.
func (l *Link) ask(ctx context.Context, s *session, connection uint64) error {
	a, more := l.remote.due(connection, time.Now())
	if more {
		offer(l.remote.wake, struct{}{})
	}
	if a == nil {
		return nil
	}
	return s.publish(ctx, a.topic, 1, false, a.message)
}

// reply takes a message on an answer's topic.
func (l *Link) reply(m inbound) {
	err := l.accept(m)
	switch {
	case err == nil:
	case errors.Is(err, errLate):
		l.count(func(s *Stats) { s.Late++ })
	default:
		l.count(func(s *Stats) { s.Forged++ })
		l.o.Log.Warn("fleet: an answer of the authority does not count", "error", err, "topic", clip(m.topic, 160))
	}
}

// errLate says that nobody waits for the answer: it came too late, or again.
var errLate = errors.New("nobody waits for it")

// accept hands an answer to who waits for it.
func (l *Link) accept(m inbound) error {
	_, _, rest, err := ParseTopic(m.topic)
	switch {
	case err != nil:
		return err
	case m.retained:
		return errors.New("kept by the broker")
	case m.oversized:
		return fmt.Errorf("longer than %d bytes", maxReplyBytes)
	}
	a := l.remote.find(rest[0])
	if a == nil {
		return errLate
	}
	signed, err := readSigned(m.payload)
	if err != nil {
		return err
	}
	known := l.remote.o.Authorities
	i := slices.IndexFunc(known, func(k Authorised) bool { return k.Name == signed.Key })
	if i < 0 || !signed.by(domainReply, known[i].Public) {
		return fmt.Errorf("not signed by %q, or no authority of that name", clip(signed.Key, 80))
	}
	p, err := readReply(signed.Payload)
	if err != nil {
		return err
	}
	if p.Terminal != l.o.Terminal || p.Passage != a.passage || p.ID != a.id || p.Question != hexDigest(a.digest) {
		return errors.New("made for another question")
	}
	secret, err := a.reply.Open(nil, nil, p.Data, []byte(p.Question))
	if err != nil {
		return errors.New("its encrypted part does not belong to the question")
	}
	who, err := readSecret(secret)
	if err != nil {
		return err
	}
	if a.subject != "" && who.Subject != "" && who.Subject != a.subject {
		return errors.New("it speaks of somebody else")
	}
	l.remote.remove(a)
	// Full: answered already.
	offer(a.answer, Finding{Outcome: p.Outcome, Score: p.Score, Detail: p.Detail, Subject: who.Subject, Name: who.Name})
	return nil
}

func (r *remote) find(id string) *asked {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.waiting {
		if a.id == id {
			return a
		}
	}
	return nil
}
