package finger

import "fmt"

// Gallery is a small set of references that a probe is searched against (1:N). It compares with every view, so that a
// search takes about as many milliseconds as there are views; and each reference more is one more stranger who may
// match by chance, so a search needs the threshold of an FMR that is smaller by their number.
//
// One goroutine at a time may use it.
type Gallery struct {
	matcher  *Matcher
	capacity int
	views    int
	entries  []entry
}

type entry struct {
	id    string
	views []*Template
}

// MaxGallery is the largest capacity, in views.
const MaxGallery = 2000

// Found is a person and the score of their best view.
type Found struct {
	ID    string
	Score Score
}

// NewGallery makes a gallery for up to capacity views.
func NewGallery(capacity int) (*Gallery, error) {
	if capacity < 1 || capacity > MaxGallery {
		return nil, fmt.Errorf("finger: gallery of %d views, allowed are 1 to %d", capacity, MaxGallery)
	}
	return &Gallery{matcher: NewMatcher(), capacity: capacity}, nil
}

// Put adds a person or replaces their reference.
func (g *Gallery) Put(id string, views []*Template) error {
	if id == "" || len(views) < 1 || len(views) > MaxViews {
		return fmt.Errorf("finger: reference of %q with %d views, wanted an id and 1 to %d views", id, len(views), MaxViews)
	}
	had := 0
	for _, e := range g.entries {
		if e.id == id {
			had = len(e.views)
		}
	}
	if total := g.views - had + len(views); total > g.capacity {
		return fmt.Errorf("finger: gallery would hold %d views, its limit is %d", total, g.capacity)
	}
	g.Remove(id)
	g.entries = append(g.entries, entry{id, append([]*Template(nil), views...)})
	g.views += len(views)
	return nil
}

// Remove forgets a person and says whether they were there.
func (g *Gallery) Remove(id string) bool {
	for i, e := range g.entries {
		if e.id == id {
			g.entries = append(g.entries[:i], g.entries[i+1:]...)
			g.views -= len(e.views)
			return true
		}
	}
	return false
}

// Len is the number of people.
func (g *Gallery) Len() int { return len(g.entries) }

// Search returns the two people whose references are most like the probe; an empty ID where there is nobody. That the
// second scores well too says that the first is not to be trusted.
func (g *Gallery) Search(probe *Template) (best, second Found) {
	best.Score, second.Score = Least, Least
	for _, e := range g.entries {
		switch s := g.matcher.CompareViews(probe, e.views); {
		case best.ID == "" || s > best.Score:
			best, second = Found{e.id, s}, best
		case second.ID == "" || s > second.Score:
			second = Found{e.id, s}
		}
	}
	return best, second
}
