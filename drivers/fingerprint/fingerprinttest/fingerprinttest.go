// Package fingerprinttest is the conformance suite that every fingerprint sensor passes: real, recorded or emulated.
package fingerprinttest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"umbral/drivers/fingerprint"
)

// Bench is a sensor with somebody who lays fingers on it.
type Bench struct {
	Sensor fingerprint.Sensor
	Put    func(finger int) // fingers count from 1
	Lift   func()
	Dip    func() // the sensor loses power for a moment; nil where it cannot be made to
	Close  func() // what the bench needs for itself ends; called after the sensor was halted
}

// Limit is how long anything in the suite may take before it counts as never.
const Limit = 20 * time.Second

// Conform runs the suite; open returns a new bench with no finger on the sensor.
func Conform(t *testing.T, open func(t *testing.T) Bench) {
	ConformIn(t, func(t *testing.T, f func(t *testing.T)) { f(t) }, open)
}

// ConformIn runs each test of the suite within bubble, such as synctest.Test for a sensor whose time is a test's.
func ConformIn(t *testing.T, bubble func(t *testing.T, f func(t *testing.T)), open func(t *testing.T) Bench) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, Bench)
	}{
		{"Name", name},
		{"NoFinger", noFinger},
		{"Capture", capture},
		{"Health", health},
		{"ContextEnds", contextEnds},
		{"Halt", halt},
		{"HaltEndsCalls", haltEndsCalls},
		{"Concurrent", concurrent},
		{"Lamp", lamp},
		{"Library", library},
		{"Sleep", sleeps},
		{"Dip", dip},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			bubble(t, func(t *testing.T) {
				b := open(t)
				defer b.Close()
				c.check(t, b)
				for range 2 {
					if err := b.Sensor.Halt(); err != nil {
						t.Errorf("Halt: %v", err)
					}
				}
			})
			goleak.VerifyNone(t, before)
		})
	}
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	t.Cleanup(cancel)
	return ctx
}

func name(t *testing.T, b Bench) {
	if b.Sensor.String() == "" {
		t.Error("String is empty")
	}
}

func noFinger(t *testing.T, b Bench) {
	if present, err := b.Sensor.Present(limited(t)); present || err != nil {
		t.Errorf("Present without a finger: %v, %v", present, err)
	}
	if img, err := b.Sensor.Capture(limited(t)); !errors.Is(err, fingerprint.ErrNoFinger) || img.Pix != nil {
		t.Errorf("Capture without a finger: %d bytes, %v", len(img.Pix), err)
	}
}

func capture(t *testing.T, b Bench) {
	b.Put(1)
	if present, err := b.Sensor.Present(limited(t)); !present || err != nil {
		t.Fatalf("Present: %v, %v", present, err)
	}
	one, err := b.Sensor.Capture(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(one.Pix) != one.Width*one.Height || one.Width < 64 || one.Height < 64 || one.DPI < 250 || one.DPI > 1200 {
		t.Fatalf("%d bytes for %d×%d at %d dpi", len(one.Pix), one.Width, one.Height, one.DPI)
	}
	b.Put(2)
	two, err := b.Sensor.Capture(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	if string(one.Pix) == string(two.Pix) {
		t.Error("two fingers gave the same picture")
	}
	if &one.Pix[0] == &two.Pix[0] {
		t.Error("two pictures share their memory")
	}
	b.Lift()
	if present, err := b.Sensor.Present(limited(t)); present || err != nil {
		t.Errorf("Present after the finger was lifted: %v, %v", present, err)
	}
}

func health(t *testing.T, b Bench) {
	h := b.Sensor.Health(limited(t))
	if h.Fault != "" || h.Device == "" || h.Counter.Exchanges == 0 || h.Counter.Opened == 0 {
		t.Errorf("%+v", h)
	}
	if _, keeps := b.Sensor.(fingerprint.Library); keeps && (h.Stored != 0 || h.Room < 1) || !keeps && h.Stored != -1 {
		t.Errorf("library: %+v", h)
	}
}

func contextEnds(t *testing.T, b Bench) {
	b.Put(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Sensor.Capture(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Capture: %v", err)
	}
	if h := b.Sensor.Health(ctx); h.Fault == "" {
		t.Error("Health within no time says that all is well")
	}
	// A call that was cut short must not spoil the next one.
	for _, after := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, err := b.Sensor.Capture(ctx)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Capture for %v: %v", after, err)
		}
		if _, err := b.Sensor.Capture(limited(t)); err != nil {
			t.Errorf("the Capture after one of %v: %v", after, err)
		}
	}
}

func halt(t *testing.T, b Bench) {
	b.Put(1)
	if err := b.Sensor.Halt(); err != nil {
		t.Errorf("Halt: %v", err)
	}
	if _, err := b.Sensor.Present(limited(t)); !errors.Is(err, fingerprint.ErrHalted) {
		t.Errorf("Present after Halt: %v", err)
	}
	if _, err := b.Sensor.Capture(limited(t)); !errors.Is(err, fingerprint.ErrHalted) {
		t.Errorf("Capture after Halt: %v", err)
	}
	if h := b.Sensor.Health(limited(t)); h.Fault == "" {
		t.Error("Health after Halt says that all is well")
	}
}

func haltEndsCalls(t *testing.T, b Bench) {
	b.Put(1)
	done := make(chan error, 1)
	go func() {
		for {
			if _, err := b.Sensor.Capture(context.Background()); err != nil {
				done <- err
				return
			}
		}
	}()
	time.Sleep(30 * time.Millisecond)
	if err := b.Sensor.Halt(); err != nil {
		t.Errorf("Halt: %v", err)
	}
	select {
	case err := <-done:
		if !errors.Is(err, fingerprint.ErrHalted) {
			t.Errorf("a waiting Capture got %v", err)
		}
	case <-time.After(Limit):
		t.Fatal("Capture went on after Halt")
	}
}

func concurrent(t *testing.T, b Bench) {
	b.Put(1)
	ctx := limited(t)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 2 {
				if _, err := b.Sensor.Capture(ctx); err != nil {
					t.Error(err)
				}
				if h := b.Sensor.Health(ctx); h.Fault != "" {
					t.Error(h.Fault)
				}
			}
		})
	}
	group.Wait()
}

