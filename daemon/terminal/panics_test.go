package terminal

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A panic costs the input that caused it: it is an error, counted and told of, and the part goes on.
func TestPanicsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		p := newPanics(slog.New(slog.NewTextHandler(&log, nil)))
		broken := func() error { panic("a marker that nobody expected") }
		for range 100 {
			err := p.guard("frames", broken)
			if panicked := new(errPanic); !errors.As(err, &panicked) || !strings.Contains(err.Error(), "a marker that nobody expected") {
				t.Fatalf("a panic became %v", err)
			}
		}
		if n := p.count()["frames"]; n != 100 {
			t.Errorf("%d counted, want 100", n)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("%d lines in the log, want one a minute", n)
		}
		if !strings.Contains(p.text(), "frames (100)") {
			t.Errorf("the condition says %q", p.text())
		}
		time.Sleep(panicTold)
		p.guard("frames", broken)
		if n := strings.Count(log.String(), "level=ERROR"); n != 2 {
			t.Errorf("%d lines in the log after a minute, want 2", n)
		}
		time.Sleep(panicShown)
		if p.text() != "" {
			t.Errorf("an hour later the condition still says %q", p.text())
		}
		failed := errors.New("failed")
		if err := p.guard("other", func() error { return failed }); err != failed || p.count()["other"] != 0 {
			t.Errorf("an error became %v, counted %d", err, p.count()["other"])
		}
	})
}

// A part that panics is started again; when it holds the decision, the terminal ends instead.
func TestKeepAfterPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, vital := range []bool{false, true} {
			term := &Terminal{gate: &gate{vitals: &vitals{panics: newPanics(slog.New(slog.DiscardHandler))}, log: slog.New(slog.DiscardHandler)}}
			ctx, cancel := context.WithCancel(t.Context())
			var ended error
			runs := 0
			term.keep(ctx, part{name: "part", vital: vital, run: func(context.Context) error {
				if runs++; runs == 3 {
					cancel()
					return nil
				}
				panic("no")
			}}, func(cause error) { ended = cause })
			cancel()
			switch {
			case vital && (runs != 1 || !errors.Is(ended, errVital)):
				t.Errorf("the decision panicked: run %d times, ended by %v", runs, ended)
			case !vital && (runs != 3 || ended != nil):
				t.Errorf("a part panicked: run %d times, ended by %v", runs, ended)
			}
		}
	})
}
