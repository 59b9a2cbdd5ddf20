// Package eval computes the error rates of biometric comparison and of presentation attack detection as
// ISO/IEC 19795-1 and ISO/IEC 30107-3 define them, each with its confidence bounds.
package eval

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Confidence is the level of all bounds in this package.
const Confidence = 0.95

// Rate is a count of errors among trials with its exact two-sided bounds.
type Rate struct {
	Errors int     `json:"errors"`
	Trials int     `json:"trials"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// NewRate states errors ÷ trials with the bounds of Clopper and Pearson (Biometrika 26, 1934). Those never promise more
// than the sample proves: 0 of 360 gives an upper bound of 1.02 % two-sided (0.83 % one-sided). Without a trial the rate
// is unknown: the value is 0 and the bounds are 0 and 1.
func NewRate(errors, trials int) Rate {
	if trials <= 0 {
		return Rate{High: 1}
	}
	r := Rate{Errors: errors, Trials: trials, Value: float64(errors) / float64(trials), High: 1}
	alpha := (1 - Confidence) / 2
	k, n := float64(errors), float64(trials)
	if errors > 0 {
		r.Low = mathext.InvRegIncBeta(k, n-k+1, alpha)
	}
	if errors < trials {
		r.High = mathext.InvRegIncBeta(k+1, n-k, 1-alpha)
	}
	return r
}

// meanAndDeviation gives the mean and the sample standard deviation.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	if len(values) < 2 {
		return mean, 0
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(values)-1))
}
