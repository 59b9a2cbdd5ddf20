package challenge

import (
	"math"
	"slices"
	"time"
)

// cell is the grid that everything is brought to, whatever the camera's rate.
const cell = 40 * time.Millisecond

// cells is how many of them a time holds.
func cells(d time.Duration) int { return int((d + cell - 1) / cell) }

const (
	// samplesApart is how far apart two samples must be: what comes sooner is left out.
	samplesApart = 12 * time.Millisecond
	// joined is how far apart two samples may be for the time between them to count as seen: at 12 frames a second one may
	// be missing.
	joined = 180 * time.Millisecond
)

// trace is one measure over the grid; what is not known is not a number.
type trace []float64

// resample fills the trace from samples: linear between two that are no further apart than joined. The values belong to
// an instant that lies so long before the sample's own.
func (t trace) resample(samples []Sample, earlier time.Duration, value func(*Sample) float32) {
	next := 0
	for k := range t {
		at := time.Duration(k)*cell + cell/2 + earlier
		for next < len(samples) && samples[next].At <= at {
			next++
		}
		t[k] = math.NaN()
		if next == 0 {
			// Before the first sample: good for the cell that it lies in.
			if len(samples) > 0 && samples[0].At-at <= cell/2 {
				t[k] = float64(value(&samples[0]))
			}
			continue
		}
		a := &samples[next-1]
		if next == len(samples) {
			if at-a.At <= cell/2 {
				t[k] = float64(value(a))
			}
			continue
		}
		b := &samples[next]
		if b.At-a.At > joined {
			continue
		}
		w := float64(at-a.At) / float64(b.At-a.At)
		t[k] = (1-w)*float64(value(a)) + w*float64(value(b))
	}
}

// smooth is the mean over neighbours weighted by a Gaussian of deviation sigma, in cells; what is not known has no
// weight and stays so.
func (t trace) smooth(from trace, sigma float64) {
	var weights [24]float64
	reach := min(int(3*sigma+0.5), len(weights)-1)
	for i := range reach + 1 {
		weights[i] = math.Exp(-float64(i*i) / (2 * sigma * sigma))
	}
	for k := range t {
		t[k] = math.NaN()
		if math.IsNaN(from[k]) {
			continue
		}
		var sum, weight float64
		for j := max(0, k-reach); j <= min(len(from)-1, k+reach); j++ {
			if v := from[j]; !math.IsNaN(v) {
				w := weights[max(j-k, k-j)]
				sum += w * v
				weight += w
			}
		}
		t[k] = sum / weight
	}
}

// known counts the cells that are known and the longest run of those that are not.
func (t trace) known() (count, gap int) {
	run := 0
	for _, v := range t {
		if math.IsNaN(v) {
			run++
			gap = max(gap, run)
			continue
		}
		count, run = count+1, 0
	}
	return count, gap
}

// quantile is the value that a share of the known cells lies below; scratch holds as many values as t. It is not a
// number where nothing is known.
func (t trace) quantile(share float64, scratch trace) float64 {
	n := t.sorted(scratch)
	if n == 0 {
		return math.NaN()
	}
	return scratch[int(share*float64(n-1)+0.5)]
}

// lowest is the mean of the lowest quarter of the known cells.
func (t trace) lowest(scratch trace) float64 {
	n := t.sorted(scratch)
	if n == 0 {
		return math.NaN()
	}
	quarter := scratch[:max(1, n/4)]
	var sum float64
	for _, v := range quarter {
		sum += v
	}
	return sum / float64(len(quarter))
}

// sorted puts the known cells into scratch in rising order and counts them.
func (t trace) sorted(scratch trace) int {
	n := 0
	for _, v := range t {
		if !math.IsNaN(v) {
			scratch[n] = v
			n++
		}
	}
	slices.Sort(scratch[:n])
	return n
}
