package gallery

// Bar marks a person as one whom Barred looks for, or takes the mark away. It reports whether the gallery holds a
// reference of theirs; the mark goes with the last one.
func (g *Gallery) Bar(id string, barred bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	place, known := g.places[id]
	if !known {
		return false
	}
	if g.people[place].barred != barred {
		g.people[place].barred = barred
		if barred {
			g.barred++
		} else {
			g.barred--
		}
	}
	return true
}

// Barred returns the most similar person among those who are marked, leaving out except; nobody where none is. It costs
// a look at each reference's owner and an exact product for each reference of a marked person, and allocates nothing. It
// fails as Search does.
func (g *Gallery) Barred(probe []float32, except string) (Match, error) {
	if err := g.check("probe", probe); err != nil {
		return Match{}, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.barred == 0 {
		return Match{}, nil
	}
	var best finalist
	for slot, owner := range g.owners {
		if p := &g.people[owner]; !p.barred || p.id == except {
			continue
		}
		if score := dot(probe, g.vector(slot)); best.place == 0 || score > best.score {
			best = finalist{owner + 1, score}
		}
	}
	return g.match(best), nil
}
