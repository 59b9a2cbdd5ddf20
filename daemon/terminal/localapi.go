package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/finger"
	"umbral/daemon/local"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/drivers/camera"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// localAPI shows the terminal to the page, the screen and the tool.
type localAPI struct {
	t *gate

	mu     sync.Mutex // for the picture below: one is encoded at a time
	image  *vision.Image
	jpeg   bytes.Buffer
	number uint64
}

func newLocalAPI(t *gate) *localAPI {
	return &localAPI{t: t, image: vision.NewImage(t.cfg.Camera.Width, t.cfg.Camera.Height)}
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
	wall, trust := t.clock.read()
	s := local.State{
		Terminal: t.cfg.Terminal.ID, Site: t.cfg.Terminal.Site, Version: Version, Started: t.clock.start, Boot: t.boot,
		Clock:      local.Clock{Wall: wall.Truncate(time.Second), Trust: trust.String()},
		Conditions: []local.Condition{}, Stages: []local.Stage{}, Models: d.models(), Config: t.digest,
		Passage: local.Passage{Policy: t.cfg.Passage.Policy.String(), Threshold: float64(t.models.identify.score), FMR: t.models.identify.fmr},
		Camera:  d.camera(), Door: d.door(), Store: d.store(), Fleet: d.fleet(), Memory: d.memory(),
	}
	for _, c := range t.health.shown() {
		s.Conditions = append(s.Conditions, local.Condition{Code: c.code, Severity: string(c.severity), Text: c.text, Since: c.since})
	}
	for st := range stages {
		if p50, p95, count := t.watch.percentiles(st); count > 0 {
			s.Stages = append(s.Stages, local.Stage{Name: stageNames[st], P50: milliseconds(p50), P95: milliseconds(p95), Count: count})
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
		People: s.People, References: t.register.gallery.Len(), Capacity: t.cfg.Gallery.Capacity, Entries: s.Entries, Pending: s.Pending,
		Head: s.Head.String(), Cursor: s.Cursor.String(), Bytes: s.JournalBytes, Limit: int64(t.cfg.Store.JournalMiB) << 20, LastCopy: s.LastCopy,
		Fault: errorText("", errors.Join(s.Fault, s.CopyFault)),
	}
	if t.recovery.Happened() {
		out.Recovery = recoveryText(t.recovery)
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
		Goroutines: runtime.NumGoroutine(), Kernels: d.t.models.kernels,
	}
}

func (d *localAPI) models() (list []local.Model) {
	for _, role := range models.FaceRoles() {
		if m, err := d.t.models.set.Of(role); err == nil {
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
		s.Offer = d.t.issuer.shown(id)
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
	return outward(d.t.sources.challenge.Alternative())
}

// Issue answers a wallet's enrolment.
func (d *localAPI) Issue(enrolment string) (string, error) {
	if d.t.issuer == nil {
		return "", fmt.Errorf("%w: this terminal issues no credentials (issue.key)", local.ErrRefused)
	}
	text, _, err := d.t.issuer.office.Issue(enrolment, d.t.clock.wall())
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
		out.Name = d.t.people.nameOf(s.Person)
	case passage.ScreenAsk:
		for k := range policy.Kinds {
			if s.Ask.Has(k) {
				out.Ask = append(out.Ask, k.String())
			}
		}
	}
	return f, out, s.Passage
}

func (d *localAPI) face(s *seen) local.Face {
	f := local.Face{
		Track: s.face.Track, Box: [4]float32{s.box.X0, s.box.Y0, s.box.X1, s.box.Y1}, Problems: []string{}, Quality: s.quality.Value,
		Points: make([][2]float32, len(s.points)),
	}
	for i, p := range s.points {
		f.Points[i] = [2]float32{p.X, p.Y}
	}
	for _, p := range s.quality.Problems() {
		f.Problems = append(f.Problems, p.Text())
	}
	if s.face.Live.Known {
		live := s.face.Live.Score.Float()
		f.Live = &live
	}
	if m := s.face.Match; m.Known && m.Person != "" {
		score := m.Score.Float()
		f.Score, f.Person, f.Matched = &score, m.Person, score >= float64(d.t.models.identify.score)
	}
	return f
}

func (d *localAPI) verdicts() []local.Verdict {
	list := []local.Verdict{}
	for _, v := range d.t.view.recent() {
		out := local.Verdict{
			Time: v.at, Passage: v.passage.String(), Kind: v.entry, Verdict: v.verdict.String(), Reason: string(v.reason), Text: v.reason.Text(),
			Person: v.person, Name: d.t.people.nameOf(v.person),
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
		{"umbral_camera_mended_total", float64(d.t.frames.decoder.Mended())},
		{"umbral_camera_fps", c.FPS},
		{"umbral_store_entries", float64(s.Entries)},
		{"umbral_store_pending", float64(s.Pending)},
		{"umbral_people", float64(s.People)},
		{"umbral_conditions", float64(len(d.t.health.shown()))},
	} {
		metrics.WriteGaugeFloat64(w, m.name, m.value)
	}
	writeCensus(w, d.t.people.census.Load())
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
	for st := range stages {
		p50, p95, count := d.t.watch.percentiles(st)
		metrics.WriteGaugeFloat64(w, fmt.Sprintf("umbral_stage_seconds{stage=%q,quantile=\"0.5\"}", stageNames[st]), p50.Seconds())
		metrics.WriteGaugeFloat64(w, fmt.Sprintf("umbral_stage_seconds{stage=%q,quantile=\"0.95\"}", stageNames[st]), p95.Seconds())
		metrics.WriteCounterUint64(w, fmt.Sprintf("umbral_stage_total{stage=%q}", stageNames[st]), count)
	}
	for part, n := range d.t.panics.count() {
		metrics.WriteCounterUint64(w, fmt.Sprintf("umbral_panics_total{part=%q}", part), n)
	}
	metrics.WriteProcessMetrics(w)
}

// People, Person and Erase are local.Registry's.

func (d *localAPI) People() ([]local.Person, error) { return d.t.people.cards() }

func (d *localAPI) Person(id string) (local.Person, error) {
	p, err := d.t.people.one(id)
	return p, outward(err)
}

func (d *localAPI) Erase(id, reason string) (local.Erased, error) {
	e, err := d.t.people.erased(id, reason)
	return signReceipt(e, d.t.identity), outward(err)
}

// Enrol reads the pictures, which come from outside, and enrols.
func (d *localAPI) Enrol(ctx context.Context, r local.EnrolRequest) (local.Enrolled, error) {
	pictures := make([]Picture, 0, len(r.Pictures))
	for _, p := range r.Pictures {
		pictures = append(pictures, Picture{Source: p.Source, Data: p.Data, Face: p.Face})
	}
	e, err := d.t.people.enrolPictures(ctx, r.ID, r.Name, pictures)
	return local.Enrolled(e), outward(err)
}

// EnrolLive enrols the person before the camera.
func (d *localAPI) EnrolLive(ctx context.Context, r local.EnrolRequest, progress func(local.Progress)) (local.Enrolled, error) {
	e, err := d.t.people.enrolLive(ctx, r.ID, r.Name, livenessRule(&d.t.cfg.Liveness), func(done, of int, advice string) {
		progress(local.Progress{Done: done, Of: of, Advice: advice})
	})
	return local.Enrolled(e), outward(err)
}

// EnrolFinger enrols a finger at the sensor.
func (d *localAPI) EnrolFinger(ctx context.Context, r local.EnrolRequest, progress func(local.Progress)) (local.Enrolled, error) {
	if d.t.sources.fingers == nil {
		return local.Enrolled{}, fmt.Errorf("%w: this terminal has no fingerprint sensor (finger.sensor)", local.ErrRefused)
	}
	e, err := d.t.people.enrolFinger(ctx, r.ID, r.Name, r.Finger, func(done, of int, advice string) {
		progress(local.Progress{Done: done, Of: of, Advice: advice})
	})
	return local.Enrolled(e), outward(err)
}

// outward gives errors the words of package local.
func outward(err error) error {
	switch {
	case errors.Is(err, ErrRefused), errors.Is(err, evidence.ErrRefused), errors.Is(err, store.ErrInvalid):
		return fmt.Errorf("%w: %w", local.ErrRefused, err)
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", local.ErrUnknown, err)
	}
	return err
}

// nameOf is the name for the screen, from memory: the store is not asked for every frame.
func (p *people) nameOf(id string) string {
	if id == "" {
		return ""
	}
	p.namesMu.Lock()
	defer p.namesMu.Unlock()
	return p.names[id]
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
