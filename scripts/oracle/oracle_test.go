package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"umbral/pipeline/vision"
)

func TestDifference(t *testing.T) {
	nan := float32(math.NaN())
	tests := map[string]struct {
		want, got          []float32
		absolute, relative float64
	}{
		"same":                  {[]float32{1, 2}, []float32{1, 2}, 0, 0},
		"a tenth of the range":  {[]float32{-1, 1, 0}, []float32{-1, 1, 0.2}, 0.2, 0.1},
		"same constant":         {[]float32{3, 3}, []float32{3, 3}, 0, 0},
		"another constant":      {[]float32{3, 3}, []float32{3, 4}, 1, 1e300},
		"not a number":          {[]float32{1, 2}, []float32{1, nan}, 1e300, 1e300},
		"infinite on one side":  {[]float32{1, 2}, []float32{float32(math.Inf(1)), 2}, 1e300, 1e300},
		"not a number, wanted":  {[]float32{1, nan}, []float32{1, nan}, 1e300, 1e300},
		"infinite on both ends": {[]float32{float32(math.Inf(1)), 2}, []float32{float32(math.Inf(1)), 2}, 1e300, 1e300},
	}
	for name, test := range tests {
		absolute, relative := difference(test.want, test.got)
		if math.Abs(absolute-test.absolute) > 1e-6 || math.Abs(relative-test.relative) > 1e-6 {
			t.Errorf("%s: %g and %g, want %g and %g", name, absolute, relative, test.absolute, test.relative)
		}
	}
}

func TestDetections(t *testing.T) {
	scores := []float32{0.4, 0.6, 0.1, 0.9, 0.3, 0.7, 0.8, 0.2}
	boxes := []float32{
		0.5, 0.5, 0.7, 0.7, // another face
		0.1, 0.1, 0.3, 0.3,
		0.12, 0.1, 0.32, 0.3, // the same again
		0.8, 0.8, 0.9, 0.9, // too low a score
	}
	got, err := detections(result{outputs: []output{{name: "scores", data: scores}, {name: "boxes", data: boxes}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []detection{
		{0.9, vision.Rect{X0: 0.1, Y0: 0.1, X1: 0.3, Y1: 0.3}},
		{0.6, vision.Rect{X0: 0.5, Y0: 0.5, X1: 0.7, Y1: 0.7}},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(detection{})); d != "" {
		t.Error(d)
	}
	if _, err := detections(result{}); err == nil {
		t.Error("no outputs, no error")
	}
}

func TestAgree(t *testing.T) {
	a := detection{0.9, vision.Rect{X0: 0.1, Y0: 0.1, X1: 0.3, Y1: 0.3}}
	b := detection{0.8, vision.Rect{X0: 0.5, Y0: 0.5, X1: 0.7, Y1: 0.7}}
	near := a
	near.box.X1 += 0.005 / 320
	far := a
	far.box.Y0 += 0.02 / 240
	tests := map[string]struct {
		want, got []detection
		same      bool
		worst     float64
	}{
		"nobody":        {nil, nil, true, 0},
		"the same":      {[]detection{a, b}, []detection{a, b}, true, 0},
		"within limits": {[]detection{a, b}, []detection{near, b}, true, 0.005},
		"too far":       {[]detection{a}, []detection{far}, false, 0.02},
		"one missing":   {[]detection{a, b}, []detection{a}, false, 0},
		"other order":   {[]detection{a, b}, []detection{b, a}, false, 128},
	}
	for name, test := range tests {
		got := agree("p", test.want, test.got)
		want := agreement{Picture: "p", Reference: len(test.want), Core: len(test.got), WorstSide: test.worst, Same: test.same}
		if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-4)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// The generators here make the inputs that the kept golden values belong to.
func TestGoldenInputs(t *testing.T) {
	for i, n := range networks() {
		text, err := os.ReadFile(filepath.Join("..", "..", "pipeline", "nn", "testdata", "golden", n.File[:len(n.File)-len(".onnx")]+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var g golden
		if err := json.Unmarshal(text, &g); err != nil {
			t.Fatal(err)
		}
		data := n.randomRun(goldenSeed + uint64(i)).data
		if sum := fmt.Sprintf("%x", sha256.Sum256(floatBytes(data))); sum != g.Input.SHA256 {
			t.Errorf("%s: input has SHA-256 %s, the golden file says %s", n.File, sum, g.Input.SHA256)
		}
	}
}

func TestRenderedTextIsDark(t *testing.T) {
	img := written(3, "UMBRAL")
	light := vision.Brightness(img, img.Bounds())
	if light.Mean > 215 || light.Mean < 120 || light.Dark < 0.03 {
		t.Errorf("a rendered line has brightness %+v: no black letters on light grey", light)
	}
	if len(textRuns()) != 3*len(lines)+1 {
		t.Errorf("%d text inputs, want %d", len(textRuns()), 3*len(lines)+1)
	}
}
