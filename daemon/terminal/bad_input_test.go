package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"umbral/config/paths/pathstest"
	"umbral/daemon/clock"
	"umbral/daemon/desk"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/journal"
	"umbral/daemon/passage"
	"umbral/daemon/state"
	"umbral/daemon/store"
	"umbral/drivers/camera"
	"umbral/drivers/door"
	"umbral/pipeline/vision"
)

// emptyScene shows nobody.
const emptyScene = `
fps = 15
[[step]]
hold = 10
`

// walkUps shows the person that enrolAna enrols, again and again.
const walkUps = `
fps = 15
units = "pixels"
[[step]]
hold = 1.5
[[step]]
picture = "sample3.jpg"
seconds = 1
hold = 2
from = { x = 1186, y = 470, width = 3000 }
to = { x = 1170, y = 400, width = 1340 }
crop = [800, 0, 1490, 1350]
`

// shows says whether a condition holds, without waiting until it has lasted long enough to be shown.
func shows(term *Terminal, k conditionKind) bool {
	term.health.mu.Lock()
	defer term.health.mu.Unlock()
	_, ok := term.health.current[k.code]
	return ok
}

// goodJPEG is a picture of nobody as a camera would send it.
func goodJPEG(t *testing.T) []byte {
	t.Helper()
	img := vision.NewImage(640, 480)
	for i := range img.Pix {
		img.Pix[i] = byte(i * i >> 9)
	}
	var b bytes.Buffer
	if err := vision.WriteJPEG(&b, img, 80); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// brokenJPEGs are pictures that broke other decoders.
func brokenJPEGs(t *testing.T) (list [][]byte) {
	t.Helper()
	for _, folder := range []string{"camera/jpeg_crashtest", "camera/jpeg_odd"} {
		err := filepath.WalkDir(pathstest.Data(t, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			list = append(list, data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func writeFile(t *testing.T, path string, parts ...[]byte) {
	t.Helper()
	if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Broken frames among good ones are counted, and the good ones are looked at.
func TestBrokenFramesAreCounted(t *testing.T) {
	cfg := gateConfig(t, emptyScene)
	good := goodJPEG(t)
	var stream [][]byte
	for _, broken := range brokenJPEGs(t) {
		stream = append(stream, broken, good)
	}
	path := filepath.Join(t.TempDir(), "broken.mjpeg")
	writeFile(t, path, stream...)
	cfg.Camera.Source, cfg.Camera.FPS, cfg.Fleet.Enabled = "replay:"+path, 60, false
	term, _ := started(t, cfg)
	desk := newLocalAPI(term.gate)
	until(t, "broken frames and good ones", 20*time.Second, func() bool {
		s := desk.State()
		return s.Camera.Broken >= 10 && s.Frame.Sequence > uint64(len(stream)) && s.Camera.State == camera.Streaming.String()
	})
	if s := desk.State(); s.Screen.Code == passage.ScreenOutOfOrder.String() || shows(term, conditionCamera) {
		t.Errorf("screen %+v, conditions %v: good frames came among the broken ones", s.Screen, s.Conditions)
	}
}

// A camera that sends nothing but garbage counts as lost, is said to be, and is used again once it sends pictures.
func TestCameraSendsOnlyGarbage(t *testing.T) {
	cfg := gateConfig(t, emptyScene)
	good := goodJPEG(t)
	// Whole for the replay, which looks at headers only: the scan lacks its quantisation tables.
	broken := bytes.ReplaceAll(good, []byte{0xff, 0xdb}, []byte{0xff, 0xfe})
	path := filepath.Join(t.TempDir(), "camera.mjpeg")
	var stream [][]byte
	for range 45 {
		stream = append(stream, broken)
	}
	for range 15 {
		stream = append(stream, good)
	}
	writeFile(t, path, stream...)
	cfg.Camera.Source, cfg.Camera.StallTimeout, cfg.Fleet.Enabled = "replay:"+path, time.Second, false
	term, _ := started(t, cfg)
	desk := newLocalAPI(term.gate)
	screen := func() string { return desk.State().Screen.Code }
	until(t, "the screen's out of order", 10*time.Second, func() bool { return screen() == passage.ScreenOutOfOrder.String() })
	until(t, "the condition", 2*time.Second, func() bool { return shows(term, conditionCamera) })
	until(t, "what is wrong on the page", 5*time.Second, func() bool {
		s := desk.State().Camera
		return s.Text != "" && s.Broken > 0
	})
	until(t, "the recovery", 10*time.Second, func() bool { return screen() == passage.ScreenIdle.String() && !shows(term, conditionCamera) })
}

// A camera that is missing is said on the page, in the journal and over MQTT.
func TestMissingCameraIsSaidEverywhere(t *testing.T) {
	cfg := gateConfig(t, emptyScene)
	cfg.Camera.Source = "v4l2:/dev/video-that-is-not-there"
	term, _ := started(t, cfg)
	seen := watch(t, cfg.Fleet.Broker, "test-1")
	until(t, "the alarm", 10*time.Second, func() bool {
		return seen.has(func(m operator.Message) bool {
			return m.Channel == fleet.ChannelAlarm && strings.Join(m.Rest, "/") == conditionCamera.code && bytes.Contains(m.Payload, []byte("critical"))
		})
	})
	until(t, "the journal's entry", 5*time.Second, func() bool { return len(alerts(t, term, passage.ReasonCameraLost)) == 1 })
	r, err := http.Get("http://" + term.Page() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer r.Body.Close()
	if text, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("healthz says %d %s while nobody can pass", r.StatusCode, text)
	}
}

// alerts are the journal's alerts for a reason.
func alerts(t *testing.T, term *Terminal, want passage.Reason) (list []passage.Alert) {
	t.Helper()
	entries, err := term.store.Next(store.Position{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var a passage.Alert
		if e.Kind == passage.EntryAlert && json.Unmarshal(e.Payload, &a) == nil && a.Reason == want {
			list = append(list, a)
		}
	}
	return list
}

// watcher collects what a terminal reports over MQTT.
type watcher struct {
	mu       sync.Mutex
	messages []operator.Message
}

// watch subscribes until the test ends.
func watch(t *testing.T, address, terminal string) *watcher {
	t.Helper()
	office, err := operator.New(mqtt.Opts{Broker: address})
	if err != nil {
		t.Fatal(err)
	}
	w := new(watcher)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- office.Watch(ctx, terminal, func(m operator.Message) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.messages = append(w.messages, m)
			return nil
		}, nil)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *watcher) has(ok func(operator.Message) bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.messages, ok)
}

// events lists the journal's entries as they came, without those that came again.
func (w *watcher) events(t *testing.T) (list []fleet.Event) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if m.Channel != fleet.ChannelEvent {
			continue
		}
		e, err := fleet.DecodeEvent(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		again := func(o fleet.Event) bool { return o.Position() == e.Position() }
		if !slices.ContainsFunc(list, again) {
			list = append(list, e)
		}
	}
	return list
}

// street leads to a broker at an address of its own; it can be closed and opened.
type street struct {
	address, broker string
	mu              sync.Mutex
	listener        net.Listener
	open            []net.Conn
	done            sync.WaitGroup
}

func newStreet(t *testing.T, broker string) *street {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &street{address: l.Addr().String(), broker: broker}
	l.Close()
	t.Cleanup(s.shut)
	return s
}

func (s *street) unlock(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	s.done.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", s.broker)
			if err != nil {
				from.Close()
				continue
			}
			s.mu.Lock()
			s.open = append(s.open, from, to)
			s.mu.Unlock()
			for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
				s.done.Go(func() {
					io.Copy(way[1], way[0])
					way[0].Close()
					way[1].Close()
				})
			}
		}
	})
}

// shut cuts every connection.
func (s *street) shut() {
	s.mu.Lock()
	if s.listener != nil {
		s.listener.Close()
	}
	for _, c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

// Entries wait for a broker that is not there, and come in order once it is, also when the connection breaks between.
func TestBrokerComesLater(t *testing.T) {
	address := fleettest.Broker(t)
	seen := watch(t, address, "test-1")
	way := newStreet(t, strings.TrimPrefix(address, "tcp://"))
	cfg := gateConfig(t, emptyScene)
	cfg.Fleet.Broker = "tcp://" + way.address
	term, _ := started(t, cfg)
	until(t, "the condition", 5*time.Second, func() bool { return shows(term, conditionBroker) })
	write := func(n int) {
		for range n {
			if err := term.journal.Append(journal.EntryCommandStatus, []byte(`{"id":"x"}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(50)
	if n := term.store.Pending(); n < 50 {
		t.Fatalf("%d entries wait, want 50 at least", n)
	}
	way.unlock(t)
	until(t, "half of the delivery", 20*time.Second, func() bool { return len(seen.events(t)) >= 25 })
	way.shut()
	write(50)
	way.unlock(t)
	until(t, "the delivery", 30*time.Second, func() bool { return term.store.Pending() == 0 })
	until(t, "the condition's end", 5*time.Second, func() bool { return !shows(term, conditionBroker) })
	var want []string
	entries, err := term.store.Next(store.Position{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		want = append(want, e.Position.String())
	}
	var got []string
	for _, e := range seen.events(t) {
		got = append(got, fmt.Sprintf("%d.%d", e.Boot, e.Sequence))
	}
	if len(got) < 101 || !slices.Equal(got, want[:len(got)]) {
		t.Errorf("%d events %v, want the journal's %v", len(got), got, want)
	}
}

// smallDisk mounts a tmpfs, or skips the test where that is not allowed.
func smallDisk(t *testing.T) (dir string, remount func(flags uintptr, options string)) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("mounting a small disk needs privilege: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir, func(flags uintptr, options string) {
		t.Helper()
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, options); err != nil {
			t.Fatal(err)
		}
	}
}

// Without room for its entry nobody is let in; the screen says that the gate is out of order. With room again the gate
// works, by itself.
func TestFullDisk(t *testing.T) {
	cfg := gateConfig(t, walkUps)
	disk, remount := smallDisk(t)
	cfg.Terminal.StateDir, cfg.Fleet.Enabled = filepath.Join(disk, "state"), false
	cfg.Store.FileMiB, cfg.Store.JournalMiB = 20, 8
	cfg.Passage.RegrantAfter = time.Second
	enrolAna(t, cfg)
	// A store whose own file is full of entries, on a disk that has no room for another one.
	key, err := state.LoadKey(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	held, _, err := state.Open(&cfg, key, clock.New(false, time.Second))
	if err != nil {
		t.Fatal(err)
	}
	payload := bytes.Repeat([]byte{'x'}, 4000)
	remount(0, "size=3m")
	for tries := 0; err == nil; tries++ {
		if tries == 2000 {
			t.Fatal("8 MB of entries on a disk of 3")
		}
		_, err = held.Append("ballast", payload)
	}
	held.Close()
	fill(t, disk)

	term, _ := started(t, cfg)
	desktop := newLocalAPI(term.gate)
	until(t, "the screen's out of order", 15*time.Second, func() bool {
		s := desktop.State().Screen
		return s.Code == passage.ScreenOutOfOrder.String() && s.Reason == string(passage.ReasonJournal)
	})
	until(t, "the condition", 5*time.Second, func() bool { return shows(term, conditionJournal) })
	if s := term.door.State(); s.Relay || s.Contact != door.Closed {
		t.Errorf("the door %+v moved without a journal", s)
	}
	if s := desktop.State(); s.Store.Fault == "" {
		t.Errorf("the page's store %+v does not say what is wrong", s.Store)
	}

	remount(0, "size=64m")
	until(t, "the condition's end", 5*time.Second, func() bool { return !shows(term, conditionJournal) })
	until(t, "an opening", 15*time.Second, func() bool { return term.door.State().Relay })
	grants := 0
	for after := (store.Position{}); ; {
		entries, err := term.store.Next(after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			if r := desk.Again(e); e.Kind == passage.EntryPassage && r.Verdict == passage.Grant {
				grants++
			}
			after = e.Position
		}
	}
	if grants != 1 {
		t.Errorf("%d grants in the journal, want the one after the disk had room", grants)
	}
}

// fill takes the rest of a disk.
func fill(t *testing.T, disk string) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, n))
		}
	}
}

// A disk that can only be read lets the terminal start and say so.
func TestReadOnlyDisk(t *testing.T) {
	cfg := gateConfig(t, walkUps)
	disk, remount := smallDisk(t)
	cfg.Terminal.StateDir, cfg.Fleet.Enabled = filepath.Join(disk, "state"), false
	cfg.Passage.RegrantAfter = time.Second
	enrolAna(t, cfg)
	remount(unix.MS_RDONLY, "size=64m")
	term, _ := started(t, cfg)
	desktop := newLocalAPI(term.gate)
	until(t, "the screen's out of order", 15*time.Second, func() bool { return desktop.State().Screen.Code == passage.ScreenOutOfOrder.String() })
	if s := term.door.State(); s.Relay || s.Contact != door.Closed {
		t.Errorf("the door %+v moved without a journal", s)
	}
	remount(0, "size=64m")
	until(t, "an opening", 15*time.Second, func() bool { return term.door.State().Relay })
	until(t, "the condition's end", 5*time.Second, func() bool { return !shows(term, conditionJournal) })
}
