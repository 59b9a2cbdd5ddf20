package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a terminal that says what a test wants.
type fake struct {
	mu      sync.Mutex
	state   State
	picture []byte
	erased  string
	request EnrolRequest
	file    File
	query   PassageQuery
}

func newFake() *fake {
	s := State{
		Terminal: "gate-7", Site: "north", Version: "test", Started: time.Now().Add(-time.Hour), Uptime: 3600, Boot: 3,
		Clock: Clock{Wall: time.Unix(1_800_000_000, 0), Trust: "ntp"}, Conditions: []Condition{}, Verdicts: []Verdict{}, Models: []Model{},
		Camera: Camera{State: "streaming", Device: "camera", Format: "YUYV", Width: 640, Height: 480, Faults: map[string]uint64{}},
		Frame:  Frame{Width: 640, Height: 480, Faces: []Face{}}, Stages: []Stage{}, Screen: Screen{Code: "idle"},
		Passage: Passage{Policy: "face and live", Threshold: 0.58, FMR: "1e-4"},
	}
	return &fake{state: s}
}

func (f *fake) set(change func(*State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.state)
}

func (f *fake) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *fake) Picture(w io.Writer) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.picture == nil {
		return 0, fmt.Errorf("%w: none yet", ErrNoPicture)
	}
	_, err := w.Write(f.picture)
	return 42, err
}

func (f *fake) Metrics(w io.Writer) { io.WriteString(w, "umbral_people 1\n") }

func (f *fake) Issue(enrolment string) (string, error) {
	if enrolment != "ENROLMENT" {
		return "", fmt.Errorf("%w: not known", ErrRefused)
	}
	return "CREDENTIAL", nil
}

func (f *fake) Alternative() error { return fmt.Errorf("%w: no challenge is under way", ErrRefused) }

func (f *fake) Passages(q PassageQuery) ([]PassageLine, error) {
	f.query = q
	return []PassageLine{{Passage: "b1-000001", Verdict: "deny", Reasons: []string{"not-live"}}}, nil
}

func (f *fake) Explain(id string) ([]json.RawMessage, error) {
	if id != "b1-000001" {
		return nil, fmt.Errorf("%w: no passage %s", ErrUnknown, id)
	}
	return []json.RawMessage{json.RawMessage(`{"why":"because"}`)}, nil
}

func (f *fake) People() ([]Person, error) { return []Person{{ID: "ana", Name: "Ana"}}, nil }

func (f *fake) Person(id string) (Person, error) {
	if id != "ana" {
		return Person{}, fmt.Errorf("%w: %s is not enrolled", ErrUnknown, id)
	}
	return Person{ID: id, Name: "Ana"}, nil
}

func (f *fake) Erase(id, reason string) (Erased, error) {
	f.erased = id + " " + reason
	return Erased{Person: id, References: 2}, nil
}

func (f *fake) Export(id string) (Export, error) {
	if id != "ana" {
		return Export{}, fmt.Errorf("%w: %s is not enrolled", ErrUnknown, id)
	}
	return Export{Data: []byte(`{"person":{"id":"ana"}}`), Text: "What is held about ana"}, nil
}

func (f *fake) Enrol(_ context.Context, r EnrolRequest) (Enrolled, error) {
	f.request = r
	if len(r.Pictures) == 0 {
		return Enrolled{}, fmt.Errorf("%w: no picture was given", ErrRefused)
	}
	return Enrolled{ID: r.ID, Name: r.Name, References: len(r.Pictures)}, nil
}

func (f *fake) EnrolLive(_ context.Context, r EnrolRequest, progress func(Progress)) (Enrolled, error) {
	progress(Progress{Done: 1, Of: 5, Advice: "hold still"})
	if r.Name == "" {
		return Enrolled{}, errors.New("nobody came")
	}
	return Enrolled{ID: r.ID, Name: r.Name, References: 5}, nil
}

func (f *fake) EnrolFinger(_ context.Context, r EnrolRequest, progress func(Progress)) (Enrolled, error) {
	progress(Progress{Done: 1, Of: 4, Advice: "place it again"})
	if r.Finger == "" {
		return Enrolled{}, errors.New("no finger came")
	}
	return Enrolled{ID: r.ID, Name: r.Name, References: 1}, nil
}

