package policy

import "slices"

// Alternative is one way to satisfy a policy: everything in it together, and nothing less.
type Alternative struct {
	Evidence Set
	// FMR is the strictest total false match rate that it asks for; 0 where it asks for none.
	FMR float64
}

// Alternatives returns all ways to satisfy the policy, those with the fewest pieces of evidence first. A policy without "not"
// is satisfied exactly by what includes one of them.
func (p Policy) Alternatives() []Alternative {
	type way struct {
		evidence Set
		rates    uint8
	}
	var minimal []way
	satisfied := func(w way) bool {
		var e States
		for k := range Kinds {
			e[k] = Impossible
			if w.evidence.Has(k) {
				e[k] = Satisfied
			}
		}
		return p.decide(&e, func(i int) State {
			if w.rates&(1<<i) != 0 {
				return Satisfied
			}
			return Impossible
		}) == Satisfied
	}
	for evidence := range Set(1 << Kinds) {
		if evidence&^p.need != 0 {
			continue
		}
		for rates := range uint8(1 << len(p.rates)) {
			if w := (way{evidence, rates}); satisfied(w) {
				minimal = append(minimal, w)
			}
		}
	}
	all := slices.Clone(minimal)
	minimal = slices.DeleteFunc(minimal, func(w way) bool {
		return slices.ContainsFunc(all, func(less way) bool {
			return less != w && less.evidence&^w.evidence == 0 && less.rates&^w.rates == 0
		})
	})
	ways := make([]Alternative, 0, len(minimal))
	for _, w := range minimal {
		a := Alternative{Evidence: w.evidence}
		for i, rate := range p.rates {
			if w.rates&(1<<i) != 0 && (a.FMR == 0 || rate < a.FMR) {
				a.FMR = rate
			}
		}
		ways = append(ways, a)
	}
	slices.SortStableFunc(ways, func(a, b Alternative) int { return a.Evidence.Count() - b.Evidence.Count() })
	return ways
}
