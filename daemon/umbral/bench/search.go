package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"umbral/pipeline/gallery"
	"umbral/pipeline/nn/kernel"
)

// SearchResult is the speed of a 1:N search on one core, for probes of strangers: nobody stands out, which is harder for
// the search by bytes than somebody known. Times are medians in milliseconds; shares are of what the core read from memory
// in the same turns.
type SearchResult struct {
	References  int     `json:"references"`
	Dimensions  int     `json:"dimensions"`
	Millis      float64 `json:"ms"`                 // of a search: by bytes, then exactly with whoever is left
	Rate        float64 `json:"gb_s"`               // of the bytes
	OfBandwidth float64 `json:"of_bandwidth"`       // the same as a share
	Exact       float64 `json:"exact_ms"`           // by exact products alone
	ExactRate   float64 `json:"exact_gb_s"`         // of the floats
	ExactShare  float64 `json:"exact_of_bandwidth"` // the same as a share
	Gain        float64 `json:"gain"`               // how many times as fast the search by bytes is
	Same        int     `json:"same"`               // of how many probes both found the same people
	Probes      int     `json:"probes"`
	Bandwidth   float64 `json:"bandwidth_gb_s"` // of one core reading memory
}

// Bounds of a search that is measured.
const maxReferences, maxSearches = 4_000_000, 1000

// Search fills a gallery with made-up references and searches it for made-up probes.
func Search(ctx context.Context, references, rounds int) (*SearchResult, error) {
	const dimensions = gallery.Dimension
	if references < 1 || references > maxReferences {
		return nil, fmt.Errorf("bench: %d references, allowed are 1 to %d", references, maxReferences)
	}
	if rounds < 1 || rounds > maxSearches {
		return nil, fmt.Errorf("bench: %d rounds, allowed are 1 to %d", rounds, maxSearches)
	}
	if need, free := gallery.Bytes(references)+readerBytes, freeMemory(); free > 0 && need > free {
		return nil, fmt.Errorf("bench: %d references take %.0f MiB, the machine has %.0f left (fewer references?)", references, mib(need), mib(free))
	}
	set, err := kernel.Choose("")
	if err != nil {
		return nil, err
	}
	memory := newReader(set)
	g := gallery.New(references)
	r := rand.New(rand.NewPCG(1, 1))
	template := make([]float32, dimensions)
	for i := range references {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		random(r, template)
		if err := g.Add(fmt.Sprintf("person-%d", i), template); err != nil {
			return nil, err
		}
	}
	s := &SearchResult{References: references, Dimensions: dimensions}
	var times, exacts, gains, bandwidths, shares, exactShares []float64
	size := float64(references * dimensions) // as bytes; floats take four times that
	for range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
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
		bandwidth := memory.bandwidth()
		times = append(times, float64(took)/float64(time.Millisecond))
		exacts = append(exacts, float64(tookExact)/float64(time.Millisecond))
		gains = append(gains, float64(tookExact)/float64(took))
		bandwidths = append(bandwidths, bandwidth)
		shares = append(shares, size/float64(took)/bandwidth)
		exactShares = append(exactShares, 4*size/float64(tookExact)/bandwidth)
	}
	s.Millis, s.Exact, s.Gain = median(times), median(exacts), median(gains)
	s.Bandwidth, s.OfBandwidth, s.ExactShare = median(bandwidths), median(shares), median(exactShares)
	s.Rate, s.ExactRate = size/(s.Millis*1e6), 4*size/(s.Exact*1e6)
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

// Print writes the result as a table.
func (s *SearchResult) Print(w io.Writer) {
	fmt.Fprintf(w, "%d references of %d, one core, which reads %.1f GB/s\n", s.References, s.Dimensions, s.Bandwidth)
	fmt.Fprintf(w, "%-15s %9s %7s %13s\n", "products", "ms", "GB/s", "of bandwidth")
	fmt.Fprintf(w, "%-15s %9.3f %7.1f %11.0f %%\n", "exact", s.Exact, s.ExactRate, 100*s.ExactShare)
	fmt.Fprintf(w, "%-15s %9.3f %7.1f %11.0f %%\n", "by bytes first", s.Millis, s.Rate, 100*s.OfBandwidth)
	fmt.Fprintf(w, "by bytes first is %.1f times as fast and finds the same two people for %d of %d probes\n", s.Gain, s.Same, s.Probes)
}
