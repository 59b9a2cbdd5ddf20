package eval

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// The bounds are those of published tables of Clopper and Pearson.
func TestRateBounds(t *testing.T) {
	for _, c := range []struct {
		errors, trials int
		low, high      float64
	}{
		{0, 360, 0, 0.010195},
		{5, 100, 0.016432, 0.112835},
		{1, 10, 0.002529, 0.445016},
		{10, 10, 0.691503, 1},
		{0, 0, 0, 1},
	} {
		r := NewRate(c.errors, c.trials)
		if math.Abs(r.Low-c.low) > 1e-5 || math.Abs(r.High-c.high) > 1e-5 {
			t.Errorf("%d of %d: bounds %.6f..%.6f, want %.6f..%.6f", c.errors, c.trials, r.Low, r.High, c.low, c.high)
		}
	}
}

func comparisons(mated, nonMated []float32) (all []Comparison) {
	for _, s := range mated {
		all = append(all, Comparison{Score: s, Mated: true, Acquired: true})
	}
	for _, s := range nonMated {
		all = append(all, Comparison{Score: s, Acquired: true})
	}
	return all
}

func TestEvaluateSeparated(t *testing.T) {
	r, err := Evaluate(comparisons([]float32{0.6, 0.7, 0.8, 0.9}, []float32{0, 0.1, 0.2, 0.3}))
	if err != nil {
		t.Fatal(err)
	}
	if r.Accuracy != 1 || r.EER != 0 {
		t.Errorf("accuracy %v and EER %v of separated scores, want 1 and 0", r.Accuracy, r.EER)
	}
	for _, p := range r.OperatingPoints {
		if p.FNMR != 0 {
			t.Errorf("FNMR %v at FMR %v, want 0", p.FNMR, p.FMR)
		}
		if p.Proven {
			t.Errorf("four non-mated pairs are said to prove an FMR of %v", p.FMR)
		}
	}
}

func TestNotAcquiredIsAnError(t *testing.T) {
	all := comparisons([]float32{0.9, 0.8, 0.9}, []float32{0.1, 0.2, 0.1})
	all = append(all, Comparison{Mated: true}, Comparison{})
	r, err := Evaluate(all)
	if err != nil {
		t.Fatal(err)
	}
	if r.FailedToAcquire != 2 || r.FTAMated != 1 || r.Accuracy != 0.75 {
		t.Errorf("not acquired %d (%d mated), accuracy %v; want 2 (1), 0.75", r.FailedToAcquire, r.FTAMated, r.Accuracy)
	}
}

func TestEvaluateNeedsBothKinds(t *testing.T) {
	if _, err := Evaluate(comparisons([]float32{1}, nil)); err == nil {
		t.Error("an evaluation without non-mated pairs is accepted")
	}
}

func TestOperatingPointKeepsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score := rapid.Float32Range(-1, 1)
		curve, err := NewCurve(comparisons(rapid.SliceOfN(score, 1, 40).Draw(t, "mated"), rapid.SliceOfN(score, 1, 40).Draw(t, "non-mated")))
		if err != nil {
			t.Fatal(err)
		}
		fmr := rapid.Float64Range(1e-6, 1).Draw(t, "fmr")
		p := curve.At(fmr)
		if p.FMRFound.Value > fmr {
			t.Fatalf("FMR %v measured at the threshold for %v", p.FMRFound.Value, fmr)
		}
		if p.FNMR < p.FNMRLow || p.FNMR > p.FNMRHigh {
			t.Fatalf("FNMR %v outside its bounds %v..%v", p.FNMR, p.FNMRLow, p.FNMRHigh)
		}
	})
}

// Two unit normals whose means are 2 apart meet at Φ(−1) = 15.87 %.
func TestEERofNormals(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var mated, nonMated []float32
	for range 20000 {
		mated = append(mated, float32(random.NormFloat64()+2))
		nonMated = append(nonMated, float32(random.NormFloat64()))
	}
	r, err := Evaluate(comparisons(mated, nonMated))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.EER-0.1587) > 0.006 || r.EERLow > 0.1587 || r.EERHigh < 0.1587 {
		t.Errorf("EER %v (%v..%v), want 0.1587", r.EER, r.EERLow, r.EERHigh)
	}
}

func TestFoldsOfTheSetAreUsed(t *testing.T) {
	all := comparisons([]float32{0.9, 0.8, 0.4}, []float32{0.1, 0.2, 0.3})
	for i := range all {
		all[i].Fold = 4 + i%2
	}
	r, err := Evaluate(all)
	if err != nil {
		t.Fatal(err)
	}
	if r.Folds != 2 {
		t.Errorf("%d folds, want the set's 2", r.Folds)
	}
}

func TestEvaluatePAD(t *testing.T) {
	r := EvaluatePAD([]Presentation{
		{Label: "live", Score: 0.9, Acquired: true}, {Label: "live", Score: 0.2, Acquired: true}, {Label: "live"},
		{Label: "spoof-print", Score: 0.1, Acquired: true}, {Label: "spoof-print", Score: 0.7, Acquired: true},
		{Label: "spoof", Score: 0.1, Acquired: true}, {Label: "spoof-screen"},
	}, 0.5)
	if r.BPCER.Errors != 1 || r.BPCER.Trials != 2 || r.FailedToAcquire != 2 || r.LiveNotAcquired != 1 {
		t.Errorf("BPCER %+v, not acquired %d (%d live)", r.BPCER, r.FailedToAcquire, r.LiveNotAcquired)
	}
	if r.APCERMax != 0.5 || len(r.Species) != 3 || r.Species[0].Name != "print" || r.Species[1].FailedToAcquire != 1 {
		t.Errorf("APCER %v, species %+v", r.APCERMax, r.Species)
	}
}

func TestPlotDET(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var mated, nonMated []float32
	for range 500 {
		mated = append(mated, float32(random.NormFloat64()*0.1+0.7))
		nonMated = append(nonMated, float32(random.NormFloat64()*0.1+0.3))
	}
	curve, err := NewCurve(comparisons(mated, nonMated))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "det.png")
	if err := curve.PlotDET(path, "two normals"); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 8)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(head); err != nil || string(head[1:4]) != "PNG" {
		t.Errorf("not a PNG: % x (%v)", head, err)
	}
	if dir := os.Getenv("UMBRAL_SCREENSHOTS"); dir != "" {
		if err := curve.PlotDET(filepath.Join(dir, "det.png"), "two normals"); err != nil {
			t.Error(err)
		}
	}
}
