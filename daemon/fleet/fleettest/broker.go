package fleettest

import (
	"context"
	"testing"
	"time"

	"umbral/daemon/fleet/broker"
)

// Broker runs a broker on loopback until the test ends, and returns its address.
func Broker(t testing.TB) string {
	t.Helper()
	b, err := broker.New(broker.Opts{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("broker: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the broker did not end")
		}
	})
	return "tcp://" + b.Address()
}
