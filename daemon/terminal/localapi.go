package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"umbral/config/policy"
	"umbral/daemon/desk"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/finger"
	"umbral/daemon/frames"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/state"
	"umbral/drivers/camera"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// localAPI shows the terminal to the page, the screen and the tool.
type localAPI struct {
	*desk.Desk
	t *gate

	mu     sync.Mutex // for the picture below: one is encoded at a time
	image  *vision.Image
	jpeg   bytes.Buffer
	number uint64
}

func newLocalAPI(t *gate) *localAPI {
	return &localAPI{Desk: t.desk, t: t, image: vision.NewImage(t.cfg.Camera.Width, t.cfg.Camera.Height)}
}

const pictureQuality = 80

// Picture encodes the newest frame, once however many ask for it.
func (d *localAPI) Picture(w io.Writer) (uint64, error) {
	if !d.t.cfg.Local.LivePicture {
		return 0, fmt.Errorf("%w: local.live_picture is off", local.ErrNoPicture)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	sequence := d.t.view.copyImage(d.image)
	if sequence == 0 {
		return 0, fmt.Errorf("%w: the camera has given none yet", local.ErrNoPicture)
	}
	if sequence != d.number {
		d.jpeg.Reset()
		if err := vision.WriteJPEG(&d.jpeg, d.image, pictureQuality); err != nil {
			return 0, err
		}
		d.number = sequence
	}
	_, err := w.Write(d.jpeg.Bytes())
	return sequence, err
}

// State gathers what the parts know.
func (d *localAPI) State() local.State {
	t := d.t
	wall, trust := t.clock.Read()
	s := local.State{
		Terminal: t.cfg.Terminal.ID, Site: t.cfg.Terminal.Site, Version: Version, Started: t.clock.Start, Boot: t.boot,
		Uptime:     int64(time.Since(t.clock.Start) / time.Second),
		Clock:      local.Clock{Wall: wall.Truncate(time.Second), Trust: trust.String()},
		Conditions: []local.Condition{}, Stages: []local.Stage{}, Models: d.models(), Config: t.digest,
		Passage: local.Passage{Policy: t.cfg.Passage.Policy.String(), Threshold: float64(t.models.Identify.Score), FMR: t.models.Identify.FMR},
		Camera:  d.camera(), Door: d.door(), Store: d.store(), Fleet: d.fleet(), Memory: d.memory(),
	}
	for _, c := range t.health.shown() {
		s.Conditions = append(s.Conditions, local.Condition{Code: c.code, Severity: string(c.severity), Text: c.text, Since: c.since})
	}
	for st := range frames.Stages {
		if p50, p95, count := t.watch.Percentiles(st); count > 0 {
			s.Stages = append(s.Stages, local.Stage{Name: frames.StageNames[st], P50: milliseconds(p50), P95: milliseconds(p95), Count: count})
		}
	}
	s.Frame, s.Screen = d.frame()
	if f := t.sources.fingers; f != nil {
		s.Finger = fingerState(f)
	}
	if id := t.view.passage(); !id.IsZero() {
		s.Passage.ID = id.String()
	}
	s.Verdicts = d.verdicts()
	return s
}

func (d *localAPI) camera() local.Camera {
	c := d.t.camera.Stats()
	_, _, broken, err := d.t.pulse.read()
	out := local.Camera{
		Source: d.t.cfg.Camera.Source, Device: c.Device, State: c.State.String(), Text: c.Text, Note: c.Note, Format: c.Format.String(),
		Width: c.Width, Height: c.Height, FPS: c.FPS, Frames: c.Captured, Dropped: c.Dropped, Broken: broken, Faults: map[string]uint64{},
	}
	for kind := range camera.Fault(len(c.Faults)) {
		if n := c.Faults[kind]; n > 0 {
			out.Faults[kind.String()] = n
		}
	}
	if out.Text == "" && err != nil && c.State == camera.Streaming {
		out.Text = err.Error()
	}
	return out
}

func (d *localAPI) door() local.Door {
	s := d.t.door.State()
	out := local.Door{Device: d.t.door.String(), Relay: s.Relay, Contact: s.Contact.String(), Button: s.Button, Housing: s.Tamper, Other: s.Interlock, Fault: s.Fault}
	out.Text = out.String()
	return out
}

func (d *localAPI) store() local.Store {
	t := d.t
	s := t.store.Status()
	out := local.Store{
		People: s.People, References: t.gallery.Len(), Capacity: t.cfg.Gallery.Capacity, Entries: s.Entries, Pending: s.Pending,
		Head: s.Head.String(), Cursor: s.Cursor.String(), Bytes: s.JournalBytes, Limit: int64(t.cfg.Store.JournalMiB) << 20, LastCopy: s.LastCopy,
		Fault: errorText("", errors.Join(s.Fault, s.CopyFault)),
	}
	if t.recovery.Happened() {
		out.Recovery = state.RecoveryText(t.recovery)
	}
	return out
}

func (d *localAPI) fleet() local.Fleet {
	if d.t.link == nil {
		return local.Fleet{}
	}
	s := d.t.link.Stats()
	return local.Fleet{
		Enabled: true, Connected: s.Connected, Broker: s.Broker, Since: s.Since, Error: s.LastError,
		Delivered: s.Delivered, Connects: s.Connects, Executed: s.Executed, Refused: s.Refused,
	}
}

func (d *localAPI) memory() local.Memory {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return local.Memory{
		RSS: residentBytes(), Heap: int64(m.HeapAlloc), Budget: d.t.budget.Sum, Limit: d.t.budget.Limit,
		Goroutines: runtime.NumGoroutine(), Kernels: d.t.models.Kernels,
	}
}

func (d *localAPI) models() (list []local.Model) {
	for _, role := range models.FaceRoles() {
		if m, err := d.t.models.Set.Of(role); err == nil {
			list = append(list, local.Model{Role: string(role), File: m.File, SHA256: m.SHA256})
		}
	}
	return list
}

// frame describes the newest frame and the screen.
func (d *localAPI) frame() (local.Frame, local.Screen) {
	f, s, id := d.shown()
	if s.Code == passage.ScreenGranted.String() && s.Name == "" {
		c, _ := d.t.claims.Of(id)
		s.Name = c.Name
	}
	if d.t.issuer != nil && s.Code == passage.ScreenGranted.String() {
		if o := d.t.issuer.Shown(id); o != nil {
			s.Offer = &local.Offer{Code: o.Code, QR: o.QR}
		}
	}
	if s.Code == passage.ScreenAsk.String() {
		s.Hint = d.t.sources.hint()
	}
	if d.t.sources.challenge != nil {
		s.Prompt = d.prompt()
	}
	if fingers := d.t.sources.fingers; fingers != nil && fingers.Enrolling() {
		s = local.Screen{Code: passage.ScreenAsk.String(), Ask: []string{policy.Finger.String()}, Hint: fingers.Hint()}
	}
	return f, s
}

// fingerState is the fingerprint sensor as the page and the tool see it.
func fingerState(f *finger.Source) *local.Finger {
	s := f.Status()
	c := s.Health.Counter
	return &local.Finger{
		Device: s.Health.Device, Fault: s.Health.Fault, Presses: s.Presses, Matched: s.Matched, Views: s.Views,
		Exchanges: c.Exchanges, Repeated: c.Repeated, Damaged: c.Damaged, Timeouts: c.Timeouts, Opened: c.Opened,
	}
}

// promptPhases are the phases of a challenge as the screen knows them.
var promptPhases = map[challenge.Phase]string{
	challenge.GettingReady: "ready", challenge.Showing: "show", challenge.Waiting: "wait", challenge.Over: "over",
}

// prompt is what the challenge shows, nil without one.
func (d *localAPI) prompt() *local.Prompt {
	p, running := d.t.sources.challenge.Prompt(time.Now())
	if !running {
		return nil
	}
	kind := "digits"
	if p.Kind == challenge.Move {
		kind = "move"
	}
	return &local.Prompt{Kind: kind, Phase: promptPhases[p.Phase], What: int(p.What), Done: p.Done, Of: p.Of, Share: p.Share}
}

// Alternative gives the person at the gate the other kind of challenge.
func (d *localAPI) Alternative() error {
	if d.t.sources.challenge == nil {
		return fmt.Errorf("%w: the policy knows no challenge", local.ErrRefused)
	}
	err := d.t.sources.challenge.Alternative()
	if errors.Is(err, evidence.ErrRefused) {
		return fmt.Errorf("%w: %w", local.ErrRefused, err)
	}
	return err
}

// Issue answers a wallet's enrolment.
func (d *localAPI) Issue(enrolment string) (string, error) {
	if d.t.issuer == nil {
		return "", fmt.Errorf("%w: this terminal issues no credentials (issue.key)", local.ErrRefused)
	}
	text, err := d.t.issuer.Issue(enrolment)
	if err != nil {
		return "", fmt.Errorf("%w: %w", local.ErrRefused, err)
	}
	return text, nil
}

// shown is what the view holds.
func (d *localAPI) shown() (local.Frame, local.Screen, passage.ID) {
	v := d.t.view
	v.mu.Lock()
	defer v.mu.Unlock()
	f := local.Frame{Sequence: v.sequence, Width: v.image.Width, Height: v.image.Height, Faces: []local.Face{}, FPS: v.rate()}
	for i := range v.count {
		f.Faces = append(f.Faces, d.face(&v.faces[i]))
	}
	s := v.screen
	out := local.Screen{Code: s.Code.String(), Progress: s.Progress}
	switch s.Code {
	case passage.ScreenGuide:
		out.Problem = s.Problem.String()
	case passage.ScreenDenied, passage.ScreenReferred, passage.ScreenOutOfOrder:
		out.Reason, out.Text = string(s.Reason), s.Reason.Text()
	case passage.ScreenGranted:
		out.Name = d.t.people.NameOf(s.Person)
	case passage.ScreenAsk:
		for k := range policy.Kinds {
			if s.Ask.Has(k) {
				out.Ask = append(out.Ask, k.String())
			}
		}
	}
	return f, out, s.Passage
}

func (d *localAPI) face(s *frames.Seen) local.Face {
	f := local.Face{
		Track: s.Face.Track, Box: [4]float32{s.Box.X0, s.Box.Y0, s.Box.X1, s.Box.Y1}, Problems: []string{}, Quality: s.Quality.Value,
		Points: make([][2]float32, len(s.Points)),
	}
	for i, p := range s.Points {
		f.Points[i] = [2]float32{p.X, p.Y}
	}
	for _, p := range s.Quality.Problems() {
		f.Problems = append(f.Problems, p.Text())
	}
	if s.Face.Live.Known {
		live := s.Face.Live.Score.Float()
		f.Live = &live
	}
	if m := s.Face.Match; m.Known && m.Person != "" {
		score := m.Score.Float()
		f.Score, f.Person, f.Matched = &score, m.Person, score >= float64(d.t.models.Identify.Score)
	}
	return f
}

func (d *localAPI) verdicts() []local.Verdict {
	list := []local.Verdict{}
	for _, v := range d.t.view.recent() {
		out := local.Verdict{
			Time: v.at, Passage: v.passage.String(), Kind: v.entry, Verdict: v.verdict.String(), Reason: string(v.reason), Text: v.reason.Text(),
			Person: v.person, Name: d.t.people.NameOf(v.person),
		}
		if r := v.summary; r != nil {
			for _, reason := range r.Reasons {
				out.Reasons = append(out.Reasons, string(reason))
			}
			out.DurationMS = r.Duration.Milliseconds()
			if r.Face != nil && r.Face.Matched > 0 {
				best := r.Face.Best.Float()
				out.Score = &best
			}
			if r.Live != nil && r.Live.Frames > 0 {
				mean := r.Live.Mean.Float()
				out.Live = &mean
			}
		}
		list = append(list, out)
	}
	return list
}

// Metrics writes what the parts count in the Prometheus text format.
func (d *localAPI) Metrics(w io.Writer) {
	c, s := d.t.camera.Stats(), d.t.store.Status()
	for _, m := range []struct {
		name  string
		value float64
	}{
		{"umbral_camera_frames_total", float64(c.Captured)},
		{"umbral_camera_dropped_total", float64(c.Dropped)},
		{"umbral_camera_trimmed_total", float64(c.Trimmed)},
		{"umbral_camera_mended_total", float64(d.t.frames.Mended())},
		{"umbral_camera_fps", c.FPS},
		{"umbral_store_entries", float64(s.Entries)},
		{"umbral_store_pending", float64(s.Pending)},
		{"umbral_people", float64(s.People)},
		{"umbral_conditions", float64(len(d.t.health.shown()))},
	} {
		metrics.WriteGaugeFloat64(w, m.name, m.value)
	}
	writeCensus(w, d.t.people.Counted())
	if fingers := d.t.sources.fingers; fingers != nil {
		f := fingerState(fingers)
		up := 1.0
		if f.Fault != "" {
			up = 0
		}
		metrics.WriteGaugeFloat64(w, "umbral_finger_sensor_up", up)
		metrics.WriteGaugeUint64(w, "umbral_finger_views", uint64(f.Views))
		metrics.WriteCounterUint64(w, "umbral_finger_presses_total", f.Presses)
		metrics.WriteCounterUint64(w, "umbral_finger_matched_total", f.Matched)
		metrics.WriteCounterUint64(w, "umbral_finger_exchanges_total", f.Exchanges)
		metrics.WriteCounterUint64(w, "umbral_finger_damaged_total", f.Damaged)
		metrics.WriteCounterUint64(w, "umbral_finger_timeouts_total", f.Timeouts)
	}
	for st := range frames.Stages {
		p50, p95, count := d.t.watch.Percentiles(st)
		metrics.WriteGaugeFloat64(w, fmt.Sprintf("umbral_stage_seconds{stage=%q,quantile=\"0.5\"}", frames.StageNames[st]), p50.Seconds())
		metrics.WriteGaugeFloat64(w, fmt.Sprintf("umbral_stage_seconds{stage=%q,quantile=\"0.95\"}", frames.StageNames[st]), p95.Seconds())
		metrics.WriteCounterUint64(w, fmt.Sprintf("umbral_stage_total{stage=%q}", frames.StageNames[st]), count)
	}
	for part, n := range d.t.panics.count() {
		metrics.WriteCounterUint64(w, fmt.Sprintf("umbral_panics_total{part=%q}", part), n)
	}
	metrics.WriteProcessMetrics(w)
}

// frameRate counts analysed frames of the latest second.
type frameRate struct {
	times [64]time.Time
	next  int
}

func (r *frameRate) add(t time.Time) {
	r.times[r.next%len(r.times)] = t
	r.next++
}

func (r *frameRate) rate() float64 {
	n := min(r.next, len(r.times))
	if n < 2 {
		return 0
	}
	newest := r.times[(r.next-1)%len(r.times)]
	oldest := slices.MinFunc(r.times[:n], time.Time.Compare)
	if span := newest.Sub(oldest); span > 0 && time.Since(newest) < 2*time.Second {
		return float64(n-1) / span.Seconds()
	}
	return 0
}
