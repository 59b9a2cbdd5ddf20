package terminal

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/config"
	"umbral/config/paths/pathstest"
	"umbral/config/policy"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/drivers/fingerprint/emulated"
	"umbral/pipeline/finger"
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

// touch presses an impression once, as the screen says: it lies there until it was pictured, is lifted when that is asked
// for, and at the end.
func touch(t *testing.T, f *fingers, m *emulated.Module, which, n int) {
	t.Helper()
	time.Sleep(4 * fingerPoll) // nobody presses before the screen asks
	lay(t, f, m, which, n, func() bool { return false })
}

// lay is touch that may end without a picture.
func lay(t *testing.T, f *fingers, m *emulated.Module, which, n int, over func() bool) {
	t.Helper()
	before := f.shown().Presses
	m.Put(impression(which, n))
	until(t, "a picture of the finger", 10*time.Second, func() bool {
		pictured := f.shown().Presses > before
		if hint, _ := f.hintNow(); !pictured && hint == hintFingerLift {
			m.Lift()
			time.Sleep(4 * fingerPoll)
			m.Put(impression(which, n))
		}
		return pictured || over()
	})
	m.Lift()
	time.Sleep(4 * fingerPoll)
}

// fingerRig is the part alone: a test plays the decision.
type fingerRig struct {
	*fingers
	module *emulated.Module
	port   string
	unplug func()
	people *people

	mu     sync.Mutex
	asks   fingerQuestion
	heard  []passage.Evidence
	number uint64
}

func newFingerRig(t *testing.T, rule string) *fingerRig {
	t.Helper()
	module, port, unplug := plugged(t)
	o := store.DefaultOpts()
	o.Key = store.Key{1}
	s, _, err := store.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Finger.Sensor, cfg.Finger.Device = "r503", port
	refs, _, err := newFingerReferences(&cfg, policy.MustParse(rule), s)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFingers(&cfg, refs, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := &fingerRig{fingers: f, module: module, port: port, unplug: unplug, people: &people{store: s, fingers: refs}}
	f.asked = func() (passage.ID, string, bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.asks.passage, r.asks.person, !r.asks.passage.IsZero()
	}
	f.observe = func(o passage.Observation) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heard = append(r.heard, o.Evidence)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		f.sensor.Halt()
		unplug()
		s.Close()
	})
	return r
}

// ask asks for the finger of somebody, or of whoever it is, in a new passage.
func (r *fingerRig) ask(person string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	r.asks, r.heard = fingerQuestion{passage.ID{Boot: 1, Number: r.number}, person}, nil
}

// answer waits for the outcome.
func (r *fingerRig) answer(t *testing.T, what string) (e passage.Evidence) {
	t.Helper()
	until(t, what, 10*time.Second, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.heard) == 0 {
			return false
		}
		e = r.heard[0]
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Passage != r.asks.passage || e.Kind != policy.Finger {
		t.Errorf("%s: evidence %v of passage %v, asked in %v", what, e.Kind, e.Passage, r.asks.passage)
	}
	r.asks = fingerQuestion{}
	return e
}

// enrolRight enrols a finger with impressions until the part has enough.
func (r *fingerRig) enrolRight(t *testing.T, id, name string, which int) error {
	t.Helper()
	type result struct {
		Enrolled
		err error
	}
	var mu sync.Mutex
	var advice []string
	ended := make(chan result, 1)
	go func() {
		e, err := r.people.enrolFinger(t.Context(), r.fingers, id, name, "right-index", func(done, of int, text string) {
			mu.Lock()
			defer mu.Unlock()
			advice = append(advice, fmt.Sprintf("%d of %d: %s", done, of, text))
		})
		ended <- result{e, err}
	}()
	until(t, "the beginning", 5*time.Second, func() bool { _, on := r.hintNow(); return on })
	for n := 0; ; n++ {
		select {
		case e := <-ended:
			mu.Lock()
			defer mu.Unlock()
			if e.err == nil && (len(advice) < 5 || !strings.Contains(advice[len(advice)-1], "4 of 4")) {
				t.Errorf("advice %q", advice)
			}
			t.Logf("finger %d: %q, %v", which, advice, e.err)
			return e.err
		default:
			if n < 12 {
				r.touchUnlessOver(t, which, 1+n%6)
			} else {
				time.Sleep(fingerPoll)
			}
		}
	}
}

