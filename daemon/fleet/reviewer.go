package fleet

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// MQTT does not say when the last retained message has come. They follow the broker's consent at once, so that a silence of
// this length is the end.
const quiet = 700 * time.Millisecond

// maxGathered bounds how many reviews of all terminals together are looked at.
const maxGathered = 4096

// Reviews gives the reviews that wait at the broker, of one terminal or, with "", of all, by deadline. key, if not nil,
// gives a terminal's public key, nil for one that is not known; Verified says whether there was one. Messages that are no
// reviews, or are not signed by the terminal, are in refused.
func (p *Operator) Reviews(ctx context.Context, terminal string, key func(terminal string) ed25519.PublicKey) (list []PublishedReview, refused []error, err error) {
	filter := root + "+" + noService + string(ChannelReview) + "/+"
	if terminal != "" {
		if err := CheckTerminal(terminal); err != nil {
			return nil, nil, err
		}
		filter = Topic(terminal, ChannelReview, "+")
	}
	gathered, err := p.gather(ctx, filter, maxGathered)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range gathered {
		var public ed25519.PublicKey
		if from, _, _, err := ParseTopic(m.topic); err == nil && key != nil {
			public = key(from)
		}
		r, err := ReadReview(m.topic, m.payload, public)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b PublishedReview) int {
		return cmp.Or(a.Deadline.Compare(b.Deadline), cmp.Compare(a.Terminal, b.Terminal), cmp.Compare(a.Passage, b.Passage))
	})
	return list, refused, nil
}

// ErrNoReview means that the broker holds no such review: it is decided, its time is over, or there never was one.
var ErrNoReview = errors.New("fleet: no such review waits")

// Review gives one review, or ErrNoReview.
func (p *Operator) Review(ctx context.Context, terminal, passage string, public ed25519.PublicKey) (PublishedReview, error) {
	m, err := p.one(ctx, terminal, passage)
	if err != nil {
		return PublishedReview{}, err
	}
	return ReadReview(m.topic, m.payload, public)
}

// ReviewPictures gives the encrypted pictures of a review, or ErrNoReview; see OpenPictures.
func (p *Operator) ReviewPictures(ctx context.Context, terminal, passage string) ([]byte, error) {
	m, err := p.one(ctx, terminal, passage, levelPictures)
	return m.payload, err
}

func (p *Operator) one(ctx context.Context, terminal, passage string, more ...string) (outbound, error) {
	if err := CheckTerminal(terminal); err != nil {
		return outbound{}, err
	}
	if !validLevel(passage, maxLevel) {
		return outbound{}, fmt.Errorf("fleet: passage %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", clip(passage, 80), maxLevel)
	}
	found, err := p.gather(ctx, Topic(terminal, ChannelReview, append([]string{passage}, more...)...), 1)
	if err != nil {
		return outbound{}, err
	}
	if len(found) == 0 {
		return outbound{}, ErrNoReview
	}
	return found[0], nil
}

// gather takes the retained messages of a filter, at most limit.
func (p *Operator) gather(ctx context.Context, filter string, limit int) (all []outbound, err error) {
	heard := make(chan outbound, watchQueue)
	full := make(chan struct{}, 1)
	conn, err := p.connect(ctx, func(m mqtt.Message) {
		if !m.Retained() || len(m.Payload()) == 0 {
			return
		}
		select {
		case heard <- outbound{topic: m.Topic(), payload: m.Payload()}:
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
	defer conn.close(farewell)
	if err := conn.subscribe(ctx, filter); err != nil {
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
		case <-conn.lost:
			return nil, fmt.Errorf("fleet: connection lost: %w", conn.why)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return all, nil
}
