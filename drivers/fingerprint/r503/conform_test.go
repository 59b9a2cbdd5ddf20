package r503_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/emulated"
	"umbral/drivers/fingerprint/fingerprinttest"
	"umbral/drivers/fingerprint/r503"
)

// rig is a sensor at one end of a cable and an emulated module at the other.
type rig struct {
	*r503.Sensor
	module *emulated.Module
	cable  *cable
}

func opts(path string) r503.Opts {
	o := r503.DefaultOpts()
	o.Port = path
	o.Answer = 150 * time.Millisecond
	return o
}

func open(t *testing.T, change func(*r503.Opts, *emulated.Module)) (rig, func()) {
	t.Helper()
	return openKind(t, emulated.R503, change)
}

func openKind(t *testing.T, kind emulated.Kind, change func(*r503.Opts, *emulated.Module)) (rig, func()) {
	t.Helper()
	m, c := emulated.NewKind(kind), newCable()
	o := opts("/dev/ttyS0")
	o.Open = c.open
	if change != nil {
		change(&o, m)
	}
	s, err := r503.New(o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- m.Run(t.Context(), c) }()
	end := sync.OnceFunc(func() {
		c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return rig{s, m, c}, end
}

// TestPseudoTerminal talks to the module through the kernel's serial layer and the library that opens real ports.
func TestPseudoTerminal(t *testing.T) {
	pty, err := emulated.OpenPTY()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	m := emulated.New()
	m.SetBaud(115200)
	s, err := r503.New(opts(pty.Path))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx, pty) }()
	m.Put(1)
	if img, err := s.Capture(t.Context()); err != nil || img.Width != emulated.Width {
		t.Errorf("Capture: %v, %d wide", err, img.Width)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := s.Capture(t.Context()); !errors.Is(err, fingerprint.ErrAbsent) && !errors.Is(err, fingerprint.ErrSilent) {
		t.Errorf("Capture after it was unplugged: %v", err)
	}
	if err := s.Halt(); err != nil {
		t.Error(err)
	}
}

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   emulated.Kind
		change func(*r503.Opts, *emulated.Module)
	}{
		{"R503", emulated.R503, nil},
		{"with a password", emulated.R503, func(o *r503.Opts, m *emulated.Module) { o.Password = 0x12345678; m.SetPassword(0x12345678) }},
		{"at an address", emulated.R503, func(o *r503.Opts, m *emulated.Module) { o.Address = 7; m.SetAddress(7) }},
		{"smallest packets", emulated.R503, func(_ *r503.Opts, m *emulated.Module) { m.SetPacket(32) }},
		{"largest packets", emulated.R503, func(_ *r503.Opts, m *emulated.Module) { m.SetPacket(256) }},
		{"R307", emulated.R307, nil},
		{"AS608 of a set size", emulated.AS608, func(o *r503.Opts, _ *emulated.Module) { o.Width, o.Height = 256, 288 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			fingerprinttest.ConformIn(t, synctest.Test, func(t *testing.T) fingerprinttest.Bench {
				r, end := openKind(t, c.kind, c.change)
				return fingerprinttest.Bench{Sensor: r, Put: r.module.Put, Lift: r.module.Lift, Dip: r.module.PowerCycle, Close: end}
			})
		})
	}
}

// Every fault is survived when it passes, and told apart when it stays.
func TestFaults(t *testing.T) {
	want := map[string]error{
		"checksum": fingerprint.ErrAnswer, "short": fingerprint.ErrSilent, "busy": fingerprint.ErrSilent,
		"length": fingerprint.ErrAnswer, "flood": fingerprint.ErrSilent, "late": fingerprint.ErrSilent, "dip": fingerprint.ErrSilent,
	}
	for name, fault := range emulated.Faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, end := open(t, nil)
				defer end()
				defer r.Halt()
				r.module.Put(1)
				if _, err := r.Capture(t.Context()); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					r.module.Break(fault, 1)
					if present, err := r.Present(t.Context()); !present || err != nil {
						t.Errorf("Present through one fault: %v, %v", present, err)
					}
				}
				r.module.Break(fault, 2) // one for the command, one in the middle of the picture
				img, err := r.Capture(t.Context())
				if err != nil || len(img.Pix) != emulated.Width*emulated.Height {
					t.Errorf("Capture through two faults: %d bytes, %v", len(img.Pix), err)
				}
				r.module.Break(fault, 1000)
				begin := time.Now()
				_, err = r.Capture(t.Context())
				if !errors.Is(err, want[name]) || time.Since(begin) > 5*time.Second {
					t.Errorf("Capture with a lasting fault: %v after %v", err, time.Since(begin))
				}
				// An answer that comes late is still the answer to a command that was repeated, but never a picture.
				if want[name] != nil && name != "late" && r.Health(t.Context()).Fault == "" {
					t.Error("Health says that all is well")
				}
				r.module.Break(0, 0)
				if h := r.Health(t.Context()); h.Fault != "" {
					t.Errorf("after the fault went: %+v", h)
				}
			})
		})
	}
}

func TestFindsTheSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := open(t, func(_ *r503.Opts, m *emulated.Module) { m.SetBaud(115200) })
		defer end()
		defer r.Halt()
		r.module.Put(1)
		if _, err := r.Capture(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := open(t, func(_ *r503.Opts, m *emulated.Module) { m.SetPassword(7) })
		defer end()
		defer r.Halt()
		if _, err := r.Present(t.Context()); err == nil || errors.Is(err, fingerprint.ErrSilent) {
			t.Errorf("Present with a wrong password: %v", err)
		}
	})
}

func TestUnplugged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := open(t, nil)
		defer r.Halt()
		r.module.Put(1)
		if _, err := r.Capture(t.Context()); err != nil {
			t.Fatal(err)
		}
		end()
		if _, err := r.Capture(t.Context()); !errors.Is(err, fingerprint.ErrAbsent) {
			t.Errorf("Capture after the cable was pulled: %v", err)
		}
		if h := r.Health(t.Context()); h.Fault == "" {
			t.Error("Health says that all is well")
		}
	})
}

// Touch and supply are lines of their own.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		touch := &gpiotest.Pin{N: "touch", L: gpio.Low}
		power := &gpiotest.Pin{N: "power", L: gpio.Low}
		r, end := open(t, func(o *r503.Opts, _ *emulated.Module) { o.Touch, o.Power, o.Start = touch, power, time.Millisecond })
		defer end()
		r.module.Put(1)
		if present, err := r.Present(t.Context()); present || err != nil || r.module.Commands() != 0 {
			t.Errorf("nobody touches the ring: %v, %v after %d commands", present, err, r.module.Commands())
		}
		if power.Read() != gpio.Low {
			t.Error("powered although nothing was asked of it")
		}
		if err := touch.Out(gpio.High); err != nil {
			t.Fatal(err)
		}
		if present, err := r.Present(t.Context()); !present || err != nil || power.Read() != gpio.High {
			t.Errorf("touched: %v, %v, power %v", present, err, power.Read())
		}
		if err := r.Light(t.Context(), fingerprint.Green, fingerprint.Steady); err != nil || !r.module.Lit() {
			t.Errorf("light: %v", err)
		}
		if err := r.Halt(); err != nil || power.Read() != gpio.Low || r.module.Lit() {
			t.Errorf("Halt: %v, power %v, light %v", err, power.Read(), r.module.Lit())
		}
	})
}

func TestOpts(t *testing.T) {
	for name, change := range map[string]func(*r503.Opts){
		"port": func(o *r503.Opts) { o.Port = "" }, "baud": func(o *r503.Opts) { o.Baud = 4800 },
		"odd width": func(o *r503.Opts) { o.Width, o.Height = 191, 192 }, "no width": func(o *r503.Opts) { o.Height = 192 },
		"no height": func(o *r503.Opts) { o.Width = 192 }, "narrow": func(o *r503.Opts) { o.Width, o.Height = 62, 192 },
		"wide": func(o *r503.Opts) { o.Width, o.Height = 514, 192 }, "low": func(o *r503.Opts) { o.Width, o.Height = 192, 63 },
		"high": func(o *r503.Opts) { o.Width, o.Height = 192, 513 }, "answer": func(o *r503.Opts) { o.Answer = 0 },
		"repeat": func(o *r503.Opts) { o.Repeat = -1 }, "start": func(o *r503.Opts) { o.Start = time.Hour },
	} {
		o := opts("/dev/null")
		change(&o)
		if _, err := r503.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
