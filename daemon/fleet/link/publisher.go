package link

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"umbral/daemon/fleet"
)

// Bounds of what State may say.
const (
	maxNames    = 32       // twin names, measurement types, alarms
	maxReport   = 16 << 10 // bytes of one report; a longer one is left out and logged
	reportFrame = 1 << 10  // what a health report says besides its detail
)

// publisher publishes what is not in the journal. It remembers what this connection's broker was told, so
// that only news goes out; a new connection starts with an empty memory, and everything is said again.
type publisher struct {
	l      *Link
	s      session
	health []byte
	twin   map[string][]byte
	alarms map[string][]byte

	reviews  map[string][]byte // by passage
	pictures map[string]bool   // passages whose pictures were published
}

func newPublisher(l *Link, s session) *publisher {
	return &publisher{
		l: l, s: s, twin: map[string][]byte{}, alarms: map[string][]byte{}, reviews: map[string][]byte{}, pictures: map[string]bool{},
	}
}

// news says what has changed since it was last said.
func (t *publisher) news(ctx context.Context) error {
	h, health := t.lookAtHealth()
	if !bytes.Equal(health, t.health) {
		if err := t.sayHealth(ctx, h); err != nil {
			return err
		}
		t.health = health
	}
	if err := t.sayTwin(ctx); err != nil {
		return err
	}
	if err := t.sayAlarms(ctx); err != nil {
		return err
	}
	return t.sayReviews(ctx)
}

// lookAtHealth returns the terminal's health, without its detail where that cannot be sent.
func (t *publisher) lookAtHealth() (h fleet.Health, encoded []byte) {
	h = t.l.state.Health()
	encoded, err := fleet.EncodeJSON(h)
	if err == nil && len(encoded) <= maxReport-reportFrame {
		return h, encoded
	}
	t.unfit("health's detail", len(encoded), err)
	h.Detail = nil
	encoded, _ = fleet.EncodeJSON(h) // a text can always be encoded
	return h, encoded
}

func (t *publisher) sayHealth(ctx context.Context, h fleet.Health) error {
	return t.say(ctx, t.l.report(fleet.HealthUp, "", h), 1, true, fleet.ChannelStatus, "health")
}

func (t *publisher) sayTwin(ctx context.Context) error {
	twin := t.l.state.Twin()
	for i, name := range slices.Sorted(maps.Keys(twin)) {
		b, err := fleet.EncodeJSON(twin[name])
		if err != nil || i >= maxNames || len(b) > maxReport || !fleet.ValidLevel(name, fleet.MaxLevel) {
			t.unfit("twin "+fleet.Printable(name, fleet.MaxLevel), len(b), err)
			continue
		}
		if bytes.Equal(b, t.twin[name]) {
			continue
		}
		if err := t.send(ctx, b, 1, true, fleet.ChannelTwin, name); err != nil {
			return err
		}
		t.twin[name] = b
	}
	return nil
}

func (t *publisher) sayAlarms(ctx context.Context) error {
	active := map[string]bool{}
	for i, a := range t.l.state.Alarms() {
		if i >= maxNames || active[a.Type] || !fleet.ValidLevel(a.Type, fleet.MaxLevel) {
			t.unfit("alarm "+fleet.Printable(a.Type, fleet.MaxLevel), 0, nil)
			continue
		}
		active[a.Type] = true
		b, err := fleet.EncodeJSON(fleet.AlarmReport{Schema: fleet.Schema, Severity: a.Severity, Text: fleet.Printable(a.Text, 512), Time: a.Since.UTC().Round(0)})
		if err != nil {
			t.unfit("alarm "+a.Type, 0, err)
			continue
		}
		if bytes.Equal(b, t.alarms[a.Type]) {
			continue
		}
		if err := t.send(ctx, b, 1, true, fleet.ChannelAlarm, a.Type); err != nil {
			return err
		}
		t.alarms[a.Type] = b
	}
	for _, kind := range slices.Sorted(maps.Keys(t.alarms)) {
		if active[kind] {
			continue
		}
		if err := t.send(ctx, nil, 1, true, fleet.ChannelAlarm, kind); err != nil {
			return err
		}
		delete(t.alarms, kind)
	}
	return nil
}

// clearStale clears what the broker still held when the connection was made, unless it holds now.
func (t *publisher) clearStale(ctx context.Context, r retained) (cleared bool, err error) {
	switch r.channel {
	case fleet.ChannelReview:
		if t.reviews[r.name] != nil {
			return false, nil
		}
		return true, t.clearReview(ctx, r.name)
	case fleet.ChannelAlarm:
		if t.alarms[r.name] != nil {
			return false, nil
		}
	}
	return true, t.s.Publish(ctx, r.topic, 1, true, nil)
}

