// Package doortest is the conformance suite of door.Door: what every door, real, emulated or simulated, does alike.
package doortest

import (
	"context"
	"errors"
	"testing"
	"time"

	"umbral/drivers/door"
)

// Fixture is a door under test with its hardware's other side.
type Fixture struct {
	Door door.Door
	// Relay says whether the relay is energised, seen from outside.
	Relay func() bool
	// SetContact moves the door; nil where there is no contact.
	SetContact func(c door.Contact)
	// SetButton presses and releases the exit button; nil where there is none.
	SetButton func(held bool)
	// SetTamper opens and closes the housing; nil where nothing watches it.
	SetTamper func(open bool)
	// SetInterlock opens and closes the other door; nil where nothing watches it.
	SetInterlock func(open bool)
	// Lights says what lamp and buzzer do, seen from outside; nil where there are none.
	Lights func() (lamp, buzzer bool)
	// Fail takes the hardware away (true) and gives it back; nil where that cannot be played.
	Fail func(away bool)
}

// Run tests a door. New makes a fixture for one test; its door must not be running yet. Around is called around the body
// of each test, for example to put it into a synctest bubble; nil means that it runs as it is.
func Run(t *testing.T, around func(*testing.T, func(*testing.T)), New func(t *testing.T) Fixture) {
	if around == nil {
		around = func(t *testing.T, f func(*testing.T)) { f(t) }
	}
	for _, c := range []struct {
		name string
		test func(t *testing.T, f Fixture)
	}{
		{"a pulse ends by itself", pulseEnds},
		{"a pulse is bounded", pulseBounded},
		{"a pulse is prolonged, never shortened", pulseProlonged},
		{"nothing opens without Run", needsRun},
		{"the end of Run ends the pulse", runEnds},
		{"Halt ends the pulse for good", halts},
		{"Run runs once", runsOnce},
		{"the contact is told", contactTold},
		{"the button is told", buttonTold},
		{"the housing is told", tamperTold},
		{"another door is told", interlockTold},
		{"lamp and buzzer show signs", signsShown},
		{"a failure is told and recovered from", failureTold},
		{"Event ends with its context", eventEnds},
	} {
		t.Run(c.name, func(t *testing.T) {
			around(t, func(t *testing.T) { c.test(t, New(t)) })
		})
	}
}

// pulse is long enough for a test to see the relay energised on a busy machine.
const pulse = 300 * time.Millisecond

// running starts Run, waits until the door answers, and returns a function that ends it.
func running(t *testing.T, f Fixture) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Door.Run(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	eventually(t, "the door is ready", func() bool {
		err := f.Door.Open(time.Millisecond)
		if err != nil && !errors.Is(err, door.ErrNotReady) {
			t.Fatalf("Open: %v", err)
		}
		return err == nil
	})
	eventually(t, "the relay is at rest", func() bool { return !f.Relay() && !f.Door.State().Relay })
	drain(t, f)
	return stop
}

func drain(t *testing.T, f Fixture) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err := f.Door.Event(ctx)
		cancel()
		if err != nil {
			return
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

// event waits for an event of one kind and passes over others.
func event(t *testing.T, f Fixture, want door.Kind) door.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		e, err := f.Door.Event(ctx)
		if err != nil {
			t.Fatalf("waiting for %q: %v", want, err)
		}
		if e.Kind == want {
			if e.At.IsZero() {
				t.Errorf("event %q without a time", want)
			}
			return e
		}
	}
}

func open(t *testing.T, f Fixture, length time.Duration) {
	t.Helper()
	if err := f.Door.Open(length); err != nil {
		t.Fatal(err)
	}
	if !f.Relay() || !f.Door.State().Relay {
		t.Fatalf("after Open the relay is %v and State says %+v", f.Relay(), f.Door.State())
	}
}

