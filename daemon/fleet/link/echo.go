package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"umbral/daemon/fleet/mqtt"
)

// A broker acknowledges an event that its access rules make it drop: MQTT 3.1.1 knows no other answer. (mosquitto 2.0 then
// also ends the connection.) So the terminal listens to its own events, and one is delivered when the broker has both
// acknowledged it and handed it back.

// echo is the event that is awaited from the broker.
type echo struct {
	mu      sync.Mutex
	topic   string // empty: none
	payload []byte
	came    chan struct{}
}

// expect makes the next arrival of the message count.
func (e *echo) expect(topic string, payload []byte) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.topic, e.payload, e.came = topic, payload, make(chan struct{})
	return e.came
}

// hear takes an event from paho's goroutine.
func (e *echo) hear(m mqtt.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.topic == m.Topic && e.topic != "" && bytes.Equal(e.payload, m.Payload) {
		close(e.came)
		e.topic = ""
	}
}

// errSwallowed says that the broker has acknowledged an event that it dropped.
var errSwallowed = errors.New("the broker acknowledged it but did not hand it back: its access rules must let the terminal " +
	"publish its events and read them")

// The pauses before a swallowed event is sent again, in Opts.Interval: access rules are mended by people.
const (
	swallowedMin = 1
	swallowedMax = 10
)

// handed waits for an event to come back that the broker has acknowledged.
func (l *Link) handed(ctx context.Context, s session, came <-chan struct{}, size int) error {
	patience := l.o.AckTimeout + mqtt.TransferTime(size)
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-came:
		return nil
	case <-limit.C:
		return fmt.Errorf("%w (within %v)", errSwallowed, patience)
	case <-s.Lost():
		if l.outbox.unproven++; l.outbox.unproven > 1 {
			return fmt.Errorf("%w (the connection ended, again: %w)", errSwallowed, s.Why())
		}
		return s.Why()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// swallowed leaves an event where it is, so that it is sent again after a pause.
func (l *Link) swallowed(err error) {
	b := &l.outbox
	b.pause = min(max(2*b.pause, swallowedMin*l.o.Interval), swallowedMax*l.o.Interval)
	b.resting = time.Now().Add(b.pause)
	l.o.Log.Error("fleet: an event is not delivered", "entry", b.pending[0].Position, "error", err, "next", b.pause)
	l.count(func(s *Stats) { s.EventError = err.Error() })
}
