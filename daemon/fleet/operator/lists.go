package operator

import (
	"context"
	"errors"
	"fmt"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// ErrOlderList means that the broker has a list with the same number or a later one.
var ErrOlderList = errors.New("fleet: the broker has a list that is not older")

// PublishList puts a signed list where every terminal of the fleet takes it from, and removes the one that it replaces.
// progress, if not nil, is told of each part. ErrOlderList where the broker has one of the same number or a later; the same
// list again is published again, since a broker may have lost parts of it.
func (p *Operator) PublishList(ctx context.Context, kind string, sequence uint64, b []byte, progress func(done, of int)) error {
	m, err := fleet.NewManifest(kind, sequence, b)
	if err != nil {
		return err
	}
	old, err := p.publishedList(ctx, kind)
	if err != nil {
		return err
	}
	if old != nil && old.Sequence >= sequence && *old != m {
		return fmt.Errorf("%w: number %d, this one is %d", ErrOlderList, old.Sequence, sequence)
	}
	conn, err := p.connect(ctx, nil)
	if err != nil {
		return err
	}
	defer conn.Close(mqtt.Farewell)
	for n := range m.Parts() {
		message, err := fleet.EncodeJSON(fleet.Part{Schema: fleet.Schema, Data: b[n*fleet.PartBytes : n*fleet.PartBytes+m.PartSize(n)]})
		if err != nil {
			return err
		}
		if err := conn.Publish(ctx, m.PartTopic(n), 1, true, message); err != nil {
			return err
		}
		if progress != nil {
			progress(n+1, m.Parts())
		}
	}
	message, err := fleet.EncodeJSON(m)
	if err != nil {
		return err
	}
	if err := conn.Publish(ctx, m.Topic(), 1, true, message); err != nil {
		return err
	}
	if old == nil || old.SHA256 == m.SHA256 {
		return nil
	}
	for n := range old.Parts() {
		if err := conn.Publish(ctx, old.PartTopic(n), 1, true, nil); err != nil {
			return err
		}
	}
	return nil
}

// publishedList returns the manifest at the broker, nil where there is none that can be read.
func (p *Operator) publishedList(ctx context.Context, kind string) (*fleet.Manifest, error) {
	found, err := p.dialer.Retained(ctx, clientID(), fleet.ListRoot+kind, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	m, err := fleet.ReadManifest(found[0].Topic, found[0].Payload)
	if err != nil {
		return nil, nil
	}
	return &m, nil
}
