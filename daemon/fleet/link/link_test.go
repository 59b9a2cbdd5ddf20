package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestEventsComeInOrderAndOnlyThenMoveTheCursor(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelEvent, "+"))
	b := newBench(t, address)
	for i := range 40 { // before the link exists
		b.journal.append(7, "passage", fmt.Sprintf(`{"n":%d}`, i))
	}
	b.start(t)
	for i := 40; i < 60; i++ { // while it runs
		b.journal.append(7, "door", fmt.Sprintf(`{"n":%d}`, i))
	}
	eventually(t, "60 events", func() bool { return len(ear.messages()) >= 60 })
	eventually(t, "cursor at the last", func() bool { c, _ := b.journal.Cursor(); return c == fleet.Position{Boot: 7, Sequence: 60} })
	previous := strings.Repeat("00", 32)
	for i, h := range ear.messages() {
		e, err := fleet.DecodeEvent([]byte(h.payload))
		if err != nil {
			t.Fatal(err)
		}
		if want := (fleet.Position{Boot: 7, Sequence: uint64(i + 1)}); e.Position() != want || string(e.Data) != fmt.Sprintf(`{"n":%d}`, i) {
			t.Fatalf("message %d: %s", i, h.payload)
		}
		if e.Previous != previous {
			t.Fatalf("event %d does not continue the chain: %s after %s", i, e.Previous, previous)
		}
		previous = e.Hash
		if want := fleet.Topic("gate-1", fleet.ChannelEvent, e.Kind); h.topic != want || h.retained {
			t.Fatalf("event %d on %s, retained %v", i, h.topic, h.retained)
		}
	}
	if st := b.link.Stats(); st.Delivered != 60 || st.Cursor != (fleet.Position{Boot: 7, Sequence: 60}) || !st.Connected {
		t.Errorf("stats %+v", st)
	}
}

func TestAnEntryThatCannotBeSentBlocksNothing(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelEvent, "+"))
	b := newBench(t, address)
	b.opts.MaxEventBytes = 256
	b.journal.append(7, "passage", `{"long":"`+strings.Repeat("x", 300)+`"}`)
	b.journal.append(7, "passage", `no json`)
	b.journal.append(7, "a/strange+kind", `{}`)
	b.journal.append(7, "private", ``)
	b.start(t)
	eventually(t, "4 events", func() bool { return len(ear.messages()) >= 4 })
	var got []string
	for _, h := range ear.messages() {
		e, err := fleet.DecodeEvent([]byte(h.payload))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Kind+" "+string(e.Data)+e.Omitted)
	}
	want := []string{"passage 311 bytes, limit 256", "passage not JSON", "other {}", "private "}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestBirthNewsAndGoodbye(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", fleet.Topic("gate-1", "+", "#"))
	health, camera := fleet.Topic("gate-1", fleet.ChannelStatus, "health"), fleet.Topic("gate-1", fleet.ChannelAlarm, "camera")
	// An alarm that a former life of the terminal left behind.
	ear.say(t, fleet.Topic("gate-1", fleet.ChannelAlarm, "old"), true, []byte(`{"schema":1}`))
	eventually(t, "it is heard", func() bool { return len(ear.messages()) == 1 })
	b := newBench(t, address)
	b.opts.Interval = 100 * time.Millisecond
	b.state.twin = map[string]any{"umbral": map[string]any{"version": "1.2.3"}, "bad name": 1, "loop": func() {}}
	b.state.numbers = map[string]map[string]float64{"pipeline": {"fps": 14.5, "nan": math.NaN()}}
	b.start(t)

	status := func() string {
		h, _ := ear.last(health)
		var r fleet.HealthReport
		_ = json.Unmarshal([]byte(h.payload), &r)
		return r.Status + " " + r.Reason + " " + r.Software
	}
	eventually(t, "up", func() bool { return status() == "up  1.2.3" })
	eventually(t, "twin", func() bool {
		h, ok := ear.last(fleet.Topic("gate-1", fleet.ChannelTwin, "umbral"))
		return ok && h.payload == `{"version":"1.2.3"}`
	})
	eventually(t, "old alarm cleared", func() bool {
		h, ok := ear.last(fleet.Topic("gate-1", fleet.ChannelAlarm, "old"))
		return ok && h.payload == ""
	})
	b.state.setAlarms(fleet.Alarm{Type: "camera", Severity: fleet.Critical, Text: "no frames", Since: time.Unix(1_700_000_000, 0)})
	b.link.Changed()
	eventually(t, "alarm", func() bool {
		h, ok := ear.last(camera)
		return ok && h.payload == `{"schema":1,"severity":"critical","text":"no frames","time":"2023-11-14T22:13:20Z"}`
	})
	b.state.setAlarms()
	eventually(t, "alarm cleared", func() bool { h, _ := ear.last(camera); return h.payload == "" })
	eventually(t, "measurement", func() bool {
		h, ok := ear.last(fleet.Topic("gate-1", fleet.ChannelMeasurement, "pipeline"))
		var m map[string]any
		return ok && json.Unmarshal([]byte(h.payload), &m) == nil && m["fps"] == 14.5 && m["time"] != nil && len(m) == 2
	})
	b.stop()
	eventually(t, "down", func() bool { return status() == "down stopped " })
	// What is retained is what a fleet that connects later sees.
	late := listen(t, address, "late", fleet.Topic("gate-1", "+", "#"))
	eventually(t, "retained", func() bool { return len(late.messages()) >= 2 })
	for _, h := range late.messages() {
		if !h.retained || (h.topic != health && h.topic != fleet.Topic("gate-1", fleet.ChannelTwin, "umbral")) {
			t.Errorf("retained: %+v", h)
		}
	}
}