// serve runs a server and returns the base address of its pages and a client of its socket.
func serve(t *testing.T, b Backend) (base string, c *Client) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s", "umbral.sock")
	s, err := New(Opts{HTTP: "127.0.0.1:0", Socket: socket, Key: testKey}, b)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(2 * stopTimeout):
			t.Error("the server does not stop")
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + s.Address(), NewClient(socket)
}

func get(t *testing.T, url string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestPagesAndReadOnlyAPI(t *testing.T) {
	f := newFake()
	base, client := serve(t, f)
	for path, want := range map[string]string{
		"/": "technician.js", "/screen": "screen.js", "/assets/screen.css": "--ground", "/metrics": "umbral_people 1",
		"/api/v1/state": `"terminal":"gate-7"`, "/healthz": "[]",
	} {
		answer, body := get(t, base+path, nil)
		if answer.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %s, body lacks %q: %.200s", path, answer.Status, want, body)
		}
		if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: no content security policy", path)
		}
	}
	token := with(tokenOf(t, client, "page"))
	if answer, body := get(t, base+"/api/v1/picture.jpg", token); answer.StatusCode != http.StatusNotFound || !strings.Contains(body, "no-picture") {
		t.Errorf("picture before the first frame: %s %s", answer.Status, body)
	}
	f.picture = []byte("jpeg")
	if answer, body := get(t, base+"/api/v1/picture.jpg", token); body != "jpeg" || answer.Header.Get("X-Frame-Sequence") != "42" {
		t.Errorf("picture: %s %q, frame %s", answer.Status, body, answer.Header.Get("X-Frame-Sequence"))
	}
	f.set(func(s *State) { s.Conditions = []Condition{{Code: "camera", Severity: "critical"}} })
	if answer, _ := get(t, base+"/healthz", nil); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("healthz with a critical condition: %s", answer.Status)
	}
	if answer, _ := get(t, base+"/nothing", nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("unknown path: %s", answer.Status)
	}
}

// Loopback HTTP changes nothing and shows no people; other hosts' names and other sites' pages are refused.
func TestGuard(t *testing.T) {
	f := newFake()
	base, _ := serve(t, f)
	for _, path := range []string{"/api/v1/people", "/api/v1/people/ana", "/api/v1/passages", "/api/v1/passages/b1-000001", "/api/v1/enroll", "/api/v1/enroll/live"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			answer, body := get(t, base+path, func(r *http.Request) { r.Method = method })
			if answer.StatusCode != http.StatusForbidden || !strings.Contains(body, "socket-only") {
				t.Errorf("%s %s: %s %s", method, path, answer.Status, body)
			}
		}
	}
	if f.erased != "" {
		t.Errorf("erased %q over HTTP", f.erased)
	}
	if answer, _ := get(t, base+"/api/v1/state", func(r *http.Request) { r.Host = "evil.example:8600" }); answer.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another host's name: %s", answer.Status)
	}
	if answer, _ := get(t, base+"/api/v1/state", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); answer.StatusCode != http.StatusForbidden {
		t.Errorf("another site's page: %s", answer.Status)
	}
	if answer, _ := get(t, base+"/api/v1/state", func(r *http.Request) { r.Method = http.MethodPost }); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST to state: %s", answer.Status)
	}
}

func TestListening(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "8600", "192.0.2.1:80", "127.0.0.1:99999", "127.0.0.1:x"} {
		if s, err := New(Opts{HTTP: address, Key: testKey}, newFake()); err == nil {
			s.Close()
			t.Errorf("address %s is accepted", address)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if s, err := New(Opts{HTTP: taken.Addr().String(), Key: testKey}, newFake()); err == nil {
		s.Close()
		t.Error("a port in use is taken")
	}
	s, err := New(Opts{HTTP: taken.Addr().String(), NextFreePort: true, Key: testKey}, newFake())
	if err != nil {
		t.Fatal(err)
	}
	if s.Address() == taken.Addr().String() {
		t.Errorf("address %s is another's", s.Address())
	}
	s.Close()

	socket := filepath.Join(t.TempDir(), "umbral.sock")
	first, err := New(Opts{Socket: socket}, newFake())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket %v, %v; want mode 0660", info, err)
	}
	if second, err := New(Opts{Socket: socket}, newFake()); err == nil {
		second.Close()
		t.Error("two terminals share a socket")
	}
	first.Close()
}

