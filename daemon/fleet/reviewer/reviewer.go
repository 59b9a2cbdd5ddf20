// Package reviewer finds the passages that wait at the broker for a human's decision. The answer is a command
// (review.answer), which package operator sends.
package reviewer

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Reviewer finds reviews.
type Reviewer struct{ dialer *mqtt.Dialer }

// New checks the options and reads the TLS files. It does not connect.
func New(o mqtt.Opts) (*Reviewer, error) {
	d, err := mqtt.New(o)
	if err != nil {
		return nil, err
	}
	return &Reviewer{d}, nil
}

// maxGathered bounds how many reviews of all terminals together are looked at.
const maxGathered = 4096

// Reviews returns the reviews that wait at the broker, of one terminal or, with "", of all, by deadline. key, if not nil,
// returns a terminal's public key, nil for one that is not known; Verified says whether there was one. Messages that are no
// reviews, or are not signed by the terminal, are in refused.
func (r *Reviewer) Reviews(ctx context.Context, terminal string, key func(terminal string) ed25519.PublicKey) (list []fleet.PublishedReview, refused []error, err error) {
	if terminal == "" {
		terminal = "+"
	} else if err := fleet.CheckTerminal(terminal); err != nil {
		return nil, nil, err
	}
	gathered, err := r.retained(ctx, fleet.Topic(terminal, fleet.ChannelReview, "+"), maxGathered)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range gathered {
		var public ed25519.PublicKey
		if from, _, _, err := fleet.ParseTopic(m.Topic); err == nil && key != nil {
			public = key(from)
		}
		found, err := fleet.ReadReview(m.Topic, m.Payload, public)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		list = append(list, found)
	}
	slices.SortFunc(list, func(a, b fleet.PublishedReview) int {
		return cmp.Or(a.Deadline.Compare(b.Deadline), cmp.Compare(a.Terminal, b.Terminal), cmp.Compare(a.Passage, b.Passage))
	})
	return list, refused, nil
}

// ErrNoReview means that the broker holds no such review: it is decided, its time is over, or there never was one.
var ErrNoReview = errors.New("fleet: no such review waits")

// Review returns one review, or ErrNoReview.
func (r *Reviewer) Review(ctx context.Context, terminal, passage string, public ed25519.PublicKey) (fleet.PublishedReview, error) {
	m, err := r.one(ctx, terminal, passage)
	if err != nil {
		return fleet.PublishedReview{}, err
	}
	return fleet.ReadReview(m.Topic, m.Payload, public)
}

// Pictures returns the encrypted pictures of a review, or ErrNoReview; see fleet.OpenPictures.
func (r *Reviewer) Pictures(ctx context.Context, terminal, passage string) ([]byte, error) {
	m, err := r.one(ctx, terminal, passage, fleet.LevelPictures)
	return m.Payload, err
}

func (r *Reviewer) one(ctx context.Context, terminal, passage string, more ...string) (mqtt.Message, error) {
	if err := fleet.CheckTerminal(terminal); err != nil {
		return mqtt.Message{}, err
	}
	if !fleet.ValidLevel(passage, fleet.MaxLevel) {
		return mqtt.Message{}, fmt.Errorf("fleet: passage %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", fleet.Printable(passage, 80), fleet.MaxLevel)
	}
	found, err := r.retained(ctx, fleet.Topic(terminal, fleet.ChannelReview, append([]string{passage}, more...)...), 1)
	if err != nil {
		return mqtt.Message{}, err
	}
	if len(found) == 0 {
		return mqtt.Message{}, ErrNoReview
	}
	return found[0], nil
}

func (r *Reviewer) retained(ctx context.Context, filter string, limit int) ([]mqtt.Message, error) {
	return r.dialer.Retained(ctx, "umbral-reviewer-"+fleet.RandomHex(6), filter, limit)
}
