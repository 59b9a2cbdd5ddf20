package gallery

import "math"

// fewReferences is up to how many references the exact products alone are as quick.
const fewReferences = 64

// Search compares probe with every reference: in a large gallery by bytes, a quarter of the memory to read, and then
// exactly with all who could be among the two most similar people. The result is that of exact products throughout. It
// allocates nothing. It fails when probe has another dimension or is not of unit length; an empty gallery is no error.
func (g *Gallery) Search(probe []float32) (Result, error) {
	if err := g.check("probe", probe); err != nil {
		return Result{}, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	var f finalists
	if len(g.owners) <= fewReferences || !g.scratch.TryLock() {
		g.searchExact(&f, probe)
	} else {
		g.searchBytes(&f, probe)
		g.scratch.Unlock()
	}
	return Result{Best: g.match(f.best), Second: g.match(f.second)}, nil
}

// SearchExact is Search by exact products alone, to measure and to check Search by.
func (g *Gallery) SearchExact(probe []float32) (Result, error) {
	if err := g.check("probe", probe); err != nil {
		return Result{}, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	var f finalists
	g.searchExact(&f, probe)
	return Result{Best: g.match(f.best), Second: g.match(f.second)}, nil
}

func (g *Gallery) searchExact(f *finalists, probe []float32) {
	for slot, owner := range g.owners {
		f.take(owner, dot(probe, g.vector(slot)))
	}
}

// searchBytes finds by bytes who can be among the two most similar people, and then who is.
func (g *Gallery) searchBytes(f *finalists, probe []float32) {
	p := quantise(g.probe, probe)
	s := screening{g: g, found: *f, probe: probe, bar: float32(math.Inf(-1))}
	// The bound of reach is slope·lost + offset.
	offset := reach(p, approximation{})
	slope := reach(p, approximation{lost: 1}) - offset
	for first := 0; first < len(g.owners); first += len(g.products) {
		block := g.products[:min(len(g.products), len(g.owners)-first)]
		dots8(block, g.probe, g.bytes[first*g.dimension:])
		approx := g.approx[first:][:len(block)]
		for i, product := range block {
			a := approx[i]
			score, bound := float32(product)*(p.scale*a.scale), slope*a.lost+offset
			if score+bound >= s.bar {
				s.keep(int32(first+i), score, bound)
			}
		}
	}
	s.decide()
	*f = s.found
}

// screening is a search by bytes under way. Who can't reach bar any more is out.
type screening struct {
	g     *Gallery
	probe []float32
	found finalists // by exact products
	sure  finalists // by the least that they can score
	bar   float32   // what the second of them scores at least
	kept  int       // of g.kept
}

// keptCandidates is how many references may wait for their exact products at a time.
const keptCandidates = 1024

// candidate is a reference that may be among the two most similar people, with the most that it can score.
type candidate struct {
	slot int32
	most float32
}

// keep remembers a reference. Where there is no room those that are out make it, or all are decided on.
func (s *screening) keep(slot int32, score, bound float32) {
	if owner := s.g.owners[slot]; s.sure.second.place == 0 || score-bound > s.sure.second.score {
		s.sure.take(owner, score-bound)
		if s.sure.second.place != 0 {
			s.bar = s.sure.second.score
		}
	}
	if s.kept == len(s.g.kept) {
		if s.sift(); s.kept > len(s.g.kept)/2 {
			s.decide()
		}
	}
	s.g.kept[s.kept] = candidate{slot, score + bound}
	s.kept++
}

// sift drops those who are out.
func (s *screening) sift() {
	all := s.g.kept[:s.kept]
	s.kept = 0
	for _, c := range all {
		if c.most >= s.bar {
			s.g.kept[s.kept] = c
			s.kept++
		}
	}
}

// decide lets those who are kept compete by their exact products.
func (s *screening) decide() {
	s.sift()
	for _, c := range s.g.kept[:s.kept] {
		s.found.take(s.g.owners[c.slot], dot(s.probe, s.g.vector(int(c.slot))))
	}
	s.kept = 0
}

// finalist is a person by place, counted from 1 so that 0 is nobody.
type finalist struct {
	place int32
	score float32
}

// finalists are the most similar person so far and the most similar other one.
type finalists struct{ best, second finalist }

// take lets a reference compete.
func (f *finalists) take(owner int32, score float32) {
	owner++
	switch {
	case owner == f.best.place:
		f.best.score = max(f.best.score, score)
	case f.best.place == 0 || score > f.best.score:
		f.best, f.second = finalist{owner, score}, f.best
	case f.second.place == 0 || score > f.second.score:
		f.second = finalist{owner, score}
	}
}

func (g *Gallery) match(f finalist) Match {
	if f.place == 0 {
		return Match{}
	}
	return Match{ID: g.people[f.place-1].id, Score: f.score}
}

// Similarity is how alike the probe is to a person's most similar reference; ok is false where the person has none.
func (g *Gallery) Similarity(id string, probe []float32) (score float32, ok bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	place, known := g.places[id]
	if !known || len(probe) != g.dimension {
		return 0, false
	}
	for slot, owner := range g.owners {
		if owner != place {
			continue
		}
		if like := dot(probe, g.vector(slot)); !ok || like > score {
			score, ok = like, true
		}
	}
	return score, ok
}
