package gallery

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The search by bytes finds exactly whom exact products find, with the same scores: also among near twins, duplicates,
// several references a person, after removals, and in dimensions that the kernels' step does not divide.
func TestSearchIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		dimension := rapid.SampledFrom([]int{1, 2, 31, 32, 33, 96, 512}).Draw(t, "dimension")
		count := rapid.IntRange(0, 600).Draw(t, "references")
		people := rapid.IntRange(1, 600).Draw(t, "people")
		spread := rapid.SampledFrom([]float64{0, 1e-6, 1e-3, 0.05, 1, 30}).Draw(t, "spread")
		g := NewOf(max(count, 1), dimension)
		centre := unit(r, dimension)
		near := func() []float32 {
			v := make([]float32, dimension)
			var square float64
			for i := range v {
				x := float64(centre[i]) + spread*r.NormFloat64()/math.Sqrt(float64(dimension))
				v[i] = float32(x)
				square += x * x
			}
			for i := range v {
				v[i] /= float32(math.Sqrt(square))
			}
			return v
		}
		for range count {
			if err := g.Add(fmt.Sprint(r.IntN(people)), near()); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "removals") {
			g.Remove(fmt.Sprint(r.IntN(people)))
		}
		g.kept = g.kept[:rapid.SampledFrom([]int{1, 2, 7, 100, keptCandidates}).Draw(t, "kept")]
		for range 3 {
			probe := near()
			got, err := g.Search(probe)
			if err != nil {
				t.Fatal(err)
			}
			want, err := g.SearchExact(probe)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Fatalf("%d references of %d, spread %v: found %+v, want %+v", g.Len(), dimension, spread, got, want)
			}
		}
	})
}

// The product of bytes is never off by more than it is said to be.
func TestReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dimension := rapid.IntRange(1, 600).Draw(t, "dimension")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		a, b := unit(r, dimension), unit(r, dimension)
		if rapid.Bool().Draw(t, "spiky") {
			clear(a)
			a[0] = 1
		}
		qa, qb := make([]int8, dimension), make([]int8, dimension)
		pa, pb := quantise(qa, a), quantise(qb, b)
		var exact float64
		var product int32
		for i := range a {
			exact += float64(a[i]) * float64(b[i])
			product += int32(qa[i]) * int32(qb[i])
		}
		score := float32(product) * (pa.scale * pb.scale)
		if off := math.Abs(float64(score) - exact); off > float64(reach(pa, pb)) {
			t.Fatalf("off by %v, said to reach %v", off, reach(pa, pb))
		}
	})
}

func TestQuantiseZero(t *testing.T) {
	q := []int8{1, 2}
	if a := quantise(q, []float32{0, 0}); a != (approximation{}) || q[0] != 0 || q[1] != 0 {
		t.Errorf("zero became %v, %+v", q, a)
	}
}
