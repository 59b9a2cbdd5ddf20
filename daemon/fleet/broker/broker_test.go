package broker

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:1883", "example.org:1883", "127.0.0.1", "[::]:0"} {
		if _, err := New(Opts{Address: address}); err == nil || !strings.HasPrefix(err.Error(), "broker: address") {
			t.Errorf("%s: error %v", address, err)
		}
	}
	b, err := New(Opts{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Opts{Address: b.Address()}); err == nil {
		t.Error("two brokers on one port")
	}
	run(t, b)
}

// run runs the broker for as long as a client takes to connect, and ends it.
func run(t *testing.T, b *Broker) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	c, err := net.DialTimeout("tcp", b.Address(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	connect := []byte{0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 30, 0, 1, 'x'}
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(connect); err != nil {
		t.Fatal(err)
	}
	ack := make([]byte, 4)
	if _, err := c.Read(ack); err != nil || ack[0] != 0x20 || ack[3] != 0 {
		t.Errorf("CONNACK % x, error %v", ack, err)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not end")
	}
	if err := b.Run(ctx); err == nil {
		t.Error("Run twice was allowed")
	}
	if c, err := net.Dial("tcp", b.Address()); err == nil {
		_ = c.Close()
		t.Error("it still listens")
	}
}
