package gallery

import "testing"

func TestBarred(t *testing.T) {
	g := NewOf(8, 2)
	add := func(id string, x, y float32) {
		t.Helper()
		if err := g.Add(id, []float32{x, y}); err != nil {
			t.Fatal(err)
		}
	}
	add("ana", 1, 0)
	add("bo", 0, 1)
	add("bo", 0.6, 0.8)
	add("cy", -1, 0)
	look := func(except string) Match {
		t.Helper()
		m, err := g.Barred([]float32{1, 0}, except)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := look(""); m.ID != "" {
		t.Errorf("nobody is marked: %+v", m)
	}
	if g.Bar("dan", true) {
		t.Error("somebody without references was marked")
	}
	for _, id := range []string{"bo", "bo", "cy"} { // twice is once
		if !g.Bar(id, true) {
			t.Errorf("%s, who has references, was not marked", id)
		}
	}
	if m := look(""); m.ID != "bo" || m.Score < 0.59 || m.Score > 0.61 {
		t.Errorf("bo and cy are marked: %+v, want bo's most similar reference", m)
	}
	if m := look("bo"); m.ID != "cy" || m.Score != -1 {
		t.Errorf("all but bo: %+v", m)
	}
	if m := look("cy"); m.ID != "bo" {
		t.Errorf("all but cy: %+v", m)
	}
	g.Bar("bo", false)
	g.Bar("bo", false)
	if m := look(""); m.ID != "cy" {
		t.Errorf("cy alone is marked: %+v", m)
	}
	g.Remove("cy")
	add("cy", 1, 0) // the place may be used again: the mark is gone
	if m := look(""); m.ID != "" {
		t.Errorf("nobody is marked any more: %+v", m)
	}
	if _, err := g.Barred([]float32{1}, ""); err == nil {
		t.Error("a probe of another dimension was taken")
	}
	probe := []float32{1, 0}
	g.Bar("cy", true)
	if n := testing.AllocsPerRun(100, func() { g.Barred(probe, "") }); n != 0 {
		t.Errorf("%v allocations a search, want 0", n)
	}
}
