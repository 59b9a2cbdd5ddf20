package terminal

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"umbral/daemon/evidence/finger"
	"umbral/daemon/store"
)

// consentsEvery is how often consents that end, and the people held, are looked at; sooner when one ends sooner.
const consentsEvery = 15 * time.Minute

// consentLoop takes the references whose consent has ended out of use, lets the store erase them when their time has
// come, and keeps the counts of people.
func (t *Terminal) consentLoop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		next, err := t.people.endConsents()
		if err != nil {
			t.log.Warn("consents that could not be looked at", "error", err)
		}
		wait := consentsEvery
		if now, _ := t.clock.read(); !next.IsZero() {
			wait = max(time.Second, min(wait, next.Sub(now)))
		}
		timer.Reset(wait)
	}
}

// endConsents takes references out of use and returns when to look again; zero where no consent ends.
func (p *people) endConsents() (next time.Time, err error) {
	due, next, err := p.store.EndConsents()
	for _, d := range due {
		p.withdraw(d.Person, d.Kind)
	}
	if len(due) > 0 {
		p.changed()
	}
	census, countErr := p.store.Census()
	p.census.Store(&census)
	return next, errors.Join(err, countErr)
}

// withdraw searches no more for a person's references of a kind.
func (p *people) withdraw(id string, kind store.Kind) {
	switch {
	case kind == store.KindFace:
		p.gallery.Remove(id)
	case kind == store.KindFinger && p.fingers != nil:
		p.fingers.Forget(id)
	}
}

// consentEdited follows a change of a person's ticks: a consent may have been withdrawn, or given anew.
func (p *people) consentEdited(id string) error {
	refs, err := p.store.References(id)
	if err != nil {
		return err
	}
	known := p.gallery.Has(id)
	for i := range refs {
		r := &refs[i]
		switch {
		case r.Ended:
			p.withdraw(id, r.Kind)
		case r.Kind == store.KindFace && !known && p.models != nil && r.Model == p.models.feature:
			err = errors.Join(err, p.gallery.Add(id, r.Template))
		case r.Kind == store.KindFinger && p.fingers != nil:
			err = errors.Join(err, p.fingers.Put(id, finger.Record{Position: r.Position, Data: r.Data}))
		}
	}
	p.noted(id)
	return err
}

// writeCensus writes the counts of people that data protection asks for; nothing before they are known.
func writeCensus(w io.Writer, c *store.Census) {
	if c == nil {
		return
	}
	oldest := 0.0
	if !c.Oldest.IsZero() {
		oldest = float64(c.Oldest.Unix())
	}
	for _, m := range []struct {
		name  string
		value float64
	}{
		{"umbral_references", float64(c.References)},
		{"umbral_people_with_face", float64(c.Faces)},
		{"umbral_people_with_finger", float64(c.Fingers)},
		{"umbral_minors", float64(c.Minors)},
		{"umbral_oldest_reference_timestamp_seconds", oldest},
		{"umbral_consents_ending", float64(c.ConsentsEnding)},
		{"umbral_consents_ended", float64(c.ConsentsEnded)},
		{"umbral_erasures_unproven", float64(c.Unproven)},
	} {
		metrics.WriteGaugeFloat64(w, m.name, m.value)
	}
}
