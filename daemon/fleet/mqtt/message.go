package mqtt

import paho "github.com/eclipse/paho.mqtt.golang"

// Message is a message from or for the broker.
type Message struct {
	Topic     string
	Payload   []byte // nil when oversized
	Retained  bool
	Oversized bool // the payload is longer than the receiver takes
}

func received(m paho.Message) Message {
	return Message{Topic: m.Topic(), Payload: m.Payload(), Retained: m.Retained()} // paho allocates each payload anew
}
