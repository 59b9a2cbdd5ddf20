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
	Millis      float64 `json:"ms"`       // of a search, by bytes first; median
	Exact       float64 `json:"exact_ms"` // by exact products alone
	Gain        float64 `json:"gain"`     // how many times as fast the first is; median over the turns
	Same        int     `json:"same"`     // of how many probes both found the same people
	Probes      int     `json:"probes"`
	Rate        float64 `json:"exact_gb_s"`
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
	var times, exacts, gains, shares, rates []float64
	for range rounds {
		random(r, template)
		begin := time.Now()
		found, err := g.Search(template)
		took := time.Since(begin)
		if err != nil {
			return nil, err
		}
		begin = time.Now()
		exact, err := g.SearchExact(template)
		tookExact := time.Since(begin)
		if err != nil {
			return nil, err
		}
		if s.Probes++; found == exact {
			s.Same++
		}
		rate := bandwidth(set)
		times = append(times, float64(took)/float64(time.Millisecond))
		exacts = append(exacts, float64(tookExact)/float64(time.Millisecond))
		gains = append(gains, float64(tookExact)/float64(took))
		rates = append(rates, rate)
		shares = append(shares, bytes/float64(tookExact)/rate)
	}
	s.Millis, s.Exact, s.Gain = median(times), median(exacts), median(gains)
	s.Bandwidth, s.OfBandwidth = median(rates), median(shares)
	s.Rate = bytes / (s.Exact * 1e6)
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
	fmt.Fprintf(w, "%d references of %d, one core\n", s.References, s.Dimensions)
	fmt.Fprintf(w, "exact products  %7.2f ms a search, %.1f GB/s, %.0f %% of the %.1f GB/s that the core reads\n", s.Exact, s.Rate, 100*s.OfBandwidth, s.Bandwidth)
	fmt.Fprintf(w, "by bytes first  %7.2f ms, %.1f times as fast; the same two people for %d of %d probes\n", s.Millis, s.Gain, s.Same, s.Probes)
}
