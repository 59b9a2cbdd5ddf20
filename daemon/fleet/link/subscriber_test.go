package link

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// heard is a message as the ear got it.
type heard struct {
	topic    string
	payload  string
	retained bool
}

// ear is a subscriber with a session that the broker keeps over its restarts.
type ear struct {
	mu    sync.Mutex
	all   []heard
	conn  paho.Client
	ready atomic.Int64 // subscriptions agreed to, one a connection
}

// listen subscribes to the filter at QoS 1 and returns when the broker has agreed.
func listen(t *testing.T, address, id, filter string) *ear {
	t.Helper()
	e := new(ear)
	hear := func(_ paho.Client, m paho.Message) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all = append(e.all, heard{m.Topic(), string(m.Payload()), m.Retained()})
	}
	e.conn = paho.NewClient(paho.NewClientOptions().AddBroker(address).SetClientID(id).
		SetProtocolVersion(4).SetCleanSession(false).
		SetAutoReconnect(true).SetMaxReconnectInterval(50 * time.Millisecond).SetConnectTimeout(2 * time.Second).
		SetDefaultPublishHandler(hear).
		SetOnConnectHandler(func(c paho.Client) {
			if tok := c.Subscribe(filter, 1, nil); tok.WaitTimeout(patience) && tok.Error() == nil {
				e.ready.Add(1)
			}
		}))
	if tok := e.conn.Connect(); !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatalf("subscriber: %v", tok.Error())
	}
	t.Cleanup(func() { e.conn.Disconnect(1000) })
	eventually(t, "subscribed", func() bool { return e.ready.Load() > 0 })
	return e
}

func (e *ear) messages() []heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

// on gives the messages of one topic.
func (e *ear) on(topic string) []heard {
	return slices.DeleteFunc(e.messages(), func(h heard) bool { return h.topic != topic })
}

// last gives the last message of a topic.
func (e *ear) last(topic string) (heard, bool) {
	on := e.on(topic)
	if len(on) == 0 {
		return heard{}, false
	}
	return on[len(on)-1], true
}

// say publishes from the subscriber's own connection.
func (e *ear) say(t *testing.T, topic string, retained bool, payload []byte) {
	t.Helper()
	if tok := e.conn.Publish(topic, 1, retained, payload); !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatalf("publish on %s: %v", topic, tok.Error())
	}
}
