package finger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"testing"
)

// drawn makes a print whose minutiae are known: parallel waves with a vortex of the phase at each minutia (Larkin and
// Fletcher, Optics Express 15, 2007), seen through a turn about the middle.
func drawn(side int, minutiae [][2]float64, turn float64) []byte {
	pix := make([]byte, side*side)
	c, s, mid := math.Cos(turn), math.Sin(turn), float64(side)/2
	for y := range side {
		for x := range side {
			dx, dy := float64(x)-mid, float64(y)-mid
			px, py := mid+dx*c-dy*s, mid+dx*s+dy*c
			phase := 2 * math.Pi / 9 * (py + 12*math.Sin(px/60))
			for i, m := range minutiae {
				sign := float64(1 - i%2*2)
				phase += sign * math.Atan2(py-m[1], px-m[0])
			}
			v := 128 + 100*math.Sin(phase)
			if math.Hypot(dx, dy) > mid-12 {
				v = 250 // beyond the finger
			}
			pix[y*side+x] = uint8(math.Round(v))
		}
	}
	return pix
}

// scattered are places for n minutiae at least 24 pixels apart.
func scattered(seed, n int) (list [][2]float64) {
	state := uint32(seed)*2654435761 + 12345
	next := func() float64 {
		state = state*1664525 + 1013904223
		return float64(state>>8) / (1 << 24)
	}
	for len(list) < n {
		p := [2]float64{60 + 180*next(), 60 + 180*next()}
		free := true
		for _, q := range list {
			free = free && math.Hypot(p[0]-q[0], p[1]-q[1]) > 24
		}
		if free {
			list = append(list, p)
		}
	}
	return list
}

