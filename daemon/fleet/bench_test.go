package fleet

import (
	"context"
	"testing"

	"umbral/daemon/fleet/broker"
)

// BenchmarkDeliver sends journal entries of 300 bytes through the embedded broker, one in flight: the
// pace at which a backlog is worked off when the broker is near.
func BenchmarkDeliver(b *testing.B) {
	server, err := broker.New(broker.Opts{Address: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Run(ctx) }()
	d := dialOpts{address: "tcp://" + server.Address(), clientID: "bench", keepAlive: patience, connectTimeout: patience, ackTimeout: patience}
	if err := d.prepare(TLSOpts{}); err != nil {
		b.Fatal(err)
	}
	s, err := connect(ctx, &d, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	e := Entry{Position: Position{7, 1}, Clock: "ntp", Kind: "passage", Payload: make([]byte, 300)}
	for i := range e.Payload {
		e.Payload[i] = '1'
	}
	b.ReportAllocs()
	for b.Loop() {
		payload, err := NewEvent("gate-1", e, 1024).Encode()
		if err == nil {
			err = s.publish(ctx, Topic("gate-1", ChannelEvent, "passage"), 1, false, payload)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	s.close(farewell)
	cancel()
	if err := <-served; err != nil {
		b.Fatal(err)
	}
}
