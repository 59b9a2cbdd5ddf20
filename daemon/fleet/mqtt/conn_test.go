package mqtt

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// recorded is a connection from which only reading is possible.
type recorded struct {
	net.Conn
	r io.Reader
}

func (c recorded) Read(p []byte) (int, error) { return c.r.Read(p) }

func TestWirePassesWholePackets(t *testing.T) {
	good := []byte{
		0x20, 2, 0, 0, // CONNACK
		0x90, 3, 0, 1, 1, // SUBACK
		0x40, 2, 0x12, 0x34, // PUBACK
		0xd0, 0, // PINGRESP
		0x30, 5, 0, 1, 'a', 'h', 'i', // PUBLISH, QoS 0
		0x33, 5, 0, 1, 'a', 0, 9, // PUBLISH, QoS 1, retained, empty
	}
	w := newConn(recorded{r: iotest.OneByteReader(bytes.NewReader(good))}, time.Second)
	var kinds []string
	for {
		p, err := packets.ReadPacket(w)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, strings.Fields(p.String())[0])
	}
	if got := strings.Join(kinds, " "); got != "CONNACK: SUBACK: PUBACK: PINGRESP: PUBLISH: PUBLISH:" {
		t.Errorf("read %s", got)
	}
	if w.lastAck() != 0x1234 {
		t.Errorf("last PUBACK %#x", w.lastAck())
	}
}

func TestWireRefusesWhatHurtsPaho(t *testing.T) {
	for name, b := range map[string][]byte{
		"a length of 256 MiB":             {0x20, 0xff, 0xff, 0xff, 0x7f},
		"an endless length":               {0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"SUBACK with more codes":          {0x90, 4, 0, 1, 1, 1},
		"PUBACK without an identifier":    {0x40, 0},
		"a topic longer than its packet":  {0x30, 3, 0, 9, 'a'},
		"QoS 1 without an identifier":     {0x32, 3, 0, 1, 'a'},
		"QoS 2, which was not subscribed": {0x34, 5, 0, 1, 'a', 0, 1},
		"a CONNECT":                       {0x10, 0},
		"type 0":                          {0, 0},
		"a cut packet":                    {0x40, 2, 0},
		"a cut length":                    {0x30, 0x80},
	} {
		w := newConn(recorded{r: bytes.NewReader(b)}, time.Second)
		if _, err := w.Read(make([]byte, 16)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzWire feeds paho's parser through the wire: whatever a broker sends, there is no panic, and memory
// stays within the limit.
func FuzzWire(f *testing.F) {
	f.Add([]byte{0x20, 2, 0, 0, 0x40, 2, 0, 1})
	f.Add([]byte{0x33, 6, 0, 1, 'a', 0, 9, 'x'})
	f.Add([]byte{0x90, 3, 0, 1, 0x80, 0xd0, 0})
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newConn(recorded{r: bytes.NewReader(b)}, time.Second)
		for {
			p, err := packets.ReadPacket(w)
			if err != nil {
				break
			}
			if s, ok := p.(*packets.SubackPacket); ok && len(s.ReturnCodes) != 1 {
				t.Fatalf("SUBACK with %d codes", len(s.ReturnCodes))
			}
		}
		if cap(w.packet) > maxPacket+5 {
			t.Fatalf("buffer of %d bytes", cap(w.packet))
		}
	})
}

// A message that is too long is handed out with its topic and without its payload; what comes behind it is read as ever.
func TestATooLongMessageCostsOnlyItself(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		long := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		long.Qos, long.Retain, long.TopicName, long.MessageID, long.Payload = qos, true, "a/long", 7, bytes.Repeat([]byte("x"), maxPacket+3*discardChunk+5)
		short := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		short.Qos, short.TopicName, short.MessageID, short.Payload = 1, "b", 8, []byte("short")
		var stream bytes.Buffer
		for _, p := range []*packets.PublishPacket{short, long, long, short} {
			if err := p.Write(&stream); err != nil {
				t.Fatal(err)
			}
		}
		w := newConn(&still{recorded: recorded{r: &stream}}, time.Second)
		var topics []string
		signs := 0
		for {
			p, err := packets.ReadPacket(w)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			switch p := p.(type) {
			case *packets.PingrespPacket:
				signs++ // of life while it is read
			case *packets.PublishPacket:
				topics = append(topics, p.TopicName)
				m := received(message{p}, w.oversized)
				if m.Oversized != (p.TopicName == "a/long") || m.Oversized && (m.Payload != nil || !m.Retained) || !m.Oversized && string(m.Payload) != "short" {
					t.Errorf("QoS %d: %+v", qos, m)
				}
				if p.Qos > 0 && p.MessageID != map[string]uint16{"a/long": 7, "b": 8}[p.TopicName] {
					t.Errorf("%s has the identifier %d", p.TopicName, p.MessageID)
				}
			}
		}
		if strings.Join(topics, " ") != "b a/long a/long b" || signs < 2*maxPacket/discardChunk {
			t.Errorf("QoS %d: read %v, %d signs of life", qos, topics, signs)
		}
		if cap(w.packet) > maxPacket {
			t.Errorf("buffer of %d bytes", cap(w.packet))
		}
	}
}

// Only a message can be too long, and one that stops coming ends the connection.
func TestATooLongPacketThatIsNone(t *testing.T) {
	size := []byte{0x80, 0x80, 0x40} // 1 MiB
	for name, b := range map[string][]byte{
		"SUBACK":              append([]byte{0x90}, size...),
		"QoS 2":               append(append([]byte{0x34}, size...), 0, 1, 'a', 0, 1, 'x'),
		"no topic":            append([]byte{0x30}, size...),
		"half of a topic":     append(append([]byte{0x30}, size...), 0, 2, 'a'),
		"no identifier":       append(append([]byte{0x32}, size...), 0, 1, 'a', 0),
		"a payload that ends": append(append([]byte{0x30}, size...), 0, 1, 'a', 'x'),
	} {
		w := newConn(&still{recorded: recorded{r: bytes.NewReader(b)}}, time.Second)
		var err error
		for err == nil {
			_, err = packets.ReadPacket(w)
		}
		if errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// still is a connection whose deadlines never come.
type still struct{ recorded }

func (*still) SetReadDeadline(time.Time) error { return nil }

// message is a packet as paho shows it.
type message struct{ *packets.PublishPacket }

func (m message) Duplicate() bool   { return m.Dup }
func (m message) Qos() byte         { return m.PublishPacket.Qos }
func (m message) Retained() bool    { return m.Retain }
func (m message) Topic() string     { return m.TopicName }
func (m message) MessageID() uint16 { return m.PublishPacket.MessageID }
func (m message) Payload() []byte   { return m.PublishPacket.Payload }
func (m message) Ack()              {}
