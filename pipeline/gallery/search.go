package gallery

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
	var sure finalists // by the least that they can score
	for first := 0; first < len(g.owners); first += len(g.products) {
		block := g.products[:min(len(g.products), len(g.owners)-first)]
		dots8(block, g.probe, g.bytes[first*g.dimension:])
		for i, product := range block {
			slot := first + i
			a := g.approx[slot]
			score := float32(product) * (p.scale * a.scale)
			g.scores[slot] = score
			if least := score - reach(p, a); sure.second.place == 0 || least > sure.second.score {
				sure.take(g.owners[slot], least)
			}
		}
	}
	for slot, owner := range g.owners {
		if sure.second.place == 0 || g.scores[slot]+reach(p, g.approx[slot]) >= sure.second.score {
			f.take(owner, dot(probe, g.vector(slot)))
		}
	}
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
