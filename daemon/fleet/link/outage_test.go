package link

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestAnAcknowledgementThatNeverComesIsNotTakenForOne(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	p := newProxy(t, strings.TrimPrefix(address, "tcp://"))
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelEvent, "+"))
	b := newBench(t, p.address())
	b.opts.AckTimeout = 150 * time.Millisecond
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })

	p.swallow.Store(true)
	b.journal.append(7, "passage", `{}`)
	eventually(t, "the broker gets it", func() bool { return len(ear.messages()) == 1 })
	eventually(t, "the technician can see it", func() bool {
		return strings.Contains(b.link.Stats().LastError, "no acknowledgement")
	})
	if c, _ := b.journal.Cursor(); c != (fleet.Position{}) || b.link.Stats().Delivered != 0 {
		t.Errorf("cursor %v moved without an acknowledgement", c)
	}
	p.swallow.Store(false)
	eventually(t, "acknowledged", func() bool { c, _ := b.journal.Cursor(); return c == fleet.Position{Boot: 7, Sequence: 1} })
	eventually(t, "the broker gets it again", func() bool { return len(ear.messages()) >= 2 })
	if got := ear.messages(); got[0].payload != got[1].payload {
		t.Errorf("the entry was not sent again as it was: %v", got)
	}
}

func TestAnAnswerIsSaidAgainWhenItsConnectionBreaks(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	p := newProxy(t, strings.TrimPrefix(address, "tcp://"))
	topic := fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, "o-1")
	ear := listen(t, address, "ear", topic)
	b := newBench(t, p.address())
	b.opts.AckTimeout = 150 * time.Millisecond
	b.orders.hold = make(chan struct{})
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	_, m, err := fleet.Sign(fleet.Command{
		Terminal: "gate-1", Name: fleet.CommandOpen, ID: "o-1", Nonce: "0123456789abcdef",
		Issued: time.Now(), Expires: time.Now().Add(time.Minute),
	}, b.signer)
	if err != nil {
		t.Fatal(err)
	}
	ear.say(t, topic, false, m)
	said := func(s fleet.Status) (n int) {
		for _, h := range ear.messages() {
			var a fleet.Answer
			if json.Unmarshal([]byte(h.payload), &a) == nil && a.Status == s {
				n++
			}
		}
		return n
	}
	eventually(t, "executing, after the health report, and both acknowledged", func() bool {
		return said(fleet.StatusExecuting) == 1 && p.acks.Load() == 2
	})
	p.swallow.Store(true)
	close(b.orders.hold)
	eventually(t, "said, but the terminal cannot know", func() bool { return said(fleet.StatusSuccessful) == 1 })
	eventually(t, "the connection is given up", func() bool { return !b.link.Stats().Connected })
	p.swallow.Store(false)
	eventually(t, "said again", func() bool { return said(fleet.StatusSuccessful) == 2 })
	if got := b.orders.names(); len(got) != 1 {
		t.Errorf("executed %v", got)
	}
}

func TestTheConnectionMayBreakAtAnyTime(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	p := newProxy(t, strings.TrimPrefix(address, "tcp://"))
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelEvent, "+"))
	b := newBench(t, p.address())
	b.start(t)
	const cuts, each = 20, 10
	for i := range cuts {
		for range each {
			b.journal.append(7, "passage", `{}`)
		}
		eventually(t, "some of them", func() bool { d, _ := sequences(t, ear.messages()); return len(d) > i*each })
		p.cut()
	}
	eventually(t, "all", func() bool { c, _ := b.journal.Cursor(); return c == fleet.Position{Boot: 7, Sequence: cuts * each} })
	distinct, repeated := sequences(t, ear.messages())
	for i, s := range distinct {
		if s != uint64(i+1) {
			t.Fatalf("place %d has entry %d", i, s)
		}
	}
	if len(distinct) != cuts*each {
		t.Fatalf("%d distinct entries, wanted %d", len(distinct), cuts*each)
	}
	t.Logf("%d cuts, %d repetitions", cuts, repeated)
}

func TestTheWillIsPublishedOnAHardDisconnect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(*testing.T) string
	}{
		{"embedded broker", func(t *testing.T) string { return fleettest.Broker(t) }},
		{"mosquitto", func(t *testing.T) string { return newForgetfulMosquitto(t).address() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := c.start(t)
			p := newProxy(t, strings.TrimPrefix(address, "tcp://"))
			health := fleet.Topic("gate-1", fleet.ChannelStatus, "health")
			ear := listen(t, address, "ear", health)
			b := newBench(t, p.address())
			b.start(t)
			eventually(t, "connected", func() bool { return b.link.Stats().Connected })
			p.cut()
			eventually(t, "down, then up again", func() bool {
				story := ""
				for _, h := range ear.messages() {
					var r fleet.HealthReport
					if json.Unmarshal([]byte(h.payload), &r) != nil || r.Terminal != "gate-1" || r.Boot != 7 {
						t.Fatalf("health %s", h.payload)
					}
					story += fmt.Sprintf("%s %s, ", r.Status, r.Reason)
				}
				return strings.HasPrefix(story, "up , down connection lost, up , ")
			})
		})
	}
}
