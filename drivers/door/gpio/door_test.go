package gpio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"

	"umbral/drivers/door"
	"umbral/drivers/door/doortest"
)

const relayLine, contactLine, buttonLine = 4, 5, 6

func testOpts(k Kernel) Opts {
	o := DefaultOpts()
	o.Chip, o.Kernel = "/dev/gpiochip0", k
	o.MaxPulse = door.MaxPulse
	o.Relay.Spec, o.Contact.Spec, o.Button.Spec = "4", "L5", "6"
	return o
}

func made(t *testing.T, o Opts) *Door {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// started runs the door in a bubble and returns what ends it.
func started(t *testing.T, d *Door) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	synctest.Wait()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

func TestConformance(t *testing.T) {
	doortest.Run(t, synctest.Test, func(t *testing.T) doortest.Fixture {
		k := newFakeKernel()
		o := testOpts(k)
		o.Tamper.Spec, o.Lamp.Spec, o.Buzzer.Spec, o.Interlock.Spec = "0", "1", "2", "3"
		return doortest.Fixture{
			Door:         made(t, o),
			SetTamper:    func(open bool) { k.input(0, open, 0) },
			SetInterlock: func(open bool) { k.input(3, open, 0) },
			Lights:       func() (lamp, buzzer bool) { return k.active(1), k.active(2) },
			Relay:        func() bool { return k.active(relayLine) },
			SetContact:   func(c door.Contact) { k.input(contactLine, c == door.Closed, 0) },
			SetButton:    func(held bool) { k.input(buttonLine, held, 0) },
			Fail:         k.unplug,
		}
	})
}

// TestOrderOfCalls is the reason why this package exists: the relay comes first, its value comes with the request, and
// nothing is ever reconfigured.
func TestOrderOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		if len(k.calls) != 0 {
			t.Errorf("New touched the hardware: %v", k.calls)
		}
		stop := started(t, d)
		if err := d.Open(time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if err := d.Open(time.Second); err != nil {
			t.Fatal(err)
		}
		stop()
		want := []string{
			"open /dev/gpiochip0",
			"request 4 as output value 0",
			"request 5 as input debounce 20000us",
			"request 6 as input debounce 20000us",
			"set 4 to 1",
			"set 4 to 0",
			"set 4 to 1",
			"set 4 to 0", // before anything else at the end
			"release 5",
			"release 6",
			"release 4",
			"close /dev/gpiochip0",
		}
		if diff := cmp.Diff(want, k.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// TestRestartsDoNotMoveTheRelay starts and stops the door again and again; the line's electrical level must not change.
func TestRestartsDoNotMoveTheRelay(t *testing.T) {
	for _, activeLow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			k := newFakeKernel()
			o := testOpts(k)
			o.Relay.ActiveLow = activeLow
			for range 20 {
				started(t, made(t, o))()
			}
			levels := k.lines[relayLine].levels
			if slices.Contains(levels, !activeLow) || len(levels) < 20 {
				t.Errorf("active low %v: the line went through %v", activeLow, levels)
			}
		})
	}
}

func TestPulseEndsAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		o := testOpts(k)
		o.MaxPulse = 3 * time.Second
		d := made(t, o)
		defer started(t, d)()
		began := time.Now()
		for range 10 { // a program gone wrong, that opens for ever
			if err := d.Open(2 * time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(250 * time.Millisecond)
		}
		for k.active(relayLine) {
			time.Sleep(time.Millisecond)
		}
		if held := time.Since(began); held < 3*time.Second || held > 3*time.Second+time.Millisecond {
			t.Errorf("the relay was held for %v, wanted 3s", held)
		}
	})
}

