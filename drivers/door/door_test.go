package door

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestQueueDropsTheOldestAndSaysSo(t *testing.T) {
	var q Queue
	for i := range QueueLength + 3 {
		q.Put(Event{Text: fmt.Sprint(i)})
	}
	for i := range QueueLength {
		e, err := q.Next(t.Context())
		lost := 0
		if i == 0 {
			lost = 3
		}
		if err != nil || e.Text != fmt.Sprint(i+3) || e.Lost != lost {
			t.Fatalf("event %d is %+v, %v", i, e, err)
		}
	}
}

func TestQueueWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q Queue
		got := make(chan string, 2)
		for range 2 {
			go func() {
				e, err := q.Next(t.Context())
				got <- fmt.Sprint(e.Kind, err)
			}()
		}
		synctest.Wait()
		q.Put(Event{Kind: RelayOn})
		q.Put(Event{Kind: RelayOff})
		a, b := <-got, <-got
		if a == b || (a != "relay on <nil>" && b != "relay on <nil>") {
			t.Errorf("waiters got %q and %q", a, b)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := q.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an empty queue: %v", err)
		}
	})
}

func TestPulseChecks(t *testing.T) {
	p := Pulse{Max: 5 * time.Second}
	for length, ok := range map[time.Duration]bool{-1: false, 0: false, 1: true, 5 * time.Second: true, 5*time.Second + 1: false} {
		if err := p.Check(length); (err == nil) != ok || err != nil && !errors.Is(err, ErrPulse) {
			t.Errorf("%v: %v", length, err)
		}
	}
	for _, max := range []time.Duration{0, -1, time.Hour} {
		p := Pulse{Max: max}
		if p.Check(MaxPulse) != nil || p.Check(MaxPulse+1) == nil {
			t.Errorf("a maximum of %v lets more or less than %v pass", max, MaxPulse)
		}
	}
}

// TestPulseNeverExceedsItsMaximum extends pulses at random times: the end never moves back, and never lies beyond the
// maximum from the beginning.
func TestPulseNeverExceedsItsMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Pulse{Max: time.Duration(rapid.Int64Range(1, int64(MaxPulse)).Draw(t, "max"))}
		now := time.Unix(1000, 0)
		var began, until time.Time
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "later")))
			if !until.IsZero() && !now.Before(until) {
				p.End()
				until = time.Time{}
			}
			length := time.Duration(rapid.Int64Range(1, int64(p.Max)).Draw(t, "length"))
			if until.IsZero() {
				began = now
			}
			end := p.Extend(now, length)
			if end != p.Until() || end.Before(until) || end.Sub(began) > p.Max || !end.After(now) && end.Sub(began) < p.Max {
				t.Fatalf("pulse from %v to %v, extended at %v by %v, maximum %v", began, end, now, length, p.Max)
			}
			until = end
		}
	})
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		Unknown.String(): "unknown", Closed.String(): "closed", Opened.String(): "open",
		RelayOn.String(): "relay on", Recovered.String(): "recovered", Kind(99).String(): "kind(99)",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
