package link

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"umbral/daemon/fleet"
)

// TestSwallowedEventsAreNoticed lets mosquitto acknowledge events and drop them by its access rules, all of them or one
// kind, or not let the terminal hear them: the cursor waits before the event, the link stays, and goes on by itself when
// the rules are mended.
func TestSwallowedEventsAreNoticed(t *testing.T) {
	t.Parallel()
	const rest = "topic readwrite te/device/gate-1///%/#\n"
	rules := func(events ...string) string {
		var b strings.Builder
		for _, c := range []string{"status", "twin", "a", "m", "cmd", "review"} {
			b.WriteString(strings.ReplaceAll(rest, "%", c))
		}
		return b.String() + strings.Join(events, "\n") + "\n"
	}
	for name, events := range map[string][]string{
		"all":                {"topic read te/device/gate-1///e/#"},
		"one kind":           {"topic read te/device/gate-1///e/#", "topic write te/device/gate-1///e/start"},
		"not heard":          {"topic write te/device/gate-1///e/#"},
		"no rule for events": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acl := t.TempDir() + "/acl"
			write := func(text string) {
				t.Helper()
				if err := os.WriteFile(acl, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(rules(events...))
			m := newMosquitto(t, "allow_anonymous true", "acl_file "+acl)
			b := newBench(t, m.address())
			b.opts.AckTimeout, b.opts.Interval = 150*time.Millisecond, 100*time.Millisecond
			start := b.journal.append(7, "start", `{}`)
			at := b.journal.append(7, "passage", `{}`)
			b.start(t)
			eventually(t, "it is noticed", func() bool { return strings.Contains(b.link.Stats().EventError, "did not hand it back") })
			if c, _ := b.journal.Cursor(); c != (fleet.Position{}) && (c != start || name != "one kind") {
				t.Errorf("the cursor moved to %v", c)
			}
			eventually(t, "the link stays", func() bool { return b.link.Stats().Connected })
			write(rules("topic readwrite te/device/gate-1///e/#"))
			if err := m.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			eventually(t, "delivered when the rules are mended", func() bool { c, _ := b.journal.Cursor(); return c == at })
			eventually(t, "no complaint is left", func() bool { return b.link.Stats().EventError == "" })
		})
	}
}

func TestAnEchoIsTheMessageItself(t *testing.T) {
	t.Parallel()
	var e echo
	came := e.expect("topic", []byte("payload"))
	e.hear(message("topic", "another"))
	e.hear(message("another", "payload"))
	select {
	case <-came:
		t.Fatal("another message counts")
	default:
	}
	e.hear(message("topic", "payload"))
	<-came
	e.hear(message("topic", "payload")) // again, as brokers may
	e.hear(message("", ""))
}
