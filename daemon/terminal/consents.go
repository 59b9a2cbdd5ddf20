package terminal

import (
	"context"
	"io"
	"time"

	"github.com/VictoriaMetrics/metrics"

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
		next, err := t.people.EndConsents()
		if err != nil {
			t.log.Warn("consents that could not be looked at", "error", err)
		}
		wait := consentsEvery
		if now, _ := t.clock.Read(); !next.IsZero() {
			wait = max(time.Second, min(wait, next.Sub(now)))
		}
		timer.Reset(wait)
	}
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
