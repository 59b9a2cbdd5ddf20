package link

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// keptAt returns the topics of the retained messages of a filter.
func keptAt(t *testing.T, address, filter string) (topics []string) {
	t.Helper()
	d, err := mqtt.New(mqtt.Opts{Broker: address})
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.Retained(within(t, patience), "looks", filter, 5000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		topics = append(topics, m.Topic)
	}
	return topics
}

// leave publishes retained messages over one connection.
func leave(t *testing.T, address string, messages ...mqtt.Message) {
	t.Helper()
	d, err := mqtt.New(mqtt.Opts{Broker: address})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Connect(t.Context(), "leaves", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(mqtt.Farewell)
	for _, m := range messages {
		if err := s.Publish(within(t, patience), m.Topic, 1, m.Retained, m.Payload); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPoisonedTopicsCostAMessage leaves more than paho may be given on every topic that the terminal hears, before it comes
// and while it is there, over a connection that is slow as well.
func TestPoisonedTopicsCostAMessage(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]int64{"fast": 0, "slow": 4 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newForgetfulMosquitto(t)
			p := newProxy(t, "127.0.0.1:"+m.port)
			b := newBench(t, p.address())
			b.opts.Lists, b.opts.Reviews = &shelf{held: map[string][]byte{}}, &folder{}
			b.opts.KeepAlive, b.opts.AckTimeout = time.Second, 300*time.Millisecond
			newOffice(t, m.address(), b)
			poison := bytes.Repeat([]byte("x"), 600<<10)
			topics := []string{
				fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandReview, "r-1"), fleet.Topic("gate-1", fleet.ChannelReview, "7-12"),
				fleet.Topic("gate-1", fleet.ChannelAlarm, "camera"), fleet.Topic("gate-1", fleet.ChannelEvent, "passage"),
				fleet.Topic("gate-1", fleet.ChannelRemote, "0a", "answer"), fleet.Topic("gate-1", fleet.ChannelStatus, "health"),
			}
			var messages []mqtt.Message
			for _, topic := range topics {
				messages = append(messages, mqtt.Message{Topic: topic, Payload: poison, Retained: true})
			}
			messages = append(messages, mqtt.Message{Topic: fleet.ListRoot + "revocation", Payload: poison, Retained: true})
			leave(t, m.address(), messages...)
			p.slow.Store(rate)
			b.start(t)
			eventually(t, "connected", func() bool { return b.link.Stats().Connected })
			at := b.journal.append(7, "passage", `{}`)
			eventually(t, "an event goes out", func() bool { c, _ := b.journal.Cursor(); return c == at })
			eventually(t, "the terminal's topics are clear", func() bool {
				return !slices.ContainsFunc(keptAt(t, m.address(), "te/device/gate-1///#"), func(topic string) bool {
					return slices.Contains(topics[:5], topic)
				})
			})
			leave(t, m.address(), mqtt.Message{Topic: topics[0], Payload: poison})
			eventually(t, "the one that is not kept is refused", func() bool {
				return slices.Contains(b.orders.reasons(), fleet.ReasonOversized)
			})
			if !slices.Contains(b.orders.reasons(), fleet.ReasonRetained) {
				t.Errorf("journalled %v", b.orders.reasons())
			}
			if s := b.link.Stats(); s.Connects != 1 || !s.Connected {
				t.Errorf("%d connections, the last error %q", s.Connects, s.LastError)
			}
		})
	}
}

// TestManyRetainedMessagesAreClearedInOneConnection leaves more than a broker delivers at one subscription.
func TestManyRetainedMessagesAreClearedInOneConnection(t *testing.T) {
	t.Parallel()
	for _, queued := range []string{"0", "200", "1000"} { // messages that the broker delivers at once; 0: all
		t.Run(queued, func(t *testing.T) {
			t.Parallel()
			if queued != "200" {
				long(t)
			}
			address := newForgetfulMosquitto(t, "max_queued_messages "+queued).address()
			const many = 3000
			var messages []mqtt.Message
			for i := range many {
				messages = append(messages, mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, fmt.Sprint("x", i)), Payload: []byte("{}"), Retained: true})
			}
			answerLike := mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, "y"), Payload: []byte(`{"status":"failed"}`), Retained: true}
			odd := mqtt.Message{Topic: "te/device/gate-1///cmd/odd one/" + strings.Repeat("long", 200), Payload: []byte("{}"), Retained: true}
			leave(t, address, append(messages, answerLike, odd)...)
			b := newBench(t, address)
			b.start(t)
			eventually(t, "connected", func() bool { return b.link.Stats().Connected })
			at := b.journal.append(7, "passage", `{}`)
			eventually(t, "an event goes out meanwhile", func() bool { c, _ := b.journal.Cursor(); return c == at })
			eventually(t, "all are cleared", func() bool { return len(keptAt(t, address, "te/device/gate-1///cmd/#")) == 0 })
			if s := b.link.Stats(); s.Connects != 1 || !s.Connected || s.Refused < many {
				t.Errorf("%d connections, %d refused, the last error %q", s.Connects, s.Refused, s.LastError)
			}
			b.stop()
			total := 0
			for _, r := range b.orders.refused {
				total += r.Count
			}
			if total < many || len(b.orders.refused) > refusalBurst+1 {
				t.Errorf("%d records of %d refusals", len(b.orders.refused), total)
			}
		})
	}
}

// What a broker keeps in spite of being cleared is not cleared for ever.
func TestStaleIsBounded(t *testing.T) {
	t.Parallel()
	s := newStale()
	long := strings.Repeat("x", 1000)
	for range 2 * maxStale {
		s.add(retained{fleet.ChannelCommand, long, ""})
	}
	if len(s.queue) != maxStaleBytes/len(long) {
		t.Errorf("%d messages are held", len(s.queue))
	}
	rounds := 0
	for {
		_, again, more := s.next()
		if !more {
			break
		}
		if again != "" {
			rounds++
		}
		s.cleared(fleet.ChannelCommand)
	}
	if rounds != maxStaleRounds-1 {
		t.Errorf("%d rounds", rounds)
	}
	if s.bytes != 0 {
		t.Errorf("%d bytes are counted", s.bytes)
	}
	for range 2 * maxStale {
		s.add(retained{fleet.ChannelAlarm, "x", ""})
	}
	if len(s.queue) != maxStale {
		t.Errorf("%d messages are held", len(s.queue))
	}
	s.reset()
	if _, _, more := s.next(); more {
		t.Error("something is left of the last connection")
	}
}
