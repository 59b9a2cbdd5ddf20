package nn_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
)

// golden is what onnxruntime gave for one model and one seeded input. "scripts/oracle/run --golden" writes these files.
type golden struct {
	Model  string // file
	SHA256 string // of it
	Input  struct {
		Name      string
		Shape     []int
		Kind      string // how the values come from the seed: noise or strokes
		Seed      uint64
		Low, High float32
		SHA256    string // of the values as little-endian float32
	}
	Outputs []struct {
		Name        string
		Shape       []int
		Probability bool // softmaxed: compared by absolute difference
		// Of all values of the output.
		Min, Max  float32
		Mean, RMS float64
		// Positions in the flat output and the Values there: 128 at even distances and the 128 largest.
		Positions []int
		Values    []float32
	}
}

// What the core may differ by: a thousandth of an output's range, a ten-thousandth for probabilities.
const (
	goldenRelative    = 1e-3
	goldenProbability = 1e-4
)

func TestAgreesWithOnnxruntime(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	if err != nil || len(files) != 9 {
		t.Fatalf("%d golden files (%v), want 9", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var g golden
			if err := json.Unmarshal(text, &g); err != nil {
				t.Fatal(err)
			}
			for _, tier := range kernel.Names() {
				t.Run(tier, func(t *testing.T) { g.check(t, tier) })
			}
		})
	}
}

func (g *golden) check(t *testing.T, tier string) {
	path := pathstest.Model(t, g.Model)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(raw)); sum != g.SHA256 {
		t.Fatalf("%s has SHA-256 %s, the golden values belong to %s", path, sum, g.SHA256)
	}
	model, err := nn.Open(path, nn.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	program, err := model.Compile(nn.Options{Shapes: map[string][]int{g.Input.Name: g.Input.Shape}, Tier: tier})
	if err != nil {
		t.Fatal(err)
	}
	input, err := program.Input(g.Input.Name)
	if err != nil {
		t.Fatal(err)
	}
	g.fill(t, input)
	if err := program.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range g.Outputs {
		got, shape, err := program.Output(want.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !slices.Equal(shape, want.Shape) {
			t.Errorf("output %s has shape %v, want %v", want.Name, shape, want.Shape)
			continue
		}
		limit := goldenRelative * (float64(want.Max) - float64(want.Min))
		if want.Probability {
			limit = goldenProbability
		}
		worst, at := 0.0, 0
		for i, position := range want.Positions {
			d := math.Abs(float64(got[position]) - float64(want.Values[i]))
			if !(d <= worst) { // also not a number
				worst, at = d, position
			}
		}
		if !(worst <= limit) {
			t.Errorf("output %s differs by %g at %d, limit %g", want.Name, worst, at, limit)
		}
		// The samples leave out most of a large output; its sums see the rest.
		mean, rms := statistics(got)
		if !(math.Abs(mean-want.Mean) <= limit) || !(math.Abs(rms-want.RMS) <= limit) {
			t.Errorf("output %s has mean %g and RMS %g, want %g and %g ± %g", want.Name, mean, rms, want.Mean, want.RMS, limit)
		}
		low, high := slices.Min(got), slices.Max(got)
		if !(math.Abs(float64(low)-float64(want.Min)) <= limit) || !(math.Abs(float64(high)-float64(want.Max)) <= limit) {
			t.Errorf("output %s lies in %g to %g, want %g to %g ± %g", want.Name, low, high, want.Min, want.Max, limit)
		}
	}
}

func statistics(values []float32) (mean, rms float64) {
	for _, v := range values {
		mean += float64(v)
		rms += float64(v) * float64(v)
	}
	n := float64(len(values))
	return mean / n, math.Sqrt(rms / n)
}

// fill makes the input that the golden values belong to, and proves that it is the same.
func (g *golden) fill(t *testing.T, input []float32) {
	t.Helper()
	n := 1
	for _, d := range g.Input.Shape {
		n *= d
	}
	if len(input) != n {
		t.Fatalf("input %s has %d values, shape %v needs %d", g.Input.Name, len(input), g.Input.Shape, n)
	}
	switch g.Input.Kind {
	case "noise":
		goldenNoise(input, g.Input.Seed, g.Input.Low, g.Input.High)
	case "strokes":
		goldenStrokes(input, g.Input.Seed, g.Input.Low, g.Input.High, g.Input.Shape)
	default:
		t.Fatalf("input of kind %q", g.Input.Kind)
	}
	raw := make([]byte, 0, 4*n)
	for _, v := range input {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(raw)); sum != g.Input.SHA256 {
		t.Fatalf("generated input has SHA-256 %s, want %s", sum, g.Input.SHA256)
	}
}

// splitmix64 is a generator of random bits (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014).
type splitmix64 uint64

func (s *splitmix64) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// goldenNoise fills values from low to high, each from the upper 24 bits of one output.
func goldenNoise(values []float32, seed uint64, low, high float32) {
	generator := splitmix64(seed)
	for i := range values {
		share := float64(generator.next()>>40) / (1 << 24)
		values[i] = float32(float64(low) + float64((float64(high)-float64(low))*share))
	}
}

// goldenStrokes draws a page that a text finder takes for text, where it finds nothing in noise: of every 32 rows, 18
// hold cells of 2×3 pixels that are low or high by the highest bit of one output, the rest is high; all planes are the
// same.
func goldenStrokes(values []float32, seed uint64, low, high float32, shape []int) {
	const line, written, cellWidth, cellHeight = 32, 18, 2, 3
	generator := splitmix64(seed)
	h, w := shape[2], shape[3]
	for i := range values {
		values[i] = high
	}
	for y := 0; y < h; y += cellHeight {
		for x := 0; x < w; x += cellWidth {
			if generator.next()>>63 == 0 {
				continue
			}
			for cy := y; cy < min(y+cellHeight, h); cy++ {
				for cx := x; cx < min(x+cellWidth, w) && cy%line < written; cx++ {
					for plane := range shape[1] {
						values[(plane*h+cy)*w+cx] = low
					}
				}
			}
		}
	}
}
