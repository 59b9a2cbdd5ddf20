package link

import (
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// Key is a public key that may command this terminal.
type Key struct {
	Name     string
	Public   ed25519.PublicKey
	Commands []string // the commands it may give
}

// Opts configures a link. Start from DefaultOpts.
type Opts struct {
	mqtt.Opts        // how the broker is reached
	Terminal  string // this terminal's name, see fleet.CheckTerminal
	Boot      uint64 // the terminal's boot counter, for the health report

	BackoffMin    time.Duration // between attempts to connect: doubled each time, with jitter,
	BackoffMax    time.Duration // up to this
	Interval      time.Duration // between measurements, and between health reports without news
	Poll          time.Duration // between looks at State for changed health, twin and alarms
	MaxEventBytes int           // of an entry's payload; a longer one is sent without it
	AckEvery      int           // acknowledged entries after which the cursor is made durable even though more wait

	Keys            []Key         // who may command; none: every command is refused
	MaxCommandBytes int           // of an envelope
	MaxCommandAge   time.Duration // since it was issued, whatever its expiry
	MaxCommandSkew  time.Duration // a command may come this far from the terminal's future
	CommandTimeout  time.Duration // for Execute
	CommandQueue    int           // commands waiting; what comes when it is full is refused as busy
	// TrustedClocks are the words of Clock under which commands that can let somebody in are obeyed; with none, any will do.
	TrustedClocks []string

	// Identity is the terminal's own key. It signs reviews, which need it.
	Identity  ed25519.PrivateKey
	Reviews   Reviews    // nil: no passage is referred
	Questions *Questions // nil: no authority is asked
	Lists     Lists      // nil: no lists are taken

	Clock func() (now time.Time, trust string) // the terminal's wall clock; default: time.Now, "unknown"
	Log   *slog.Logger                         // default: none
}

// DefaultOpts returns working values for everything but Broker, Terminal and Keys.
func DefaultOpts() Opts {
	return Opts{
		Opts:       mqtt.Opts{KeepAlive: mqtt.DefaultKeepAlive, ConnectTimeout: mqtt.DefaultTimeout, AckTimeout: mqtt.DefaultTimeout},
		BackoffMin: 500 * time.Millisecond, BackoffMax: time.Minute,
		Interval: 30 * time.Second, Poll: 2 * time.Second,
		MaxEventBytes: 64 << 10, AckEvery: 16,
		MaxCommandBytes: 4 << 10, MaxCommandAge: 2 * time.Minute, MaxCommandSkew: 30 * time.Second,
		CommandTimeout: 15 * time.Second, CommandQueue: 16,
	}
}

// check fills what may be left empty and refuses what cannot work, naming the value and its limits.
func (o *Opts) check() error {
	if o.Clock == nil {
		o.Clock = func() (time.Time, string) { return time.Now(), "unknown" }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := fleet.CheckTerminal(o.Terminal); err != nil {
		return err
	}
	for _, d := range []struct {
		name      string
		v, lo, hi time.Duration
	}{
		{"KeepAlive", o.KeepAlive, time.Second, time.Hour},
		{"ConnectTimeout", o.ConnectTimeout, 100 * time.Millisecond, 5 * time.Minute},
		{"AckTimeout", o.AckTimeout, 100 * time.Millisecond, 5 * time.Minute},
		{"BackoffMin", o.BackoffMin, time.Millisecond, time.Hour},
		{"BackoffMax", o.BackoffMax, o.BackoffMin, 24 * time.Hour},
		{"Interval", o.Interval, 100 * time.Millisecond, 24 * time.Hour},
		{"Poll", o.Poll, 10 * time.Millisecond, time.Hour},
		{"MaxCommandAge", o.MaxCommandAge, time.Second, 24 * time.Hour},
		{"MaxCommandSkew", o.MaxCommandSkew, 0, time.Hour},
		{"CommandTimeout", o.CommandTimeout, 10 * time.Millisecond, 10 * time.Minute},
	} {
		if d.v < d.lo || d.v > d.hi {
			return fmt.Errorf("fleet: %s %v, allowed %v to %v", d.name, d.v, d.lo, d.hi)
		}
	}
	for _, n := range []struct {
		name      string
		v, lo, hi int
	}{
		{"MaxEventBytes", o.MaxEventBytes, 256, 1 << 20},
		{"AckEvery", o.AckEvery, 1, 1024},
		{"MaxCommandBytes", o.MaxCommandBytes, 512, 64 << 10},
		{"CommandQueue", o.CommandQueue, 1, 256},
	} {
		if n.v < n.lo || n.v > n.hi {
			return fmt.Errorf("fleet: %s %d, allowed %d to %d", n.name, n.v, n.lo, n.hi)
		}
	}
	if o.Reviews != nil && len(o.Identity) != ed25519.PrivateKeySize {
		return fmt.Errorf("fleet: Identity has %d bytes, reviews need an Ed25519 private key of %d", len(o.Identity), ed25519.PrivateKeySize)
	}
	return checkKeys(o.Keys)
}

func checkKeys(keys []Key) error {
	seen, owner := map[string]bool{}, map[string]string{}
	for _, k := range keys {
		switch {
		case !fleet.ValidLevel(k.Name, fleet.MaxLevel):
			return fmt.Errorf("fleet: key name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", fleet.Printable(k.Name, 80), fleet.MaxLevel)
		case seen[k.Name]:
			return fmt.Errorf("fleet: two keys are named %q", k.Name)
		case len(k.Public) != ed25519.PublicKeySize:
			return fmt.Errorf("fleet: key %q has %d bytes, Ed25519 public keys have %d", k.Name, len(k.Public), ed25519.PublicKeySize)
		case owner[string(k.Public)] != "":
			return fmt.Errorf("fleet: keys %q and %q are the same key: each person and program needs its own", owner[string(k.Public)], k.Name)
		}
		seen[k.Name], owner[string(k.Public)] = true, k.Name
		for _, c := range k.Commands {
			if !slices.Contains(fleet.Commands(), c) {
				return fmt.Errorf("fleet: key %q may give %q, commands are %s", k.Name, fleet.Printable(c, 80), strings.Join(fleet.Commands(), ", "))
			}
		}
	}
	return nil
}
