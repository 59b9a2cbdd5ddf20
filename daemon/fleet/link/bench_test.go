package link

import (
	"context"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/broker"
	"umbral/daemon/fleet/mqtt"
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
	d, err := mqtt.New(mqtt.Opts{Broker: "tcp://" + server.Address()})
	if err != nil {
		b.Fatal(err)
	}
	s, err := d.Connect(ctx, "bench", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	e := fleet.Entry{Position: fleet.Position{Boot: 7, Sequence: 1}, Clock: "ntp", Kind: "passage", Payload: make([]byte, 300)}
	for i := range e.Payload {
		e.Payload[i] = '1'
	}
	b.ReportAllocs()
	for b.Loop() {
		payload, err := fleet.NewEvent("gate-1", e, 1024).Encode()
		if err == nil {
			err = s.Publish(ctx, fleet.Topic("gate-1", fleet.ChannelEvent, "passage"), 1, false, payload)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	s.Close(mqtt.Farewell)
	cancel()
	if err := <-served; err != nil {
		b.Fatal(err)
	}
}
