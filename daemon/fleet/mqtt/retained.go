package mqtt

import (
	"context"
	"fmt"
	"time"
)

// MQTT does not say when the last retained message has come. They follow the broker's consent at once, so that a silence of
// this length is the end.
const quiet = 700 * time.Millisecond

// retainedQueue bounds the messages between paho and Retained.
const retainedQueue = 1024

// Retained returns the retained messages of a filter, at most limit, over a connection of its own.
func (d *Dialer) Retained(ctx context.Context, clientID, filter string, limit int) (all []Message, err error) {
	heard := make(chan Message, retainedQueue)
	full := make(chan struct{}, 1)
	s, err := d.Connect(ctx, clientID, nil, func(m Message) {
		if !m.Retained || len(m.Payload) == 0 {
			return
		}
		select {
		case heard <- m:
		default:
			select {
			case full <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return nil, err
	}
	defer s.Close(Farewell)
	if err := s.Subscribe(ctx, filter); err != nil {
		return nil, err
	}
	silence := time.NewTimer(quiet)
	defer silence.Stop()
	for len(all) < limit {
		select {
		case m := <-heard:
			all = append(all, m)
			silence.Reset(quiet)
		case <-silence.C:
			return all, nil
		case <-full:
			return nil, fmt.Errorf("fleet: more messages on %s than can be taken at once (name one terminal)", filter)
		case <-s.lost:
			return nil, fmt.Errorf("fleet: connection lost: %w", s.why)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return all, nil
}
