package mqtt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"go.uber.org/goleak"

	"umbral/daemon/fleet/fleettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a broker that accepts one connection and answers each packet as a test says.
func scripted(t *testing.T, answer func(packets.ControlPacket) []packets.ControlPacket) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for {
			p, err := packets.ReadPacket(c)
			if err != nil {
				return
			}
			out := answer(p)
			if _, ok := p.(*packets.ConnectPacket); ok && out == nil {
				out = []packets.ControlPacket{packets.NewControlPacket(packets.Connack)}
			}
			for _, o := range out {
				if o == nil {
					return // hang up
				}
				if o.Write(c) != nil {
					return
				}
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "tcp://" + l.Addr().String()
}

func dialer(t *testing.T, o Opts) *Dialer {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func connected(t *testing.T, o Opts, will *Message, handle func(Message)) *Session {
	t.Helper()
	s, err := dialer(t, o).Connect(t.Context(), "test", will, handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(0) })
	return s
}

func ack(kind byte, id uint16) packets.ControlPacket {
	p := packets.NewControlPacket(kind)
	switch p := p.(type) {
	case *packets.PubackPacket:
		p.MessageID = id
	case *packets.UnsubackPacket:
		p.MessageID = id
	case *packets.SubackPacket:
		p.MessageID, p.ReturnCodes = id, []byte{1}
	}
	return p
}

// TestASession goes through what a session can do with a broker.
func TestASession(t *testing.T) {
	t.Parallel()
	broker := fleettest.Broker(t)
	var mu sync.Mutex
	var heard []Message
	said := func(topic string) (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range heard {
			if m.Topic == topic {
				n++
			}
		}
		return n
	}
	listener, err := dialer(t, Opts{Broker: broker}).Connect(t.Context(), "listener", nil, func(m Message) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, m)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close(Farewell)
	for _, filter := range []string{"a", "b", "kept", "will/+"} {
		if err := listener.Subscribe(t.Context(), filter); err != nil {
			t.Fatal(err)
		}
	}
	s := connected(t, Opts{Broker: broker}, &Message{Topic: "will/graceful", Payload: []byte("gone")}, nil)
	for qos := range byte(2) {
		if err := s.Publish(t.Context(), "a", qos, false, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Publish(t.Context(), "kept", 1, true, []byte("kept")); err != nil {
		t.Fatal(err)
	}
	fleettest.Eventually(t, "all heard", func() bool { return said("a") == 2 && said("kept") == 1 })
	if err := listener.Unsubscribe(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(t.Context(), "c", 0, false, nil); err != nil {
		t.Fatal(err) // the last acknowledgement was another's
	}
	for _, topic := range []string{"a", "b"} {
		if err := s.Publish(t.Context(), topic, 1, false, []byte("y")); err != nil {
			t.Fatal(err)
		}
	}
	fleettest.Eventually(t, "b is heard", func() bool { return said("b") == 1 })
	if said("a") != 2 {
		t.Error("what was unsubscribed from is heard")
	}
	s.Close(Farewell)
	hard := connected(t, Opts{Broker: broker}, &Message{Topic: "will/hard", Payload: []byte("gone")}, func(Message) {})
	hard.Close(0)
	fleettest.Eventually(t, "the last will", func() bool { return said("will/hard") == 1 })
	if said("will/graceful") != 0 {
		t.Error("a goodbye was taken for a loss")
	}
	kept, err := dialer(t, Opts{Broker: broker}).Retained(t.Context(), "looks", "#", 10)
	if err != nil || len(kept) != 2 || !kept[0].Retained {
		t.Errorf("%+v, %v", kept, err)
	}
	one, err := dialer(t, Opts{Broker: broker}).Retained(t.Context(), "looks", "#", 1)
	if err != nil || len(one) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
}

// An acknowledgement is the broker's PUBACK of that message and nothing else.
func TestOnlyAPubackIsAnAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(id uint16) []packets.ControlPacket
		want   string
	}{
		"PUBACK":              {func(id uint16) []packets.ControlPacket { return []packets.ControlPacket{ack(packets.Puback, id)} }, ""},
		"UNSUBACK":            {func(id uint16) []packets.ControlPacket { return []packets.ControlPacket{ack(packets.Unsuback, id)} }, "no acknowledgement"},
		"SUBACK":              {func(id uint16) []packets.ControlPacket { return []packets.ControlPacket{ack(packets.Suback, id)} }, "no acknowledgement"},
		"PUBACK of another":   {func(id uint16) []packets.ControlPacket { return []packets.ControlPacket{ack(packets.Puback, id+1)} }, "no acknowledgement within"},
		"nothing":             {func(uint16) []packets.ControlPacket { return nil }, "no acknowledgement within"},
		"the broker hangs up": {func(uint16) []packets.ControlPacket { return []packets.ControlPacket{nil} }, "publish on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := scripted(t, func(p packets.ControlPacket) []packets.ControlPacket {
				if p, ok := p.(*packets.PublishPacket); ok {
					return c.answer(p.MessageID)
				}
				return nil
			})
			s := connected(t, Opts{Broker: address, AckTimeout: 100 * time.Millisecond}, nil, nil)
			err := s.Publish(t.Context(), "topic", 1, false, []byte("x"))
			if (err != nil) != (c.want != "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "publish on topic")) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	code := byte(1)
	address := scripted(t, func(p packets.ControlPacket) []packets.ControlPacket {
		switch p := p.(type) {
		case *packets.SubscribePacket:
			if code == 0xff {
				return nil
			}
			a := ack(packets.Suback, p.MessageID).(*packets.SubackPacket)
			a.ReturnCodes = []byte{code}
			return []packets.ControlPacket{a}
		case *packets.UnsubscribePacket:
			if code == 0xff {
				return nil
			}
			return []packets.ControlPacket{ack(packets.Unsuback, p.MessageID)}
		}
		return nil
	})
	s := connected(t, Opts{Broker: address, AckTimeout: 100 * time.Millisecond}, nil, nil)
	for c, want := range map[byte]error{0: nil, 1: nil, 2: nil, 0x80: ErrForbidden} {
		code = c
		if err := s.Subscribe(t.Context(), "a/+"); !errors.Is(err, want) || err != nil && !strings.Contains(err.Error(), "a/+") {
			t.Errorf("code %#x: error %v", c, err)
		}
	}
	if err := s.Unsubscribe(t.Context(), "a/+"); err != nil {
		t.Error(err)
	}
	code = 0xff
	if err := s.Unsubscribe(t.Context(), "a/+"); err == nil || !strings.Contains(err.Error(), "unsubscribe from a/+") {
		t.Errorf("no answer: error %v", err)
	}
	if err := s.Subscribe(t.Context(), "a/+"); err == nil || errors.Is(err, ErrForbidden) {
		t.Errorf("no answer: error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Subscribe(ctx, "a/+"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

// An answer is waited for longer while other packets come before it, but not for ever, and while a message that is too
// long comes, which counts as little as it is.
func TestWaitingBehindOtherPackets(t *testing.T) {
	t.Parallel()
	const patience, pause = 200 * time.Millisecond, 30 * time.Millisecond
	// Each case has its own packets: writing one changes its header.
	publish := func(topic string, payload []byte) *packets.PublishPacket {
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.TopicName, p.Payload = topic, payload
		return p
	}
	some, endless := publish("flood", nil), publish("flood", nil)
	long := publish("long", make([]byte, maxPacket+20*discardChunk))
	for name, c := range map[string]struct {
		send     func(net.Conn) error
		answered bool
	}{
		"some":             {func(c net.Conn) error { return slowly(c, some, 15, pause) }, true},
		"without an end":   {func(c net.Conn) error { return slowly(c, endless, int(2*maxExtensions*patience/pause), pause) }, false},
		"one that is long": {func(c net.Conn) error { return long.Write(&throttled{c, pause}) }, true},
		"silence":          {func(net.Conn) error { time.Sleep(2 * patience); return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var late sync.WaitGroup
			late.Go(func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				for {
					p, err := packets.ReadPacket(conn)
					if err != nil {
						return
					}
					switch p := p.(type) {
					case *packets.ConnectPacket:
						_ = packets.NewControlPacket(packets.Connack).Write(conn)
					case *packets.PublishPacket:
						if c.send(conn) != nil {
							return
						}
						_ = ack(packets.Puback, p.MessageID).Write(conn)
					}
				}
			})
			t.Cleanup(func() { _ = l.Close(); late.Wait() })
			s := connected(t, Opts{Broker: "tcp://" + l.Addr().String(), AckTimeout: patience}, nil, nil)
			if err := s.Publish(t.Context(), "topic", 1, false, nil); (err == nil) != c.answered {
				t.Errorf("error %v", err)
			}
			s.Close(0)
		})
	}
}

// slowly sends a packet n times.
func slowly(c net.Conn, p packets.ControlPacket, n int, pause time.Duration) error {
	for range n {
		if err := p.Write(c); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

// throttled writes a chunk at a time.
type throttled struct {
	net.Conn
	pause time.Duration
}

func (w *throttled) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = w.Conn.Write(b[n:min(len(b), n+discardChunk)])
		n += m
		time.Sleep(w.pause)
	}
	return n, err
}

func TestALossIsTold(t *testing.T) {
	t.Parallel()
	address := scripted(t, func(p packets.ControlPacket) []packets.ControlPacket {
		if _, ok := p.(*packets.SubscribePacket); ok {
			return []packets.ControlPacket{nil}
		}
		return nil
	})
	s := connected(t, Opts{Broker: address}, nil, nil)
	select {
	case <-s.Lost():
		t.Fatal("lost at once")
	default:
	}
	if err := s.Subscribe(t.Context(), "a"); err == nil {
		t.Error("subscribed")
	}
	<-s.Lost()
	if s.Why() == nil {
		t.Error("nobody says why")
	}
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	refused := func(code byte) func(packets.ControlPacket) []packets.ControlPacket {
		return func(packets.ControlPacket) []packets.ControlPacket {
			p := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
			p.ReturnCode = code
			return []packets.ControlPacket{p}
		}
	}
	for name, address := range map[string]string{
		"nobody":    "tcp://127.0.0.1:1",
		"refused":   scripted(t, refused(5)),
		"hung up":   scripted(t, func(packets.ControlPacket) []packets.ControlPacket { return []packets.ControlPacket{nil} }),
		"no answer": scripted(t, func(packets.ControlPacket) []packets.ControlPacket { return []packets.ControlPacket{} }),
		"not a broker": scripted(t, func(packets.ControlPacket) []packets.ControlPacket {
			return []packets.ControlPacket{ack(packets.Suback, 1)}
		}),
	} {
		d := dialer(t, Opts{Broker: address, ConnectTimeout: 200 * time.Millisecond})
		if s, err := d.Connect(t.Context(), "x", nil, nil); err == nil || !strings.Contains(err.Error(), "connect to "+d.Host()) {
			t.Errorf("%s: session %v, error %v", name, s != nil, err)
		}
		if _, err := d.Retained(t.Context(), "x", "#", 1); err == nil {
			t.Errorf("%s: looked", name)
		}
	}
}

// Retained says when it cannot tell all.
func TestRetainedFails(t *testing.T) {
	t.Parallel()
	answer := func(after []packets.ControlPacket, code byte) func(packets.ControlPacket) []packets.ControlPacket {
		return func(p packets.ControlPacket) []packets.ControlPacket {
			s, ok := p.(*packets.SubscribePacket)
			if !ok {
				return nil
			}
			a := ack(packets.Suback, s.MessageID).(*packets.SubackPacket)
			a.ReturnCodes = []byte{code}
			return append([]packets.ControlPacket{a}, after...)
		}
	}
	message := func(retained bool, payload string) packets.ControlPacket {
		m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		m.TopicName, m.Retain, m.Payload = "a", retained, []byte(payload)
		return m
	}
	var flood []packets.ControlPacket
	for range 3 * retainedQueue {
		flood = append(flood, message(true, "x"))
	}
	for name, c := range map[string]struct {
		answer func(packets.ControlPacket) []packets.ControlPacket
		want   string
		n      int
	}{
		"forbidden":                      {answer(nil, 0x80), "refused by the broker", 0},
		"hung up":                        {answer([]packets.ControlPacket{message(true, "x"), nil}, 1), "connection lost", 0},
		"live messages and cleared ones": {answer([]packets.ControlPacket{message(false, "x"), message(true, ""), message(true, "y")}, 1), "", 1},
	} {
		got, err := dialer(t, Opts{Broker: scripted(t, c.answer)}).Retained(t.Context(), "x", "a", 10)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) || len(got) != c.n {
			t.Errorf("%s: %d messages, error %v", name, len(got), err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := dialer(t, Opts{Broker: scripted(t, answer(nil, 1))}).Retained(ctx, "x", "a", 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: error %v", err)
	}
	all, err := dialer(t, Opts{Broker: scripted(t, answer(flood, 1))}).Retained(t.Context(), "x", "a", len(flood))
	if err == nil && len(all) != len(flood) {
		t.Errorf("%d messages of %d, and no word of it", len(all), len(flood))
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"tcp://host": "host:1883", "mqtt://host": "host:1883", "tls://host": "host:8883", "mqtts://host/": "host:8883", "ssl://host:1": "host:1", "tcp://[::1]:5": "[::1]:5",
		"http://host": "", "tcp://": "", "tcp://:1883": "", "tcp://user@host": "", "tcp://host/path": "", "tcp://host?x=1": "", "host:1883": "", "tcp://ho st": "", "": "",
	} {
		u, secure, err := brokerURL(address)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: accepted", address)
		case want != "" && (err != nil || u.Host != want || secure != (strings.HasPrefix(address, "tls") || strings.HasPrefix(address, "mqtts") || strings.HasPrefix(address, "ssl"))):
			t.Errorf("%q: %v, secure %v, error %v", address, u, secure, err)
		}
	}
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.0.0.1": false, "localhost.example": false, "": false} {
		if loopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
	for name, c := range map[string]struct {
		o    Opts
		want string
	}{
		"a password in clear":    {Opts{Broker: "tcp://10.0.0.1", Username: "u", Password: "p"}, "in clear"},
		"on loopback":            {Opts{Broker: "tcp://127.0.0.1", Username: "u", Password: "p"}, ""},
		"no name, no password":   {Opts{Broker: "tcp://10.0.0.1"}, ""},
		"a password of nobody":   {Opts{Broker: "tcp://127.0.0.1", Password: "p"}, "without a user name"},
		"TLS files without TLS":  {Opts{Broker: "tcp://127.0.0.1", TLS: TLSOpts{CA: "ca.pem"}}, "without TLS"},
		"TLS files that are not": {Opts{Broker: "tls://127.0.0.1", TLS: TLSOpts{CA: "none.pem"}}, "none.pem"},
	} {
		d, err := New(c.o)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", name, err)
		}
		if err == nil && (d.o.KeepAlive != DefaultKeepAlive || d.o.ConnectTimeout != DefaultTimeout || d.o.AckTimeout != DefaultTimeout || d.credentials().password != c.o.Password) {
			t.Errorf("%s: %+v", name, d.o)
		}
	}
	d, err := New(Opts{Broker: "tcp://h", KeepAlive: 1, ConnectTimeout: 2, AckTimeout: 3})
	if err != nil || d.o.KeepAlive != 1 || d.o.ConnectTimeout != 2 || d.o.AckTimeout != 3 || d.Host() != "h:1883" {
		t.Errorf("%+v, %v", d.o, err)
	}
}

func TestTransferTime(t *testing.T) {
	if got := TransferTime(slowest); got != time.Second {
		t.Error(got)
	}
	b := NewBackoff()
	if b.Min != 500*time.Millisecond || b.Max != time.Minute {
		t.Errorf("%+v", b)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	Sleep(ctx, time.Hour)
	began := time.Now()
	Sleep(t.Context(), 5*time.Millisecond)
	if time.Since(began) < 5*time.Millisecond {
		t.Error("it did not sleep")
	}
}

// A connection that this side has ended says so, and one whose deadline for reading passes ends.
func TestConnEnds(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	w := newConn(here, time.Second)
	if err := w.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Read(make([]byte, 1)); err == nil || errors.Is(err, errCut) {
		t.Errorf("after the deadline: %v", err)
	}
	if err := w.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.cut()
	if _, err := w.Read(make([]byte, 1)); !errors.Is(err, errCut) {
		t.Errorf("after the cut: %v", err)
	}
	if _, err := w.Write([]byte{1}); err == nil {
		t.Error("written after the cut")
	}
	short, far := net.Pipe()
	defer far.Close()
	slow := newConn(short, 20*time.Millisecond)
	if err := slow.SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n, err := slow.Write([]byte{1}); err == nil || n != 0 {
		t.Errorf("nobody reads, and %d bytes were written", n)
	}
}

// Every rule for packets, each broken alone.
func TestPacketsOfBrokers(t *testing.T) {
	for name, c := range map[string]struct {
		first byte
		body  []byte
		ok    bool
	}{
		"CONNACK": {0x20, []byte{0, 0}, true}, "CONNACK with flags": {0x21, []byte{0, 0}, false}, "CONNACK of three bytes": {0x20, []byte{0, 0, 0}, false},
		"UNSUBACK": {0xb0, []byte{0, 1}, true}, "UNSUBACK of a byte": {0xb0, []byte{0}, false},
		"SUBACK": {0x90, []byte{0, 1, 1}, true}, "SUBACK with flags": {0x92, []byte{0, 1, 1}, false}, "SUBACK without a code": {0x90, []byte{0, 1}, false},
		"PINGRESP": {0xd0, nil, true}, "PINGRESP with flags": {0xd1, nil, false}, "PINGRESP with a byte": {0xd0, []byte{0}, false},
		"PUBLISH": {0x30, []byte{0, 1, 'a'}, true}, "PUBLISH with QoS 1": {0x32, []byte{0, 1, 'a', 0, 1}, true}, "PUBLISH with QoS 2": {0x34, []byte{0, 1, 'a', 0, 1}, false},
		"PUBLISH with QoS 3": {0x36, []byte{0, 1, 'a', 0, 1, 0, 1}, false}, "PUBLISH without a topic": {0x30, []byte{0}, false}, "PUBLISH with an empty topic": {0x30, []byte{0, 0}, true},
		"PUBLISH with half a topic": {0x30, []byte{0, 2, 'a'}, false}, "PUBLISH with QoS 1 and no identifier": {0x32, []byte{0, 1, 'a', 0}, false}, "PUBLISH, empty, QoS 1": {0x32, []byte{0, 0, 0}, false},
	} {
		if err := checkPacket(c.first, c.body); (err == nil) != c.ok {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A long packet makes the buffer grow once.
func TestLongPackets(t *testing.T) {
	var stream bytes.Buffer
	for _, n := range []int{10, 100_000, 10} {
		m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		m.TopicName, m.Payload = "a", bytes.Repeat([]byte{byte(n)}, n)
		if err := m.Write(&stream); err != nil {
			t.Fatal(err)
		}
	}
	w := newConn(recorded{r: &stream}, time.Second)
	var sizes []string
	for range 3 {
		p, err := packets.ReadPacket(w)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, fmt.Sprint(len(p.(*packets.PublishPacket).Payload)))
	}
	if strings.Join(sizes, " ") != "10 100000 10" || w.packets.Load() != 3 {
		t.Errorf("%v, %d packets", sizes, w.packets.Load())
	}
}
