package link

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
)

// step loads and delivers what is next.
func step(t *testing.T, l *Link, s session) error {
	t.Helper()
	if ready := l.outbox.load(); ready != l.outbox.always {
		t.Fatal("nothing is ready to be delivered")
	}
	return l.deliver(t.Context(), s)
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	l, b, _ := idle(t)
	l.o.AckEvery = 2
	s := &tape{heard: l.receive}
	for range 3 {
		b.journal.append(7, "passage", `{"a":1}`)
	}
	last := b.journal.append(7, "passage", strings.Repeat("x", l.o.MaxEventBytes+1))
	bytes := uint64(0)
	for i := range 4 {
		if err := step(t, l, s); err != nil {
			t.Fatal(err)
		}
		bytes += uint64(len(s.said[i].payload))
		omitted := uint64(0)
		if i == 3 {
			omitted = 1
		}
		if st := l.Stats(); st.Delivered != uint64(i+1) || st.Bytes != bytes || st.Omitted != omitted || st.Attempt != 0 || st.EventError != "" {
			t.Errorf("after %d: %+v", i+1, st)
		}
		if want := 2 * ((i + 1) / 2); b.journal.cursor.Sequence != uint64(want) {
			t.Errorf("after %d the cursor is at %v", i+1, b.journal.cursor)
		}
	}
	if m := s.said[0]; m.topic != "te/device/gate-1///e/passage" || m.qos != 1 || m.retained {
		t.Errorf("%+v", m)
	}
	if l.outbox.after != last || l.outbox.attempt != 0 || l.outbox.unacked != 0 {
		t.Errorf("%+v", l.outbox)
	}
	// Nothing waits: the watch is asked, and delivering is only to look again.
	if ready := l.outbox.load(); ready == nil || ready == l.outbox.always || !l.outbox.waiting || len(l.outbox.ask) != 1 {
		t.Error("the watch is not asked")
	}
	if err := l.deliver(t.Context(), s); err != nil || l.outbox.waiting || len(s.said) != 4 {
		t.Errorf("%v, waiting %v", err, l.outbox.waiting)
	}
	l.read()
	if st := l.Stats(); st.Cursor != last || st.JournalError != "" {
		t.Errorf("%+v", st)
	}
}

func TestDeliveryFails(t *testing.T) {
	t.Parallel()
	l, b, _ := idle(t)
	s := &tape{heard: l.receive, failAt: 1}
	at := b.journal.append(7, "passage", `{}`)
	if err := step(t, l, s); !errors.Is(err, errTape) || !strings.Contains(err.Error(), "entry 7/1 of ") || !strings.Contains(err.Error(), "attempt 1") {
		t.Errorf("error %v", err)
	}
	if st := l.Stats(); st.Attempt != 1 || st.Delivered != 0 || st.EventError != "" || len(l.outbox.pending) != 1 {
		t.Errorf("%+v", st)
	}
	if err := step(t, l, s); err != nil || l.outbox.after != at {
		t.Errorf("error %v", err)
	}
}

// An event that is acknowledged and does not come back rests, each time for longer, and is sent again.
func TestASwallowedEventRests(t *testing.T) {
	t.Parallel()
	l, b, log := idle(t)
	l.o.AckTimeout, l.o.Interval = time.Millisecond, time.Minute
	b.journal.append(7, "passage", `{}`)
	s := new(tape)
	for i, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		if err := step(t, l, s); err != nil {
			t.Fatal(err)
		}
		if rest := time.Until(l.outbox.resting); l.outbox.pause != want*time.Minute || rest > l.outbox.pause || rest < l.outbox.pause-30*time.Second {
			t.Errorf("attempt %d: rests for %v, %v", i+1, l.outbox.pause, rest)
		}
		if l.outbox.load() != nil {
			t.Error("it does not rest")
		}
		l.outbox.resting = time.Now() // the time is over
	}
	if st := l.Stats(); !strings.Contains(st.EventError, "did not hand it back") || st.Attempt != 6 || st.Delivered != 0 || !log.Has("an event is not delivered") {
		t.Errorf("%+v", st)
	}
	s.heard = l.receive
	if err := step(t, l, s); err != nil || l.outbox.pause != 0 {
		t.Errorf("pause %v, %v", l.outbox.pause, err)
	}
	if st := l.Stats(); st.EventError != "" || st.Delivered != 1 {
		t.Errorf("%+v", st)
	}
}