func pulseEnds(t *testing.T, f Fixture) {
	running(t, f)
	for range 3 {
		began := time.Now()
		open(t, f, pulse)
		if until := f.Door.State().Until; until.Before(began.Add(pulse)) {
			t.Errorf("the pulse ends %v after its beginning, wanted %v", until.Sub(began), pulse)
		}
		event(t, f, door.RelayOn)
		event(t, f, door.RelayOff)
		if s := f.Door.State(); f.Relay() || s.Relay || !s.Until.IsZero() {
			t.Errorf("after the pulse the relay is %v and State says %+v", f.Relay(), s)
		}
		if time.Since(began) < pulse {
			t.Errorf("the relay was let go before the pulse's end")
		}
	}
}

func pulseBounded(t *testing.T, f Fixture) {
	running(t, f)
	for _, length := range []time.Duration{-time.Second, 0, door.MaxPulse + 1} {
		if err := f.Door.Open(length); !errors.Is(err, door.ErrPulse) {
			t.Errorf("a pulse of %v: %v", length, err)
		}
	}
	if f.Relay() {
		t.Error("a refused pulse energised the relay")
	}
}

func pulseProlonged(t *testing.T, f Fixture) {
	running(t, f)
	open(t, f, pulse)
	first := f.Door.State().Until
	open(t, f, 3*pulse)
	second := f.Door.State().Until
	open(t, f, time.Millisecond)
	if third := f.Door.State().Until; !second.After(first) || !third.Equal(second) {
		t.Errorf("ends %v, prolonged %v, then %v", first, second, third)
	}
	event(t, f, door.RelayOn)
	if e := event(t, f, door.RelayOff); e.At.Before(second) {
		t.Errorf("let go at %v, the pulse ends at %v", e.At, second)
	}
}

func needsRun(t *testing.T, f Fixture) {
	if err := f.Door.Open(pulse); !errors.Is(err, door.ErrNotReady) {
		t.Errorf("Open before Run: %v", err)
	}
	stop := running(t, f)
	stop()
	if err := f.Door.Open(pulse); !errors.Is(err, door.ErrNotReady) {
		t.Errorf("Open after Run: %v", err)
	}
	if f.Relay() {
		t.Error("the relay is energised")
	}
}

func runEnds(t *testing.T, f Fixture) {
	stop := running(t, f)
	open(t, f, door.MaxPulse)
	stop()
	if f.Relay() || f.Door.State().Relay {
		t.Errorf("after Run the relay is %v and State says %+v", f.Relay(), f.Door.State())
	}
	event(t, f, door.RelayOff)
}

func halts(t *testing.T, f Fixture) {
	running(t, f)
	open(t, f, door.MaxPulse)
	for range 2 {
		if err := f.Door.Halt(); err != nil {
			t.Fatal(err)
		}
		if f.Relay() || f.Door.State().Relay {
			t.Errorf("after Halt the relay is %v and State says %+v", f.Relay(), f.Door.State())
		}
	}
	if err := f.Door.Open(pulse); !errors.Is(err, door.ErrNotReady) {
		t.Errorf("Open after Halt: %v", err)
	}
	if err := f.Door.Run(context.Background()); err == nil {
		t.Error("Run after Halt is accepted")
	}
}

func runsOnce(t *testing.T, f Fixture) {
	stop := running(t, f)
	if err := f.Door.Run(context.Background()); err == nil {
		t.Error("a second Run is accepted")
	}
	open(t, f, pulse)
	stop()
	if f.Door.String() == "" {
		t.Error("the door has no name")
	}
}

func contactTold(t *testing.T, f Fixture) {
	if f.SetContact == nil {
		t.Skip("this door has no contact")
	}
	f.SetContact(door.Closed)
	running(t, f)
	eventually(t, "the contact is closed", func() bool { return f.Door.State().Contact == door.Closed })
	f.SetContact(door.Opened)
	event(t, f, door.ContactOpened)
	if c := f.Door.State().Contact; c != door.Opened {
		t.Errorf("contact %v", c)
	}
	f.SetContact(door.Closed)
	event(t, f, door.ContactClosed)
	if c := f.Door.State().Contact; c != door.Closed {
		t.Errorf("contact %v", c)
	}
}

