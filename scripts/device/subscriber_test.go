package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/broker"
)

// subscriber is a fleet's end on this machine: a broker that can be away, and what it got.
type subscriber struct {
	t       *testing.T
	address string
	stop    func()

	mu     sync.Mutex
	events []fleet.Event
	again  int // deliveries of an event that had been delivered
	broken []string
}

// subscribed starts a broker and subscribes to the terminal's events.
func subscribed(t *testing.T) *subscriber {
	t.Helper()
	s := &subscriber{t: t, address: "127.0.0.1:0"}
	s.up()
	t.Cleanup(func() {
		if s.stop != nil {
			s.stop()
		}
	})
	return s
}

// up starts the broker, at the port that it had.
func (s *subscriber) up() {
	s.t.Helper()
	var b *broker.Broker
	until(s.t, 10*time.Second, "broker", func() (string, bool) {
		var err error
		b, err = broker.New(broker.Opts{Address: s.address})
		return fmt.Sprint(err), err == nil
	})
	s.address = b.Address()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Run(ctx); err != nil {
			s.t.Errorf("broker: %v", err)
		}
	}()
	o := mqtt.NewClientOptions().AddBroker("tcp://" + s.address).SetClientID("subscriber").SetCleanSession(true).SetAutoReconnect(false)
	o.SetDefaultPublishHandler(s.take)
	c := mqtt.NewClient(o)
	if token := c.Connect(); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		s.t.Fatalf("subscriber: %v", token.Error())
	}
	if token := c.Subscribe("te/device/+///e/+", 1, nil); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		s.t.Fatalf("subscriber: %v", token.Error())
	}
	s.stop = func() {
		c.Disconnect(0)
		cancel()
		<-done
		s.stop = nil
	}
}

// take looks at the chain: each event follows the last one, or was there before.
func (s *subscriber) take(_ mqtt.Client, m mqtt.Message) {
	e, err := fleet.DecodeEvent(m.Payload())
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.broken = append(s.broken, fmt.Sprintf("%s: %v", m.Topic(), err))
		return
	}
	for _, old := range s.events {
		if old.Position() == e.Position() {
			s.again++
			return
		}
	}
	if n := len(s.events); n > 0 && e.Previous != s.events[n-1].Hash {
		s.broken = append(s.broken, fmt.Sprintf("event %v does not follow %v", e.Position(), s.events[n-1].Position()))
	}
	s.events = append(s.events, e)
}

// state is what was got so far.
func (s *subscriber) state() (events []fleet.Event, again int, broken []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(events, s.events...), s.again, append(broken, s.broken...)
}

// with returns events whose data has a member of this value.
func (s *subscriber) with(kind, member, value string) (found []fleet.Event) {
	events, _, _ := s.state()
	for _, e := range events {
		var data map[string]any
		if e.Kind == kind && json.Unmarshal(e.Data, &data) == nil && data[member] == value {
			found = append(found, e)
		}
	}
	return found
}

// config is the terminal's part of the configuration.
func (s *subscriber) config() string {
	_, port, _ := net.SplitHostPort(s.address)
	n, _ := strconv.Atoi(port)
	return "\n[fleet]\nenabled = true\nbroker = \"tcp://" + host(n) + "\"\ninterval = \"5s\"\n"
}
