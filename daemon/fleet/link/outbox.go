package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// outbox is the link's cursor over the journal. Entries go out strictly in order with one in flight;
// an entry is behind the cursor only when the broker has acknowledged it. All methods but watch belong
// to the goroutine of Run.
type outbox struct {
	journal  Journal
	begun    bool           // after holds the durable cursor or something beyond it
	after    fleet.Position // last entry acknowledged by the broker
	pending  []fleet.Entry  // those behind it, as far as read
	unacked  int            // entries acknowledged by the broker since the cursor was made durable
	attempt  int            // deliveries begun of pending[0]
	fault    error          // of the last access to the journal
	resting  time.Time      // pending[0] was swallowed and is not sent before
	pause    time.Duration  // since it was
	unproven int            // connections in a row that ended after pending[0] was acknowledged and before it came back

	waiting bool            // watch was asked and has not answered yet
	ask     chan lookout    // to watch
	ready   chan struct{}   // from watch
	always  <-chan struct{} // closed
}

// lookout asks watch to wait for an entry after a position, and to rest before, if something failed.
type lookout struct {
	after fleet.Position
	rest  time.Duration
}

const (
	readAhead   = 16          // entries read from the journal at once
	journalRest = time.Second // before a failing journal is asked again
)

func newOutbox(j Journal) outbox {
	always := make(chan struct{})
	close(always)
	return outbox{journal: j, ask: make(chan lookout, 1), ready: make(chan struct{}, 1), always: always}
}

// watch waits for new entries on behalf of the outbox, since Journal.Wait blocks.
func (b *outbox) watch(ctx context.Context) {
	for {
		var l lookout
		select {
		case l = <-b.ask:
		case <-ctx.Done():
			return
		}
		mqtt.Sleep(ctx, l.rest)
		if err := b.journal.Wait(ctx, l.after); err != nil {
			mqtt.Sleep(ctx, journalRest) // Next will say what is wrong
		}
		select {
		case b.ready <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// load makes sure that pending holds the next entries, if there are any, and returns a channel that is ready when it is
// worth calling deliver; nil while an entry that the broker has swallowed rests. A journal that fails is asked again after
// a rest.
func (b *outbox) load() <-chan struct{} {
	if time.Now().Before(b.resting) {
		return nil
	}
	if len(b.pending) > 0 {
		return b.always
	}
	if b.waiting {
		return b.ready
	}
	var l lookout
	if b.fault = b.fetch(); b.fault != nil {
		l.rest = journalRest
	} else if len(b.pending) > 0 {
		return b.always
	} else {
		b.commit() // nothing waits: the moment to make the cursor durable
	}
	l.after = b.after
	b.waiting = true
	b.ask <- l
	return b.ready
}

func (b *outbox) fetch() error {
	if !b.begun {
		cursor, err := b.journal.Cursor()
		if err != nil {
			return fmt.Errorf("fleet: read the journal's cursor: %w", err)
		}
		b.after, b.begun = cursor, true
	}
	entries, err := b.journal.Next(b.after, readAhead)
	if err != nil {
		return fmt.Errorf("fleet: read the journal after %v: %w", b.after, err)
	}
	last := b.after
	for _, e := range entries {
		if e.Position.Compare(last) <= 0 {
			return fmt.Errorf("fleet: the journal gave entry %v after %v, its order is broken", e.Position, last)
		}
		last = e.Position
	}
	b.pending = entries
	return nil
}

// commit makes the cursor durable. A failure costs no entry: after a restart some are sent twice.
func (b *outbox) commit() {
	if b.unacked == 0 {
		return
	}
	if err := b.journal.Ack(b.after); err != nil {
		b.fault = fmt.Errorf("fleet: make the cursor %v durable: %w", b.after, err)
		return
	}
	b.unacked = 0
	b.fault = nil
}

// delivered moves the cursor behind pending[0].
func (b *outbox) delivered() {
	b.after, b.pending = b.pending[0].Position, b.pending[1:]
	b.unacked++
	b.attempt, b.pause, b.unproven = 0, 0, 0
}

// deliver sends one entry and waits until the broker has acknowledged it and handed it back.
func (l *Link) deliver(ctx context.Context, s session) error {
	b := &l.outbox
	if len(b.pending) == 0 {
		b.waiting = false // the watch has spoken; load will look
		return nil
	}
	e := b.pending[0]
	ev := fleet.NewEvent(l.o.Terminal, e, l.o.MaxEventBytes)
	payload, err := ev.Encode()
	if err != nil {
		return err
	}
	b.attempt++
	l.count(func(st *Stats) { st.Attempt = b.attempt })
	topic := fleet.Topic(l.o.Terminal, fleet.ChannelEvent, ev.Kind)
	came := l.echo.expect(topic, payload)
	err = s.Publish(ctx, topic, 1, false, payload)
	if err == nil {
		err = l.handed(ctx, s, came, len(payload))
	}
	if err != nil {
		err = fmt.Errorf("fleet: entry %v of %d bytes, attempt %d: %w", e.Position, len(payload), b.attempt, err)
	}
	switch {
	case errors.Is(err, errSwallowed):
		l.swallowed(err)
		return nil // if the connection is lost, serve will see
	case err != nil:
		return err
	}
	b.delivered()
	l.count(func(st *Stats) {
		st.Attempt, st.EventError = 0, ""
		st.Delivered++
		st.Bytes += uint64(len(payload))
		if ev.Omitted != "" {
			st.Omitted++
		}
	})
	if b.unacked >= l.o.AckEvery {
		b.commit()
	}
	return nil
}