func extractor(t testing.TB) *Extractor {
	t.Helper()
	e, err := New(DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func extract(t testing.TB, e *Extractor, pix []byte, side int) *Template {
	t.Helper()
	print, err := e.Extract(pix, side, side, 500)
	if err != nil {
		t.Fatal(err)
	}
	return print
}

// Minutiae that were drawn are found, and few others.
func TestKnownMinutiae(t *testing.T) {
	e := extractor(t)
	drawnN, foundN, extra := 0, 0, 0
	for seed := range 6 {
		places := scattered(seed, 16)
		print := extract(t, e, drawn(300, places, 0), 300)
		drawnN += len(places)
		hit := 0
		for _, p := range places {
			for _, m := range print.Minutiae {
				if math.Hypot(float64(m.X)-p[0], float64(m.Y)-p[1]) < 10 {
					hit++
					break
				}
			}
		}
		foundN += hit
		extra += len(print.Minutiae) - hit
	}
	t.Logf("%d drawn, %d found, %d others", drawnN, foundN, extra)
	if foundN*100 < drawnN*85 || extra*100 > drawnN*15 {
		t.Errorf("%d minutiae drawn, %d found, %d others", drawnN, foundN, extra)
	}
}

// A turned print is the same finger at every angle; another arrangement is not.
func TestTurned(t *testing.T) {
	e, m := extractor(t), NewMatcher()
	ref := extract(t, e, drawn(300, scattered(1, 20), 0), 300)
	other := extract(t, e, drawn(300, scattered(2, 20), 0), 300)
	for turn := 0.0; turn < 2*math.Pi; turn += math.Pi / 5 {
		probe := extract(t, e, drawn(300, scattered(1, 20), turn), 300)
		same, strange := m.Compare(probe, ref), m.Compare(probe, other)
		if same < 2 || strange > 0 {
			t.Errorf("turned by %.1f: %v against itself, %v against another", turn, same, strange)
		}
	}
}

// The same bits on every processor: the digest was made on amd64 and is checked wherever the tests run.
func TestSameEverywhere(t *testing.T) {
	e, m := extractor(t), NewMatcher()
	h := sha256.New()
	var prints []*Template
	for seed := range 4 {
		print := extract(t, e, drawn(300, scattered(seed/2, 18), float64(seed%2)*0.3), 300)
		b, err := EncodeISO(print)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
		prints = append(prints, print)
	}
	for _, a := range prints {
		for _, b := range prints {
			fmt.Fprintln(h, m.Compare(a, b))
		}
	}
	const want = "9b5ad12cbf7cac88e9510fb119b9fb55adaa8234dec7298a813cfab07612ccee"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("digest %s, wanted %s", got, want)
	}
}

func TestResampled(t *testing.T) {
	e, m := extractor(t), NewMatcher()
	pix := drawn(300, scattered(1, 20), 0)
	ref := extract(t, e, pix, 300)
	double := make([]byte, 600*600)
	for i := range double {
		double[i] = pix[i/600/2*300+i%600/2]
	}
	probe, err := e.Extract(double, 600, 600, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if probe.Width != 300 || m.Compare(probe, ref) < 2 {
		t.Errorf("at 1000 dpi: width %d, score %v", probe.Width, m.Compare(probe, ref))
	}
}

func TestCompareAllocatesNothing(t *testing.T) {
	e, m := extractor(t), NewMatcher()
	a := extract(t, e, drawn(300, scattered(1, 20), 0), 300)
	b := extract(t, e, drawn(300, scattered(1, 20), 0.4), 300)
	if n := testing.AllocsPerRun(20, func() { m.Compare(a, b) }); n != 0 {
		t.Errorf("%v allocations a comparison", n)
	}
}

func TestHostilePictures(t *testing.T) {
	e := extractor(t)
	for name, c := range map[string]struct {
		pix                []byte
		width, height, dpi int
		none               bool
	}{
		"empty":    {nil, 0, 0, 500, false},
		"short":    {make([]byte, 10), 100, 100, 500, false},
		"overflow": {make([]byte, 10), math.MaxInt, math.MaxInt, 500, false},
		"negative": {make([]byte, 100), -10, -10, 500, false},
		"small":    {make([]byte, 32*32), 32, 32, 500, false},
		"large":    {make([]byte, 2000*2000), 2000, 2000, 500, false},
		"dpi":      {make([]byte, 300*300), 300, 300, 72, false},
		"black":    {make([]byte, 300*300), 300, 300, 500, true},
	} {
		print, err := e.Extract(c.pix, c.width, c.height, c.dpi)
		if err == nil || print != nil || c.none != errors.Is(err, ErrNoPrint) {
			t.Errorf("%s: %v, %v", name, print, err)
		}
	}
	for _, o := range []Opts{{}, {MaxWidth: 1 << 20, MaxHeight: 300, MaxMinutiae: 50}, {MaxWidth: 300, MaxHeight: 300, MaxMinutiae: 256}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
}

func TestEmptyTemplates(t *testing.T) {
	e, m := extractor(t), NewMatcher()
	full := extract(t, e, drawn(300, scattered(1, 20), 0), 300)
	empty := &Template{Width: 300, Height: 300}
	empty.finish()
	if s := m.Compare(full, empty); s > -1 {
		t.Errorf("against an empty template: %v", s)
	}
	if s := m.Compare(empty, empty); s > -1 {
		t.Errorf("two empty templates: %v", s)
	}
}

func TestThreshold(t *testing.T) {
	last := Score(-10)
	for _, fmr := range []float64{0.1, 0.01, 1e-3, 1e-4} {
		s, err := Threshold(fmr)
		if err != nil || s <= last {
			t.Errorf("FMR %g: %v, %v", fmr, s, err)
		}
		last = s
	}
	if _, err := Threshold(1e-6); err == nil {
		t.Error("a threshold for a rate that was never measured")
	}
	for _, p := range Calibration {
		if rate := float64(p.Matches) / float64(p.Trials); rate > p.FMR {
			t.Errorf("%+v: measured %g", p, rate)
		}
	}
}

func TestEnrolment(t *testing.T) {
	e, m := extractor(t), NewMatcher()
	finger := extract(t, e, drawn(300, scattered(1, 20), 0), 300)
	stranger := extract(t, e, drawn(300, scattered(2, 20), 0), 300)
	enrol, err := NewEnrolment(m, DefaultEnrolOpts())
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		press *Template
		want  Prompt
	}{
		{nil, PressFirmly}, {finger, PressAgain}, {stranger, SameFinger}, {finger, MoveLeft},
		{extract(t, e, drawn(300, scattered(1, 20), 0.2), 300), MoveRight}, {finger, Finished}, {finger, Finished},
	} {
		if got, err := enrol.Add(c.press); err != nil || got != c.want {
			t.Fatalf("press %d: %q, %v, wanted %q", i, got, err, c.want)
		}
	}
	views := enrol.Views()
	if n, of := enrol.Good(); n != 4 || of != 4 || len(views) != 4 {
		t.Errorf("%d of %d, %d views", n, of, len(views))
	}
	g, err := NewGallery(5)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Put("ana", views); err != nil {
		t.Fatal(err)
	}
	if err := g.Put("ben", views[:2]); err == nil {
		t.Error("six views in a gallery of five")
	}
	if err := g.Put("ben", []*Template{stranger}); err != nil {
		t.Fatal(err)
	}
	best, second := g.Search(finger)
	if best.ID != "ana" || second.ID != "ben" || best.Score < 2 || second.Score > 0 {
		t.Errorf("found %+v, then %+v", best, second)
	}
	if !g.Remove("ana") || g.Remove("ana") || g.Len() != 1 {
		t.Errorf("%d people after one of two was removed", g.Len())
	}
	enrol, err = NewEnrolment(m, EnrolOpts{Presses: 1, Attempts: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enrol.Add(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := enrol.Add(nil); !errors.Is(err, ErrEnrol) {
		t.Errorf("two bad presses of two: %v", err)
	}
}
