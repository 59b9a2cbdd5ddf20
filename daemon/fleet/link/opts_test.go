package link

import (
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet/fleettest"
)

// TestOptsHaveLimits tries both ends of each limit.
func TestOptsHaveLimits(t *testing.T) {
	t.Parallel()
	times := map[string]struct {
		field  func(*Opts) *time.Duration
		lo, hi time.Duration
	}{
		"KeepAlive":      {func(o *Opts) *time.Duration { return &o.KeepAlive }, time.Second, time.Hour},
		"ConnectTimeout": {func(o *Opts) *time.Duration { return &o.ConnectTimeout }, 100 * time.Millisecond, 5 * time.Minute},
		"AckTimeout":     {func(o *Opts) *time.Duration { return &o.AckTimeout }, 100 * time.Millisecond, 5 * time.Minute},
		"BackoffMin":     {func(o *Opts) *time.Duration { return &o.BackoffMin }, time.Millisecond, time.Hour},
		"BackoffMax":     {func(o *Opts) *time.Duration { return &o.BackoffMax }, 5 * time.Millisecond, 24 * time.Hour},
		"Interval":       {func(o *Opts) *time.Duration { return &o.Interval }, 100 * time.Millisecond, 24 * time.Hour},
		"Poll":           {func(o *Opts) *time.Duration { return &o.Poll }, 10 * time.Millisecond, time.Hour},
		"MaxCommandAge":  {func(o *Opts) *time.Duration { return &o.MaxCommandAge }, time.Second, 24 * time.Hour},
		"MaxCommandSkew": {func(o *Opts) *time.Duration { return &o.MaxCommandSkew }, 0, time.Hour},
		"CommandTimeout": {func(o *Opts) *time.Duration { return &o.CommandTimeout }, 10 * time.Millisecond, 10 * time.Minute},
	}
	numbers := map[string]struct {
		field  func(*Opts) *int
		lo, hi int
	}{
		"MaxEventBytes":   {func(o *Opts) *int { return &o.MaxEventBytes }, 256, 1 << 20},
		"AckEvery":        {func(o *Opts) *int { return &o.AckEvery }, 1, 1024},
		"MaxCommandBytes": {func(o *Opts) *int { return &o.MaxCommandBytes }, 512, 64 << 10},
		"CommandQueue":    {func(o *Opts) *int { return &o.CommandQueue }, 1, 256},
	}
	try := func(name string, set func(*Opts), refused bool) {
		t.Helper()
		b := newBench(t, "tcp://127.0.0.1:1")
		b.opts.BackoffMax = 24 * time.Hour
		set(&b.opts)
		if err := b.opts.check(); (err != nil) != refused || refused && !strings.Contains(err.Error(), "fleet: "+name+" ") {
			t.Errorf("%s: error %v, wanted one: %v", name, err, refused)
		}
	}
	for name, c := range times {
		for v, refused := range map[time.Duration]bool{c.lo - 1: true, c.lo: false, c.hi: false, c.hi + 1: true} {
			try(name, func(o *Opts) { *c.field(o) = v }, refused)
		}
	}
	for name, c := range numbers {
		for v, refused := range map[int]bool{c.lo - 1: true, c.lo: false, c.hi: false, c.hi + 1: true} {
			try(name, func(o *Opts) { *c.field(o) = v }, refused)
		}
	}
}

func TestOptsHaveDefaults(t *testing.T) {
	t.Parallel()
	b := newBench(t, "tcp://127.0.0.1:1")
	log := new(fleettest.Log)
	b.opts.Clock, b.opts.Log = nil, log.Logger()
	if err := b.opts.check(); err != nil {
		t.Fatal(err)
	}
	if now, trust := b.opts.Clock(); trust != "unknown" || time.Since(now) > time.Minute {
		t.Errorf("%v, %q", now, trust)
	}
	b.opts.Log.Info("it is the caller's")
	if !log.Has("it is the caller's") {
		t.Error("the log was replaced")
	}
	b.opts.Log = nil
	if err := b.opts.check(); err != nil || b.opts.Log == nil {
		t.Errorf("no log: %v", err)
	}
	b.opts.Reviews = &folder{}
	b.opts.Identity = fleettest.Seeded(7)[:32]
	if err := b.opts.check(); err == nil || !strings.Contains(err.Error(), "Identity has 32 bytes") {
		t.Errorf("half an identity: error %v", err)
	}
	b.opts.Identity = fleettest.Seeded(7)
	if err := b.opts.check(); err != nil {
		t.Error(err)
	}
}
