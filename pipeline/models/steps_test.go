package models

import (
	"math"
	"strings"
	"testing"
)

func TestSteps(t *testing.T) {
	steps, err := calibrations().Steps("lfw")
	if err != nil {
		t.Fatal(err)
	}
	// Between 0.418 and 0.485 lie 0.947 − 0.903 of one person's and 9e-5 of strangers' comparisons.
	if len(steps) != 5 || math.Abs(steps[2].LLR-math.Log(0.044/9e-5)) > 1e-6 || math.Abs(steps[4].LLR-math.Log(0.667/1e-6)) > 1e-6 || steps[0].LLR > -3 {
		t.Errorf("steps %+v", steps)
	}
	// A likelihood ratio's mean over strangers is one.
	mean := 0.0
	for i, s := range steps {
		mass := s.FMR
		if i+1 < len(steps) {
			mass -= steps[i+1].FMR
		}
		mean += mass * math.Exp(s.LLR)
	}
	if math.Abs(mean-1) > 1e-9 {
		t.Errorf("mean ratio of strangers %v", mean)
	}
	if _, err := calibrations().Steps(Cautious); err != nil {
		t.Error(err)
	}
	for population, part := range map[string]string{"nuaa": "true match rate", "mars": "no calibration"} {
		if _, err := calibrations().Steps(population); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", population, err)
		}
	}
	flat := Calibrations{{Population: "flat", Points: []Point{{1e-3, 0.5, 0.9}, {1e-4, 0.6, 0.9}}}}
	if _, err := flat.Steps("flat"); err == nil {
		t.Error("a table in which nobody lies between two points is accepted")
	}
	falling := Calibrations{{Population: "falling", Points: []Point{{1e-2, 0.5, 0.9}, {9.9e-3, 0.6, 0.1}}}}
	if _, err := falling.Steps("falling"); err == nil {
		t.Error("a table in which more alike means less is accepted")
	}
}
