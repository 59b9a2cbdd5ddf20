package gpio

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"umbral/drivers/door"
)

// switchings are the calls that set a line.
func (k *fakeKernel) switchings(line string) (list []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.calls {
		if strings.HasPrefix(c, "set "+line+" ") {
			list = append(list, c[len(c)-1:])
		}
	}
	return list
}

// TestLightsKeepTheirBeat shows a sign with nothing else going on: lamp and buzzer go on and off at its times, and each
// change is one switching.
func TestLightsKeepTheirBeat(t *testing.T) {
	for _, c := range []struct {
		name         string
		sign         door.Sign
		lasts        time.Duration
		lamp, buzzer []string
	}{
		{"busy", door.Busy, 1900 * time.Millisecond, []string{"1", "0", "1", "0"}, nil},
		{"granted", door.Granted, 3 * time.Second, []string{"1", "0"}, []string{"1", "0"}},
		{"denied", door.Denied, time.Second, []string{"1", "0", "1", "0", "1", "0"}, []string{"1", "0", "1", "0", "1", "0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFakeKernel()
				d := made(t, wired(k))
				stop := started(t, d)
				d.Show(c.sign)
				time.Sleep(c.lasts)
				synctest.Wait()
				if got := k.switchings("1"); !slices.Equal(got, c.lamp) {
					t.Errorf("lamp %q, wanted %q", got, c.lamp)
				}
				if got := k.switchings("2"); !slices.Equal(got, c.buzzer) {
					t.Errorf("buzzer %q, wanted %q", got, c.buzzer)
				}
				stop()
			})
		})
	}
}

// TestLightsAlone has only one of the two wired, or none.
func TestLightsAlone(t *testing.T) {
	for name, c := range map[string]struct{ lamp, buzzer string }{"lamp": {"1", ""}, "buzzer": {"", "2"}, "none": {"", ""}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFakeKernel()
				o := wired(k)
				o.Lamp.Spec, o.Buzzer.Spec = c.lamp, c.buzzer
				d := made(t, o)
				defer started(t, d)()
				d.Show(door.Granted)
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				if lamp, buzzer := k.active(lampLine), k.active(buzzerLine); lamp != (c.lamp != "") || buzzer != (c.buzzer != "") {
					t.Errorf("lamp %v, buzzer %v", lamp, buzzer)
				}
			})
		})
	}
}

// TestLightsThatFail fails a switching: it is tried again at the next beat, and the door goes on.
func TestLightsThatFail(t *testing.T) {
	for line, active := range map[string]int{"1": lampLine, "2": buzzerLine} {
		synctest.Test(t, func(t *testing.T) {
			k := newFakeKernel()
			d := made(t, wired(k))
			defer started(t, d)()
			k.mu.Lock()
			k.fail["set "+line+" to 1"] = errors.New("boom")
			k.mu.Unlock()
			d.Show(door.Denied)
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			k.mu.Lock()
			clear(k.fail)
			k.mu.Unlock()
			if err := d.Open(time.Second); err != nil {
				t.Errorf("line %s: %v", line, err)
			}
			synctest.Wait()
			if !k.active(active) {
				t.Errorf("line %s was not tried again", line)
			}
		})
	}
}
