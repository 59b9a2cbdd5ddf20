package finger

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/drivers/fingerprint"
	"umbral/pipeline/finger"
)

const side = 192 // pixels of a picture's width and height

// pictures are impressions that were read once: which × 10 + n.
var pictures sync.Map

// impression returns impression n of a finger. It skips the test where the labelled data is absent.
func impression(t testing.TB, which, n int) []byte {
	t.Helper()
	if pix, has := pictures.Load(which*10 + n); has {
		return pix.([]byte)
	}
	pix := pathstest.Fingerprint(t, which, n, side, side)
	pictures.Store(which*10+n, pix)
	return pix
}

// blank is a finger of which nothing can be seen.
var blank = slices.Repeat([]byte{128}, side*side)

// template returns what is extracted from an impression.
func template(t testing.TB, which, n int) *finger.Template {
	t.Helper()
	o := finger.DefaultOpts()
	o.MaxWidth, o.MaxHeight, o.MaxMinutiae = side, side, maxMinutiae
	e, err := finger.New(o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Extract(impression(t, which, n), side, side, 500)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// record returns the record of two impressions of a finger.
func record(t testing.TB, which int) Record {
	t.Helper()
	data, err := finger.EncodeISO(template(t, which, 1), template(t, which, 2))
	if err != nil {
		t.Fatal(err)
	}
	return Record{Position: 2, Data: data}
}

// drawn returns a record that no picture is needed for.
func drawn(t testing.TB) Record {
	t.Helper()
	p := &finger.Template{Width: side, Height: side, Quality: 50}
	for i := range int16(20) {
		p.Minutiae = append(p.Minutiae, finger.Minutia{X: 20 + i%5*30, Y: 20 + i/5*40})
	}
	data, err := finger.EncodeISO(p)
	if err != nil {
		t.Fatal(err)
	}
	return Record{Position: 2, Data: data}
}

// records are enrolled fingers in memory.
type records struct {
	fingers                         map[string][]Record
	suspended                       map[string]bool
	failSuspended, failOf, failEach error
}

func (r *records) Suspended(id string) (bool, error) { return r.suspended[id], r.failSuspended }

func (r *records) Of(id string) ([]Record, error) { return r.fingers[id], r.failOf }

func (r *records) Each(f func(id string, r Record) error) error {
	for id, list := range r.fingers {
		for _, record := range list {
			if err := f(id, record); err != nil {
				return err
			}
		}
	}
	return r.failEach
}

// sensor is a sensor whose exchanges take the time that those of a real one do.
type sensor struct {
	mu       sync.Mutex
	finger   []byte // on the sensor; nil where there is none
	fault    error  // of each exchange
	smeared  bool   // no picture is usable
	pictured int
	lit      bool
}

func (s *sensor) String() string { return "sensor of a test" }

func (s *sensor) Halt() error { return nil }

func (s *sensor) exchange(ctx context.Context, takes time.Duration) (pix []byte, err error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(takes):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finger, s.fault
}

func (s *sensor) Present(ctx context.Context) (bool, error) {
	pix, err := s.exchange(ctx, 30*time.Millisecond)
	return pix != nil, err
}

func (s *sensor) Capture(ctx context.Context) (fingerprint.Image, error) {
	pix, err := s.exchange(ctx, 600*time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		return fingerprint.Image{}, err
	case pix == nil:
		return fingerprint.Image{}, fingerprint.ErrNoFinger
	}
	s.pictured++
	if s.smeared {
		return fingerprint.Image{}, fingerprint.ErrPicture
	}
	return fingerprint.Image{Pix: pix, Width: side, Height: side, DPI: 500}, nil
}

func (s *sensor) Health(ctx context.Context) fingerprint.Health {
	h := fingerprint.Health{Device: s.String()}
	if _, err := s.exchange(ctx, 30*time.Millisecond); err != nil {
		h.Fault = err.Error()
	}
	return h
}

func (s *sensor) Light(_ context.Context, _ fingerprint.Color, e fingerprint.Effect) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lit = e != fingerprint.Off
	return nil
}

func (s *sensor) put(pix []byte) { s.mu.Lock(); s.finger = pix; s.mu.Unlock() }

func (s *sensor) breaks(err error) { s.mu.Lock(); s.fault = err; s.mu.Unlock() }

func (s *sensor) smear() { s.mu.Lock(); s.smeared = true; s.mu.Unlock() }

func (s *sensor) state() (pictured int, lit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pictured, s.lit
}

var errUnplugged = errors.New("unplugged")

// rig is a source with its world, in a bubble.
type rig struct {
	*Source
	sensor  *sensor
	records *records

	mu     sync.Mutex
	heard  []passage.Evidence
	number uint64
}

// options are those of a source for tests, with nobody enrolled.
func options() Opts {
	return Opts{
		Sensor: &sensor{}, Records: &records{fingers: map[string][]Record{}, suspended: map[string]bool{}},
		Search: true, Gallery: 50, MaxWidth: side, MaxHeight: side, FMR: 1e-3, Presses: 3, LeastQuality: 15,
		Log: slog.New(slog.DiscardHandler),
	}
}

// newRig returns a source that does not run yet; change adapts its options.
func newRig(t *testing.T, change func(o *Opts, r *records)) *rig {
	t.Helper()
	o := options()
	r := &rig{sensor: o.Sensor.(*sensor), records: o.Records.(*records)}
	if change != nil {
		change(&o, r.records)
	}
	var err error
	if r.Source, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

// start runs the source until the test ends.
func (r *rig) start(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- r.Run(ctx, func(e passage.Evidence) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.heard = append(r.heard, e)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// ask asks for the finger of somebody, or of whoever it is, in a new passage.
func (r *rig) ask(person string) {
	r.mu.Lock()
	r.number++
	r.heard = nil
	id := passage.ID{Boot: 1, Number: r.number}
	r.mu.Unlock()
	r.Want(passage.Demand{Passage: id, Ask: policy.Set(0).With(policy.Finger), Subject: person})
}

// until waits in the bubble's time.
func until(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for range 600 {
		synctest.Wait()
		if ready() {
			return
		}
		time.Sleep(poll)
	}
	t.Fatalf("%s did not come", what)
}

// press lays a finger on the sensor until it was pictured, and lifts it long enough for that to be seen.
func (r *rig) press(t *testing.T, pix []byte) {
	t.Helper()
	r.lift() // nobody presses before the screen asks
	before, _ := r.sensor.state()
	r.sensor.put(pix)
	until(t, "the picture of a finger", func() bool { n, _ := r.sensor.state(); return n > before })
	r.lift()
}

func (r *rig) lift() {
	r.sensor.put(nil)
	time.Sleep(3 * poll)
	synctest.Wait()
}

// outcomes returns what was observed since the last question.
func (r *rig) outcomes() []passage.Evidence {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heard)
}

// answer waits for the outcome of the last question, and compares it with what is wanted.
func (r *rig) answer(t *testing.T, what string, want passage.Evidence) {
	t.Helper()
	until(t, "the outcome of "+what, func() bool { return len(r.outcomes()) > 0 })
	e := r.outcomes()[0]
	if want.Kind = policy.Finger; e.Score != 0 {
		want.Score = e.Score // compared where it matters
	}
	want.Passage = passage.ID{Boot: 1, Number: r.number}
	if e != want {
		t.Errorf("%s: %+v, want %+v", what, e, want)
	}
	r.Want(passage.Demand{})
}

// accepted is the outcome of a finger that is somebody's.
func accepted(id string) passage.Evidence {
	return passage.Evidence{Outcome: passage.Accepted, Subject: id}
}
