package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"umbral/pipeline/models"
)

const (
	// relativeLimit bounds the difference over the range of the reference's output.
	relativeLimit = 1e-3
	// probabilityLimit bounds the absolute difference of softmaxed outputs.
	probabilityLimit = 1e-4
)

// report is the outcome of a comparison.
type report struct {
	Runtime    string      `json:"runtime"`
	Tier       string      `json:"tier"`
	Rows       []row       `json:"outputs"`
	Detections []agreement `json:"detections"`
	Pass       bool        `json:"pass"`
}

// row is one output of one model over all inputs of a kind.
type row struct {
	Model     string  `json:"model"`
	Output    string  `json:"output"`
	Inputs    string  `json:"inputs"` // "random" or "real"
	Count     int     `json:"count"`
	Absolute  float64 `json:"max_absolute"`
	Relative  float64 `json:"max_relative"` // to the range of the output it was found in
	Limit     string  `json:"limit"`
	Pass      bool    `json:"pass"`
	Core      float64 `json:"core_ms"`      // fastest run
	Reference float64 `json:"reference_ms"` // fastest run
}

// allRuns is what the comparison consists of: for each model random inputs, then real ones.
func allRuns(c *core, pictures string) ([]inference, error) {
	const randomInputs = 3
	var runs []inference
	for i, n := range networks() {
		for k := range uint64(randomInputs) {
			runs = append(runs, n.randomRun(uint64(i)<<8|k))
		}
	}
	for i := range 6 {
		more, err := faceRuns(c, pictures, fmt.Sprintf("sample%d.jpg", i+1))
		if err != nil {
			return nil, err
		}
		runs = append(runs, more...)
	}
	return append(runs, textRuns()...), nil
}

func compare(c *core, r reference, runs []inference) (report, error) {
	wanted, version, err := r.do(c.models, runs)
	if err != nil {
		return report{}, err
	}
	all := report{Runtime: version, Tier: c.tier, Pass: true}
	for i, one := range runs {
		names := make([]string, len(wanted[i].outputs))
		for k, o := range wanted[i].outputs {
			names[k] = o.name
		}
		got, err := c.do(one, names...)
		if err != nil {
			return report{}, err
		}
		for k, want := range wanted[i].outputs {
			if err := all.add(one, want, got.outputs[k], got.milliseconds, wanted[i].milliseconds); err != nil {
				return report{}, err
			}
		}
		if one.network.Role != models.Detect || one.source == "random" {
			continue
		}
		faces, err := detections(wanted[i])
		if err != nil {
			return report{}, err
		}
		found, err := detections(got)
		if err != nil {
			return report{}, err
		}
		a := agree(filepath.Base(one.source), faces, found)
		all.Detections = append(all.Detections, a)
		all.Pass = all.Pass && a.Same
	}
	order := networks()
	place := func(r row) int {
		return slices.IndexFunc(order, func(n network) bool { return n.File == r.Model })
	}
	slices.SortStableFunc(all.Rows, func(a, b row) int { return place(a) - place(b) })
	return all, nil
}

// add enters one output into its row.
func (all *report) add(one inference, want, got output, coreMS, referenceMS float64) error {
	if !slices.Equal(want.shape, got.shape) || len(want.data) != len(got.data) {
		return fmt.Errorf("oracle: %s: output %s has shape %v, onnxruntime's has %v", one.network.File, want.name, got.shape, want.shape)
	}
	kind := "real"
	if one.source == "random" {
		kind = "random"
	}
	probability := want.name == one.network.probabilities
	i := slices.IndexFunc(all.Rows, func(r row) bool {
		return r.Model == one.network.File && r.Output == want.name && r.Inputs == kind
	})
	if i < 0 {
		limit := fmt.Sprintf("relative %g", relativeLimit)
		if probability {
			limit = fmt.Sprintf("absolute %g", probabilityLimit)
		}
		i = len(all.Rows)
		all.Rows = append(all.Rows, row{
			Model: one.network.File, Output: want.name, Inputs: kind, Limit: limit, Pass: true,
			Core: math.Inf(1), Reference: math.Inf(1),
		})
	}
	r := &all.Rows[i]
	absolute, relative := difference(want.data, got.data)
	r.Count++
	r.Absolute, r.Relative = max(r.Absolute, absolute), max(r.Relative, relative)
	r.Core, r.Reference = min(r.Core, coreMS), min(r.Reference, referenceMS)
	pass := relative <= relativeLimit
	if probability {
		pass = absolute <= probabilityLimit
	}
	r.Pass = r.Pass && pass
	all.Pass = all.Pass && pass
	return nil
}

// difference is the largest one, absolute and relative to the range of want. What is not a number differs by 10³⁰⁰, so
// that it shows and can be written as JSON.
func difference(want, got []float32) (absolute, relative float64) {
	for i := range want {
		d := math.Abs(float64(want[i]) - float64(got[i]))
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return 1e300, 1e300
		}
		absolute = max(absolute, d)
	}
	spread := float64(slices.Max(want)) - float64(slices.Min(want))
	if absolute == 0 {
		return 0, 0
	}
	if spread == 0 {
		return absolute, 1e300
	}
	return absolute, absolute / spread
}
