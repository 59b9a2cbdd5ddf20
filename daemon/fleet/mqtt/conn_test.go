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
		"a length of 256 MiB":             {0x30, 0xff, 0xff, 0xff, 0x7f},
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
