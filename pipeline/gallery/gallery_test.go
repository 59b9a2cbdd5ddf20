package gallery

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// unit makes a template of random direction.
func unit(r *rand.Rand, dimension int) []float32 {
	v := make([]float32, dimension)
	var squares float64
	for i := range v {
		v[i] = float32(r.NormFloat64())
		squares += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(squares))
	}
	return v
}

// naive is the gallery as anyone would write it.
type naive map[string][][]float32

func (n naive) search(probe []float32) (r Result) {
	best := func(except string) (m Match) {
		for id, references := range n {
			for _, v := range references {
				var score float64
				for i := range v {
					score += float64(v[i]) * float64(probe[i])
				}
				if id != except && (m.ID == "" || score > float64(m.Score)) {
					m = Match{id, float32(score)}
				}
			}
		}
		return m
	}
	r.Best = best("")
	if r.Best.ID != "" {
		r.Second = best(r.Best.ID)
	}
	return r
}

func (n naive) count() (sum int) {
	for _, references := range n {
		sum += len(references)
	}
	return sum
}

func TestGalleryAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const capacity = 12
		dimension := rapid.IntRange(3, 37).Draw(t, "dimension")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		g, model := NewOf(capacity, dimension), naive{}
		id := rapid.SampledFrom([]string{"ana", "bo", "cem", "dag", "eve"})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				who, v := id.Draw(t, "id"), unit(r, dimension)
				err := g.Add(who, v)
				if (err != nil) != (model.count() == capacity) {
					t.Fatalf("adding to %d of %d: %v", model.count(), capacity, err)
				}
				if err == nil {
					model[who] = append(model[who], v)
				}
			},
			"remove": func(t *rapid.T) {
				who := id.Draw(t, "id")
				if got, want := g.Remove(who), len(model[who]); got != want {
					t.Fatalf("removed %d references of %s, want %d", got, who, want)
				}
				delete(model, who)
			},
			"search": func(t *rapid.T) {
				probe := unit(r, dimension)
				got, err := g.Search(probe)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(model.search(probe), got, cmpopts.EquateApprox(0, 1e-5)); d != "" {
					t.Fatal(d)
				}
			},
			"": func(t *rapid.T) {
				if g.Len() != model.count() || g.People() != len(model) {
					t.Fatalf("%d references of %d people, want %d of %d", g.Len(), g.People(), model.count(), len(model))
				}
				for _, v := range g.vectors[g.Len()*dimension:] {
					if v != 0 {
						t.Fatal("memory behind the references is not zero")
					}
				}
				for _, who := range []string{"ana", "eve"} {
					if g.Has(who) != (len(model[who]) > 0) {
						t.Fatalf("Has(%s) is %v", who, g.Has(who))
					}
				}
			},
		})
	})
}

func TestGalleryRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	g := NewOf(1, 4)
	nan := float32(math.NaN())
	tests := map[string]struct {
		err  error
		want string
	}{
		"no id":           {g.Add("", unit(r, 4)), "without a person's id"},
		"other dimension": {g.Add("ana", unit(r, 3)), "dimension 3, this gallery holds 4"},
		"not normalised":  {g.Add("ana", []float32{2, 0, 0, 0}), "length 2"},
		"not a number":    {g.Add("ana", []float32{nan, 0, 0, 1}), "length NaN"},
		"infinite":        {g.Add("ana", []float32{float32(math.Inf(1)), 0, 0, 1}), "length +Inf"},
		"zero":            {g.Add("ana", make([]float32, 4)), "length 0"},
	}
	for name, test := range tests {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
	if err := g.Add("ana", unit(r, 4)); err != nil {
		t.Fatal(err)
	}
	if err := g.Add("bo", unit(r, 4)); err == nil || !strings.Contains(err.Error(), "limit 1") {
		t.Errorf("a full gallery: %v, want an error that names the limit", err)
	}
	if g.Has("bo") {
		t.Error("a refused person is known")
	}
	if _, err := g.Search([]float32{nan, 0, 0, 1}); err == nil {
		t.Error("a probe that is not a number was searched")
	}
}

func TestDuplicates(t *testing.T) {
	g := NewOf(8, 2)
	at := func(degrees float64) []float32 {
		return []float32{float32(math.Cos(degrees * math.Pi / 180)), float32(math.Sin(degrees * math.Pi / 180))}
	}
	for _, p := range []struct {
		id      string
		degrees float64
	}{{"ana", 40}, {"ana", 10}, {"bo", 20}, {"cem", 90}, {"dag", 0}} {
		if err := g.Add(p.id, at(p.degrees)); err != nil {
			t.Fatal(err)
		}
	}
	cosine := func(degrees float64) float32 { return float32(math.Cos(degrees * math.Pi / 180)) }
	tests := []struct {
		threshold float32
		except    string
		want      []Match
	}{
		{cosine(30), "dag", []Match{{"ana", cosine(10)}, {"bo", cosine(20)}}},
		{cosine(30), "", []Match{{"dag", 1}, {"ana", cosine(10)}, {"bo", cosine(20)}}},
		{cosine(15), "dag", []Match{{"ana", cosine(10)}}},
		{cosine(5), "dag", []Match{}},
	}
	for _, test := range tests {
		got, err := g.Duplicates(at(0), test.threshold, test.except)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want, got, cmpopts.EquateApprox(0, 1e-6)); d != "" {
			t.Errorf("threshold %v, except %q: %s", test.threshold, test.except, d)
		}
	}
	if _, err := g.Duplicates([]float32{1}, 0, ""); err == nil {
		t.Error("a template of another dimension was searched")
	}
}

func TestSearchAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{20, 300} {
		g := New(n)
		for i := range n {
			if err := g.Add(fmt.Sprint(i/2), unit(r, Dimension)); err != nil {
				t.Fatal(err)
			}
		}
		probe := unit(r, Dimension)
		if n := testing.AllocsPerRun(10, func() {
			if _, err := g.Search(probe); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations a search, want 0", n)
		}
	}
}

// Whoever is in the gallery all the time is found all the time, while others come and go. Run with -race.
func TestSearchWhileOthersComeAndGo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	g := New(40)
	known, passing := unit(r, Dimension), unit(r, Dimension)
	if err := g.Add("known", known); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			for range 200 {
				if err := g.Add(fmt.Sprint(i), passing); err != nil {
					t.Error(err)
				}
				g.Remove(fmt.Sprint(i))
			}
		})
		wg.Go(func() {
			for range 200 {
				if found, err := g.Search(known); err != nil || found.Best.ID != "known" {
					t.Errorf("found %+v, %v", found, err)
				}
			}
		})
	}
	wg.Wait()
	if g.Len() != 1 {
		t.Errorf("%d references are left, want 1", g.Len())
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			g := New(n)
			for i := range n {
				if err := g.Add(fmt.Sprint(i), unit(r, Dimension)); err != nil {
					b.Fatal(err)
				}
			}
			probe := unit(r, Dimension)
			for name, search := range map[string]func([]float32) (Result, error){"bytes": g.Search, "exact": g.SearchExact} {
				b.Run(name, func(b *testing.B) {
					b.SetBytes(int64(n) * 4 * Dimension)
					b.ReportAllocs()
					for b.Loop() {
						if _, err := search(probe); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
