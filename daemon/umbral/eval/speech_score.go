package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"umbral/pipeline/liveness/challenge"
)

// scored are the values of one clip while somebody speaks and while nobody does.
type scored struct{ yes, no []float64 }

func score(speaking []float64, clip SpeechClip) (s scored) {
	for k, v := range speaking {
		at := (time.Duration(k)*challenge.Cell + challenge.Cell/2).Seconds()
		switch {
		case math.IsNaN(v):
		case at >= clip.Start && at < clip.End:
			s.yes = append(s.yes, v)
		default:
			s.no = append(s.no, v)
		}
	}
	return s
}

// auc is the area under the ROC curve: how often a value of yes is above one of no, ties counted half (the statistic of
// Mann and Whitney). It is 0.5 where one of both is empty.
func auc(yes, no []float64) float64 {
	if len(yes) == 0 || len(no) == 0 {
		return 0.5
	}
	no = slices.Clone(no)
	slices.Sort(no)
	var sum float64
	for _, v := range yes {
		below := sort.SearchFloat64s(no, v)
		above := sort.Search(len(no), func(i int) bool { return no[i] > v })
		sum += float64(below) + float64(above-below)/2
	}
	return sum / float64(len(yes)) / float64(len(no))
}

// bootstraps is how often clips are drawn anew for the bounds of the AUC.
const bootstraps = 2000

// pooledAUC is that over all clips together. The bounds come from the cluster bootstrap with clips as clusters.
func pooledAUC(clips []scored) (value, low, high float64) {
	pool := func(pick func(i int) int) float64 {
		var yes, no []float64
		for i := range clips {
			c := clips[pick(i)]
			yes, no = append(yes, c.yes...), append(no, c.no...)
		}
		return auc(yes, no)
	}
	value = pool(func(i int) int { return i })
	if len(clips) < 2 {
		return value, 0, 1
	}
	r := rand.New(rand.NewPCG(1, 2))
	drawn := make([]float64, bootstraps)
	for k := range drawn {
		drawn[k] = pool(func(int) int { return r.IntN(len(clips)) })
	}
	slices.Sort(drawn)
	tail := (1 - Confidence) / 2
	return value, drawn[int(tail*bootstraps)], drawn[int((1-tail)*bootstraps)]
}

const cellSeconds = float64(challenge.Cell) / float64(time.Second)

// A pause shorter than this many cells belongs to speech, and speech is longer than so many.
const (
	pauseCells, speechCells = 8, 4
	speaksFrom              = 0.5
)

// interval is the longest time of speech that is seen, in seconds.
func interval(speaking []float64) (start, end float64, ok bool) {
	bestFrom, bestTo := 0, 0
	from, to := -1, -1
	for k, v := range speaking {
		if !(v >= speaksFrom) {
			continue
		}
		if from < 0 || k-to > pauseCells {
			from = k
		}
		to = k + 1
		if to-from > bestTo-bestFrom {
			bestFrom, bestTo = from, to
		}
	}
	return float64(bestFrom) * cellSeconds, float64(bestTo) * cellSeconds, bestTo-bestFrom >= speechCells
}

func timeError(errors []float64, lost int) TimeError {
	e := TimeError{N: len(errors), NotFound: lost, MedianBias: median(errors)}
	size := make([]float64, len(errors))
	for i, v := range errors {
		size[i] = math.Abs(v)
	}
	e.Median, e.P90 = median(size), quantile(size, 0.9)
	return e
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile interpolates between the two values around a share of the sorted ones; 0 of none.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	at := share * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
