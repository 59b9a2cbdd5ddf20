package link

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// TestRefusalsDoNotFillTheJournal refuses commands of several kinds all the time for 31 hours.
func TestRefusalsDoNotFillTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "tcp://127.0.0.1:1")
		l, err := New(b.opts, b.journal, b.orders, b.nonces, b.state)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.obey(ctx) }()
		const hours = 31
		sent, answered := 0, 0
		for range hours * 360 {
			for _, payload := range []string{`{"status":"init"}`, `{}`, `[]`, `{"key":"x","sig":"AA==","payload":"AA=="}`} {
				l.receive(mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen, fmt.Sprint("x", sent)), Payload: []byte(payload)})
				sent++
			}
			time.Sleep(10 * time.Second)
			for len(l.answers) > 0 {
				<-l.answers
				answered++
			}
		}
		cancel()
		<-done
		most := refusalBurst + 2*hours*int(time.Hour/refusalPeriod) + 1
		total := 0
		for _, r := range b.orders.refused {
			sum := 0
			for _, n := range r.Counts {
				sum += n
			}
			if r.Count != max(sum, 1) || sum > 0 && r.Counts[r.Reason] == 0 {
				t.Errorf("%+v", r)
			}
			total += r.Count
		}
		if total != sent || len(b.orders.refused) > most {
			t.Errorf("%d entries of %d refusals, %d were sent; at most %d entries are allowed", len(b.orders.refused), total, sent, most)
		}
		if least := hours * int(time.Hour/answerPeriod); answered < least || answered > least+2*refusalBurst {
			t.Errorf("%d answers, wanted one each %v", answered, answerPeriod)
		}
	})
}

func TestASumSaysItsReasons(t *testing.T) {
	t.Parallel()
	b := newBench(t, "tcp://127.0.0.1:1")
	l, err := New(b.opts, b.journal, b.orders, b.nonces, b.state)
	if err != nil {
		t.Fatal(err)
	}
	l.summarise()
	if len(b.orders.refused) != 0 {
		t.Errorf("a sum of nothing: %+v", b.orders.refused)
	}
	l.refusals.add(fleet.ReasonExpired, 2)
	l.refusals.add(fleet.ReasonMalformed, 0)
	l.refusals.busy.Add(1)
	l.refusals.kept.Add(5)
	l.summarise()
	l.summarise()
	if len(b.orders.refused) != 1 {
		t.Fatalf("%+v", b.orders.refused)
	}
	r := b.orders.refused[0]
	want := map[fleet.Reason]int{fleet.ReasonExpired: 2, fleet.ReasonBusy: 1, fleet.ReasonRetained: 5}
	if r.Count != 8 || r.Reason != fleet.ReasonRetained || !maps.Equal(r.Counts, want) || r.Time.IsZero() || r.Topic == "" {
		t.Errorf("%+v", r)
	}
}

func TestAllowance(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_800_000_000, 0)
	a := allowance{period: time.Minute}
	spend := func(at time.Duration) (n int) {
		for a.take(start.Add(at)) {
			n++
		}
		return n
	}
	for _, c := range []struct {
		at   time.Duration
		want int
	}{
		{0, refusalBurst}, {time.Second, 0}, {time.Minute - 1, 0}, {time.Minute, 1}, {3 * time.Minute, 2}, {time.Hour, refusalBurst}, {time.Hour + 30*time.Second, 0},
	} {
		if got := spend(c.at); got != c.want {
			t.Errorf("after %v: %d, wanted %d", c.at, got, c.want)
		}
	}
}