func TestEventsFollowTheState(t *testing.T) {
	f := newFake()
	base, _ := serve(t, f)
	answer, err := http.Get(base + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	next := func() (s State) {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &s); err != nil {
					t.Fatal(err)
				}
				return s
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return s
	}
	if s := next(); s.Screen.Code != "idle" {
		t.Errorf("first state: %q", s.Screen.Code)
	}
	f.set(func(s *State) { s.Screen.Code = "granted" })
	if s := next(); s.Screen.Code != "granted" {
		t.Errorf("after the change: %q", s.Screen.Code)
	}
}

func TestTooManyStreams(t *testing.T) {
	base, _ := serve(t, newFake())
	var open []*http.Response
	for range maxStreams {
		answer, err := http.Get(base + "/api/v1/events")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, answer)
	}
	if answer, body := get(t, base+"/api/v1/events", nil); answer.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "too-many") {
		t.Errorf("stream %d: %s %s", maxStreams+1, answer.Status, body)
	}
	for _, answer := range open {
		answer.Body.Close()
	}
}

func TestSocketEnrolsShowsAndErases(t *testing.T) {
	f := newFake()
	_, c := serve(t, f)
	ctx := t.Context()
	if s, err := c.State(ctx); err != nil || s.Terminal != "gate-7" {
		t.Errorf("state: %v, %v", s.Terminal, err)
	}
	if list, err := c.People(ctx); err != nil || len(list) != 1 || list[0].ID != "ana" {
		t.Errorf("people: %v, %v", list, err)
	}
	if _, err := c.Person(ctx, "eve/../ana"); err == nil || !strings.Contains(err.Error(), "not enrolled") {
		t.Errorf("unknown person: %v", err)
	}
	if e, err := c.Export(ctx, "ana"); err != nil || string(e.Data) != `{"person":{"id":"ana"}}` || e.Text != "What is held about ana" {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := c.Export(ctx, "bob"); !errors.Is(err, ErrUnknown) {
		t.Errorf("export of nobody: %v", err)
	}
	if e, err := c.Erase(ctx, "ana", "left the company & more"); err != nil || e.References != 2 || f.erased != "ana left the company & more" {
		t.Errorf("erase: %+v, %v; the terminal was asked for %q", e, err, f.erased)
	}
	if _, err := c.Enrol(ctx, EnrolRequest{ID: "bob"}); err == nil || !strings.Contains(err.Error(), "no picture") {
		t.Errorf("enrolment without a picture: %v", err)
	}
	e, err := c.Enrol(ctx, EnrolRequest{ID: "bob", Name: "Bob", Pictures: []Picture{{Source: "b.jpg", Data: []byte{1, 2}, Face: 2}}})
	if err != nil || e.References != 1 || f.request.Pictures[0].Face != 2 {
		t.Errorf("enrolment: %+v, %v", e, err)
	}
	var advice []string
	e, err = c.EnrolLive(ctx, EnrolRequest{ID: "bob", Name: "Bob"}, func(p Progress) { advice = append(advice, p.Advice) })
	if err != nil || e.References != 5 || len(advice) != 1 || advice[0] != "hold still" {
		t.Errorf("live enrolment: %+v, %v, advice %q", e, err, advice)
	}
	if _, err := c.EnrolLive(ctx, EnrolRequest{ID: "bob"}, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "nobody came") {
		t.Errorf("failed live enrolment: %v", err)
	}
	e, err = c.EnrolFinger(ctx, EnrolRequest{ID: "bob", Finger: "right-index"}, func(p Progress) { advice = append(advice, p.Advice) })
	if err != nil || e.References != 1 || advice[len(advice)-1] != "place it again" {
		t.Errorf("a finger's enrolment: %+v, %v, advice %q", e, err, advice)
	}
	if _, err := c.EnrolFinger(ctx, EnrolRequest{ID: "bob"}, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "no finger came") {
		t.Errorf("a failed finger's enrolment: %v", err)
	}
}

func TestEnrolmentIsBounded(t *testing.T) {
	_, c := serve(t, newFake())
	large := EnrolRequest{ID: "x", Pictures: []Picture{{Data: make([]byte, maxEnrolBytes)}}}
	if _, err := c.Enrol(t.Context(), large); err == nil {
		t.Error("a request beyond the limit is accepted")
	}
}

func TestClientWithoutTerminal(t *testing.T) {
	c := NewClient(filepath.Join(t.TempDir(), "none.sock"))
	if _, err := c.State(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("error %v, want ErrNotRunning", err)
	}
}
