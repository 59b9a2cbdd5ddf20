package eval

import (
	"math"
	"sort"
)

// Comparison is one probe against one reference.
type Comparison struct {
	Score    float32 // higher is more alike
	Mated    bool    // both are of the same person
	Acquired bool    // a template was had of both; Score means nothing otherwise
	Fold     int     // the part of the set that it belongs to; all 0 when the set names none
}

// OperatingPoint is what a threshold does to the two kinds of comparison.
type OperatingPoint struct {
	FMR       float64 `json:"fmr"`       // the rate asked for
	Threshold float32 `json:"threshold"` // a score at or above it is a match
	FMRFound  Rate    `json:"fmr_measured"`
	FNMR      float64 `json:"fnmr"`
	FNMRLow   float64 `json:"fnmr_low"`
	FNMRHigh  float64 `json:"fnmr_high"`
	Proven    bool    `json:"proven"` // enough non-mated comparisons for this FMR: at least 3 ÷ FMR
}

// ThresholdPoint is what a threshold given from outside does, with its bounds: what a calibration table is made of.
type ThresholdPoint struct {
	Threshold float32 `json:"threshold"`
	FMR       Rate    `json:"fmr"`
	FNMR      Rate    `json:"fnmr"`
}

// Report is the result of an evaluation of a comparison algorithm. Rates are over acquired pairs as ISO/IEC 19795-1
// defines FMR and FNMR; accuracy counts a pair that could not be acquired as an error.
type Report struct {
	Pairs           int              `json:"pairs"`
	Mated           int              `json:"mated"`
	NonMated        int              `json:"non_mated"`
	FailedToAcquire int              `json:"failed_to_acquire"`
	FTAMated        int              `json:"failed_to_acquire_mated"`
	Accuracy        float64          `json:"accuracy"`
	AccuracyLow     float64          `json:"accuracy_low"`
	AccuracyHigh    float64          `json:"accuracy_high"`
	FoldDeviation   float64          `json:"accuracy_fold_deviation"`
	Folds           int              `json:"folds"`
	EER             float64          `json:"eer"`
	EERLow          float64          `json:"eer_low"`
	EERHigh         float64          `json:"eer_high"`
	EERThreshold    float32          `json:"eer_threshold"`
	ImpostorMean    float64          `json:"impostor_mean"`
	GenuineMean     float64          `json:"genuine_mean"`
	OperatingPoints []OperatingPoint `json:"operating_points"`
	Thresholds      []ThresholdPoint `json:"thresholds,omitempty"`
}

// FMRs are the rates at which operating points are stated.
var FMRs = []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// Evaluate computes the report, also at the thresholds given. It needs at least one acquired pair of each kind.
func Evaluate(comparisons []Comparison, thresholds ...float64) (Report, error) {
	r := Report{Pairs: len(comparisons)}
	curve, err := NewCurve(comparisons)
	if err != nil {
		return r, err
	}
	for _, c := range comparisons {
		if c.Mated {
			r.Mated++
		} else {
			r.NonMated++
		}
		if !c.Acquired {
			r.FailedToAcquire++
			if c.Mated {
				r.FTAMated++
			}
		}
	}
	r.GenuineMean, r.ImpostorMean = mean32(curve.genuine), mean32(curve.impostor)
	r.EER, r.EERThreshold = curve.EER()
	r.EERLow, r.EERHigh = curve.eerBounds(r.EER)
	for _, fmr := range FMRs {
		r.OperatingPoints = append(r.OperatingPoints, curve.At(fmr))
	}
	for _, t := range thresholds {
		fmr, fnmr := curve.Rates(float32(t))
		r.Thresholds = append(r.Thresholds, ThresholdPoint{float32(t), fmr, fnmr})
	}
	r.accuracy(comparisons)
	return r, nil
}

// accuracy chooses the threshold for each fold on all the others, so that no pair judges itself.
func (r *Report) accuracy(comparisons []Comparison) {
	folds := foldsOf(comparisons)
	r.Folds = len(folds)
	right := 0
	var each []float64
	for i := range folds {
		var others []Comparison
		for j := range folds {
			if j != i {
				others = append(others, folds[j]...)
			}
		}
		threshold := bestThreshold(others)
		n := 0
		for _, c := range folds[i] {
			if c.Acquired && (c.Score >= threshold) == c.Mated {
				n++
			}
		}
		right += n
		each = append(each, float64(n)/float64(len(folds[i])))
	}
	wrong := NewRate(len(comparisons)-right, len(comparisons))
	r.Accuracy, r.AccuracyLow, r.AccuracyHigh = 1-wrong.Value, 1-wrong.High, 1-wrong.Low
	_, r.FoldDeviation = meanAndDeviation(each)
}

// foldsOf uses the set's own folds where it names at least two, and deals the pairs into ten otherwise.
func foldsOf(comparisons []Comparison) [][]Comparison {
	byName := map[int][]Comparison{}
	for _, c := range comparisons {
		byName[c.Fold] = append(byName[c.Fold], c)
	}
	if len(byName) < 2 {
		count := min(10, len(comparisons))
		dealt := make([][]Comparison, count)
		// Sets list mated and non-mated pairs in runs: deal each kind out in turn.
		for _, mated := range []bool{true, false} {
			next := 0
			for _, c := range comparisons {
				if c.Mated == mated {
					dealt[next%count] = append(dealt[next%count], c)
					next++
				}
			}
		}
		return withoutEmpty(dealt)
	}
	var names []int
	for name := range byName {
		names = append(names, name)
	}
	sort.Ints(names)
	folds := make([][]Comparison, len(names))
	for i, name := range names {
		folds[i] = byName[name]
	}
	return folds
}

func withoutEmpty(folds [][]Comparison) [][]Comparison {
	kept := folds[:0]
	for _, f := range folds {
		if len(f) > 0 {
			kept = append(kept, f)
		}
	}
	return kept
}

// bestThreshold is the middle of the best gap between neighbouring scores.
func bestThreshold(comparisons []Comparison) float32 {
	var acquired []Comparison
	mated := 0
	for _, c := range comparisons {
		if c.Acquired {
			acquired = append(acquired, c)
			if c.Mated {
				mated++
			}
		}
	}
	if len(acquired) == 0 {
		return 0
	}
	sort.Slice(acquired, func(i, j int) bool { return acquired[i].Score < acquired[j].Score })
	// With the threshold below all scores every mated pair is right.
	right, best, threshold := mated, mated, acquired[0].Score
	for i, c := range acquired {
		if c.Mated {
			right--
		} else {
			right++
		}
		if i+1 < len(acquired) && acquired[i+1].Score == c.Score {
			continue
		}
		if right > best {
			best = right
			if i+1 < len(acquired) {
				threshold = (c.Score + acquired[i+1].Score) / 2
			} else {
				threshold = math.Nextafter32(c.Score, infinity)
			}
		}
	}
	return threshold
}

func mean32(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += float64(v)
	}
	return sum / float64(len(values))
}
