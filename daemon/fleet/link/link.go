// Package link is the terminal's side of the fleet: it delivers the journal, publishes health, twin, alarms, measurements and
// reviews, obeys signed commands, takes signed lists, and asks the authority. Package fleet has the topics and payloads.
//
// The queue is the journal. One entry is in flight, and the cursor moves when the broker has acknowledged it. One goroutine
// publishes; one obeys commands; one waits for the journal; one installs lists. All of them, and paho's, have ended when Run
// returns.
package link

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Link is one terminal's connection to the fleet's broker.
type Link struct {
	o         Opts
	dialer    *mqtt.Dialer
	journal   Journal
	commander Commander
	state     State
	verifier  verifier

	used    atomic.Bool
	nudge   chan struct{}     // Changed was called
	inbox   chan mqtt.Message // from paho to the commands' goroutine; full: refused as busy
	answers chan mqtt.Message // from there to the session; full: the answer is dropped and counted
	unsaid  *mqtt.Message     // an answer whose connection broke before it was acknowledged
	traps   chan mqtt.Message // retained commands, to be refused; full: only counted
	stale   *stale
	echo    echo
	rival   rival
	outbox  outbox
	// questions is inert where Opts has none.
	questions *Questions

	listNews chan mqtt.Message // manifests and parts from paho; full: dropped, found again later
	installs chan fetched      // to the goroutine that installs them
	bad      badLists

	refusals refusals
	mu       sync.Mutex
	stats    Stats
}

// session is what the link needs of a connection; see mqtt.Session.
type session interface {
	Publish(ctx context.Context, topic string, qos byte, retained bool, payload []byte) error
	Subscribe(ctx context.Context, filter string) error
	Unsubscribe(ctx context.Context, filter string) error
	Expect(bytes int)
	Lost() <-chan struct{}
	Why() error
}

// Bounds of the queues inside a link, in messages.
const (
	maxAnswers = 32
	maxTraps   = refusalBurst
)

// New checks the options, reads the TLS files and returns a link that does nothing before Run.
func New(o Opts, j Journal, c Commander, n NonceStore, s State) (*Link, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if j == nil || c == nil || n == nil || s == nil {
		return nil, errors.New("fleet: journal, commander, nonces and state are all needed")
	}
	dialer, err := mqtt.New(o.Opts)
	if err != nil {
		return nil, err
	}
	l := &Link{
		o: o, dialer: dialer, journal: j, commander: c, state: s,
		verifier: verifier{
			terminal: o.Terminal, keys: o.Keys, limit: o.MaxCommandBytes, age: o.MaxCommandAge,
			skew: o.MaxCommandSkew, trusted: o.TrustedClocks, nonces: n,
		},
		nudge:     make(chan struct{}, 1),
		inbox:     make(chan mqtt.Message, o.CommandQueue),
		answers:   make(chan mqtt.Message, maxAnswers),
		traps:     make(chan mqtt.Message, maxTraps),
		stale:     newStale(),
		rival:     newRival(),
		outbox:    newOutbox(j),
		questions: o.Questions,

		listNews: make(chan mqtt.Message, listQueue),
		installs: make(chan fetched, 1),
		refusals: newRefusals(),
	}
	if l.questions == nil {
		l.questions = newQuestions(QuestionOpts{})
	}
	l.stats = Stats{Broker: l.dialer.Host(), Since: l.now(), LastError: "not connected yet", CertificateExpires: l.dialer.Expires()}
	return l, nil
}

// Changed asks the link to look at State now rather than at the next poll. It never blocks.
func (l *Link) Changed() {
	select {
	case l.nudge <- struct{}{}:
	default: // it will look anyway
	}
}

// Stats tells how the link does.
func (l *Link) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Asked, s.Answered = l.questions.counts()
	return s
}

func (l *Link) count(f func(*Stats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.stats)
}

func (l *Link) now() time.Time {
	t, _ := l.o.Clock()
	return t.UTC().Round(0)
}

// signer is the terminal's own.
func (l *Link) signer() fleet.Signer { return fleet.Signer{Name: l.o.Terminal, Private: l.o.Identity} }

