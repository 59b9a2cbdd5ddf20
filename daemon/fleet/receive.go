package fleet

import mqtt "github.com/eclipse/paho.mqtt.golang"

// receive sorts a message from paho's goroutine, which must not be held up, into the queue of who deals with it.
func (l *Link) receive(m mqtt.Message) {
	if list, _ := isListTopic(m.Topic()); list {
		if len(m.Payload()) <= maxListMessage {
			offer(l.listNews, inbound{topic: m.Topic(), payload: m.Payload(), retained: m.Retained()})
		}
		return
	}
	_, channel, rest, err := ParseTopic(m.Topic())
	switch {
	case err == nil && (channel == ChannelAlarm || channel == ChannelReview):
		if m.Retained() && len(m.Payload()) > 0 && len(rest) == 1 {
			offer(l.stale, retained{channel, rest[0]})
		}
	case err == nil && channel == ChannelRemote:
		if !offer(l.remote.replies, taken(m, maxReplyBytes)) {
			l.count(func(s *Stats) { s.Forged++ }) // an authority sends one answer a question
		}
	default:
		in := taken(m, max(l.o.MaxCommandBytes, 2*maxAnswer))
		if !report(in) && !offer(l.inbox, in) {
			l.refusals.busy.Add(1)
			l.count(func(s *Stats) { s.Refused++; s.Dropped++ })
		}
	}
}

// taken is the message without a payload that is too long.
func taken(m mqtt.Message, limit int) inbound {
	in := inbound{topic: m.Topic(), retained: m.Retained(), oversized: len(m.Payload()) > limit}
	if !in.oversized {
		in.payload = m.Payload() // paho allocates each one anew
	}
	return in
}

// offer puts v into a queue unless that is full.
func offer[T any](queue chan T, v T) bool {
	select {
	case queue <- v:
		return true
	default:
		return false
	}
}
