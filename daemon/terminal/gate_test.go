package terminal

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"umbral/config"
	"umbral/config/paths/pathstest"
	"umbral/daemon/desk"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/drivers/door"
	"umbral/pipeline/vision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateScene is a short version of the demo's: an enrolled person, nobody, a stranger.
const gateScene = `
fps = 15
loop = false
units = "pixels"
noise = 1.0

[[step]]
label = "nobody"
seconds = 1.0

[[step]]
label = "enrolled"
picture = "sample3.jpg"
seconds = 1.5
hold = 2.0
from = { x = 1186, y = 470, width = 3000 }
to = { x = 1170, y = 400, width = 1340 }
crop = [800, 0, 1490, 1350]

[[step]]
label = "nobody"
seconds = 2.0

[[step]]
label = "stranger"
picture = "sample3.jpg"
seconds = 1.5
hold = 3.0
from = { x = 690, y = 470, width = 3000 }
to = { x = 690, y = 470, width = 1200 }
crop = [200, 0, 1060, 1350]

[[step]]
label = "nobody"
seconds = 60
`

// gateConfig returns the configuration of a terminal with a broker of its own.
func gateConfig(t *testing.T, scene string) config.Config {
	t.Helper()
	cfg := loneConfig(t, scene)
	cfg.Fleet.Enabled, cfg.Fleet.Broker = true, fleettest.Broker(t)
	return cfg
}

// loneConfig returns the configuration of a terminal without a fleet, with everything else inside a temporary folder and on
// free ports.
func loneConfig(t *testing.T, scene string) config.Config {
	t.Helper()
	pathstest.Model(t, "fr_detect.onnx")
	pathstest.Picture(t, "sample3.jpg")
	dir := t.TempDir()
	path := filepath.Join(dir, "scene.toml")
	if err := os.WriteFile(path, []byte(scene), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Terminal.ID, cfg.Terminal.StateDir = "test-1", filepath.Join(dir, "state")
	cfg.Camera.Source, cfg.Camera.FPS = "replay:"+path, 15
	cfg.Local.HTTP, cfg.Local.Socket = "127.0.0.1:0", filepath.Join(dir, "umbral.sock")
	cfg.Passage.Cooldown, cfg.Passage.ShowVerdict = time.Second, time.Second
	return cfg
}

func enrolAna(t *testing.T, cfg config.Config) {
	t.Helper()
	desk, err := desk.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	data, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	enrol := func(id, name string, picture []byte, which int) (local.Enrolled, error) {
		return desk.Enrol(t.Context(), local.EnrolRequest{
			ID: id, Name: name, Pictures: []local.Picture{{Source: "sample3.jpg", Data: picture, Face: which}},
		})
	}
	if _, err := enrol("ana-4711", "Ana García", data, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := enrol("twin", "Twin", data, 2); err == nil || !strings.Contains(err.Error(), "ana-4711") {
		t.Errorf("the same face under another id: %v", err)
	}
	turned := mirroredAndTurned(t, data)
	if _, err := enrol("mirrored", "Mirrored", turned, 2); err == nil || !strings.Contains(err.Error(), "ana-4711") {
		t.Errorf("the same face mirrored and upside down under another id: %v", err)
	}
	if _, err := enrol("group", "Group", data, 0); err == nil || !strings.Contains(err.Error(), "3 faces") {
		t.Errorf("a group's picture without saying who: %v", err)
	}
}

// mirroredAndTurned is the mirror image of a photograph, upside down.
func mirroredAndTurned(t *testing.T, data []byte) []byte {
	t.Helper()
	img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := vision.WriteJPEG(&out, vision.Turn(vision.Mirror(img), 2), 95); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// started runs a terminal; stop ends it and waits.
func started(t *testing.T, cfg config.Config) (term *Terminal, stop func()) {
	t.Helper()
	term, err := New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- term.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Error("the terminal does not stop")
			}
		})
	}
	t.Cleanup(stop)
	return term, stop
}

// until waits for something to become true.
func until(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not happen within %v", what, within)
}

