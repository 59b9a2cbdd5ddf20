package models

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		population string
		fmr        float64
		want       float32
	}{
		{"lfw", 1e-3, 0.340},
		{"lfw", 1e-4, 0.418},
		{"lfw", 1e-5, 0.485},
		{"lfw", 1e-6, 0.629},
		{"lfw", math.Sqrt(1e-3 * 1e-4), 0.379}, // half way on the logarithm
		{"lfw", math.Sqrt(1e-5 * 1e-6), 0.557},
		{"casia-facev5", 1e-3, 0.484},
		{"nuaa", 1e-3, 0.491},
		{Cautious, 1e-3, 0.50},
		{Cautious, 1e-4, 0.58},
		{Cautious, 1e-6, 0.629},
	} {
		got, err := Threshold(c.population, c.fmr)
		if err != nil || math.Abs(float64(got-c.want)) > 1e-6 {
			t.Errorf("%s at %g: %v, %v; wanted %v", c.population, c.fmr, got, err, c.want)
		}
	}
}

func TestThresholdRefusesToExtrapolate(t *testing.T) {
	for _, c := range []struct {
		population string
		fmr        float64
		want       string
	}{
		{"lfw", 1e-7, "1e-06 to 0.001"},
		{"lfw", 1e-2, "choose a smaller one"},
		{"nuaa", 1e-4, "0.001 to 0.001 (choose a larger one, or measure the site"},
		{"lfw", 0, "1e-06 to 0.001"},
		{"lfw", -1, "1e-06 to 0.001"},
		{"lfw", math.NaN(), "1e-06 to 0.001"},
		{"lfw", math.Inf(1), "1e-06 to 0.001"},
		{"mars", 1e-3, "known: cautious, lfw, casia-facev5, nuaa"},
	} {
		if got, err := Threshold(c.population, c.fmr); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %g: %v, %v; wanted an error with %q", c.population, c.fmr, got, err, c.want)
		}
	}
	if got, err := (Calibrations{{Population: "empty"}}).Threshold("empty", 1e-3); err == nil {
		t.Errorf("a table without points gave %v", got)
	}
}

// A smaller FMR never gets a lower threshold, in any table.
func TestThresholdRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := Default().Calibrations
		population := rapid.SampledFrom(all.Populations()).Draw(t, "population")
		table, _ := all.of(population)
		high, low := math.Log(table.Points[0].FMR), math.Log(table.Points[len(table.Points)-1].FMR)
		a := rapid.Float64Range(low, high).Draw(t, "a")
		b := rapid.Float64Range(low, high).Draw(t, "b")
		clamp := func(v float64) float64 {
			return min(max(math.Exp(v), table.Points[len(table.Points)-1].FMR), table.Points[0].FMR)
		}
		x, errA := all.Threshold(population, clamp(min(a, b)))
		y, errB := all.Threshold(population, clamp(max(a, b)))
		if errA != nil || errB != nil || x < y {
			t.Fatalf("FMR %g: %v (%v), FMR %g: %v (%v)", clamp(min(a, b)), x, errA, clamp(max(a, b)), y, errB)
		}
	})
}

// The population to begin with is never laxer than what any other is known to need.
func TestCautiousIsTheStrictest(t *testing.T) {
	all := Default().Calibrations
	for _, table := range all {
		for _, p := range table.Points {
			got, err := all.Threshold(Cautious, p.FMR)
			if err != nil || got < p.Threshold {
				t.Errorf("FMR %g: cautious %v (%v), %s %v", p.FMR, got, err, table.Population, p.Threshold)
			}
		}
	}
}

func TestSearchThreshold(t *testing.T) {
	all := Default().Calibrations
	for _, c := range []struct {
		fpir float64
		size int
		want float32 // 0 for an error
	}{
		{1e-3, 1, 0.50},
		{1e-3, 0, 0.50},
		{1e-3, 10, 0.58},
		{1e-2, 100, 0.58},
		{1e-2, 10_000, 0.629},
		{0.5, 5, 0.50}, // laxer than the table: its loosest point
		{1e-3, 10_000, 0},
		{0, 1, 0},
		{1, 1, 0},
		{math.NaN(), 1, 0},
		{1e-3, -1, 0},
	} {
		got, err := all.SearchThreshold(Cautious, c.fpir, c.size)
		if (err != nil) != (c.want == 0) || math.Abs(float64(got-c.want)) > 1e-6 {
			t.Errorf("FPIR %g among %d: %v, %v; wanted %v", c.fpir, c.size, got, err, c.want)
		}
	}
	if _, err := all.SearchThreshold("mars", 1e-3, 1); err == nil {
		t.Error("a population that is not known has a threshold")
	}
}
