package link

import (
	"context"
	"strings"
	"sync"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Bounds of what a connection clears at the broker.
const (
	maxStale       = 1024      // messages known at a time,
	maxStaleBytes  = 256 << 10 // and bytes of their topics
	maxStaleRounds = 32        // subscriptions to one filter
)

// stale is what the broker keeps on the terminal's topics though it must not: alarms and reviews that are over, commands,
// which act now or never, and whatever else was left there with the retain flag. It would come again at every connection.
//
// A broker delivers only so many retained messages at a subscription (mosquitto: 1,000 unless configured otherwise). So a
// filter on which something was cleared is subscribed to again, until nothing more comes.
type stale struct {
	wake chan struct{}

	mu     sync.Mutex
	queue  []retained
	bytes  int
	rounds map[fleet.Channel]int
	again  map[fleet.Channel]bool // more may be there
}

// retained is a message that the broker keeps.
type retained struct {
	channel fleet.Channel
	topic   string
	name    string // of an alarm or a review
}

func newStale() *stale {
	s := &stale{wake: make(chan struct{}, 1)}
	s.reset()
	return s
}

// reset forgets what the last connection has found: the next one finds it again.
func (s *stale) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.bytes, s.rounds, s.again = nil, 0, map[fleet.Channel]int{}, map[fleet.Channel]bool{}
}

// add notes a message. It is called from paho's goroutine.
func (s *stale) add(r retained) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) < maxStale && s.bytes+len(r.topic) <= maxStaleBytes {
		s.queue = append(s.queue, r)
		s.bytes += len(r.topic)
	} else {
		s.again[r.channel] = true
	}
	offer(s.wake, struct{}{})
}

// next takes the next message to clear or, when there is none, the channel to subscribe to again.
func (s *stale) next() (r retained, again fleet.Channel, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		r, s.queue = s.queue[0], s.queue[1:]
		s.bytes -= len(r.topic)
		return r, "", true
	}
	for c := range s.again {
		delete(s.again, c)
		if s.rounds[c]++; s.rounds[c] < maxStaleRounds {
			return r, c, true
		}
	}
	return r, "", false
}

func (s *stale) cleared(c fleet.Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again[c] = true
}

// keep notes a retained message on one of the terminal's own topics.
func (l *Link) keep(m mqtt.Message, c fleet.Channel, name string) {
	if m.Retained && (len(m.Payload) > 0 || m.Oversized) && strings.HasPrefix(m.Topic, fleet.TopicPrefix(l.o.Terminal)) {
		l.stale.add(retained{c, m.Topic, name})
	}
}

// clear takes one message off the broker, or subscribes again to see whether there are more.
func (l *Link) clear(ctx context.Context, s session, p *publisher) error {
	r, again, more := l.stale.next()
	if !more {
		return nil
	}
	offer(l.stale.wake, struct{}{})
	if again != "" {
		return s.Subscribe(ctx, l.filter(again))
	}
	cleared, err := p.clearStale(ctx, r)
	if cleared {
		l.stale.cleared(r.channel)
	}
	return err
}

// filter returns the filter of a channel on which the terminal listens.
func (l *Link) filter(c fleet.Channel) string {
	switch c {
	case fleet.ChannelCommand:
		return fleet.Topic(l.o.Terminal, c, "+", "+")
	case fleet.ChannelRemote:
		return fleet.Topic(l.o.Terminal, c, "+", "answer")
	case fleet.ChannelStatus:
		return fleet.Topic(l.o.Terminal, c, "health")
	default:
		return fleet.Topic(l.o.Terminal, c, "+")
	}
}