func lamp(t *testing.T, b Bench) {
	l, ok := b.Sensor.(fingerprint.Lamp)
	if !ok {
		t.Skip("no lamp")
	}
	for _, e := range []fingerprint.Effect{fingerprint.Steady, fingerprint.Flashing, fingerprint.Breathing, fingerprint.Off} {
		if err := l.Light(limited(t), fingerprint.Blue, e); err != nil {
			t.Errorf("effect %d: %v", e, err)
		}
	}
	if err := l.Light(limited(t), 99, fingerprint.Steady); !errors.Is(err, fingerprint.ErrRange) {
		t.Errorf("color 99: %v", err)
	}
}

func library(t *testing.T, b Bench) {
	l, ok := b.Sensor.(fingerprint.Library)
	if !ok {
		t.Skip("keeps no templates")
	}
	ctx := limited(t)
	if err := l.Read(ctx, 1); !errors.Is(err, fingerprint.ErrNoFinger) {
		t.Errorf("Read without a finger: %v", err)
	}
	if err := l.Read(ctx, 0); !errors.Is(err, fingerprint.ErrRange) {
		t.Errorf("Read into buffer 0: %v", err)
	}
	enroll := func(place int, fingers ...int) error {
		for i, f := range fingers {
			b.Put(f)
			if err := l.Read(ctx, i+1); err != nil {
				return err
			}
		}
		if err := l.Merge(ctx); err != nil {
			return err
		}
		return l.Save(ctx, place)
	}
	if err := enroll(3, 1, 1); err != nil {
		t.Fatal(err)
	}
	if err := enroll(7, 2, 2); err != nil {
		t.Fatal(err)
	}
	if err := enroll(8, 1, 2); !errors.Is(err, fingerprint.ErrPicture) {
		t.Errorf("presses of two fingers: %v", err)
	}
	if places, err := l.Places(ctx); err != nil || len(places) != 2 || places[0] != 3 || places[1] != 7 {
		t.Errorf("Places: %v, %v", places, err)
	}
	find := func(finger int) (int, error) {
		b.Put(finger)
		if err := l.Read(ctx, 1); err != nil {
			return 0, err
		}
		place, score, err := l.Find(ctx)
		if err == nil && score <= 0 {
			t.Errorf("score %d", score)
		}
		return place, err
	}
	if place, err := find(2); err != nil || place != 7 {
		t.Errorf("finger 2 found at %d, %v", place, err)
	}
	if place, err := find(5); !errors.Is(err, fingerprint.ErrNoMatch) {
		t.Errorf("finger 5 found at %d, %v", place, err)
	}
	if err := l.Remove(ctx, 7); err != nil {
		t.Error(err)
	}
	if place, err := find(2); !errors.Is(err, fingerprint.ErrNoMatch) {
		t.Errorf("removed finger found at %d, %v", place, err)
	}
	if err := l.Save(ctx, 1<<20); !errors.Is(err, fingerprint.ErrRange) {
		t.Errorf("Save at place %d: %v", 1<<20, err)
	}
	if h := b.Sensor.Health(ctx); h.Stored != 1 {
		t.Errorf("%+v", h)
	}
}

func sleeps(t *testing.T, b Bench) {
	s, ok := b.Sensor.(fingerprint.Sleeper)
	if !ok {
		t.Skip("cannot sleep")
	}
	if err := s.Sleep(limited(t)); err != nil {
		t.Fatal(err)
	}
	b.Put(1)
	if _, err := b.Sensor.Capture(limited(t)); err != nil {
		t.Errorf("Capture after Sleep: %v", err)
	}
}

// dip takes the sensor's power between calls: what was set up is set up again, what it keeps is still there, and what it had
// read is not taken for something else.
func dip(t *testing.T, b Bench) {
	if b.Dip == nil {
		t.Skip("its power cannot be taken away here")
	}
	b.Put(1)
	ctx := limited(t)
	before, err := b.Sensor.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.Dip()
	after, err := b.Sensor.Capture(ctx)
	if err != nil || string(before.Pix) != string(after.Pix) {
		t.Errorf("Capture after a dip: %v, the same picture %v", err, string(before.Pix) == string(after.Pix))
	}
	b.Dip()
	if present, err := b.Sensor.Present(ctx); !present || err != nil {
		t.Errorf("Present after a dip: %v, %v", present, err)
	}
	b.Dip()
	if h := b.Sensor.Health(ctx); h.Fault != "" {
		t.Errorf("Health after a dip: %s", h.Fault)
	}
	if l, ok := b.Sensor.(fingerprint.Lamp); ok {
		b.Dip()
		if err := l.Light(ctx, fingerprint.Green, fingerprint.Steady); err != nil {
			t.Errorf("Light after a dip: %v", err)
		}
	}
	if l, ok := b.Sensor.(fingerprint.Library); ok {
		if err := l.Read(ctx, 1); err != nil {
			t.Fatal(err)
		}
		b.Dip()
		if place, _, err := l.Find(ctx); err == nil {
			t.Errorf("what was read before a dip was found at %d", place)
		}
	}
}