// sayReviews publishes the reviews that wait, the pictures before the review that speaks of them, and clears those that
// wait no more.
func (t *publisher) sayReviews(ctx context.Context) error {
	if t.l.o.Reviews == nil {
		return nil
	}
	pending := map[string]bool{}
	for i, r := range t.l.o.Reviews.Pending() {
		if i >= fleet.MaxReviews || pending[r.Passage] || !fleet.ValidLevel(r.Passage, fleet.MaxLevel) || len(r.Statement) > fleet.MaxStatement {
			t.unfit("review "+fleet.Printable(r.Passage, fleet.MaxLevel), len(r.Statement), nil)
			continue
		}
		pending[r.Passage] = true
		b, err := r.Publish(t.l.signer())
		if err != nil {
			t.unfit("review "+r.Passage, len(b), err)
			continue
		}
		if bytes.Equal(b, t.reviews[r.Passage]) {
			continue
		}
		if err := t.sayPictures(ctx, r); err != nil {
			return err
		}
		if err := t.send(ctx, b, 1, true, fleet.ChannelReview, r.Passage); err != nil {
			return err
		}
		t.reviews[r.Passage] = b
	}
	for _, passage := range slices.Sorted(maps.Keys(t.reviews)) {
		if pending[passage] {
			continue
		}
		if err := t.clearReview(ctx, passage); err != nil {
			return err
		}
	}
	return nil
}

func (t *publisher) sayPictures(ctx context.Context, r fleet.Review) error {
	if !r.Pictures || t.pictures[r.Passage] {
		return nil
	}
	b, err := t.l.o.Reviews.Pictures(r.Passage)
	if err != nil || len(b) > fleet.MaxSealedPictures {
		t.unfit("pictures of review "+r.Passage, len(b), err)
		return nil // the reviewers can answer without, or deny
	}
	if err := t.send(ctx, b, 1, true, fleet.ChannelReview, r.Passage, fleet.LevelPictures); err != nil {
		return err
	}
	t.pictures[r.Passage] = true
	return nil
}

// clearReview takes a review off the broker, the pictures first: where the connection breaks in between, the review is
// found again at the next one, and both are cleared.
func (t *publisher) clearReview(ctx context.Context, passage string) error {
	if err := t.send(ctx, nil, 1, true, fleet.ChannelReview, passage, fleet.LevelPictures); err != nil {
		return err
	}
	if err := t.send(ctx, nil, 1, true, fleet.ChannelReview, passage); err != nil {
		return err
	}
	delete(t.reviews, passage)
	delete(t.pictures, passage)
	return nil
}

// numbers says the measurements, once and without acknowledgement: the next ones come soon. The health
// report goes with them, since its time shows that the terminal is alive.
func (t *publisher) numbers(ctx context.Context) error {
	h, _ := t.lookAtHealth()
	if err := t.sayHealth(ctx, h); err != nil {
		return err
	}
	all := t.l.state.Measurements()
	now := t.l.now()
	for i, kind := range slices.Sorted(maps.Keys(all)) {
		if i >= maxNames || !fleet.ValidLevel(kind, fleet.MaxLevel) {
			t.unfit("measurement "+fleet.Printable(kind, fleet.MaxLevel), 0, nil)
			continue
		}
		if err := t.say(ctx, fleet.Measurement(all[kind], now), 0, false, fleet.ChannelMeasurement, kind); err != nil {
			return err
		}
	}
	return nil
}

func (t *publisher) say(ctx context.Context, v any, qos byte, retained bool, c fleet.Channel, rest ...string) error {
	b, err := fleet.EncodeJSON(v)
	if err != nil || len(b) > maxReport {
		t.unfit(string(c), len(b), err)
		return nil
	}
	return t.send(ctx, b, qos, retained, c, rest...)
}

func (t *publisher) send(ctx context.Context, b []byte, qos byte, retained bool, c fleet.Channel, rest ...string) error {
	return t.s.Publish(ctx, fleet.Topic(t.l.o.Terminal, c, rest...), qos, retained, b)
}

// unfit tells of something that State said and that cannot be sent.
func (t *publisher) unfit(what string, size int, err error) {
	t.l.o.Log.Debug("fleet: left out", "what", what, "bytes", size, "limit", maxReport, "error", err)
}
