package link

import (
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// receive sorts a message from paho's goroutine, which must not be held up, into the queue of who deals with it.
func (l *Link) receive(m mqtt.Message) {
	if list, _ := fleet.IsListTopic(m.Topic); list {
		if len(m.Payload) <= fleet.MaxListMessage {
			offer(l.listNews, m)
		}
		return
	}
	_, channel, rest, err := fleet.ParseTopic(m.Topic)
	if err != nil {
		channel = fleet.ChannelCommand // whatever it is, it came on the filter of commands
	}
	switch channel {
	case fleet.ChannelAlarm, fleet.ChannelReview:
		if len(rest) == 1 {
			l.keep(m, channel, rest[0])
		}
	case fleet.ChannelEvent:
		l.keep(m, channel, "")
		l.echo.hear(m)
	case fleet.ChannelStatus:
		l.hearHealth(m)
	case fleet.ChannelRemote:
		l.keep(m, channel, "")
		if !offer(l.questions.replies, taken(m, fleet.MaxReplyBytes)) {
			l.count(func(s *Stats) { s.Forged++ }) // an authority sends one answer a question
		}
	default:
		l.keep(m, channel, "")
		l.receiveCommand(taken(m, max(l.o.MaxCommandBytes, 2*maxAnswer)))
	}
}

func (l *Link) receiveCommand(m mqtt.Message) {
	switch {
	case answer(m):
	case m.Retained:
		if !offer(l.traps, m) {
			l.refusals.kept.Add(1)
			l.count(func(s *Stats) { s.Refused++ })
		}
	case !offer(l.inbox, m):
		l.refusals.busy.Add(1)
		l.count(func(s *Stats) { s.Refused++; s.Dropped++ })
	}
}

// taken returns the message without a payload of more than limit bytes.
func taken(m mqtt.Message, limit int) mqtt.Message {
	if len(m.Payload) > limit {
		m.Payload, m.Oversized = nil, true
	}
	return m
}

// answer reports whether the message is no command at all; see fleet.IsAnswer.
func answer(m mqtt.Message) bool { return !m.Oversized && fleet.IsAnswer(m.Payload) }

// offer puts v into a queue unless that is full.
func offer[T any](queue chan T, v T) bool {
	select {
	case queue <- v:
		return true
	default:
		return false
	}
}
