// Package ntpstate tells whether a time daemon keeps the kernel's clock, and hands that from one process to another.
//
// The kernel tells it by adjtimex(2) alone, the call that also sets the clock. A process that faces a network and parses
// what strangers show it should not have that call: its unit filters it out. So a process of its own, umbral-clock, which
// does nothing else, asks the kernel and publishes the answer in a file.
package ntpstate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Path is where umbral-clock publishes and umbrald reads.
const Path = "/run/umbral-clock/ntp"

// Every is how often the state is published, and Fresh how old it may be. A time daemon that stops is noticed by the kernel
// only hours later, so neither is short.
const (
	Every = 5 * time.Second
	Fresh = 3 * Every
)

// stepLimit is how far the clock may have moved since the state was published. The kernel forgets at each step that the
// clock was kept, and so must what was published before the step.
const stepLimit = 500 * time.Millisecond

// ErrStale means that nothing publishes the state any more.
var ErrStale = errors.New("the published state is stale")

// Kernel reports whether a time daemon keeps the clock: STA_UNSYNC and TIME_ERROR are clear.
func Kernel() (synced bool, err error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, fmt.Errorf("ntpstate: adjtimex: %w", err)
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, nil
}

// moment is one instant by two clocks: the time since the boot, which nobody sets, and the wall clock.
type moment struct{ up, wall time.Duration }

// Read asks the kernel, and where that is forbidden the file at path.
func Read(path string) (synced bool, err error) { return read(path, Kernel, now) }

func read(path string, kernel func() (bool, error), now func() moment) (bool, error) {
	synced, err := kernel()
	if err == nil {
		return synced, nil
	}
	published, then, fileErr := parse(path)
	if fileErr != nil {
		return false, errors.Join(err, fileErr)
	}
	at := now()
	// A time stamp in the future is of another boot.
	if age := at.up - then.up; age > Fresh || age < 0 {
		return false, errors.Join(err, fmt.Errorf("ntpstate: %s: %w: %v old, limit %v", path, ErrStale, age, Fresh))
	}
	step := at.wall - at.up - (then.wall - then.up)
	return published && step.Abs() <= stepLimit, nil
}

// Publish writes the state to path, at once and then every Every, until ctx ends; it then removes the file.
func Publish(ctx context.Context, path string) error { return publish(ctx, path, Kernel, now) }

func publish(ctx context.Context, path string, kernel func() (bool, error), now func() moment) error {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	defer os.Remove(path)
	for {
		synced, err := kernel()
		if err != nil {
			return err
		}
		if err := write(path, format(synced, now())); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// The file's words.
const (
	wordSynced   = "synchronized"
	wordUnsynced = "unsynchronized"
)

// format returns the file's text: the state, and when it was asked for in milliseconds since the boot and by the wall clock.
func format(synced bool, at moment) string {
	word := wordUnsynced
	if synced {
		word = wordSynced
	}
	return fmt.Sprintf("%s %d %d\n", word, at.up.Milliseconds(), at.wall.Milliseconds())
}

// write replaces the file, so that a reader sees the old state or the new one.
func write(path, text string) error {
	next := filepath.Join(filepath.Dir(path), ".next")
	if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
		return fmt.Errorf("ntpstate: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("ntpstate: %w", err)
	}
	return nil
}

func parse(path string) (synced bool, at moment, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return false, at, fmt.Errorf("ntpstate: %w", err)
	}
	var word string
	var up, wall int64
	if n, err := fmt.Sscanf(string(b), "%s %d %d\n", &word, &up, &wall); n != 3 || err != nil || word != wordSynced && word != wordUnsynced {
		return false, at, fmt.Errorf("ntpstate: %s holds %.60q, wanted such as %q", path, b, format(true, moment{time.Minute, time.Hour}))
	}
	return word == wordSynced, moment{time.Duration(up) * time.Millisecond, time.Duration(wall) * time.Millisecond}, nil
}

func now() moment { return moment{since(unix.CLOCK_BOOTTIME), since(unix.CLOCK_REALTIME)} }

func since(clock int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return -1 // before everything: what was published then counts as of another boot
	}
	return time.Duration(t.Nano())
}
