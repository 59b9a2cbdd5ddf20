package evidence

import (
	"testing"

	"umbral/daemon/passage"
	"umbral/pipeline/face"
)

// What a document says is known while the screen speaks of its passage, and no longer.
func TestClaimEndsWithItsPassage(t *testing.T) {
	c := new(Claims)
	one, two := passage.ID{Boot: 1, Number: 1}, passage.ID{Boot: 1, Number: 2}
	c.Add(Claim{Passage: one, Subject: "doc-1", References: make([]face.Template, 1), Name: "Ana", Number: "4711", Portrait: []byte{1}})
	c.Keep(one)
	if got, ok := c.Of(one); !ok || got.Name != "Ana" {
		t.Error("the claim of the passage under way is gone")
	}
	c.Keep(two)
	if got, ok := c.Of(one); ok || got.Name != "" || got.Number != "" || got.Portrait != nil {
		t.Errorf("after the passage %+v is still known", got)
	}
	c.Add(Claim{Passage: two, Subject: "doc-2", Name: "Bo"})
	c.Keep(passage.ID{})
	if c.now.Name != "" {
		t.Errorf("with nobody there %q is still known", c.now.Name)
	}
}

// The face is compared with the least similar of the portraits, and with those of its own passage only.
func TestClaimsCompare(t *testing.T) {
	c := new(Claims)
	one, two := passage.ID{Boot: 1, Number: 1}, passage.ID{Boot: 1, Number: 2}
	var same, other, probe face.Template
	same[0], other[1], probe[0] = 1, 1, 1
	c.Add(Claim{Passage: one, Subject: "doc-1", References: []face.Template{same}})
	if who, score, ok := c.Compare(one, &probe); !ok || who != "doc-1" || score < 0.999 {
		t.Errorf("one portrait: %s %v %v", who, score, ok)
	}
	c.Add(Claim{Passage: one, Subject: "doc-1", References: []face.Template{other}})
	if _, score, _ := c.Compare(one, &probe); score != 0 {
		t.Errorf("the less similar of two portraits counts: %v", score)
	}
	c.Add(Claim{Passage: one, Subject: "doc-1", References: []face.Template{same}})
	if got, _ := c.Of(one); len(got.References) != MaxReferences {
		t.Errorf("%d references, limit %d", len(got.References), MaxReferences)
	}
	if _, _, ok := c.Compare(two, &probe); ok {
		t.Error("a claim of another passage was compared with")
	}
	c.Add(Claim{Passage: one, Subject: "doc-2"})
	if _, _, ok := c.Compare(one, &probe); ok {
		t.Error("another subject's document left the first one's portrait")
	}
}

// A doubt about a name is for the reviewers of its passage alone.
func TestNameDoubt(t *testing.T) {
	first, second := passage.ID{Boot: 1, Number: 1}, passage.ID{Boot: 1, Number: 2}
	c := new(Claims)
	if _, ok := c.DoubtOf(passage.ID{}); ok {
		t.Error("a doubt about nobody's name")
	}
	c.AddDoubt(NameDoubt{Passage: first, Pattern: "old"})
	c.AddDoubt(NameDoubt{Passage: first, Pattern: "new"})
	if _, ok := c.DoubtOf(second); ok {
		t.Error("another passage's doubt")
	}
	c.Keep(first)
	if d, ok := c.DoubtOf(first); !ok || d.Pattern != "new" {
		t.Errorf("%+v %v", d, ok)
	}
	c.Keep(second)
	if _, ok := c.DoubtOf(first); ok {
		t.Error("the doubt outlives its passage")
	}
}
