package document

import (
	"cmp"
	"math"
	"slices"
)

const (
	// maxAreas bounds the crops of one piece.
	maxAreas = 3
	// sure is the confidence from which one plain look at a piece is enough, settled that from which no further area is
	// looked at.
	sure    = 0.95
	settled = 0.9
)

// kind says what a piece of a card can hold.
type kind struct {
	allowed  []int                                   // classes; nil for all
	words    [][]int                                 // if not nil: contents to choose from
	captions []int                                   // classes of what is printed on every card: it counts as background
	accept   func(text string) bool                  // what a reading that needs no second look must be; nil for anything
	gap      func(a *alphabet, c *candidate) float32 // how much a reading is to be trusted by its spacing, 0 to 1; nil for wholly
	// seen is how much more probable a spelling counts for each of its characters: in doubt something is printed, since a
	// stamp, and the tones that take it away, hide print more often than they add any.
	seen float64
	// whole says that the place holds nothing but what is to be read, no caption: print that was not read is noticed.
	whole bool
}

// candidate is one way to read a piece.
type candidate struct {
	classes    []int
	likelihood float64   // mean over the crops
	confidence []float32 // of each character
	at         []float64 // its middle, in millimetres on the card
	trust      float32   // by the spacing
	doubtful   bool      // what lies beside it may hide a character, or is one that was not read
}

// least is the confidence of the least sure character, held down where the spacing speaks of a character left out.
func (c *candidate) least() float32 {
	if c.doubtful {
		return lostTrust * c.seen()
	}
	return c.seen()
}

// seen is the same without regard to what lies beside it.
func (c *candidate) seen() float32 {
	if len(c.classes) == 0 {
		return 0
	}
	return min(slices.Min(c.confidence), 1) * c.trust
}

// piece reads one line of the card. The first area is looked at as it is; if that is not sure, every area is looked at
// through every tone, and the probabilities are averaged step by step, so that the tones that see a character there
// outvote those that see a stamp. Known are spellings that are weighed as well, whether a look proposes them or not.
func (r *Reader) piece(c *card, areas []box, stamped bool, want *kind, known ...[]int) ([]candidate, error) {
	p := pool{reader: r, want: want, spellings: known}
	// The last area is the widest: print beyond what was detected shows there.
	widest := &areas[len(areas)-1]
	ends := func(enough float32) bool {
		found := p.weigh()
		return len(found) > 0 && found[0].least() >= enough &&
			(want.accept == nil || want.accept(r.read.spell(found[0].classes))) &&
			!(want.whole && (r.unread(c, widest, &found[0]) || stamped && c.hidden(widest, &found[0])))
	}
	for k := range areas[:min(len(areas), maxAreas)] {
		c.cut(&r.strip, &areas[k])
		scene := scene{card: c, area: &areas[k]}
		sums := [2]steps{{values: r.slots[k][0][:0]}, {values: r.slots[k][1][:0]}}
		for i := range tones {
			tone := &tones[i]
			if tone.apart && !stamped {
				continue
			}
			tone.apply(&r.toned, &r.strip, &scene)
			s, err := r.read.probabilities(&r.toned)
			if err != nil {
				return nil, err
			}
			r.read.fold(s, want.captions)
			p.propose(s)
			if k == 0 && i == 0 && !stamped {
				p.looks = append(p.looks[:0], placed{s, areas[k]})
				if ends(sure) || want.accept == nil && len(r.read.greedy(s)) == 0 {
					return p.weigh(), nil
				}
				p.looks = p.looks[:0]
			}
			group, weight := 0, tone.clean
			if stamped {
				weight = tone.weight
			}
			if tone.apart {
				group = 1
			}
			sums[group].add(&s, weight)
		}
		for g := range sums {
			if sums[g].count > 0 {
				sums[g].normalise()
				p.propose(sums[g])
				p.looks = append(p.looks, placed{sums[g], areas[k]})
			}
		}
		if ends(settled) {
			break
		}
	}
	found := p.weigh()
	if want.whole {
		for i := range min(len(found), 4) {
			found[i].doubtful = found[i].doubtful || r.unread(c, widest, &found[i]) || stamped && c.hidden(widest, &found[i])
		}
	}
	return found, nil
}

// placed is what was seen in an area of the card.
type placed struct {
	steps
	area box
}

// pool collects ways to read a piece and weighs them against everything that was seen of it.
type pool struct {
	reader    *Reader
	want      *kind
	looks     []placed
	spellings [][]int
}

func (p *pool) add(classes []int) {
	same := func(o []int) bool { return slices.Equal(o, classes) }
	if !slices.ContainsFunc(p.spellings, same) {
		p.spellings = append(p.spellings, classes)
	}
}

// propose adds what one look reads.
func (p *pool) propose(s steps) {
	r := p.reader.read
	if p.want.allowed != nil {
		for _, found := range search(s, p.want.allowed, 4) {
			p.add(found.classes)
		}
		return
	}
	for _, w := range p.want.words {
		p.add(w)
	}
	// What is printed may be none of the words.
	p.add(r.classes(r.greedy(s)))
}

// weigh lists the ways to read the piece, the most probable first.
func (p *pool) weigh() []candidate {
	out := make([]candidate, 0, len(p.spellings))
	for _, spelling := range p.spellings {
		n := len(spelling)
		c := candidate{classes: spelling, confidence: make([]float32, n), at: make([]float64, n), trust: 1}
		sum := make([]float64, n)
		total, best := 0.0, -1.0
		for i := range p.looks {
			l := &p.looks[i]
			v := math.Exp(logLikelihood(l.steps, spelling))
			c.likelihood += v / float64(len(p.looks))
			if v < 1e-9 {
				v = 1e-9
			}
			confidence, at := spans(l.steps, spelling)
			for k := range sum {
				sum[k] += v * float64(confidence[k])
				if v > best {
					c.at[k] = l.area.at((float64(at[k])+0.5)/float64(l.count)-0.5, 0).X
				}
			}
			total += v
			best = max(best, v)
		}
		for k := range sum {
			c.confidence[k] = float32(sum[k] / total)
		}
		if p.want.gap != nil {
			c.trust = p.want.gap(p.reader.read.alphabet, &c)
			c.likelihood *= float64(c.trust)
		}
		for range c.classes {
			c.likelihood *= p.want.seen
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(b.likelihood, a.likelihood) })
	return out
}

// classes gives the classes of glyphs.
func (a *alphabet) classes(glyphs []glyph) []int {
	out := make([]int, len(glyphs))
	for i, g := range glyphs {
		out[i] = a.class[g.char]
	}
	return out
}

// spell is the inverse of classes.
func (a *alphabet) spell(classes []int) string {
	out := make([]rune, len(classes))
	for i, c := range classes {
		out[i] = a.runes[c]
	}
	return string(out)
}

// word gives the classes of a text; false where a character is not among the model's.
func (a *alphabet) word(text string) ([]int, bool) {
	var out []int
	for _, c := range text {
		class, known := a.class[c]
		if !known {
			return nil, false
		}
		out = append(out, class)
	}
	return out, true
}