func TestAFailingJournalDoesNotEndTheLink(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelEvent, "+"))
	b := newBench(t, address)
	b.journal.setFail(errors.New("disk on fire"))
	b.journal.append(7, "passage", `{}`)
	b.start(t)
	eventually(t, "the fault is told", func() bool {
		st := b.link.Stats()
		return st.Connected && strings.Contains(st.JournalError, "disk on fire")
	})
	b.journal.setFail(nil)
	eventually(t, "the event", func() bool { return len(ear.messages()) == 1 })
	eventually(t, "the fault is over", func() bool { return b.link.Stats().JournalError == "" })
}

func TestAbsentBrokerIsNoError(t *testing.T) {
	t.Parallel()
	b := newBench(t, "tcp://127.0.0.1:1") // nobody listens there
	b.start(t)
	b.journal.append(7, "passage", `{}`)
	eventually(t, "a second try is planned", func() bool {
		st := b.link.Stats()
		return !st.Connected && strings.Contains(st.LastError, "refused") && !st.NextTry.IsZero()
	})
	b.stop()
	if err := b.link.Run(t.Context()); err == nil {
		t.Error("Run twice was allowed")
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    func(*Opts)
		want string
	}{
		{"terminal", func(o *Opts) { o.Terminal = "gate/1" }, `terminal name "gate/1", allowed are`},
		{"no broker", func(o *Opts) { o.Broker = "" }, "allowed schemes are"},
		{"scheme", func(o *Opts) { o.Broker = "http://x" }, "allowed schemes are"},
		{"password in address", func(o *Opts) { o.Broker = "tcp://a:b@x" }, "nothing else"},
		{"password in clear", func(o *Opts) { o.Broker, o.Username, o.Password = "tcp://mqtt.example", "a", "b" }, "in clear"},
		{"password alone", func(o *Opts) { o.Password = "b" }, "without a user name"},
		{"files without TLS", func(o *Opts) { o.TLS.CA = "/ca.pem" }, "write tls://"},
		{"ack", func(o *Opts) { o.AckTimeout = 0 }, "AckTimeout 0s, allowed 100ms to 5m0s"},
		{"queue", func(o *Opts) { o.CommandQueue = 0 }, "CommandQueue 0, allowed 1 to 256"},
		{"key", func(o *Opts) { o.Keys[0].Public = nil }, `key "office" has 0 bytes`},
		{"key twice", func(o *Opts) { o.Keys[1].Name = "office" }, "two keys"},
		{"command", func(o *Opts) { o.Keys[0].Commands = []string{"erase"} }, `may give "erase"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, "tcp://127.0.0.1:1883")
			c.f(&b.opts)
			_, err := New(b.opts, b.journal, b.orders, b.nonces, b.state)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, wanted %q in it", err, c.want)
			}
		})
	}
}
