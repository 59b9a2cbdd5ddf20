package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// maxAnswer is the longest result an answer carries, in bytes of JSON.
const maxAnswer = 16 << 10

// obey handles commands one after the other until ctx ends.
func (l *Link) obey(ctx context.Context) {
	tell := time.NewTicker(refusalEvery)
	defer tell.Stop()
	defer l.summarise()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-l.inbox:
			l.handle(ctx, m)
		case <-tell.C:
			l.summarise()
		}
	}
}

func (l *Link) handle(ctx context.Context, m inbound) {
	now, trust := l.o.Clock()
	c, r := l.verifier.verify(m, now, trust)
	if r != nil {
		l.reject(m, c, r)
		return
	}
	l.count(func(s *Stats) { s.Executed++ })
	topic := Topic(c.Terminal, ChannelCommand, c.Name, c.ID)
	l.answer(topic, Answer{Status: StatusExecuting})
	ctx, cancel := context.WithTimeout(ctx, l.o.CommandTimeout)
	defer cancel()
	result, err := l.commander.Execute(ctx, c)
	a := Answer{Status: StatusSuccessful}
	var f *Failure
	switch {
	case errors.As(err, &f):
		a = Answer{Status: StatusFailed, Reason: f.Reason, Detail: f.Detail}
	case errors.Is(err, context.DeadlineExceeded):
		a = Answer{Status: StatusFailed, Reason: ReasonTimeout, Detail: err.Error()}
	case err != nil:
		a = Answer{Status: StatusFailed, Reason: ReasonFailed, Detail: err.Error()}
	case result != nil:
		b, err := encodeJSON(result)
		if err == nil && len(b) > maxAnswer {
			err = fmt.Errorf("fleet: result of %d bytes, limit %d", len(b), maxAnswer)
		}
		if err != nil {
			// The command was carried out all the same, and the answer must not deny it.
			a.Detail = err.Error()
			break
		}
		a.Result = b
	}
	l.answer(topic, a)
}

// reject tells the journal and the sender why a command was not carried out, and takes a retained one
// off the broker, which would deliver it again at every connection.
func (l *Link) reject(m inbound, c Command, r *refusal) {
	l.count(func(s *Stats) { s.Refused++ })
	if r.reason == ReasonRetained {
		l.enqueue(outbound{topic: m.topic, retained: true})
	}
	if !l.refusals.allow(r.reason) {
		return
	}
	l.commander.Refused(Refusal{
		Reason: r.reason, Detail: clip(r.detail, 160), Topic: clip(m.topic, 160),
		Command: c.Name, ID: c.ID, Key: clip(c.Key, maxLevel), Count: 1, Time: l.now(),
	})
	if r.reason != ReasonWrongTopic || c.Name != "" {
		l.answer(m.topic, Answer{Status: StatusFailed, Reason: r.reason, Detail: clip(r.detail, 160)})
	}
}

// summarise tells the journal of the refusals that were too many to tell singly.
func (l *Link) summarise() {
	for reason, n := range l.refusals.take() {
		l.commander.Refused(Refusal{
			Reason: reason, Detail: "too many to record singly", Count: n, Time: l.now(),
			Topic: Topic(l.o.Terminal, ChannelCommand, "+", "+"),
		})
	}
}

func (l *Link) answer(topic string, a Answer) {
	now, trust := l.o.Clock()
	a.Schema, a.Time, a.Clock, a.Detail = Schema, now.UTC().Round(0), trust, clip(a.Detail, 512)
	b, err := encodeJSON(a)
	if err != nil {
		l.o.Log.Error("fleet: answer", "topic", topic, "error", err)
		return
	}
	l.enqueue(outbound{topic: topic, payload: b})
}

func (l *Link) enqueue(m outbound) {
	select {
	case l.answers <- m:
	default:
		l.count(func(s *Stats) { s.Unanswered++ })
	}
}

// How many refusals are journalled and answered singly: a burst, and then one each refusalEvery. What
// goes beyond is only counted and journalled as a sum, so that whoever can publish cannot fill the
// journal, which pushes out what matters.
const (
	refusalBurst = 10
	refusalEvery = 10 * time.Second
)

// refusals limits how often refusals are told. It belongs to the goroutine of obey, but for busy.
type refusals struct {
	spent  int
	since  time.Time // when spent last went down
	silent map[Reason]int
	busy   atomic.Int64 // commands dropped by receive
}

// allow tells whether a refusal may be told singly; if not it counts it.
func (f *refusals) allow(r Reason) bool {
	now := time.Now()
	if back := int(now.Sub(f.since) / refusalEvery); back > 0 {
		f.spent, f.since = max(f.spent-back, 0), now
	}
	if f.spent < refusalBurst {
		f.spent++
		return true
	}
	if f.silent == nil {
		f.silent = map[Reason]int{}
	}
	f.silent[r]++
	return false
}

// take gives the counts of what was not told singly and starts anew.
func (f *refusals) take() map[Reason]int {
	silent := f.silent
	f.silent = nil
	if busy := int(f.busy.Swap(0)); busy > 0 {
		if silent == nil {
			silent = map[Reason]int{}
		}
		silent[ReasonBusy] += busy
	}
	return silent
}
