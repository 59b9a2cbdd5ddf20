// Package journal is the journal's way: every part commits its entries through a Journal, and an Outbox shows them to the
// fleet, with what may leave the terminal and nothing else.
package journal

import (
	"encoding/json"
	"sync"
	"time"

	"umbral/daemon/store"
)

// Journal commits entries; it is what every part journals with.
type Journal struct {
	store  *store.Store
	outage outage
}

// New returns the journal of a store.
func New(s *store.Store) *Journal { return &Journal{store: s} }

// Fault returns why entries can't be journalled; nil while they can.
func (j *Journal) Fault() error { return j.outage.fault() }

// Append commits an entry.
func (j *Journal) Append(kind string, payload []byte) error {
	_, err := j.store.Append(kind, payload)
	j.outage.noted(err)
	return err
}

// outage is a time in which entries could not be journalled. What the store says of itself is not enough: on a full disk
// small changes still find room in the file while an entry does not, so the fault would come and go, and nobody could pass
// though nothing seemed wrong. It lasts until an entry was written; so that one is, the end of the outage is an entry itself.
type outage struct {
	mu      sync.Mutex
	since   time.Time // zero while there is none
	err     error
	refused int // entries that could not be written
	tried   time.Time
}

// outageRetry is how often the end of an outage is looked for.
const outageRetry = 2 * time.Second

// noted takes the result of an entry.
func (o *outage) noted(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.since, o.err, o.refused = time.Time{}, nil, 0
		return
	}
	if o.since.IsZero() {
		o.since = time.Now()
	}
	o.err = err
	o.refused++
}

func (o *outage) fault() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// due returns the entry that would end the outage, when it is time to try again.
func (o *outage) due() ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() || time.Since(o.since) < outageRetry || time.Since(o.tried) < outageRetry {
		return nil, false
	}
	o.tried = time.Now()
	payload, err := json.Marshal(map[string]any{
		"refused": o.refused, "seconds": int64(time.Since(o.since) / time.Second), "error": o.err.Error(),
	})
	return payload, err == nil
}

// EndOutage writes the entry that ends an outage, if there is one and it can be written again.
func (j *Journal) EndOutage() {
	payload, due := j.outage.due()
	if !due {
		return
	}
	if _, err := j.store.Append(EntryOutage, payload); err == nil {
		j.outage.noted(nil)
	}
}
