package gpio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"umbral/drivers/door"
)

const tamperLine, lampLine, buzzerLine, interlockLine = 0, 1, 2, 3

// wired is a door with all its lines.
func wired(k Kernel) Opts {
	o := testOpts(k)
	o.Tamper.Spec, o.Lamp.Spec, o.Buzzer.Spec, o.Interlock.Spec = "0", "1", "2", "3"
	return o
}

// told takes all events that wait.
func told(t *testing.T, d *Door) (list []string) {
	t.Helper()
	synctest.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for {
		e, err := d.Event(ctx)
		if err != nil {
			return list
		}
		if list = append(list, e.Kind.String()); e.Lost > 0 {
			t.Errorf("%d events were lost", e.Lost)
		}
	}
}

// goneFaults are told of a chip that was pulled: the line that failed, and then the chip that cannot be opened.
var goneFaults = []string{"fault", "fault"}

// inputCases are the inputs, each active alone: its line, the state that it makes, and what is told of it when the door
// starts or recovers.
var inputCases = []struct {
	name   string
	line   int
	state  door.State
	events []string
}{
	{"nothing", -1, door.State{Contact: door.Opened}, []string{"other door closed"}},
	{"contact", contactLine, door.State{Contact: door.Closed}, []string{"other door closed"}},
	{"button", buttonLine, door.State{Contact: door.Opened, Button: true}, []string{"other door closed"}},
	{"tamper", tamperLine, door.State{Contact: door.Opened, Tamper: true}, []string{"tampered", "other door closed"}},
	{"interlock", interlockLine, door.State{Contact: door.Opened, Interlock: true}, nil},
}

// TestInputsBeforeTheStart makes each input active before anybody looks.
func TestInputsBeforeTheStart(t *testing.T) {
	for _, c := range inputCases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFakeKernel()
				if c.line >= 0 {
					k.input(c.line, true, 0)
				}
				d := made(t, wired(k))
				if s := d.State(); !s.Interlock || s.Fault != "not started" || s.Contact != door.Unknown {
					t.Errorf("before the start: %+v", s)
				}
				defer started(t, d)()
				if s := d.State(); s != c.state {
					t.Errorf("state %+v, wanted %+v", s, c.state)
				}
				if got := told(t, d); !slices.Equal(got, c.events) {
					t.Errorf("events %q, wanted %q", got, c.events)
				}
			})
		})
	}
}

// TestInputsAfterRecovery lets each input change while the chip is away. While it is, nothing is known, and this door waits
// for the other one.
func TestInputsAfterRecovery(t *testing.T) {
	for _, before := range []bool{false, true} {
		for _, c := range inputCases[1:] {
			t.Run(fmt.Sprint(c.name, " was ", before), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					k := newFakeKernel()
					k.input(c.line, before, 0)
					d := made(t, wired(k))
					defer started(t, d)()
					told(t, d)
					k.unplug(true)
					time.Sleep(5 * time.Second)
					if s := d.State(); s.Fault == "" || s.Contact != door.Unknown || s.Button || s.Tamper || !s.Interlock {
						t.Errorf("away: %+v", s)
					}
					if got := told(t, d); !slices.Equal(got, goneFaults) {
						t.Errorf("away: events %q, wanted %q", got, goneFaults)
					}
					k.input(c.line, true, 0)
					k.unplug(false)
					time.Sleep(2 * time.Second)
					if s := d.State(); s != c.state {
						t.Errorf("back: state %+v, wanted %+v", s, c.state)
					}
					want := append([]string{"recovered"}, c.events...)
					if got := told(t, d); !slices.Equal(got, want) {
						t.Errorf("back: events %q, wanted %q", got, want)
					}
				})
			})
		}
	}
}

// TestNoInterlockIsNoWait is a door without the line, which waits for nobody.
func TestNoInterlockIsNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		if d.State().Interlock {
			t.Error("before the start it waits")
		}
		defer started(t, d)()
		k.unplug(true)
		time.Sleep(3 * time.Second)
		if s := d.State(); s.Interlock || s.Fault == "" {
			t.Errorf("away: %+v", s)
		}
		if got := told(t, d); !slices.Equal(got, goneFaults) {
			t.Errorf("events %q", got)
		}
	})
}

// TestFaultsAreToldOnce changes what is wrong: each fault is told once, and again after a recovery.
func TestFaultsAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		fail := func(text string) {
			k.mu.Lock()
			clear(k.fail)
			if text != "" {
				k.fail["open /dev/gpiochip0"] = errors.New(text)
			}
			k.mu.Unlock()
			time.Sleep(5 * time.Second)
			synctest.Wait()
		}
		fail("one")
		defer started(t, d)()
		for _, step := range []struct {
			text string
			want []string
		}{
			{"one", []string{"fault"}}, {"one", nil}, {"two", []string{"fault"}}, {"", []string{"recovered"}},
		} {
			fail(step.text)
			if got := told(t, d); !slices.Equal(got, step.want) {
				t.Errorf("%q: events %q, wanted %q", step.text, got, step.want)
			}
			if f := d.State().Fault; !strings.HasSuffix(f, step.text) || f == "" != (step.text == "") {
				t.Errorf("%q: fault %q", step.text, f)
			}
		}
		k.unplug(true)
		time.Sleep(5 * time.Second)
		if got := told(t, d); !slices.Equal(got, goneFaults) {
			t.Errorf("after a recovery: events %q", got)
		}
	})
}