// TestRelayThatDoesNotObey fails the switching, in either direction.
func TestRelayThatDoesNotObey(t *testing.T) {
	boom := errors.New("boom")
	for _, call := range []string{"set 4 to 1", "set 4 to 0"} {
		synctest.Test(t, func(t *testing.T) {
			k := newFakeKernel()
			d := made(t, testOpts(k))
			defer started(t, d)()
			k.mu.Lock()
			k.fail[call] = boom
			k.mu.Unlock()
			err := d.Open(time.Second)
			if call == "set 4 to 1" && !errors.Is(err, boom) {
				t.Errorf("Open: %v", err)
			}
			time.Sleep(1100 * time.Millisecond)
			synctest.Wait()
			if call == "set 4 to 0" && !strings.Contains(d.State().Fault, "boom") {
				t.Errorf("state %+v", d.State())
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			// The line was requested anew with the inactive value, which needs no switching.
			if k.active(relayLine) || d.State().Relay || d.State().Fault != "" {
				t.Errorf("%s: relay %v, state %+v", call, k.active(relayLine), d.State())
			}
			k.mu.Lock()
			delete(k.fail, call)
			k.mu.Unlock()
			if err := d.Open(time.Second); err != nil {
				t.Errorf("after the fault: %v", err)
			}
		})
	}
}

func TestLinesThatCannotBeHad(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Opts, *fakeKernel)
		want   string
	}{
		"busy":        {func(o *Opts, k *fakeKernel) { k.lines[4].held = &fakeLines{} }, `held by "somebody"`},
		"denied":      {func(o *Opts, k *fakeKernel) { k.fail["request 4 as output value 0"] = unix.EACCES }, "in group gpio"},
		"no edges":    {func(o *Opts, k *fakeKernel) { k.fail["request 6 as input debounce 20000us"] = unix.ENXIO }, "no interrupt"},
		"no such":     {func(o *Opts, k *fakeKernel) { o.Relay.Spec = "99" }, "has 8 lines"},
		"no name":     {func(o *Opts, k *fakeKernel) { o.Relay.Spec = "GPIO17" }, "no line of that name"},
		"no label":    {func(o *Opts, k *fakeKernel) { o.Chip = "nothing" }, `/dev/gpiochip1 "board"`},
		"no chip":     {func(o *Opts, k *fakeKernel) { k.fail["open /dev/gpiochip0"] = os.ErrNotExist }, "not exist"},
		"by label":    {func(o *Opts, k *fakeKernel) { o.Chip = "board" }, ""},
		"only relay":  {func(o *Opts, k *fakeKernel) { o.Contact, o.Button = Line{}, Line{} }, ""},
		"from device": {func(o *Opts, k *fakeKernel) { o.Chip = "/dev/gpiochip1" }, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			k := newFakeKernel()
			o := testOpts(k)
			c.change(&o, k)
			d := made(t, o)
			stop := started(t, d)
			fault := d.State().Fault
			if c.want == "" && fault != "" || !strings.Contains(fault, c.want) {
				t.Errorf("%s: fault %q, wanted %q", name, fault, c.want)
			}
			if err := d.Open(time.Second); (err == nil) != (c.want == "") {
				t.Errorf("%s: open: %v", name, err)
			}
			stop()
			for i, l := range k.lines {
				if l.held != nil && name != "busy" {
					t.Errorf("%s: line %d is still held", name, i)
				}
			}
		})
	}
}

func TestUnplugIsNoticedWithoutInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		o := testOpts(k)
		o.Contact, o.Button = Line{}, Line{}
		d := made(t, o)
		defer started(t, d)()
		k.unplug(true)
		time.Sleep(2 * healthEvery)
		if d.State().Fault == "" {
			t.Error("a chip that went away was not noticed")
		}
		k.unplug(false)
		time.Sleep(2 * time.Second)
		if f := d.State().Fault; f != "" {
			t.Errorf("it is back, but %q", f)
		}
	})
}

func TestDroppedEdgesAreMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		d := made(t, testOpts(k))
		defer started(t, d)()
		// Pressed, released and pressed while nobody looked; the kernel's buffer kept only "released".
		k.mu.Lock()
		k.lines[buttonLine].active = true
		l := k.lines[buttonLine].held
		l.seq = 3
		l.events <- LineEvent{ID: eventFalling, LineSeq: 2}
		k.mu.Unlock()
		synctest.Wait()
		if !d.State().Button {
			t.Error("the button is held, State says that it is not")
		}
	})
}

