package bench

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"umbral/pipeline/gallery"
	"umbral/pipeline/nn/kernel"
)

// SearchResult is the speed of a 1:N search on one core.
type SearchResult struct {
	References  int     `json:"references"`
	Dimensions  int     `json:"dimensions"`
	Millis      float64 `json:"ms"` // median
	Rate        float64 `json:"gb_s"`
	Bandwidth   float64 `json:"bandwidth_gb_s"` // of one core reading memory, measured in the same turns
	OfBandwidth float64 `json:"of_bandwidth"`
}

// Search fills a gallery with made-up references and searches it for made-up probes.
func Search(references, rounds int) (*SearchResult, error) {
	const dimensions = gallery.Dimension
	set, err := kernel.Choose("")
	if err != nil {
		return nil, err
	}
	g := gallery.New(references)
	r := rand.New(rand.NewPCG(1, 1))
	template := make([]float32, dimensions)
	for i := range references {
		random(r, template)
		if err := g.Add(fmt.Sprintf("person-%d", i), template); err != nil {
			return nil, err
		}
	}
	s := &SearchResult{References: references, Dimensions: dimensions}
	bytes := float64(4 * references * dimensions)
	var times, shares, rates []float64
	for range rounds {
		random(r, template)
		begin := time.Now()
		_, err := g.Search(template)
		took := time.Since(begin)
		if err != nil {
			return nil, err
		}
		rate := bandwidth(set)
		times = append(times, float64(took)/float64(time.Millisecond))
		rates = append(rates, rate)
		shares = append(shares, bytes/float64(took)/rate)
	}
	s.Millis, s.Bandwidth, s.OfBandwidth = median(times), median(rates), median(shares)
	s.Rate = bytes / (s.Millis * 1e6)
	return s, nil
}

// random is a direction that is as likely as any other.
func random(r *rand.Rand, template []float32) {
	var square float64
	for i := range template {
		v := r.NormFloat64()
		template[i] = float32(v)
		square += v * v
	}
	for i := range template {
		template[i] /= float32(math.Sqrt(square))
	}
}

// Print writes the result in words.
func (s *SearchResult) Print(w io.Writer) {
	fmt.Fprintf(w, "%d references of %d: %.2f ms a search on one core, %.1f GB/s, %.0f %% of the %.1f GB/s that the core reads\n",
		s.References, s.Dimensions, s.Millis, s.Rate, 100*s.OfBandwidth, s.Bandwidth)
}