// TestWhyItDoesNotOpen reads the reason in each state that has no relay.
func TestWhyItDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		refused := func(when, want string) {
			t.Helper()
			if err := d.Open(time.Second); !errors.Is(err, door.ErrNotReady) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, wanted %q", when, err, want)
			}
		}
		refused("before Run", "Run is not running")
		stop := started(t, d)
		k.unplug(true)
		time.Sleep(3 * time.Second)
		refused("unplugged", "no such device")
		k.unplug(false)
		time.Sleep(3 * time.Second)
		if err := d.Open(time.Second); err != nil {
			t.Error(err)
		}
		if err := d.Open(0); !errors.Is(err, door.ErrPulse) {
			t.Errorf("a pulse of nothing: %v", err)
		}
		stop()
		refused("after Run", "Run is not running")
		if err := d.Halt(); err != nil {
			t.Error(err)
		}
		refused("halted", "halted")
	})
}

// TestHaltEndsRun halts a door in a pulse: the relay rests at once, Run ends by itself, and nothing opens any more.
func TestHaltEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		synctest.Wait()
		if err := d.Open(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := d.Halt(); err != nil {
				t.Error(err)
			}
		}
		if k.active(relayLine) || d.State().Relay || !d.State().Until.IsZero() {
			t.Errorf("after Halt: relay %v, %+v", k.active(relayLine), d.State())
		}
		if err := d.Open(time.Second); !errors.Is(err, door.ErrNotReady) || k.active(relayLine) {
			t.Errorf("Open after Halt: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := d.Run(t.Context()); !errors.Is(err, door.ErrHalted) {
			t.Errorf("Run after Halt: %v", err)
		}
	})
}

// TestHaltWhileTheChipIsAway ends Run in the wait for the next try.
func TestHaltWhileTheChipIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		k.unplug(true)
		d := made(t, testOpts(k))
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		time.Sleep(1500 * time.Millisecond)
		if err := d.Halt(); err != nil {
			t.Error(err)
		}
		begin := time.Now()
		if err := <-done; err != nil || time.Since(begin) != 0 {
			t.Errorf("Run: %v after %v", err, time.Since(begin))
		}
	})
}

// TestHaltAtRestTouchesNothing counts the switchings: there is none but the one with which Run lets go of the relay.
func TestHaltAtRestTouchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		stop := started(t, d)
		if err := d.Halt(); err != nil {
			t.Error(err)
		}
		stop()
		if got := k.switchings("4"); !slices.Equal(got, []string{"0"}) {
			t.Errorf("Halt at rest and the end of Run set the relay to %q, wanted one 0", got)
		}
	})
}

// TestPulsesCountAnew opens at the end of a long pulse: the next one has its own maximum.
func TestPulsesCountAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		o := testOpts(k)
		o.MaxPulse = 2 * time.Second
		d := made(t, o)
		defer started(t, d)()
		for range 3 {
			if err := d.Open(2 * time.Second); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(d.State().Until); left != 2*time.Second {
				t.Errorf("the pulse ends in %v", left)
			}
			time.Sleep(2*time.Second + time.Millisecond)
			synctest.Wait()
			if k.active(relayLine) || !d.State().Until.IsZero() {
				t.Errorf("after the pulse: relay %v, %+v", k.active(relayLine), d.State())
			}
		}
	})
}

// TestRelayThatDidNotSwitchIsAskedToRest follows the calls of an opening that failed.
func TestRelayThatDidNotSwitchIsAskedToRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		defer started(t, d)()
		k.mu.Lock()
		k.fail["set 4 to 1"] = errors.New("boom")
		before := len(k.calls)
		k.mu.Unlock()
		if err := d.Open(time.Second); err == nil {
			t.Fatal("opened")
		}
		synctest.Wait()
		k.mu.Lock()
		defer k.mu.Unlock()
		got := slices.Clone(k.calls[before:])
		// Open asks at once, and Run again when it gives the line back.
		if len(got) < 3 || !slices.Equal(got[:3], []string{"set 4 to 1", "set 4 to 0", "set 4 to 0"}) {
			t.Errorf("calls %q", got)
		}
		if f := d.State().Fault; !strings.Contains(f, "boom") {
			t.Errorf("fault %q", f)
		}
	})
}

// TestHaltOfARelayThatDoesNotRest fails the switching at the end of Run, and halts then.
func TestHaltOfARelayThatDoesNotRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait()
		if err := d.Open(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		k.mu.Lock()
		k.fail["set 4 to 0"] = errors.New("boom")
		k.mu.Unlock()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if s := d.State(); !s.Relay || !strings.Contains(s.Fault, "boom") {
			t.Errorf("the relay did not rest, and State says %+v", s)
		}
		if err := d.Halt(); err != nil {
			t.Errorf("Halt: %v", err)
		}
	})
}

// TestSecondRun ends Run and begins it again, with what happened in between.
func TestSecondRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		line   int
		before bool
		want   []string
	}{
		{"tamper, open all the time", tamperLine, true, nil},
		{"tamper, opened", tamperLine, false, []string{"tampered"}},
		{"interlock, open all the time", interlockLine, true, nil},
		{"interlock, opened", interlockLine, false, []string{"other door opened"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFakeKernel()
				k.input(c.line, c.before, 0)
				d := made(t, wired(k))
				stop := started(t, d)
				k.unplug(true)
				time.Sleep(3 * time.Second)
				k.input(c.line, c.before, 0)
				k.unplug(false)
				time.Sleep(3 * time.Second)
				stop()
				told(t, d)
				k.input(c.line, true, 0)
				defer started(t, d)()
				// Nor is the recovery of the first Run told again.
				if got := told(t, d); !slices.Equal(got, c.want) {
					t.Errorf("events %q, wanted %q", got, c.want)
				}
			})
		})
	}
}