func buttonTold(t *testing.T, f Fixture) {
	if f.SetButton == nil {
		t.Skip("this door has no exit button")
	}
	running(t, f)
	f.SetButton(true)
	event(t, f, door.ButtonPressed)
	if !f.Door.State().Button {
		t.Error("the button is not held")
	}
	f.SetButton(false)
	event(t, f, door.ButtonReleased)
	if f.Relay() {
		t.Error("the button alone energised the relay: that is for the terminal to decide")
	}
}

func tamperTold(t *testing.T, f Fixture) {
	told(t, f, f.SetTamper, door.Tampered, door.TamperClosed, func(s door.State) bool { return s.Tamper })
	if f.Relay() {
		t.Error("the housing energised the relay")
	}
}

func interlockTold(t *testing.T, f Fixture) {
	told(t, f, f.SetInterlock, door.OtherOpened, door.OtherClosed, func(s door.State) bool { return s.Interlock })
	f.SetInterlock(true)
	event(t, f, door.OtherOpened)
	if err := f.Door.Open(time.Second); err != nil {
		t.Errorf("open: %v: whether the door opens all the same is for the terminal to decide", err)
	}
	event(t, f, door.RelayOn)
}

// told sets an input and takes it back, and looks for both in events and state.
func told(t *testing.T, f Fixture, set func(bool), yes, no door.Kind, is func(door.State) bool) {
	t.Helper()
	if set == nil {
		t.Skip("this door does not watch it")
	}
	running(t, f)
	set(true)
	event(t, f, yes)
	if s := f.Door.State(); !is(s) {
		t.Errorf("after %v State says %+v", yes, s)
	}
	set(false)
	event(t, f, no)
	if s := f.Door.State(); is(s) {
		t.Errorf("after %v State says %+v", no, s)
	}
}

func signsShown(t *testing.T, f Fixture) {
	f.Door.Show(door.Denied) // before Run: nothing happens
	if f.Lights == nil {
		t.Skip("this door has neither lamp nor buzzer")
	}
	stop := running(t, f)
	dark := func() bool { lamp, buzzer := f.Lights(); return !lamp && !buzzer }
	f.Door.Show(door.Rest)
	eventually(t, "both are off", dark)
	f.Door.Show(door.Granted)
	if s := f.Door.State().Sign; s != door.Granted {
		t.Errorf("State says %v", s)
	}
	eventually(t, "lamp and buzzer are on", func() bool { lamp, buzzer := f.Lights(); return lamp && buzzer })
	eventually(t, "the tone ends before the light", func() bool { lamp, buzzer := f.Lights(); return lamp && !buzzer })
	eventually(t, "the sign is over", dark)
	f.Door.Show(door.Alarm)
	eventually(t, "the alarm is heard", func() bool { _, buzzer := f.Lights(); return buzzer })
	f.Door.Show(door.Rest)
	eventually(t, "the alarm is over", dark)
	f.Door.Show(door.Busy)
	eventually(t, "the lamp blinks", func() bool { lamp, buzzer := f.Lights(); return lamp && !buzzer })
	if f.Relay() {
		t.Error("a sign energised the relay")
	}
	stop()
	if !dark() {
		t.Error("after Run a light is on")
	}
}

func failureTold(t *testing.T, f Fixture) {
	if f.Fail == nil {
		t.Skip("this door's hardware cannot be taken away here")
	}
	running(t, f)
	f.Fail(true)
	eventually(t, "the door refuses", func() bool { return f.Door.Open(pulse) != nil })
	if e := event(t, f, door.Fault); e.Text == "" {
		t.Error("a fault without words")
	}
	if f.Door.State().Fault == "" {
		t.Error("State names no fault")
	}
	f.Fail(false)
	event(t, f, door.Recovered)
	eventually(t, "the door opens again", func() bool { return f.Door.Open(pulse) == nil })
	if s := f.Door.State(); s.Fault != "" || !f.Relay() {
		t.Errorf("after the recovery the relay is %v and State says %+v", f.Relay(), s)
	}
}

func eventEnds(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Door.Event(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Event: %v", err)
	}
}
