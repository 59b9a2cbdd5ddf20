// Package gallery holds the references of known people in one piece of memory and finds whose face a probe shows (1:N).
//
// References and probes are templates of unit length, so that their dot product is the cosine of the angle between
// them: 1 for the same, about 0 for strangers. What score makes a match is not decided here.
package gallery

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"umbral/pipeline/pages"
)

// Dimension is the length of a face template.
const Dimension = 512

// Gallery is a set of references, several a person if need be. All its memory for templates is taken when it is made.
// Its methods may be called by several goroutines.
type Gallery struct {
	capacity, dimension int

	mu      sync.RWMutex
	vectors []float32 // count() templates, one after another; zero behind them
	bytes   []int8    // the same, see approximation
	approx  []approximation
	owners  []int32          // of each template, a place in people
	people  []person         // places of removed people have an empty id and are used again
	places  map[string]int32 // by id
	free    []int32
	barred  int // people who are marked

	scratch  sync.Mutex // guards what follows; who finds it taken searches without it
	probe    []int8
	products [256]int32 // of a block of templates
	kept     []candidate
}

type person struct {
	id         string
	references int
	barred     bool
}

// Match is a person and how similar their most similar reference is to a probe, −1 to 1.
type Match struct {
	ID    string
	Score float32
}

// Result of a search: the most similar person, and the most similar one who is somebody else. An empty ID says that the
// gallery holds nobody for that place.
type Result struct{ Best, Second Match }

// New makes a gallery for up to capacity face templates; it takes 2.6 KiB for each.
func New(capacity int) *Gallery { return NewOf(capacity, Dimension) }

// NewOf makes a gallery for up to capacity templates of the given dimension. Numbers below 1 count as 1.
func NewOf(capacity, dimension int) *Gallery {
	capacity, dimension = max(capacity, 1), max(dimension, 1)
	return &Gallery{
		capacity:  capacity,
		dimension: dimension,
		vectors:   pages.Make[float32](capacity * dimension),
		bytes:     pages.Make[int8](capacity * dimension),
		approx:    make([]approximation, capacity),
		probe:     make([]int8, dimension),
		kept:      make([]candidate, keptCandidates),
		owners:    make([]int32, 0, capacity),
		people:    make([]person, 0, capacity),
		places:    make(map[string]int32),
		free:      make([]int32, 0, capacity),
	}
}

// Bytes is the memory that a gallery of that many face templates takes, identifiers aside.
func Bytes(capacity int) int64 {
	const owner, free, entry, approximation = 4, 4, 32, 8
	return int64(max(capacity, 1)) * (4*Dimension + Dimension + owner + free + entry + approximation)
}

// Len is the number of references.
func (g *Gallery) Len() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.owners)
}

// People is the number of persons who have at least one reference.
func (g *Gallery) People() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.places)
}

// Has tells whether the person has a reference.
func (g *Gallery) Has(id string) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	_, ok := g.places[id]
	return ok
}

// Add stores a copy of template as one more reference of the person. It fails when the gallery is full, the id is empty,
// or the template has another dimension or is not of unit length.
func (g *Gallery) Add(id string, template []float32) error {
	if id == "" {
		return fmt.Errorf("gallery: reference without a person's id")
	}
	if err := g.check("reference", template); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	slot := len(g.owners)
	if slot == g.capacity {
		return fmt.Errorf("gallery: full: it holds %d references, limit %d (raise the gallery's capacity or remove people)", slot, g.capacity)
	}
	place, known := g.places[id]
	if !known {
		place = g.newPlace(id)
	}
	g.people[place].references++
	g.owners = append(g.owners, place)
	copy(g.vector(slot), template)
	g.approx[slot] = quantise(g.small(slot), template)
	return nil
}

// newPlace gives a new person a place among the people.
func (g *Gallery) newPlace(id string) int32 {
	var place int32
	if n := len(g.free); n > 0 {
		place, g.free = g.free[n-1], g.free[:n-1]
		g.people[place] = person{id: id}
	} else {
		place = int32(len(g.people))
		g.people = append(g.people, person{id: id})
	}
	g.places[id] = place
	return place
}

// Remove takes all references of the person out, overwrites their memory with zeros, and returns how many there were.
func (g *Gallery) Remove(id string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	place, known := g.places[id]
	if !known {
		return 0
	}
	removed := g.people[place].references
	for slot := len(g.owners) - 1; slot >= 0; slot-- {
		if g.owners[slot] != place {
			continue
		}
		last := len(g.owners) - 1
		copy(g.vector(slot), g.vector(last))
		copy(g.small(slot), g.small(last))
		g.approx[slot] = g.approx[last]
		clear(g.vector(last))
		clear(g.small(last))
		g.approx[last] = approximation{}
		g.owners[slot] = g.owners[last]
		g.owners = g.owners[:last]
	}
	delete(g.places, id)
	if g.people[place].barred {
		g.barred--
	}
	g.people[place] = person{}
	g.free = append(g.free, place)
	return removed
}

// Duplicates finds the people other than except who have a reference at least as similar to template as threshold, most
// similar first: who is about to be enrolled for the second time? It fails as Search does.
func (g *Gallery) Duplicates(template []float32, threshold float32, except string) ([]Match, error) {
	if err := g.check("template", template); err != nil {
		return nil, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	scores := make(map[int32]float32)
	for slot, owner := range g.owners {
		score := dot(template, g.vector(slot))
		if earlier, seen := scores[owner]; score >= threshold && g.people[owner].id != except && (!seen || score > earlier) {
			scores[owner] = score
		}
	}
	found := make([]Match, 0, len(scores))
	for owner, score := range scores {
		found = append(found, g.match(finalist{owner + 1, score}))
	}
	slices.SortFunc(found, func(a, b Match) int {
		if a.Score != b.Score {
			if a.Score > b.Score {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return found, nil
}

func (g *Gallery) vector(slot int) []float32 {
	return g.vectors[slot*g.dimension:][:g.dimension]
}

func (g *Gallery) small(slot int) []int8 { return g.bytes[slot*g.dimension:][:g.dimension] }

// check refuses what is no template, also one that is not a number, before it can spoil every search to come.
func (g *Gallery) check(what string, v []float32) error {
	if len(v) != g.dimension {
		return fmt.Errorf("gallery: %s of dimension %d, this gallery holds %d (another feature model?)", what, len(v), g.dimension)
	}
	length := math.Sqrt(float64(dot(v, v)))
	if !(math.Abs(length-1) <= 1e-3) {
		return fmt.Errorf("gallery: %s of length %g, must be 1 ± 0.001 (not normalised?)", what, length)
	}
	return nil
}
