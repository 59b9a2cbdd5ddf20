package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// QuestionOpts says whom a terminal asks about a passage, and what it sends.
type QuestionOpts struct {
	Signer      fleet.Signer     // the terminal's own name and key
	Now         func() time.Time // the terminal's wall clock
	Authorities []fleet.NamedKey // whose answers count: 1 to 8
	Recipient   fleet.Recipient  // the authority's key, which claims are encrypted to
	Pictures    bool             // claims may carry a picture
	Templates   bool             // claims may carry a template
	InFlight    int              // questions waiting for their answers, 1 to 16; default 4
}

// Errors of Ask that callers tell apart.
var (
	// ErrNoAuthority: the link has no Questions.
	ErrNoAuthority = errors.New("fleet: no authority is configured")
	// ErrTooMany: QuestionOpts.InFlight questions wait already.
	ErrTooMany = errors.New("fleet: too many questions wait for the authority")
	// ErrNoAnswer: the authority has not answered in time.
	ErrNoAnswer = errors.New("fleet: the authority has not answered in time")
	// ErrNotAllowed: the claim carries what the site does not send.
	ErrNotAllowed = errors.New("fleet: the site does not send this to the authority")
)

func (o *QuestionOpts) check() error {
	if len(o.Signer.Private) != ed25519.PrivateKeySize || o.Now == nil {
		return errors.New("fleet: questions need the terminal's identity and clock")
	}
	if len(o.Authorities) == 0 || len(o.Authorities) > fleet.MaxRecipients {
		return fmt.Errorf("fleet: %d authorities, allowed 1 to %d", len(o.Authorities), fleet.MaxRecipients)
	}
	if o.Recipient.IsZero() {
		return errors.New("fleet: the authority's key for reading is missing (umbral authority keygen makes one)")
	}
	if o.InFlight == 0 {
		o.InFlight = 4
	}
	if o.InFlight < 1 || o.InFlight > fleet.MaxQuestionsAsked {
		return fmt.Errorf("fleet: InFlight %d, allowed 1 to %d", o.InFlight, fleet.MaxQuestionsAsked)
	}
	return fleet.CheckNamedKeys(o.Authorities)
}

// asked is a question that waits for its answer.
type asked struct {
	*fleet.SentQuestion
	answer     chan fleet.Finding // holds one
	connection uint64             // on which it was sent last
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

// Questions are what a terminal asks its authority. They are made before the link that carries them.
type Questions struct {
	o       QuestionOpts
	wake    chan struct{}
	replies chan mqtt.Message // from paho; full: dropped and counted

	mu      sync.Mutex
	waiting []*asked // at most o.InFlight
	asked   uint64
	replied uint64
}

// maxReplies bounds the replies between paho and the link.
const maxReplies = 16

// NewQuestions checks the options.
func NewQuestions(o QuestionOpts) (*Questions, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return newQuestions(o), nil
}

func newQuestions(o QuestionOpts) *Questions {
	return &Questions{o: o, wake: make(chan struct{}, 1), replies: make(chan mqtt.Message, maxReplies)}
}

// Ask is Questions.Ask, and ErrNoAuthority where the link carries none.
func (l *Link) Ask(ctx context.Context, q fleet.Question) (fleet.Finding, error) {
	if l.o.Questions == nil {
		return fleet.Finding{}, ErrNoAuthority
	}
	return l.questions.Ask(ctx, q)
}

// Ask asks the authority and waits for its answer, until ctx ends or MaxQuestionLife has passed. It survives broken
// connections and restarts of the broker and the authority in between. Only an answer that an authority has signed for this
// very question counts; all others are counted in Stats and change nothing.
func (r *Questions) Ask(ctx context.Context, q fleet.Question) (fleet.Finding, error) {
	o := &r.o
	if err := q.Check(); err != nil {
		return fleet.Finding{}, err
	}
	if len(q.Claim.Picture) > 0 && !o.Pictures || len(q.Claim.Template) > 0 && !o.Templates {
		return fleet.Finding{}, ErrNotAllowed
	}
	ctx, cancel := context.WithTimeout(ctx, fleet.MaxQuestionLife)
	defer cancel()
	deadline, _ := ctx.Deadline()
	life := time.Until(deadline)
	if life <= 0 {
		return fleet.Finding{}, ErrNoAnswer
	}
	sent, err := fleet.SealQuestion(q, o.Recipient, o.Signer, o.Now(), life)
	if err != nil {
		return fleet.Finding{}, err
	}
	a := &asked{SentQuestion: sent, answer: make(chan fleet.Finding, 1), pause: repeatMin}
	if !r.add(a) {
		return fleet.Finding{}, ErrTooMany
	}
	defer r.remove(a)
	select {
	case f := <-a.answer:
		r.mu.Lock()
		r.replied++
		r.mu.Unlock()
		return f, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fleet.Finding{}, ErrNoAnswer
		}
		return fleet.Finding{}, ctx.Err()
	}
}

// counts returns the questions that were asked and those that were answered in time.
func (r *Questions) counts() (asked, answered uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked, r.replied
}

func (r *Questions) add(a *asked) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= r.o.InFlight {
		return false
	}
	r.waiting = append(r.waiting, a)
	r.asked++
	offer(r.wake, struct{}{}) // full: the link will look anyway
	return true
}

func (r *Questions) remove(a *asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(other *asked) bool { return other == a })
}

// due takes the next question to be sent on that connection, nil when there is none, and whether there may be more.
func (r *Questions) due(connection uint64, now time.Time) (next *asked, more bool) {
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
func (l *Link) ask(ctx context.Context, s session, connection uint64) error {
	a, more := l.questions.due(connection, time.Now())
	if more {
		offer(l.questions.wake, struct{}{})
	}
	if a == nil {
		return nil
	}
	return s.Publish(ctx, a.Topic, 1, false, a.Message)
}

// reply takes a message on an answer's topic.
func (l *Link) reply(m mqtt.Message) {
	err := l.accept(m)
	switch {
	case err == nil:
	case errors.Is(err, errLate):
		l.count(func(s *Stats) { s.Late++ })
	default:
		l.count(func(s *Stats) { s.Forged++ })
		l.o.Log.Warn("fleet: an answer of the authority does not count", "error", err, "topic", fleet.Printable(m.Topic, 160))
	}
}

// errLate says that nobody waits for the answer: it came too late, or again.
var errLate = errors.New("nobody waits for it")

// accept hands an answer to who waits for it.
func (l *Link) accept(m mqtt.Message) error {
	_, _, rest, err := fleet.ParseTopic(m.Topic)
	switch {
	case err != nil:
		return err
	case m.Retained:
		return errors.New("kept by the broker")
	case m.Oversized:
		return fmt.Errorf("longer than %d bytes", fleet.MaxReplyBytes)
	}
	a := l.questions.find(rest[0])
	if a == nil {
		return errLate
	}
	f, err := a.ReadReply(m.Payload, l.questions.o.Authorities)
	if err != nil {
		return err
	}
	l.questions.remove(a)
	// Full: answered already.
	offer(a.answer, f)
	return nil
}

func (r *Questions) find(id string) *asked {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.waiting {
		if a.ID == id {
			return a
		}
	}
	return nil
}
