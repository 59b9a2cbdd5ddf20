package link

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// maxAnswer is the longest result an answer carries, in bytes of JSON.
const maxAnswer = 16 << 10

// obey handles commands one after the other until ctx ends.
func (l *Link) obey(ctx context.Context) {
	tell := time.NewTicker(refusalPeriod)
	defer tell.Stop()
	defer l.summarise()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-l.inbox:
			l.handle(ctx, m)
		case m := <-l.traps:
			l.handle(ctx, m)
		case <-tell.C:
			l.summarise()
		}
	}
}

func (l *Link) handle(ctx context.Context, m mqtt.Message) {
	now, trust := l.o.Clock()
	c, r := l.verifier.verify(m, now, trust)
	if r != nil {
		l.reject(m, c, r)
		return
	}
	l.count(func(s *Stats) { s.Executed++ })
	topic := fleet.Topic(c.Terminal, fleet.ChannelCommand, c.Name, c.ID)
	l.answer(topic, fleet.Answer{Status: fleet.StatusExecuting})
	ctx, cancel := context.WithTimeout(ctx, l.o.CommandTimeout)
	defer cancel()
	result, err := l.commander.Execute(ctx, c)
	a := fleet.Answer{Status: fleet.StatusSuccessful}
	var f *fleet.Failure
	switch {
	case errors.As(err, &f):
		a = fleet.Answer{Status: fleet.StatusFailed, Reason: f.Reason, Detail: f.Detail}
	case errors.Is(err, context.DeadlineExceeded):
		a = fleet.Answer{Status: fleet.StatusFailed, Reason: fleet.ReasonTimeout, Detail: err.Error()}
	case err != nil:
		a = fleet.Answer{Status: fleet.StatusFailed, Reason: fleet.ReasonFailed, Detail: err.Error()}
	case result != nil:
		b, err := fleet.EncodeJSON(result)
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

// reject tells the journal and the sender why a command was not carried out.
func (l *Link) reject(m mqtt.Message, c fleet.Command, r *fleet.Failure) {
	l.count(func(s *Stats) { s.Refused++ })
	now := time.Now()
	if l.refusals.journal.take(now) {
		l.commander.Refused(Refusal{
			Reason: r.Reason, Detail: fleet.Printable(r.Detail, 160), Topic: fleet.Printable(m.Topic, 160),
			Command: c.Name, ID: c.ID, Key: fleet.Printable(c.Key, fleet.MaxLevel), Count: 1, Time: l.now(),
		})
	} else {
		l.refusals.add(r.Reason, 1)
	}
	if (r.Reason != fleet.ReasonWrongTopic || c.Name != "") && l.refusals.answers.take(now) {
		l.answer(m.Topic, fleet.Answer{Status: fleet.StatusFailed, Reason: r.Reason, Detail: fleet.Printable(r.Detail, 160)})
	}
}

// summarise tells the journal of the refusals that were too many to tell singly, in one entry.
func (l *Link) summarise() {
	counts := l.refusals.take()
	if len(counts) == 0 {
		return
	}
	sum := Refusal{
		Detail: "too many to record singly", Counts: counts, Time: l.now(),
		Topic: fleet.Topic(l.o.Terminal, fleet.ChannelCommand, "+", "+"),
	}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		sum.Count += counts[reason]
		if sum.Reason == "" || counts[reason] > counts[sum.Reason] {
			sum.Reason = reason
		}
	}
	l.commander.Refused(sum)
}

func (l *Link) answer(topic string, a fleet.Answer) {
	now, trust := l.o.Clock()
	a.Schema, a.Time, a.Clock, a.Detail = fleet.Schema, now.UTC().Round(0), trust, fleet.Printable(a.Detail, 512)
	b, err := fleet.EncodeJSON(a)
	if err != nil {
		l.o.Log.Error("fleet: answer", "topic", topic, "error", err)
		return
	}
	l.enqueue(mqtt.Message{Topic: topic, Payload: b})
}

func (l *Link) enqueue(m mqtt.Message) {
	select {
	case l.answers <- m:
	default:
		l.count(func(s *Stats) { s.Unanswered++ })
	}
}
