package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"umbral/config/paths"
)

// golden is one file of the golden set: what onnxruntime gives for one seeded input. Its form is documented where it is
// read, in pipeline/nn/golden_test.go.
type golden struct {
	Model     string         `json:"model"`
	SHA256    string         `json:"sha256"`
	Reference string         `json:"reference"`
	Input     goldenInput    `json:"input"`
	Outputs   []goldenOutput `json:"outputs"`
}

type goldenInput struct {
	Name   string  `json:"name"`
	Shape  []int   `json:"shape"`
	Kind   string  `json:"kind"`
	Seed   uint64  `json:"seed"`
	Low    float32 `json:"low"`
	High   float32 `json:"high"`
	SHA256 string  `json:"sha256"`
}

type goldenOutput struct {
	Name        string    `json:"name"`
	Shape       []int     `json:"shape"`
	Probability bool      `json:"probability"`
	Min         float32   `json:"min"`
	Max         float32   `json:"max"`
	Mean        float64   `json:"mean"`
	RMS         float64   `json:"rms"`
	Positions   []int     `json:"positions"`
	Values      []float32 `json:"values"`
}

const goldenSeed = 20260101

func writeGolden(r reference, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	var runs []inference
	for i, n := range networks() {
		runs = append(runs, n.randomRun(goldenSeed+uint64(i)))
	}
	results, version, err := r.do(paths.Models(), runs)
	if err != nil {
		return err
	}
	for i, one := range runs {
		n := one.network
		low, high := n.span()
		model, err := os.ReadFile(filepath.Join(paths.Models(), n.File))
		if err != nil {
			return fmt.Errorf("oracle: %w", err)
		}
		g := golden{
			Model:     n.File,
			SHA256:    fmt.Sprintf("%x", sha256.Sum256(model)),
			Reference: "onnxruntime-node " + version + ", CPU, one thread",
			Input: goldenInput{
				Name: n.Input.Name, Shape: one.shape, Kind: n.kind(), Seed: goldenSeed + uint64(i), Low: low, High: high,
				SHA256: fmt.Sprintf("%x", sha256.Sum256(floatBytes(one.data))),
			},
		}
		for _, o := range results[i].outputs {
			g.Outputs = append(g.Outputs, summary(o, o.name == n.probabilities))
		}
		text, err := json.Marshal(g)
		if err != nil {
			return fmt.Errorf("oracle: %s: %w", n.File, err)
		}
		name := filepath.Join(dir, n.File[:len(n.File)-len(".onnx")]+".json")
		if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
			return fmt.Errorf("oracle: %w", err)
		}
		fmt.Printf("oracle: %s: %d bytes\n", name, len(text)+1)
	}
	return nil
}

// summary keeps 128 values at even distances and the 128 of the largest magnitude: a text reader's output is nearly all
// zero, and the even ones alone would say little.
func summary(o output, probability bool) goldenOutput {
	const each = 128
	g := goldenOutput{Name: o.name, Shape: o.shape, Probability: probability, Min: slices.Min(o.data), Max: slices.Max(o.data)}
	places := make([]int, len(o.data))
	for i, v := range o.data {
		places[i] = i
		g.Mean += float64(v) / float64(len(o.data))
		g.RMS += float64(v) * float64(v) / float64(len(o.data))
	}
	g.RMS = math.Sqrt(g.RMS)
	slices.SortFunc(places, func(a, b int) int {
		x, y := math.Abs(float64(o.data[a])), math.Abs(float64(o.data[b]))
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return a - b
	})
	chosen := slices.Clone(places[:min(each, len(places))])
	for i := range each {
		chosen = append(chosen, i*len(o.data)/each)
	}
	slices.Sort(chosen)
	g.Positions = slices.Compact(chosen)
	for _, p := range g.Positions {
		g.Values = append(g.Values, o.data[p])
	}
	return g
}