// A connection that ends before an event comes back may be any loss; the second time in a row it is the broker's rules.
func TestAConnectionThatEndsBeforeTheEcho(t *testing.T) {
	t.Parallel()
	l, b, _ := idle(t)
	b.journal.append(7, "passage", `{}`)
	lost := &tape{lost: make(chan struct{})}
	close(lost.lost)
	if err := step(t, l, lost); !errors.Is(err, errTape) || errors.Is(err, errSwallowed) || l.Stats().EventError != "" {
		t.Errorf("the first time: %v", err)
	}
	if err := step(t, l, lost); err != nil || !strings.Contains(l.Stats().EventError, "the connection ended, again") {
		t.Errorf("the second time: %v, %q", err, l.Stats().EventError)
	}
	l.outbox.resting = time.Time{}
	if err := step(t, l, &tape{heard: l.receive}); err != nil || l.outbox.unproven != 0 {
		t.Errorf("%v, %d", err, l.outbox.unproven)
	}
	b.journal.append(7, "passage", `{}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l.outbox.waiting = false
	l.outbox.load()
	if err := l.deliver(ctx, new(tape)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAJournalInDisorder(t *testing.T) {
	t.Parallel()
	l, b, log := idle(t)
	b.journal.append(7, "passage", `{}`)
	b.journal.append(7, "passage", `{}`)
	b.journal.entries[1].Position = b.journal.entries[0].Position
	l.outbox.load()
	l.read()
	l.read()
	if st := l.Stats(); !strings.Contains(st.JournalError, "its order is broken") || !log.Has("fleet: journal") {
		t.Errorf("%+v", st)
	}
	if a := <-l.outbox.ask; a.rest != journalRest {
		t.Errorf("%+v", a)
	}
	// A cursor that cannot be made durable is told, and tried again.
	c, d, _ := idle(t)
	d.journal.append(7, "passage", `{}`)
	s := &tape{heard: c.receive}
	if err := step(t, c, s); err != nil {
		t.Fatal(err)
	}
	d.journal.setFail(errors.New("disk full"))
	c.outbox.commit()
	c.read()
	if st := c.Stats(); !strings.Contains(st.JournalError, "make the cursor 7/1 durable: disk full") || c.outbox.unacked != 1 {
		t.Errorf("%+v", st)
	}
	d.journal.setFail(nil)
	c.outbox.commit()
	c.outbox.commit()
	c.read()
	if st := c.Stats(); st.JournalError != "" || c.outbox.unacked != 0 || len(d.journal.acks) != 1 {
		t.Errorf("%+v, %d acks", st, len(d.journal.acks))
	}
}

func TestAnswersThatNobodyTakes(t *testing.T) {
	t.Parallel()
	l, _, _ := idle(t)
	for range maxAnswers + 2 {
		l.answer("topic", fleet.Answer{Status: fleet.StatusFailed, Detail: strings.Repeat("x", 1000)})
	}
	if st := l.Stats(); st.Unanswered != 2 || len(l.answers) != maxAnswers {
		t.Errorf("%+v", st)
	}
	m := <-l.answers
	if !strings.Contains(string(m.Payload), `"clock":"ntp"`) || len(m.Payload) > 700 {
		t.Errorf("%s", m.Payload)
	}
	if err := l.say(t.Context(), &tape{failAt: 1}, m); !errors.Is(err, errTape) || l.unsaid == nil || l.unsaid.Topic != "topic" {
		t.Errorf("%v, %+v", err, l.unsaid)
	}
	s := new(tape)
	if err := l.say(t.Context(), s, m); err != nil || l.unsaid != nil || len(s.said) != 1 || s.said[0].qos != 1 || s.said[0].retained {
		t.Errorf("%v, %+v", err, s.said)
	}
}

// What is stale is cleared one at a time, and a filter on which something was is subscribed to again until nothing comes.
func TestClearing(t *testing.T) {
	t.Parallel()
	l, _, _ := idle(t)
	s := new(tape)
	p := newPublisher(l, s)
	p.alarms["camera"] = []byte("x")
	clear := func() bool {
		t.Helper()
		if err := l.clear(t.Context(), s, p); err != nil {
			t.Fatal(err)
		}
		select {
		case <-l.stale.wake:
			return true
		default:
			return false
		}
	}
	if clear() || len(s.said)+len(s.filters) != 0 {
		t.Error("something is cleared although nothing is stale")
	}
	l.stale.add(retained{fleet.ChannelAlarm, "te/device/gate-1///a/camera", "camera"})
	for clear() {
	}
	if len(s.said)+len(s.filters) != 0 {
		t.Errorf("an alarm that holds: %v, %v", s.said, s.filters)
	}
	l.stale.add(retained{fleet.ChannelCommand, "te/device/gate-1///cmd/status/1", ""})
	for clear() {
	}
	if s.topics() != "-cmd/status/1" || strings.Join(s.filters, " ") != "te/device/gate-1///cmd/+/+" {
		t.Errorf("%v, %v", s.said, s.filters)
	}
}