// The main job from the photograph to the operator: the enrolled person passes, the stranger does not, the journal, the
// page and the fleet say so, and deciding again gives the same.
func TestGate(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	enrolAna(t, cfg)
	term, stop := started(t, cfg)

	office, err := operator.New(mqtt.Opts{Broker: cfg.Fleet.Broker})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var events []fleet.Event
	var raw strings.Builder
	watching, unwatch := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		office.Watch(watching, "test-1", func(m operator.Message) error {
			mu.Lock()
			defer mu.Unlock()
			raw.Write(m.Payload)
			if m.Channel == fleet.ChannelEvent {
				if e, err := fleet.DecodeEvent(m.Payload); err == nil {
					events = append(events, e)
				}
			}
			return nil
		}, nil)
	}()
	defer func() { unwatch(); <-watched }()

	client := local.NewClient(cfg.Local.Socket)
	var state local.State
	verdict := func(want string) func() bool {
		return func() bool {
			var err error
			if state, err = client.State(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, v := range state.Verdicts {
				if v.Verdict == want {
					return true
				}
			}
			return false
		}
	}
	until(t, "a grant", 20*time.Second, verdict("grant"))
	if v := state.Verdicts[0]; v.Person != "ana-4711" || v.Name != "Ana García" {
		t.Errorf("granted to %q (%q)", v.Person, v.Name)
	}
	until(t, "the door's opening", 2*time.Second, func() bool { return term.door.State().Relay || term.door.State().Contact == door.Opened })
	until(t, "a denial", 20*time.Second, verdict("deny"))
	if state.Verdicts[0].Reason != string(passage.ReasonNotEnrolled) {
		t.Errorf("denied for %q", state.Verdicts[0].Reason)
	}
	until(t, "delivery", 5*time.Second, func() bool { return term.store.Pending() == 0 })
	until(t, "the subscriber's events", 5*time.Second, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(events) >= 2
	})
	page, screen := term.Links()
	for link, named := range map[string]bool{"http://" + term.Page() + "/": false, screen: false, page: true} {
		if got := strings.Contains(stateBehind(t, link), "ana-4711"); got != named {
			t.Errorf("who has the link %s sees who passed: %v, want %v", link, got, named)
		}
	}
	picture := new(bytes.Buffer)
	if n, err := newLocalAPI(term.gate).Picture(picture); err != nil || n == 0 || !bytes.HasPrefix(picture.Bytes(), []byte{0xff, 0xd8}) {
		t.Errorf("picture %d: %d bytes, %v", n, picture.Len(), err)
	}
	stop()

	mu.Lock()
	for i := 1; i < len(events); i++ {
		if events[i-1].Position().Compare(events[i].Position()) >= 0 {
			t.Errorf("events out of order: %v before %v", events[i-1].Position(), events[i].Position())
		}
	}
	for _, secret := range []string{"ana-4711", "Ana", "García"} {
		if strings.Contains(raw.String(), secret) {
			t.Errorf("%q went over MQTT in clear", secret)
		}
	}
	mu.Unlock()

	offline, err := desk.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer offline.Close()
	decisions := map[passage.Verdict]int{}
	if err := offline.Replay(func(r desk.Replayed) error {
		if !r.Same {
			return fmt.Errorf("%s: %s", r.Passage, r.Error)
		}
		decisions[r.Verdict]++
		return nil
	}); err != nil {
		t.Error(err)
	}
	if decisions[passage.Grant] != 1 || decisions[passage.Deny] < 1 {
		t.Errorf("decisions in the journal: %v", decisions)
	}
}

// A camera that isn't there is said, and everything else works.
func TestCameraMissing(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	cfg.Camera.Source = "v4l2:/dev/video-that-is-not-there"
	term, _ := started(t, cfg)
	until(t, "the camera's condition", 10*time.Second, func() bool {
		for _, c := range term.health.shown() {
			if c.code == conditionCamera.code && strings.Contains(c.text, "no pictures") {
				return true
			}
		}
		return false
	})
	if s := newLocalAPI(term.gate).State(); s.Screen.Code != passage.ScreenOutOfOrder.String() || s.Screen.Reason != string(passage.ReasonCameraLost) {
		t.Errorf("screen %+v", s.Screen)
	}
	if !term.alive() {
		t.Error("a missing camera counts as a hanging terminal")
	}
}

// Without a broker entries wait; nothing else is different.
func TestBrokerAbsent(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	cfg.Fleet.Broker = "tcp://127.0.0.1:1"
	enrolAna(t, cfg)
	term, _ := started(t, cfg)
	until(t, "a grant", 20*time.Second, func() bool { return len(term.view.recent()) > 0 && term.view.recent()[0].verdict == passage.Grant })
	until(t, "the entry's commit", 5*time.Second, func() bool { return term.store.Pending() >= 2 })
}

// A model file that is not the right one is refused by name and hash.
func TestWrongModel(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(pathstest.Model(t, "fr_detect.onnx")))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "fr_liveness.onnx")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Models.Dir = dir
	_, err = New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "fr_liveness.onnx") || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("error %v, want the file and its hash", err)
	}
}

// A configuration that takes more than its budget is refused with the sum.
func TestBudgetIsKept(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	cfg.Terminal.MemoryMiB, cfg.Gallery.Capacity = 64, 100_000
	_, err := New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "gallery") || !strings.Contains(err.Error(), "memory_mib") {
		t.Errorf("error %v, want the table of the budget", err)
	}
}

// A damaged store is said on the page and in the list of conditions.
func TestDamagedStoreIsSaid(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	desk, err := desk.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Terminal.StateDir, "umbral.db")
	if err := os.Truncate(path, 5000); err != nil {
		t.Fatal(err)
	}
	term, err := New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer term.close()
	if s := newLocalAPI(term.gate).State(); s.Store.Recovery == "" || len(s.Conditions) == 0 || s.Conditions[0].Code != conditionLost.code {
		t.Errorf("recovery %q, conditions %v", s.Store.Recovery, s.Conditions)
	}
	list, err := term.store.Next(store.Position{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range list {
		found = found || e.Kind == store.KindRecovery
	}
	if !found {
		t.Error("the journal does not tell of the recovery")
	}
}
