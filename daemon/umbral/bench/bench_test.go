package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/plotter"
	"pgregory.net/rapid"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 3}} {
		before := fmt.Sprint(c.values)
		if got := median(c.values); got != c.want || fmt.Sprint(c.values) != before {
			t.Errorf("median of %s is %v, want %v; afterwards %v", before, got, c.want, c.values)
		}
	}
}

func TestEnoughFillsATurn(t *testing.T) {
	for each, want := range map[time.Duration]int{time.Millisecond: 60, time.Second: 3, 0: 1000} {
		n, err := enough(func(n int) ([]time.Duration, error) {
			times := make([]time.Duration, n)
			for i := range times {
				times[i] = each
			}
			return times, nil
		}, 60*time.Millisecond)
		if err != nil || n != want {
			t.Errorf("runs of %v: %d of them, want %d; %v", each, n, want, err)
		}
	}
}

func TestProfileShares(t *testing.T) {
	p := newProfile([]nn.Layer{{Op: "Conv", MACs: 1e6, Bytes: 1000}, {Op: "Add"}})
	for _, us := range []time.Duration{40, 10, 30} {
		p.add([]time.Duration{us * time.Microsecond, 10 * time.Microsecond})
	}
	l := p.layers(100)
	if l[0].Micros != 30 || l[0].Share != 0.75 || l[1].Share != 0.25 {
		t.Errorf("times and shares: %+v", l)
	}
	if got := l[0].GFLOPS; got < 66.6 || got > 66.7 || l[0].OfPeak != got/100 || l[0].Intensity != 2000 {
		t.Errorf("speed: %+v", l[0])
	}
}

// One small model is measured for real: the report holds together and is what JSON gives back.
func TestModels(t *testing.T) {
	pathstest.Model(t, "fr_eye.onnx")
	all, err := Subjects(models.Default(), filepath.Dir(pathstest.Model(t, "fr_eye.onnx")))
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOpts()
	o.Rounds, o.Turn, o.Threads = 3, time.Millisecond, []int{1, 2}
	var progress strings.Builder
	o.Progress = &progress
	if o.Subjects, err = Pick(all, []string{"eye"}); err != nil {
		t.Fatal(err)
	}
	r, err := Models(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 2 || r.Peak <= 0 || r.Bandwidth <= 0 {
		t.Fatalf("report %+v", r)
	}
	for _, m := range r.Results {
		var macs int64
		for _, l := range m.Layers {
			macs += l.MACs
		}
		if m.Millis <= 0 || m.Low > m.Millis || m.Millis > m.High || m.MACs != macs || m.OfPeak <= 0 {
			t.Errorf("result %+v", m)
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil || len(back.Results[1].Layers) != len(r.Results[1].Layers) {
		t.Errorf("JSON gives back %+v, %v", back, err)
	}
	var text strings.Builder
	r.Print(&text)
	r.PrintLayers(&text)
	for _, want := range []string{"eye", "GFLOP/s", "2 threads are so many times as fast as one: eye", "Conv", "by algorithm: "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, text.String())
		}
	}
	if !strings.Contains(progress.String(), "eye (1 of 1)") || !strings.HasSuffix(progress.String(), " \r") {
		t.Errorf("progress %q", progress.String())
	}
	picture := filepath.Join(t.TempDir(), "roofline.png")
	if err := o.CheckPlot(picture); err != nil {
		t.Error(err)
	}
	if err := r.PlotRoofline(picture); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(picture); err != nil || info.Size() < 5000 {
		t.Errorf("the picture: %v, %v", info, err)
	}
}

func TestBadOptions(t *testing.T) {
	all, err := Subjects(models.Default(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pick(all, []string{"detective"}); err == nil || !strings.Contains(err.Error(), `"detective"`) || !strings.Contains(err.Error(), "feature") {
		t.Errorf("an unknown model: %v", err)
	}
	for _, change := range []func(*Opts){
		func(o *Opts) { o.Rounds = 0 },
		func(o *Opts) { o.Threads = []int{0} },
		func(o *Opts) { o.Threads = []int{1, 65} },
		func(o *Opts) { o.Threads = []int{2, 2} },
		func(o *Opts) { o.Threads = nil },
		func(o *Opts) { o.Tier = "mmx" },
	} {
		o := DefaultOpts()
		change(&o)
		if _, err := Models(t.Context(), o); err == nil {
			t.Errorf("options %+v are measured", o)
		}
	}
}

// What can't be drawn is said before anything is measured.
func TestBadPlots(t *testing.T) {
	for path, want := range map[string]string{"roofline.bmp": "unknown ending", "none/roofline.png": "no such file"} {
		o := DefaultOpts()
		if err := o.CheckPlot(filepath.Join(t.TempDir(), path)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", path, err, want)
		}
	}
	o := Opts{Threads: []int{2}}
	if err := o.CheckPlot("roofline.png"); err == nil || !strings.Contains(err.Error(), "one core") {
		t.Errorf("a plot of several cores: %v", err)
	}
}

// Labels are moved down only as far as they must, and none covers another afterwards.
func TestLabelsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var places plotter.XYs
		for range rapid.IntRange(0, 9).Draw(t, "labels") {
			places = append(places, plotter.XY{X: rapid.Float64Range(0.25, 128).Draw(t, "x"), Y: rapid.Float64Range(0.5, 256).Draw(t, "y")})
		}
		before := slices.Clone(places)
		apart(places)
		for i, a := range places {
			if a.X != before[i].X || a.Y > before[i].Y {
				t.Fatalf("label %d went from %v to %v", i, before[i], a)
			}
			for j, b := range places[:i] {
				if math.Abs(math.Log2(a.X/b.X)) < labelWidth && math.Abs(math.Log2(a.Y/b.Y)) < labelHeight-1e-6 {
					t.Fatalf("labels %d and %d cover each other: %v, %v", j, i, b, a)
				}
			}
		}
	})
}

func TestMeanRatio(t *testing.T) {
	r := Report{Results: []Result{{Threads: 1, Ratio: 0.25}, {Threads: 1, Ratio: 1}, {Threads: 2, Ratio: 3}, {Threads: 1}}}
	if mean, models := r.MeanRatio(1); models != 2 || math.Abs(mean-0.5) > 1e-9 {
		t.Errorf("mean %v of %d models", mean, models)
	}
	if mean, models := r.MeanRatio(4); models != 0 || mean != 0 {
		t.Errorf("mean %v of %d models where none was measured", mean, models)
	}
}

func TestSearch(t *testing.T) {
	r, err := Search(t.Context(), 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	if r.Millis <= 0 || r.Exact <= 0 || r.Rate <= 0 || r.OfBandwidth <= 0 || r.Same != 3 || r.Probes != 3 {
		t.Errorf("result %+v", r)
	}
	var text strings.Builder
	if r.Print(&text); !strings.Contains(text.String(), "same two people for 3 of 3 probes") {
		t.Errorf("the table:\n%s", text.String())
	}
	for _, bad := range [][2]int{{0, 1}, {maxReferences + 1, 1}, {1, 0}, {1, maxSearches + 1}} {
		if _, err := Search(t.Context(), bad[0], bad[1]); err == nil || !strings.Contains(err.Error(), "allowed are 1 to") {
			t.Errorf("%v references and rounds: %v", bad, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Search(ctx, 100, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted search: %v", err)
	}
}
