package link

import (
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

// idle makes a link that is not connected, with a log to read.
func idle(t *testing.T) (*Link, *bench, *fleettest.Log) {
	t.Helper()
	b := newBench(t, "tcp://127.0.0.1:1")
	log := new(fleettest.Log)
	b.opts.Log = log.Logger()
	l, err := New(b.opts, b.journal, b.orders, b.nonces, b.state)
	if err != nil {
		t.Fatal(err)
	}
	return l, b, log
}

// TestWhatIsCleared shows the link messages on its topics and others: what it keeps in mind to clear is retained, not empty
// and its own.
func TestWhatIsCleared(t *testing.T) {
	t.Parallel()
	own := func(c fleet.Channel, rest ...string) string { return fleet.Topic("gate-1", c, rest...) }
	full := []byte("x")
	for name, c := range map[string]struct {
		m    mqtt.Message
		want fleet.Channel // empty: not cleared
	}{
		"an alarm":              {mqtt.Message{Topic: own(fleet.ChannelAlarm, "camera"), Payload: full, Retained: true}, fleet.ChannelAlarm},
		"a review":              {mqtt.Message{Topic: own(fleet.ChannelReview, "7-12"), Payload: full, Retained: true}, fleet.ChannelReview},
		"its pictures":          {mqtt.Message{Topic: own(fleet.ChannelReview, "7-12", "pictures"), Payload: full, Retained: true}, ""},
		"an event":              {mqtt.Message{Topic: own(fleet.ChannelEvent, "passage"), Payload: full, Retained: true}, fleet.ChannelEvent},
		"a command":             {mqtt.Message{Topic: own(fleet.ChannelCommand, "door.open", "1"), Payload: full, Retained: true}, fleet.ChannelCommand},
		"an answer":             {mqtt.Message{Topic: own(fleet.ChannelCommand, "door.open", "1"), Payload: []byte(`{"status":"failed"}`), Retained: true}, fleet.ChannelCommand},
		"an authority's answer": {mqtt.Message{Topic: own(fleet.ChannelRemote, "1", "answer"), Payload: full, Retained: true}, fleet.ChannelRemote},
		"an odd topic":          {mqtt.Message{Topic: own(fleet.ChannelCommand, "a b", "1"), Payload: full, Retained: true}, fleet.ChannelCommand},
		"a message too long":    {mqtt.Message{Topic: own(fleet.ChannelAlarm, "camera"), Oversized: true, Retained: true}, fleet.ChannelAlarm},
		"a live one":            {mqtt.Message{Topic: own(fleet.ChannelAlarm, "camera"), Payload: full}, ""},
		"an empty one":          {mqtt.Message{Topic: own(fleet.ChannelAlarm, "camera"), Retained: true}, ""},
		"another terminal's":    {mqtt.Message{Topic: fleet.Topic("gate-2", fleet.ChannelAlarm, "camera"), Payload: full, Retained: true}, ""},
		"its health":            {mqtt.Message{Topic: own(fleet.ChannelStatus, "health"), Payload: full, Retained: true}, ""},
		"a list":                {mqtt.Message{Topic: fleet.ListRoot + "revocation", Payload: full, Retained: true}, ""},
	} {
		l, _, _ := idle(t)
		l.receive(c.m)
		r, again, more := l.stale.next()
		if more != (c.want != "") || again != "" || more && (r.channel != c.want || r.topic != c.m.Topic) {
			t.Errorf("%s: %+v, %q, %v", name, r, again, more)
		}
		if woken := len(l.stale.wake) == 1; woken != more {
			t.Errorf("%s: the link is woken: %v", name, woken)
		}
	}
}

// TestWhereMessagesGo fills the queues between paho and the link.
func TestWhereMessagesGo(t *testing.T) {
	t.Parallel()
	l, b, _ := idle(t)
	command := mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelCommand, "door.open", "1"), Payload: []byte("{}")}
	for range b.opts.CommandQueue + 2 {
		l.receive(command)
	}
	l.receive(mqtt.Message{Topic: command.Topic, Payload: []byte(`{"status":"executing"}`)}) // its own answer
	l.receive(mqtt.Message{Topic: command.Topic})
	if s := l.Stats(); len(l.inbox) != b.opts.CommandQueue || s.Dropped != 2 || s.Refused != 2 || l.refusals.busy.Load() != 2 {
		t.Errorf("%d commands wait, %+v", len(l.inbox), s)
	}
	kept := command
	kept.Retained = true
	for range maxTraps + 3 {
		l.receive(kept)
	}
	if s := l.Stats(); len(l.traps) != maxTraps || s.Refused != 5 || s.Dropped != 2 || l.refusals.kept.Load() != 3 {
		t.Errorf("%d retained ones wait, %+v", len(l.traps), s)
	}
	limit := max(b.opts.MaxCommandBytes, 2*maxAnswer)
	for n, oversized := range map[int]bool{limit: false, limit + 1: true} {
		m := taken(mqtt.Message{Payload: make([]byte, n)}, limit)
		if m.Oversized != oversized || (m.Payload == nil) != oversized {
			t.Errorf("%d bytes: oversized %v, %d bytes", n, m.Oversized, len(m.Payload))
		}
	}
	if answer(mqtt.Message{Oversized: true}) {
		t.Error("a message that is too long is taken for an answer")
	}
	for n, want := range map[int]int{fleet.MaxListMessage: 1, fleet.MaxListMessage + 1: 0} {
		l, _, _ := idle(t)
		l.receive(mqtt.Message{Topic: fleet.ListRoot + "revocation", Payload: make([]byte, n)})
		if len(l.listNews) != want || len(l.inbox) != 0 {
			t.Errorf("a list's message of %d bytes: %d taken", n, len(l.listNews))
		}
	}
}

func TestHealthOfOthers(t *testing.T) {
	t.Parallel()
	report := func(terminal, instance string) []byte {
		b, err := fleet.EncodeJSON(fleet.HealthReport{Schema: 1, Status: fleet.HealthUp, Terminal: terminal, Boot: 300, PID: 77, Software: "1.2\n3", Instance: instance, Time: fleettest.Noon})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		payload []byte
		want    bool
	}{
		"another": {report("gate-1", "other"), true}, "another terminal's": {report("gate-2", "other"), false}, "no JSON": {[]byte("up"), false}, "no instance": {report("gate-1", ""), false},
	} {
		l, _, log := idle(t)
		l.rival.connecting()
		l.receive(mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelStatus, "health"), Payload: c.payload})
		s := l.Stats()
		if (s.Rival != "") != c.want || s.RivalSeen.IsZero() == c.want || log.Has("session taken over") != c.want {
			t.Errorf("%s: %+v", name, s)
		}
		if c.want && (!strings.Contains(s.Rival, `"gate-1" (boot 300, process 77, software 1.2?3)`)) {
			t.Errorf("%s: %s", name, s.Rival)
		}
	}
}
