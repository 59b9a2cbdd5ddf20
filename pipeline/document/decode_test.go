package document

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomSteps are probabilities of a few classes in a few steps.
func randomSteps(r *rand.Rand, count, classes int) steps {
	s := steps{count: count, classes: classes, values: make([]float32, count*classes)}
	for t := range count {
		sum := float32(0)
		p := s.at(t)
		for i := range p {
			p[i] = float32(r.ExpFloat64())
			sum += p[i]
		}
		for i := range p {
			p[i] /= sum
		}
	}
	return s
}

// collapse is CTC's map from a path to a spelling.
func collapse(path []int) []int {
	out := []int{}
	for i, c := range path {
		if c != blank && (i == 0 || c != path[i-1]) {
			out = append(out, c)
		}
	}
	return out
}

// everySpelling adds up the probabilities of all paths, and remembers the most probable path of each spelling.
func everySpelling(s steps) map[string]float64 {
	total := map[string]float64{}
	path := make([]int, s.count)
	var walk func(t int, p float64)
	walk = func(t int, p float64) {
		if t == s.count {
			key := ""
			for _, c := range collapse(path) {
				key += string(rune('a' + c))
			}
			total[key] += p
			return
		}
		for c := range s.classes {
			path[t] = c
			walk(t+1, p*float64(s.at(t)[c]))
		}
	}
	walk(0, 1)
	return total
}

func TestDecodingAgainstAllPaths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		s := randomSteps(r, 2+r.IntN(5), 3)
		all := everySpelling(s)
		best, most := "", -1.0
		for key, p := range all {
			var classes []int
			for _, c := range key {
				classes = append(classes, int(c-'a'))
			}
			if got := math.Exp(logLikelihood(s, classes)); math.Abs(got-p) > 1e-6 {
				t.Fatalf("%q has probability %v, all paths together %v", key, got, p)
			}
			if p > most {
				best, most = key, p
			}
		}
		found := search(s, []int{1, 2}, 3)
		key := ""
		for _, c := range found[0].classes {
			key += string(rune('a' + c))
		}
		if key != best || math.Abs(found[0].probability-most) > 1e-6 {
			t.Fatalf("search found %q with %v, the best is %q with %v", key, found[0].probability, best, most)
		}
	}
}

func TestImpossibleSpellings(t *testing.T) {
	s := randomSteps(rand.New(rand.NewPCG(2, 2)), 3, 3)
	if p := logLikelihood(s, []int{1, 1, 2}); !math.IsInf(p, -1) {
		t.Errorf("two equal characters in three steps with a third: %v", p)
	}
	if p := logLikelihood(steps{}, []int{1}); !math.IsInf(p, -1) {
		t.Errorf("a character in no steps: %v", p)
	}
	if confidence, _ := spans(s, nil); len(confidence) != 0 {
		t.Error("confidences of nothing")
	}
}

func TestSpans(t *testing.T) {
	// Four steps: the first class, blank, the second class twice.
	s := steps{count: 4, classes: 3, values: []float32{0.1, 0.8, 0.1, 0.9, 0.05, 0.05, 0.3, 0.1, 0.6, 0.2, 0.1, 0.7}}
	confidence, at := spans(s, []int{1, 2})
	if !slices.Equal(confidence, []float32{0.8, 0.7}) || !slices.Equal(at, []int{0, 3}) {
		t.Error(confidence, at)
	}
}

// A 17-digit number stays one: the restriction to digits takes characters away, it adds none.
func TestSearchInventsNothing(t *testing.T) {
	s := steps{count: 5, classes: 4, values: make([]float32, 20)}
	for t, c := range []int{1, blank, 3, blank, 2} { // class 3 is not allowed
		p := s.at(t)
		for i := range p {
			p[i] = 0.01
		}
		p[c] = 0.97
	}
	found := search(s, []int{1, 2}, 1)[0]
	if !slices.Equal(found.classes, []int{1, 2}) && found.probability > 0.05 {
		t.Errorf("%v with %v", found.classes, found.probability)
	}
	if found.probability > 0.05 {
		t.Errorf("a place that shows something else counts as %v sure", found.probability)
	}
}

func FuzzAlphabet(f *testing.F) {
	f.Add([]byte("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\nX\n张\n"))
	f.Add([]byte("\xff\n"))
	f.Fuzz(func(t *testing.T, keys []byte) {
		a, err := newAlphabet(keys)
		if err != nil {
			return
		}
		if len(a.runes) < 13 || a.runes[blank] != 0 {
			t.Errorf("%q became %d classes", keys, len(a.runes))
		}
		a.fold(steps{count: 1, classes: len(a.runes), values: make([]float32, len(a.runes))}, nil)
	})
}