func (r *fingerRig) touchUnlessOver(t *testing.T, which, n int) {
	t.Helper()
	lay(t, r.fingers, r.module, which, n, func() bool { _, enrolling := r.hintNow(); return !enrolling })
}

// Enrolment takes presses, refuses what can't be, and what it stores lets the person pass and nobody else.
func TestFingerAlone(t *testing.T) {
	r := newFingerRig(t, "finger")
	if _, err := r.people.enrolFinger(t.Context(), r.fingers, "ana", "", "right-index", nil); err == nil || !strings.Contains(err.Error(), "name") {
		t.Errorf("somebody new without a name: %v", err)
	}
	if _, err := r.people.enrolFinger(t.Context(), r.fingers, "ana", "Ana", "tail", nil); err == nil || !strings.Contains(err.Error(), "right-index") {
		t.Errorf("no finger: %v", err)
	}
	for which, name := range map[int]string{101: "ana", 105: "bob"} {
		if err := r.enrolRight(t, name, name, which); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.enrolRight(t, "twin", "Twin", 101); err == nil || !strings.Contains(err.Error(), "ana") {
		t.Errorf("the same finger under another id: %v", err)
	}
	refs, err := r.people.store.References("ana")
	if err != nil || len(refs) != 1 || refs[0].Kind != store.KindFinger || refs[0].Position != 2 {
		t.Fatalf("references %+v, %v", refs, err)
	}
	if n := r.refs.count(); n != 8 {
		t.Errorf("%d views are searched, want 8", n)
	}

	// Nobody is known: the finger says who it is.
	r.ask("")
	touch(t, r.fingers, r.module, 105, 7)
	if e := r.answer(t, "bob's finger among all"); e.Outcome != passage.Accepted || e.Subject != "bob" || e.Score < passage.ScoreOf(float64(r.least)) {
		t.Errorf("%+v", e)
	}
	// The finger of the passage's person, and of another one.
	r.ask("ana")
	touch(t, r.fingers, r.module, 101, 7)
	if e := r.answer(t, "ana's finger"); e.Outcome != passage.Accepted || e.Subject != "ana" {
		t.Errorf("%+v", e)
	}
	r.ask("ana")
	for n := range 3 {
		touch(t, r.fingers, r.module, 105, 1+n)
	}
	if e := r.answer(t, "bob's finger for ana"); e.Outcome != passage.Refused || e.Detail != string(passage.ReasonFingerNoMatch) {
		t.Errorf("%+v", e)
	}
	// A finger that stays on the sensor is one press.
	r.ask("ana")
	time.Sleep(4 * fingerPoll)
	r.module.Put(impression(105, 1))
	until(t, "the request to lift it", 10*time.Second, func() bool { hint, _ := r.hintNow(); return hint == hintFingerLift })
	r.mu.Lock()
	if n := len(r.heard); n != 0 {
		t.Errorf("%d outcomes of one press", n)
	}
	r.mu.Unlock()
	if !r.module.Lit() {
		t.Error("the ring is dark while a finger is asked for")
	}
	r.module.Lift()
	r.ask("nobody")
	if e := r.answer(t, "somebody without fingers"); e.Outcome != passage.Refused || e.Detail != string(passage.ReasonFingerNotEnrolled) {
		t.Errorf("%+v", e)
	}
	until(t, "the ring's going out", 5*time.Second, func() bool { return !r.module.Lit() })
	r.refs.forget("ana")
	if n := r.refs.count(); n != 4 {
		t.Errorf("%d views are searched without ana, want 4", n)
	}
}

// A sensor that is taken away is said, ends the passage's wait, and stops nothing else.
func TestFingerSensorUnplugged(t *testing.T) {
	r := newFingerRig(t, "face and finger")
	if err := r.enrolRight(t, "ana", "Ana", 101); err != nil {
		t.Fatal(err)
	}
	if r.refs.searchable() {
		t.Error("fingers are searched although the policy asks for the face as well")
	}
	until(t, "the sensor's answer", 5*time.Second, func() bool { return r.fault() == "" })
	r.unplug()
	r.ask("ana")
	e := r.answer(t, "the end of patience")
	if e.Outcome != passage.Doubtful || e.Detail != string(passage.ReasonFingerSensor) {
		t.Errorf("%+v", e)
	}
	if r.fault() == "" {
		t.Error("the sensor's fault is not said")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := r.people.enrolFinger(ctx, r.fingers, "ana", "", "left-thumb", func(int, int, string) {}); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("enrolment without a sensor: %v", err)
	}
	defer plug(t, r.module, r.port)()
	until(t, "the sensor's return", 15*time.Second, func() bool { return r.fault() == "" })
	r.ask("ana")
	touch(t, r.fingers, r.module, 101, 7)
	if e := r.answer(t, "ana's finger after the sensor came back"); e.Outcome != passage.Accepted {
		t.Errorf("%+v", e)
	}
}

// The score of a search or of several presses counts less, so that the false match rate stays that of one comparison.
func TestFingerComparisonsAreCounted(t *testing.T) {
	e, err := finger.New(finger.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	take := func(n int) *finger.Template {
		p, err := e.Extract(printOf(t, 101, n), emulated.Width, emulated.Height, 500)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	f := &fingers{matcher: finger.NewMatcher()}
	probe, views := take(7), []*finger.Template{take(1), take(2)}
	plain := f.matcher.CompareViews(probe, views)
	compared := 0
	for _, want := range []float64{2, 4, 6} {
		_, score := f.compare("ana", probe, views, &compared)
		if d := float64(plain - score); math.Abs(d-math.Log10(want)) > 1e-4 {
			t.Errorf("after %v comparisons the score counts %v less, want %v", want, d, math.Log10(want))
		}
	}
}

// What the decision is told of scores is what was measured, and it takes it.
func TestFingerRules(t *testing.T) {
	cfg := config.Default()
	cfg.Finger.Sensor, cfg.Finger.Device = "r503", "/dev/ttyS9"
	cfg.Passage.Policy = policy.MustParse("face and finger and fmr = 1e-6")
	least, steps, err := fingerRules(&cfg)
	if err != nil || least != passage.ScoreOf(0.8) || len(steps) != 5 {
		t.Fatalf("threshold %v, %d steps, %v", least, len(steps), err)
	}
	if s := steps[3]; s.FMR != 1e-3 || s.Score != passage.ScoreOf(0.8) || math.Abs(s.LLR.Float()-0.8*math.Ln10) > 1e-5 {
		t.Errorf("step %+v", s)
	}
	r := passage.DefaultRules()
	r.Policy, r.Available, r.FingerThreshold, r.FingerCalibration = policy.MustParse("finger and fmr = 1e-3"), cfg.Available(), least, steps
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	cfg.Passage.Policy = policy.MustParse("face and live")
	if least, steps, err = fingerRules(&cfg); least != 0 || steps != nil || err != nil {
		t.Errorf("without fingers: %v, %v, %v", least, steps, err)
	}
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
	r := &fingerRig{fingers: term.fingers, module: module}

	ended := make(chan error, 1)
	go func() {
		_, err := client.EnrolFinger(t.Context(), local.EnrolRequest{ID: "ana-4711", Finger: "right-index"}, func(local.Progress) {})
		ended <- err
	}()
	until(t, "the screen's request", 10*time.Second, func() bool {
		s, err := client.State(t.Context())
		return err == nil && s.Screen.Code == "ask" && len(s.Screen.Ask) == 1 && s.Screen.Ask[0] == "finger"
	})
	if _, asked := term.view.asked(); asked != 0 {
		t.Error("the decision asks before anybody came")
	}
	for n := 0; n < 12 && len(ended) == 0; n++ {
		r.touchUnlessOver(t, 101, 1+n%6)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	p, err := client.Person(t.Context(), "ana-4711")
	if err != nil || len(p.References) != 2 || p.References[1].Kind != "finger" || p.References[1].Position != "right-index" || !p.References[1].Current {
		t.Errorf("references %+v, %v", p.References, err)
	}

	asksFinger := func() bool { _, person, asked := term.view.askedFinger(); return asked && person == "ana-4711" }
	until(t, "the request for a finger", 60*time.Second, asksFinger)
	if s, err := client.State(t.Context()); err != nil || s.Screen.Name != "" {
		t.Errorf("the screen tells whom it asks: %+v, %v", s.Screen, err)
	}
	touch(t, term.fingers, module, 101, 7)
	if v := verdictOf(t, term, 1); v.verdict != passage.Grant || v.person != "ana-4711" {
		t.Errorf("with her finger: %v %v", v.verdict, v.summary.Reasons)
	}
	until(t, "the next request for a finger", 30*time.Second, asksFinger)
	for n := range 3 {
		touch(t, term.fingers, module, 105, 1+n)
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