// Run keeps the link until ctx ends, then says goodbye to the broker and returns nil when all its
// goroutines have ended. An absent broker is no error. It can be called once.
func (l *Link) Run(ctx context.Context) error {
	if l.used.Swap(true) {
		return errors.New("fleet: Run was called before")
	}
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() { l.obey(ctx) })
	group.Go(func() { l.outbox.watch(ctx) })
	if l.o.Lists != nil {
		group.Go(func() { l.install(ctx) })
	}
	pauses := mqtt.Backoff{Min: l.o.BackoffMin, Max: l.o.BackoffMax}
	for ctx.Err() == nil {
		healthy, err := l.attend(ctx)
		if ctx.Err() != nil {
			break
		}
		if healthy {
			pauses.Reset()
		}
		pause := pauses.Pause()
		l.disconnected(err, pause)
		mqtt.Sleep(ctx, pause)
	}
	l.disconnected(errors.New("stopped"), 0)
	return nil
}

// attend makes one connection and serves it to its end. healthy tells that it was worth something, so
// that the next attempt may come soon.
func (l *Link) attend(ctx context.Context) (healthy bool, err error) {
	will, err := l.will()
	if err != nil {
		return false, err
	}
	l.refresh()
	s, err := l.dialer.Connect(ctx, "umbral-"+l.o.Terminal, will, l.receive)
	if err != nil {
		return false, err
	}
	began := time.Now()
	before := l.Stats().Delivered
	err = l.serve(ctx, s)
	var grace time.Duration
	if ctx.Err() != nil {
		grace = mqtt.Farewell
		l.goodbye(s)
	}
	s.Close(grace)
	l.outbox.commit()
	l.read()
	return l.Stats().Delivered > before || time.Since(began) > l.o.BackoffMax, err
}

// goodbye replaces the retained "up" by a "down" that says that it was meant.
func (l *Link) goodbye(s session) {
	ctx, cancel := context.WithTimeout(context.Background(), mqtt.Farewell)
	defer cancel()
	b, err := fleet.EncodeJSON(l.report(fleet.HealthDown, "stopped", fleet.Health{}))
	if err == nil {
		err = s.Publish(ctx, fleet.Topic(l.o.Terminal, fleet.ChannelStatus, "health"), 1, true, b)
	}
	if err != nil {
		l.o.Log.Warn("fleet: no goodbye", "error", err)
	}
}

func (l *Link) will() (*mqtt.Message, error) {
	b, err := fleet.EncodeJSON(l.report(fleet.HealthDown, "connection lost", fleet.Health{}))
	return &mqtt.Message{Topic: fleet.Topic(l.o.Terminal, fleet.ChannelStatus, "health"), Payload: b}, err
}

func (l *Link) report(status, reason string, h fleet.Health) fleet.HealthReport {
	now, trust := l.o.Clock()
	return fleet.HealthReport{
		Schema: fleet.Schema, Status: status, PID: os.Getpid(), Time: now.UTC().Round(0), Clock: trust,
		Terminal: l.o.Terminal, Boot: l.o.Boot, Instance: l.rival.instance, Software: h.Software, Reason: reason, Detail: h.Detail,
	}
}

