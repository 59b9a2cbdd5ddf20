package gallery

import "testing"

func TestSimilarity(t *testing.T) {
	g := NewOf(4, 2)
	for _, r := range []struct {
		id string
		v  []float32
	}{{"ana", []float32{1, 0}}, {"ana", []float32{0.6, 0.8}}, {"bo", []float32{0, 1}}} {
		if err := g.Add(r.id, r.v); err != nil {
			t.Fatal(err)
		}
	}
	if s, ok := g.Similarity("ana", []float32{0.6, 0.8}); !ok || s < 0.999 {
		t.Errorf("ana: %v %v, want the most similar reference", s, ok)
	}
	if s, ok := g.Similarity("bo", []float32{1, 0}); !ok || s != 0 {
		t.Errorf("bo: %v %v", s, ok)
	}
	g.Remove("ana")
	for _, id := range []string{"ana", "", "cy"} {
		if _, ok := g.Similarity(id, []float32{1, 0}); ok {
			t.Errorf("%q has a similarity", id)
		}
	}
	if _, ok := g.Similarity("bo", []float32{1}); ok {
		t.Error("a probe of another length has a similarity")
	}
}
