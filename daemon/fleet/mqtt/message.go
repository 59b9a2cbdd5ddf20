package mqtt

import (
	"bytes"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Message is a message from or for the broker.
type Message struct {
	Topic     string
	Payload   []byte // nil when oversized
	Retained  bool
	Oversized bool // the payload is longer than the receiver takes
}

// received returns what paho has read. oversized stands for a payload that was too long.
func received(m paho.Message, oversized []byte) Message {
	r := Message{Topic: m.Topic(), Payload: m.Payload(), Retained: m.Retained()} // paho allocates each payload anew
	if bytes.Equal(r.Payload, oversized) {
		r.Payload, r.Oversized = nil, true
	}
	return r
}