// serve uses a connection until it fails or ctx ends: first what is said at birth, then whatever comes,
// one message at a time.
func (l *Link) serve(ctx context.Context, s session) error {
	if err := l.subscribe(ctx, s); err != nil {
		return err
	}
	if err := l.wantLists(ctx, s); err != nil {
		return err
	}
	told := newPublisher(l, s)
	if err := told.news(ctx); err != nil {
		return err
	}
	if m := l.unsaid; m != nil {
		if err := l.say(ctx, s, *m); err != nil {
			return err
		}
	}
	l.connected()
	connection := l.Stats().Connects
	var repeat <-chan time.Time // nil: never
	if l.o.Questions != nil {
		t := time.NewTicker(repeatTick)
		defer t.Stop()
		repeat = t.C
		if err := l.ask(ctx, s, connection); err != nil {
			return err
		}
	}
	lists := newFetcher(l, s)
	poll := time.NewTicker(l.o.Poll)
	defer poll.Stop()
	interval := time.NewTicker(l.o.Interval)
	defer interval.Stop()
	for {
		// Entries are delivered one a turn, so that a long backlog delays nothing else by more than a
		// few messages.
		more := l.outbox.load()
		l.read()
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.Lost():
			return fmt.Errorf("fleet: connection to %s lost: %w", l.dialer.Host(), s.Why())
		case <-more:
			err = l.deliver(ctx, s)
		case m := <-l.answers:
			err = l.say(ctx, s, m)
		case <-l.stale.wake:
			err = l.clear(ctx, s, told)
		case <-l.questions.wake:
			err = l.ask(ctx, s, connection)
		case <-repeat:
			err = l.ask(ctx, s, connection)
		case m := <-l.questions.replies:
			l.reply(m)
		case <-l.nudge:
			err = told.news(ctx)
		case m := <-l.listNews:
			err = lists.hear(ctx, m)
		case <-poll.C:
			if err = told.news(ctx); err == nil {
				err = lists.tick(ctx)
			}
		case <-interval.C:
			l.refresh()
			err = told.numbers(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// refresh reads the files of certificates and the password again, so that what is wrong with them is known before the next
// connection needs them.
func (l *Link) refresh() {
	fault := ""
	if err := l.dialer.Refresh(); err != nil {
		fault = err.Error()
	}
	expires := l.dialer.Expires()
	l.count(func(s *Stats) {
		if fault != "" && fault != s.CredentialError {
			l.o.Log.Error("fleet: the files of the connection cannot be used; what was read before stays in use", "error", fault)
		}
		s.CredentialError, s.CertificateExpires = fault, expires
	})
}

// subscribe asks for the terminal's own topics, before "up" is said: who sees "up" may command.
func (l *Link) subscribe(ctx context.Context, s session) error {
	l.stale.reset()
	l.rival.connecting()
	channels := []fleet.Channel{fleet.ChannelCommand, fleet.ChannelAlarm, fleet.ChannelReview}
	if l.o.Questions != nil {
		channels = append(channels, fleet.ChannelRemote)
	}
	for _, c := range channels {
		if err := s.Subscribe(ctx, l.filter(c)); err != nil {
			return err
		}
	}
	// Without these the link can do its work, and says what it cannot tell.
	for _, c := range []fleet.Channel{fleet.ChannelEvent, fleet.ChannelStatus} {
		if err := s.Subscribe(ctx, l.filter(c)); errors.Is(err, mqtt.ErrForbidden) {
			l.o.Log.Warn("fleet: the broker does not let the terminal hear itself", "error", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// say sends an answer, and keeps it for the next connection when this one breaks: a command that was
// carried out must not look as if it had not been.
func (l *Link) say(ctx context.Context, s session, m mqtt.Message) error {
	l.unsaid = &m
	if err := s.Publish(ctx, m.Topic, 1, m.Retained, m.Payload); err != nil {
		return err
	}
	l.unsaid = nil
	return nil
}

// read notes how far the journal has been read and acknowledged, and tells when it begins to fail.
func (l *Link) read() {
	fault := ""
	if l.outbox.fault != nil {
		fault = l.outbox.fault.Error()
	}
	l.count(func(s *Stats) {
		if fault != "" && fault != s.JournalError {
			l.o.Log.Error("fleet: journal", "error", fault)
		}
		s.JournalError, s.Cursor = fault, l.outbox.after
	})
}

func (l *Link) connected() {
	l.o.Log.Info("fleet: connected", "broker", l.dialer.Host())
	l.count(func(s *Stats) {
		s.Connected, s.Since, s.LastError, s.NextTry = true, l.now(), "", time.Time{}
		s.Connects++
	})
}

func (l *Link) disconnected(err error, pause time.Duration) {
	now := l.now()
	l.count(func(s *Stats) {
		if s.Connected {
			s.Since = now
		}
		if s.Connected || s.LastError != err.Error() {
			l.o.Log.Warn("fleet: not connected", "error", err, "next", pause)
		}
		s.Connected, s.LastError, s.NextTry = false, err.Error(), now.Add(pause)
	})
}
