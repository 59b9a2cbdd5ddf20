package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
)

func newOperator(t *testing.T, address string) *operator.Operator {
	t.Helper()
	p, err := operator.New(mqtt.Opts{Broker: address, ConnectTimeout: 2 * time.Second, AckTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOperatorCommandsATerminal(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	b := newBench(t, address)
	b.orders.result = map[string]any{"door": "open"}
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	p := newOperator(t, address)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	var steps []fleet.Status
	a, err := p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen, Args: map[string]int{"pulse": 3}}, b.signer,
		func(a fleet.Answer) { steps = append(steps, a.Status) })
	if err != nil || a.Status != fleet.StatusSuccessful || string(a.Result) != `{"door":"open"}` || a.Clock != "ntp" {
		t.Fatalf("answer %+v, error %v", a, err)
	}
	if !slices.Equal(steps, []fleet.Status{fleet.StatusExecuting, fleet.StatusSuccessful}) {
		t.Errorf("steps %v", steps)
	}
	if c := b.orders.first(); c.Name != fleet.CommandOpen || string(c.Args) != `{"pulse":3}` || c.Key != "office" {
		t.Errorf("executed %+v", c)
	}

	b.orders.mu.Lock()
	b.orders.err = &fleet.Failure{Reason: "blocked", Detail: "the door is held"}
	b.orders.mu.Unlock()
	if a, err = p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandStatus}, b.signer, nil); err != nil || a.Status != fleet.StatusFailed || a.Reason != "blocked" {
		t.Errorf("answer %+v, error %v", a, err)
	}
	b.orders.mu.Lock()
	b.orders.err = errors.New("something else")
	b.orders.mu.Unlock()
	if a, err = p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandStatus}, b.signer, nil); err != nil || a.Reason != fleet.ReasonFailed || a.Detail != "something else" {
		t.Errorf("answer %+v, error %v", a, err)
	}
	b.orders.mu.Lock()
	b.orders.err, b.orders.result = nil, strings.Repeat("x", maxAnswer)
	b.orders.mu.Unlock()
	if a, err = p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandStatus}, b.signer, nil); err != nil || a.Status != fleet.StatusSuccessful || a.Detail == "" {
		t.Errorf("a result that is too long: answer %+v, error %v", a, err)
	}

	a, err = p.Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen}, b.lobby, nil)
	if err != nil || a.Status != fleet.StatusFailed || a.Reason != fleet.ReasonNotAllowed {
		t.Errorf("answer %+v, error %v", a, err)
	}
	if got := b.orders.reasons(); !slices.Equal(got, []fleet.Reason{fleet.ReasonNotAllowed}) {
		t.Errorf("journalled refusals %v", got)
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := p.Send(short, operator.Order{Terminal: "gate-9", Command: fleet.CommandStatus}, b.signer, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a terminal: %v", err)
	}
}

func TestACommandThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	b := newBench(t, address)
	b.opts.CommandTimeout = 50 * time.Millisecond
	b.orders.hold = make(chan struct{})
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a, err := newOperator(t, address).Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen}, b.signer, nil)
	if err != nil || a.Reason != fleet.ReasonTimeout {
		t.Errorf("answer %+v, error %v", a, err)
	}
}

// TestHostileCommands sends what must be refused over real brokers.
func TestHostileCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(*testing.T) string
	}{
		{"embedded broker", func(t *testing.T) string { return fleettest.Broker(t) }},
		{"mosquitto", func(t *testing.T) string { return newForgetfulMosquitto(t).address() }},
	} {
		t.Run(c.name, func(t *testing.T) { hostile(t, c.start(t)) })
	}
}

