package terminal

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/config/policy"
	"umbral/daemon/evidence/finger"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/drivers/fingerprint/emulated"
)

// printOf is impression n of a finger as a sensor of the R503's size shows it.
func printOf(t *testing.T, which, n int) []byte {
	t.Helper()
	return pathstest.Fingerprint(t, which, n, emulated.Width, emulated.Height)
}

// impression numbers the impressions for the emulated module.
func impression(which, n int) int { return which*10 + n }

// plugged is an emulated module that shows the fingers of the competition; unplug takes it away, plug brings it back.
func plugged(t *testing.T) (m *emulated.Module, port string, unplug func()) {
	t.Helper()
	printOf(t, 101, 1) // or skip
	m = emulated.New()
	m.SetPicture(func(n int) []byte { return printOf(t, n/10, n%10) })
	port = filepath.Join(t.TempDir(), "sensor")
	return m, port, plug(t, m, port)
}

// plug lets a module appear as a serial port of that name.
func plug(t *testing.T, m *emulated.Module, port string) (unplug func()) {
	t.Helper()
	pty, err := emulated.OpenPTY()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	if err := os.Symlink(pty.Path, port); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx, pty) }()
	var once sync.Once
	unplug = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			os.Remove(port)
		})
	}
	t.Cleanup(unplug)
	return unplug
}

// presser lays fingers on the sensor of a terminal.
type presser struct {
	source *finger.Source
	module *emulated.Module
}

// settle is longer than the sensor's lamp and the screen take to follow.
const settle = 400 * time.Millisecond

// touch presses an impression once, as the screen says.
func (p presser) touch(t *testing.T, which, n int) {
	t.Helper()
	time.Sleep(settle) // nobody presses before the screen asks
	p.lay(t, which, n, func() bool { return false })
}

// lay presses an impression until it was pictured: it is lifted when that is asked for, and at the end.
func (p presser) lay(t *testing.T, which, n int, over func() bool) {
	t.Helper()
	before := p.source.Status().Presses
	p.module.Put(impression(which, n))
	until(t, "a picture of the finger", 10*time.Second, func() bool {
		pictured := p.source.Status().Presses > before
		if !pictured && p.source.Hint() == "finger-lift" {
			p.module.Lift()
			time.Sleep(settle)
			p.module.Put(impression(which, n))
		}
		return pictured || over()
	})
	p.module.Lift()
	time.Sleep(settle)
}

// The whole gate: Ana's finger is enrolled through the socket, she passes with face and finger, and with another finger she
// does not.
func TestGateWithFinger(t *testing.T) {
	module, port, _ := plugged(t)
	cfg := gateConfig(t, fingerScene)
	cfg.Finger.Sensor, cfg.Finger.Device = "r503", port
	cfg.Passage.Policy, cfg.Passage.DecideTimeout, cfg.Passage.RegrantAfter = policy.MustParse("face and live and finger"), time.Minute, time.Second
	enrolAna(t, cfg)
	term, _ := started(t, cfg)
	client := local.NewClient(cfg.Local.Socket)
	press := presser{term.sources.fingers, module}

	ended := make(chan error, 1)
	go func() {
		_, err := client.EnrolFinger(t.Context(), local.EnrolRequest{ID: "ana-4711", Finger: "right-index"}, func(local.Progress) {})
		ended <- err
	}()
	until(t, "the screen's request", 10*time.Second, func() bool {
		s, err := client.State(t.Context())
		return err == nil && s.Screen.Code == "ask" && len(s.Screen.Ask) == 1 && s.Screen.Ask[0] == "finger"
	})
	if term.frames.Now().Ask != 0 {
		t.Error("the decision asks before anybody came")
	}
	for n := 0; n < 12 && len(ended) == 0; n++ {
		press.lay(t, 101, 1+n%6, func() bool { return !press.source.Enrolling() })
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	p, err := client.Person(t.Context(), "ana-4711")
	if err != nil || len(p.References) != 2 || p.References[1].Kind != "finger" || p.References[1].Position != "right-index" || !p.References[1].Current {
		t.Errorf("references %+v, %v", p.References, err)
	}

	asksFinger := func() bool {
		d := term.frames.Now()
		return d.Ask.Has(policy.Finger) && d.Subject == "ana-4711"
	}
	until(t, "the request for a finger", 60*time.Second, asksFinger)
	if s, err := client.State(t.Context()); err != nil || s.Screen.Name != "" {
		t.Errorf("the screen tells whom it asks: %+v, %v", s.Screen, err)
	}
	press.touch(t, 101, 7)
	if v := verdictOf(t, term, 1); v.verdict != passage.Grant || v.person != "ana-4711" {
		t.Errorf("with her finger: %v %v", v.verdict, v.summary.Reasons)
	}
	until(t, "the next request for a finger", 30*time.Second, asksFinger)
	for n := range 3 {
		press.touch(t, 105, 1+n)
	}
	if v := verdictOf(t, term, 2); v.verdict != passage.Deny || len(v.summary.Reasons) < 2 || v.summary.Reasons[1] != passage.ReasonFingerNoMatch {
		t.Errorf("with another finger: %v %v", v.verdict, v.summary.Reasons)
	}
}

// fingerScene: nobody while the finger is enrolled, then Ana, who stays.
const fingerScene = `
fps = 15
loop = true
units = "pixels"
noise = 0.5
[[step]]
label = "nobody"
seconds = 12.0
[[step]]
label = "ana"
picture = "sample3.jpg"
seconds = 1.0
hold = 45.0
from = { x = 1180, y = 700, width = 1500 }
to = { x = 1180, y = 680, width = 1360 }
crop = [800, 0, 1490, 1350]
`
