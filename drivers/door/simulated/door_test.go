package simulated

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"umbral/drivers/door"
	"umbral/drivers/door/doortest"
)

func TestConformance(t *testing.T) {
	doortest.Run(t, synctest.Test, func(t *testing.T) doortest.Fixture {
		o := DefaultOpts()
		o.Swing = 0
		d, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		return doortest.Fixture{
			Door: d, Relay: func() bool { return d.State().Relay }, SetContact: d.SetContact, SetButton: d.SetButton,
			SetTamper: d.SetTamper, SetInterlock: d.SetInterlock, Lights: d.Lights,
			Fail: func(away bool) {
				if away {
					d.Fail(errors.New("unplugged"))
				} else {
					d.Fail(nil)
				}
			},
		}
	})
}

func TestSomebodyWalksThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := New(Opts{Swing: 400 * time.Millisecond, Pass: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		go d.Run(t.Context())
		synctest.Wait()
		start := time.Now()
		if err := d.Open(time.Second); err != nil {
			t.Fatal(err)
		}
		type at struct {
			Kind door.Kind
			At   time.Duration
		}
		var got []at
		for range 4 {
			e, err := d.Event(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, at{e.Kind, e.At.Sub(start)})
		}
		want := []at{{door.RelayOn, 0}, {door.ContactOpened, 400 * time.Millisecond}, {door.RelayOff, time.Second}, {door.ContactClosed, 2400 * time.Millisecond}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestRelayIsNeverHeldBeyondTheMaximum opens again and again, as a program gone wrong would.
func TestRelayIsNeverHeldBeyondTheMaximum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := New(Opts{MaxPulse: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		go d.Run(t.Context())
		synctest.Wait()
		start := time.Now()
		for d.State().Relay || time.Since(start) == 0 {
			if err := d.Open(2 * time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if held := time.Since(start); held != 3*time.Second {
			t.Errorf("the relay was held for %v", held)
		}
	})
}

func TestOptsAreChecked(t *testing.T) {
	for _, o := range []Opts{{MaxPulse: -1}, {MaxPulse: door.MaxPulse + 1}, {Swing: -1}, {Pass: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
	if _, err := New(DefaultOpts()); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func ExampleDoor() {
	d, err := New(DefaultOpts())
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { d.Run(ctx); close(done) }()
	for d.Open(50*time.Millisecond) != nil {
		time.Sleep(time.Millisecond) // Run is starting
	}
	for range 2 {
		e, _ := d.Event(ctx)
		fmt.Println(e.Kind)
	}
	cancel()
	<-done
	// Output:
	// relay on
	// relay off
}