func hostile(t *testing.T, address string) {
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelCommand, "#"))
	b := newBench(t, address)
	signed := func(id string, issued time.Time, valid time.Duration) (string, []byte) {
		topic, m, err := fleet.Sign(fleet.Command{
			Terminal: "gate-1", Name: fleet.CommandOpen, ID: id, Nonce: "nonce-of-" + id + "-0000", Issued: issued, Expires: issued.Add(valid),
		}, b.signer)
		if err != nil {
			t.Fatal(err)
		}
		return topic, m
	}
	// Retained before the terminal comes: the classic way to open a door at the next reboot.
	trap, m := signed("trap", time.Now(), time.Minute)
	ear.say(t, trap, true, m)
	eventually(t, "the trap is set", func() bool { return len(ear.on(trap)) == 1 })
	b.start(t)
	answered := func(topic string, s fleet.Status, r fleet.Reason) {
		t.Helper()
		eventually(t, fmt.Sprintf("%s answered %s %s", topic, s, r), func() bool {
			for _, h := range ear.on(topic) {
				var a fleet.Answer
				if json.Unmarshal([]byte(h.payload), &a) == nil && a.Status == s && a.Reason == r {
					return true
				}
			}
			return false
		})
	}
	answered(trap, fleet.StatusFailed, fleet.ReasonRetained)
	eventually(t, "the trap is removed", func() bool {
		return slices.ContainsFunc(ear.on(trap), func(h heard) bool { return h.payload == "" })
	})

	late, m := signed("late", time.Now().Add(-time.Minute), 30*time.Second)
	ear.say(t, late, false, m)
	answered(late, fleet.StatusFailed, fleet.ReasonExpired)

	bare := fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, "bare")
	ear.say(t, bare, false, []byte(`{"status":"init"}`))
	answered(bare, fleet.StatusFailed, fleet.ReasonUnsigned)

	huge := fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, "huge")
	ear.say(t, huge, false, make([]byte, 100<<10))
	answered(huge, fleet.StatusFailed, fleet.ReasonOversized)

	good, m := signed("good", time.Now(), time.Minute)
	ear.say(t, good, false, m)
	answered(good, fleet.StatusSuccessful, "")
	ear.say(t, good, false, m)
	answered(good, fleet.StatusFailed, fleet.ReasonReplayed)

	if got := b.orders.names(); !slices.Equal(got, []string{fleet.CommandOpen}) {
		t.Errorf("executed %v, wanted door.open once", got)
	}
	want := []fleet.Reason{fleet.ReasonRetained, fleet.ReasonExpired, fleet.ReasonUnsigned, fleet.ReasonOversized, fleet.ReasonReplayed}
	if got := b.orders.reasons(); !slices.Equal(got, want) {
		t.Errorf("journalled %v, wanted %v", got, want)
	}
	if st := b.link.Stats(); st.Executed != 1 || st.Refused != 5 {
		t.Errorf("stats %+v", st)
	}
}

func TestAFloodOfCommandsIsCountedNotRecorded(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	ear := listen(t, address, "ear", fleet.Topic("gate-1", fleet.ChannelCommand, "#"))
	b := newBench(t, address)
	b.orders.hold = make(chan struct{})
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	outcome := make(chan fleet.Answer, 1)
	go func() {
		a, _ := newOperator(t, address).Send(ctx, operator.Order{Terminal: "gate-1", Command: fleet.CommandOpen}, b.signer, nil)
		outcome <- a
	}()
	eventually(t, "the command is being executed", func() bool { return len(b.orders.names()) == 1 })
	const flood = 200
	for i := range flood {
		ear.say(t, fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, fmt.Sprint("x", i)), false, []byte(`{"status":"init"}`))
	}
	eventually(t, "what the queue does not hold is dropped", func() bool {
		return b.link.Stats().Dropped >= flood-uint64(b.opts.CommandQueue)-1
	})
	close(b.orders.hold)
	if a := <-outcome; a.Status != fleet.StatusSuccessful {
		t.Errorf("the command that was there first: %+v", a)
	}
	eventually(t, "all are counted", func() bool { return b.link.Stats().Refused == flood })
	b.stop()
	total, busy := 0, 0
	for _, r := range b.orders.refused {
		total += r.Count
		busy += r.Counts[fleet.ReasonBusy]
	}
	if len(b.orders.refused) > refusalBurst+2 || total != flood || busy != int(b.link.Stats().Dropped) {
		t.Errorf("%d records of %d refusals, %d busy; wanted at most %d records of %d", len(b.orders.refused), total, busy, refusalBurst+2, flood)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	p := newProxy(t, strings.TrimPrefix(address, "tcp://"))
	b := newBench(t, address)
	b.start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	enough := errors.New("enough")
	seen := make(chan operator.Message, 16)
	losses := make(chan error, 16)
	done := make(chan error, 1)
	go func() {
		done <- newOperator(t, p.address()).Watch(ctx, "", func(m operator.Message) error {
			if m.Channel == fleet.ChannelEvent {
				seen <- m
				if string(m.Rest[0]) == "last" {
					return enough
				}
			}
			return nil
		}, func(err error) { losses <- err })
	}()
	// The watcher may miss what happens before it has subscribed, so the journal goes on until it sees.
	first := func() operator.Message {
		for {
			b.journal.append(7, "passage", `{}`)
			select {
			case m := <-seen:
				return m
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				t.Fatal("nothing seen")
			}
		}
	}
	if m := first(); m.Terminal != "gate-1" || m.Retained || m.Rest[0] != "passage" {
		t.Errorf("message %+v", m)
	}
	p.cut()
	if err := <-losses; err == nil {
		t.Error("a loss without a reason")
	}
	first()
	b.journal.append(7, "last", `{}`)
	if err := <-done; !errors.Is(err, enough) {
		t.Errorf("Watch ended with %v, wanted the callback's error", err)
	}
	if err := newOperator(t, address).Watch(ctx, "gate/1", nil, nil); err == nil {
		t.Error("a strange terminal was taken")
	}
}
