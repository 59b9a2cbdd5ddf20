package eval

import (
	"fmt"
	"math"
	"sort"
)

// Curve is the trade-off between FMR and FNMR of one set of comparisons.
type Curve struct {
	genuine, impostor []float32 // ascending
}

// infinity is above every score, whatever their range.
var infinity = float32(math.Inf(1))

// NewCurve sorts the acquired comparisons; it needs at least one of each kind.
func NewCurve(comparisons []Comparison) (*Curve, error) {
	c := new(Curve)
	for _, p := range comparisons {
		switch {
		case !p.Acquired:
		case p.Mated:
			c.genuine = append(c.genuine, p.Score)
		default:
			c.impostor = append(c.impostor, p.Score)
		}
	}
	if len(c.genuine) == 0 || len(c.impostor) == 0 {
		return nil, fmt.Errorf("eval: %d pairs of one person and %d of different people could be compared, wanted at least one of each", len(c.genuine), len(c.impostor))
	}
	sort.Slice(c.genuine, func(i, j int) bool { return c.genuine[i] < c.genuine[j] })
	sort.Slice(c.impostor, func(i, j int) bool { return c.impostor[i] < c.impostor[j] })
	return c, nil
}

// below counts the scores under the threshold in an ascending slice.
func below(scores []float32, threshold float32) int {
	return sort.Search(len(scores), func(i int) bool { return scores[i] >= threshold })
}

// Rates gives the false matches and the false non-matches at a threshold.
func (c *Curve) Rates(threshold float32) (fmr, fnmr Rate) {
	return NewRate(len(c.impostor)-below(c.impostor, threshold), len(c.impostor)),
		NewRate(below(c.genuine, threshold), len(c.genuine))
}

// At is the lowest threshold whose measured FMR does not exceed the one asked for.
func (c *Curve) At(fmr float64) OperatingPoint {
	n := len(c.impostor)
	allowed := int(math.Floor(fmr * float64(n)))
	// The threshold stands just above the first impostor that may not pass.
	threshold := math.Nextafter32(c.impostor[n-1-min(allowed, n-1)], infinity)
	if allowed >= n {
		threshold = c.impostor[0]
	}
	found, missed := c.Rates(threshold)
	return OperatingPoint{
		FMR: fmr, Threshold: threshold, FMRFound: found,
		FNMR: missed.Value, FNMRLow: missed.Low, FNMRHigh: missed.High,
		Proven: float64(n)*fmr >= 3,
	}
}

// EER is the rate at which FMR and FNMR are equal, interpolated where no threshold makes them so, and its threshold.
func (c *Curve) EER() (rate float64, threshold float32) {
	bestGap := math.Inf(1)
	visit := func(t float32) {
		fmr := float64(len(c.impostor)-below(c.impostor, t)) / float64(len(c.impostor))
		fnmr := float64(below(c.genuine, t)) / float64(len(c.genuine))
		if gap := math.Abs(fmr - fnmr); gap < bestGap {
			bestGap, rate, threshold = gap, (fmr+fnmr)/2, t
		}
	}
	for _, t := range c.genuine {
		visit(t)
		visit(math.Nextafter32(t, infinity))
	}
	for _, t := range c.impostor {
		visit(t)
		visit(math.Nextafter32(t, infinity))
	}
	return rate, threshold
}

// eerBounds takes the wider of the bounds that the two kinds of comparison allow, since the smaller kind limits what is known.
func (c *Curve) eerBounds(eer float64) (low, high float64) {
	n := min(len(c.genuine), len(c.impostor))
	r := NewRate(int(math.Round(eer*float64(n))), n)
	return math.Min(r.Low, eer), math.Max(r.High, eer)
}

// Points walks the curve from the lowest threshold to the highest, one point a distinct score, for plotting.
func (c *Curve) Points() (fmr, fnmr []float64) {
	thresholds := append(append([]float32(nil), c.genuine...), c.impostor...)
	sort.Slice(thresholds, func(i, j int) bool { return thresholds[i] < thresholds[j] })
	last := float32(math.Inf(-1))
	for _, t := range thresholds {
		if t == last {
			continue
		}
		last = t
		fmr = append(fmr, float64(len(c.impostor)-below(c.impostor, t))/float64(len(c.impostor)))
		fnmr = append(fnmr, float64(below(c.genuine, t))/float64(len(c.genuine)))
	}
	return fmr, fnmr
}
