package bench

import (
	"cmp"
	"slices"
	"time"

	"umbral/pipeline/nn"
)

// Layer is one step of a program.
type Layer struct {
	Name      string  `json:"name"`
	Op        string  `json:"op"`
	Algorithm string  `json:"algorithm"`
	Shape     []int   `json:"shape"` // of the output
	MACs      int64   `json:"macs"`
	Micros    float64 `json:"us"`
	Share     float64 `json:"share"` // of the model's time
	GFLOPS    float64 `json:"gflops"`
	OfPeak    float64 `json:"of_peak"`
	Intensity float64 `json:"flops_per_byte"` // operations for each byte of operands, weights and output, each once
}

// profile gathers the layers' times over the rounds.
type profile struct {
	steps []nn.Layer
	times [][]float64 // of each layer, in microseconds
}

func newProfile(steps []nn.Layer) *profile {
	return &profile{steps: steps, times: make([][]float64, len(steps))}
}

func (p *profile) add(times []time.Duration) {
	for i, t := range times {
		p.times[i] = append(p.times[i], float64(t)/float64(time.Microsecond))
	}
}

// layers is the profile's medians, with the peak of as many cores as work.
func (p *profile) layers(peak float64) []Layer {
	list := make([]Layer, len(p.steps))
	total := 0.0
	for i, s := range p.steps {
		l := Layer{Name: s.Name, Op: s.Op, Algorithm: s.Algorithm, Shape: s.Shape, MACs: s.MACs, Micros: median(p.times[i])}
		total += l.Micros
		l.GFLOPS = 2 * float64(s.MACs) / (l.Micros * 1e3)
		l.OfPeak = l.GFLOPS / peak
		l.Intensity = 2 * float64(s.MACs) / float64(max(s.Bytes, 1))
		list[i] = l
	}
	for i := range list {
		list[i].Share = list[i].Micros / total
	}
	return list
}

// algorithm is a way to compute layers, with its share of a model's time.
type algorithm struct {
	name  string
	share float64
}

// algorithms adds up the layers' shares, the largest first.
func algorithms(layers []Layer) (list []algorithm) {
	for i := range layers {
		l := &layers[i]
		at := slices.IndexFunc(list, func(a algorithm) bool { return a.name == l.Algorithm })
		if at < 0 {
			at = len(list)
			list = append(list, algorithm{name: l.Algorithm})
		}
		list[at].share += l.Share
	}
	slices.SortStableFunc(list, func(a, b algorithm) int { return cmp.Compare(b.share, a.share) })
	return list
}
