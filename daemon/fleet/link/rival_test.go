package link

import (
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

func message(topic, payload string) mqtt.Message {
	return mqtt.Message{Topic: topic, Payload: []byte(payload)}
}

// TestTwoTerminalsOfOneNameSaySo lets two terminals of one name take the connection from each other.
func TestTwoTerminalsOfOneNameSaySo(t *testing.T) {
	t.Parallel()
	m := newMosquitto(t)
	one, two := newBench(t, m.address()), newBench(t, m.address())
	one.opts.Boot, two.opts.Boot = 7, 300
	one.start(t)
	eventually(t, "connected", func() bool { return one.link.Stats().Connected })
	two.start(t)
	eventually(t, "both say it", func() bool {
		return strings.Contains(one.link.Stats().Rival, `as "gate-1" (boot 300`) && strings.Contains(two.link.Stats().Rival, `as "gate-1" (boot 7`)
	})
	if one.link.Stats().RivalSeen.IsZero() {
		t.Error("it does not say when")
	}
}

// A terminal that is started again, with or without a goodbye, meets nobody but itself.
func TestATerminalIsNotItsOwnRival(t *testing.T) {
	t.Parallel()
	m := newMosquitto(t)
	p := newProxy(t, "127.0.0.1:"+m.port)
	b := newBench(t, p.address())
	for range 3 {
		b.start(t)
		eventually(t, "connected", func() bool { return b.link.Stats().Connected })
		p.cut() // the last will is published
		eventually(t, "connected again", func() bool { return b.link.Stats().Connects >= 2 && b.link.Stats().Connected })
		at := b.journal.append(7, "passage", `{}`)
		eventually(t, "an event goes out", func() bool { c, _ := b.journal.Cursor(); return c == at })
		if s := b.link.Stats(); s.Rival != "" {
			t.Fatal(s.Rival)
		}
		b.stop()
	}
}

func TestForeignHealth(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_800_000_000, 0)
	report := func(instance, status string, after time.Duration) fleet.HealthReport {
		return fleet.HealthReport{Instance: instance, Status: status, Time: start.Add(after)}
	}
	for _, c := range []struct {
		name     string
		earlier  []fleet.HealthReport // heard at the first connection, retained
		connects int
		h        fleet.HealthReport
		retained bool
		want     bool
	}{
		{"its own", nil, 2, report("own", fleet.HealthUp, 0), false, false},
		{"a program that names no instance", nil, 2, report("", fleet.HealthUp, 0), false, false},
		{"left by an earlier run", nil, 1, report("a", fleet.HealthUp, 0), true, false},
		{"the will of an earlier run", nil, 1, report("a", fleet.HealthDown, 0), false, false},
		{"somebody comes up beside it", nil, 1, report("a", fleet.HealthUp, 0), false, true},
		{"left by somebody meanwhile", nil, 2, report("a", fleet.HealthDown, 0), true, true},
		{"left by an earlier run, at a later connection", []fleet.HealthReport{report("a", fleet.HealthUp, 0)}, 2, report("a", fleet.HealthUp, 0), true, false},
		{"somebody who was there before and lives", []fleet.HealthReport{report("a", fleet.HealthUp, 0)}, 2, report("a", fleet.HealthUp, time.Second), true, true},
		{"more of them than are remembered", []fleet.HealthReport{
			report("1", "down", 0), report("2", "down", 0), report("3", "down", 0), report("4", "down", 0), report("5", "down", 0),
			report("6", "down", 0), report("7", "down", 0), report("8", "down", 0), report("9", "down", 0),
		}, 2, report("9", fleet.HealthDown, 0), true, true},
	} {
		r := newRival()
		r.instance = "own"
		r.connecting()
		for _, e := range c.earlier {
			r.foreign(e, true)
		}
		for r.connected < c.connects {
			r.connecting()
		}
		if got := r.foreign(c.h, c.retained); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