func TestPinIsPeriphs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		c, err := k.Open("/dev/gpiochip0")
		if err != nil {
			t.Fatal(err)
		}
		out, err := RequestOutput(c, Line{Spec: "L1"}, "test", gpio.High)
		if err != nil {
			t.Fatal(err)
		}
		in, err := RequestInput(c, Line{Spec: "2", Bias: PullDown}, "test")
		if err != nil {
			t.Fatal(err)
		}
		if !k.active(1) || out.Read() != gpio.High || out.Number() != 1 || out.Name() != "L1" || out.Function() != "Out" || in.Function() != "In" {
			t.Errorf("output %v reads %v", out, out.Read())
		}
		before := len(k.calls)
		for what, err := range map[string]error{
			"In on an output":      out.In(gpio.PullUp, gpio.NoEdge),
			"Out on an input":      in.Out(gpio.High),
			"another pull":         in.In(gpio.PullUp, gpio.BothEdges),
			"PWM":                  out.PWM(gpio.DutyHalf, 0),
			"two requests of one":  second(RequestInput(c, Line{Spec: "1"}, "test")),
			"a line without a bus": second(RequestInput(c, Line{Spec: "8"}, "test")),
		} {
			if err == nil {
				t.Errorf("%s is accepted", what)
			}
		}
		if got := k.calls[before:]; len(got) != 1 || !k.active(1) {
			t.Errorf("refused calls reached the kernel: %v", got)
		}
		if err := in.In(gpio.PullNoChange, gpio.BothEdges); err != nil {
			t.Error(err)
		}
		if in.WaitForEdge(0) || in.WaitForEdge(time.Second) {
			t.Error("an edge that never was")
		}
		k.input(2, true, 0)
		if !in.WaitForEdge(-1) || in.Read() != gpio.High {
			t.Error("an edge was missed")
		}
		if err := errors.Join(in.Halt(), out.Halt(), out.Halt()); err != nil || k.active(1) {
			t.Errorf("after Halt the line is %v, %v", k.active(1), err)
		}
		if err := errors.Join(in.Close(), out.Close()); err != nil {
			t.Error(err)
		}
		if in.WaitForEdge(-1) {
			t.Error("an edge on a closed line")
		}
	})
}

func second(_ *Pin, err error) error { return err }

func TestOptsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*Opts){
		"no chip":          func(o *Opts) { o.Chip = "" },
		"no relay":         func(o *Opts) { o.Relay.Spec = "" },
		"long pulse":       func(o *Opts) { o.MaxPulse = door.MaxPulse + 1 },
		"negative pulse":   func(o *Opts) { o.MaxPulse = -1 },
		"no retry":         func(o *Opts) { o.Retry = 0 },
		"one line twice":   func(o *Opts) { o.Button.Spec = o.Relay.Spec },
		"bouncing relay":   func(o *Opts) { o.Relay.Debounce = 1 },
		"long debounce":    func(o *Opts) { o.Button.Debounce = MaxDebounce + 1 },
		"unknown bias":     func(o *Opts) { o.Button.Bias = NoPull + 1 },
		"name of 32 bytes": func(o *Opts) { o.Button.Spec = strings.Repeat("n", 32) },
	} {
		o := testOpts(newFakeKernel())
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if d := made(t, testOpts(nil)); fmt.Sprint(d) != "door on gpiochip0 line 4" {
		t.Errorf("the door is called %v", d)
	}
}

func TestReleaseBringsTheRelayToRest(t *testing.T) {
	k := newFakeKernel()
	k.lines[relayLine].active = true // a program died in a pulse
	if err := Release(testOpts(k)); err != nil {
		t.Fatal(err)
	}
	if k.active(relayLine) || k.lines[relayLine].held != nil {
		t.Errorf("after Release: %+v", k.lines[relayLine])
	}
	want := []string{"open /dev/gpiochip0", "request 4 as output value 0", "release 4", "close /dev/gpiochip0"}
	if !slices.Equal(k.calls, want) {
		t.Errorf("calls %q, wanted %q", k.calls, want)
	}
	k.lines[relayLine].held = &fakeLines{}
	if err := Release(testOpts(k)); !errors.Is(err, unix.EBUSY) {
		t.Errorf("a line that another program holds: %v", err)
	}
}
