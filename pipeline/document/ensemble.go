package document

import (
	"cmp"
	"math"
	"slices"

	"umbral/pipeline/vision"
)

const (
	// maxAreas bounds the crops of one piece.
	maxAreas = 3
	// sure is the confidence from which one plain look at a piece is enough, settled that from which several are.
	sure    = 0.95
	settled = 0.9
)

// kind says what a piece of a card can hold.
type kind struct {
	allowed  []int                                   // classes; nil for all
	words    [][]int                                 // if not nil: contents to choose from
	captions []int                                   // classes of what is printed on every card: it counts as background
	accept   func(text string) bool                  // what a reading that needs no second look must be; nil for anything
	twice    func(text string) bool                  // the same of one that several areas agree on, besides accept; nil for nothing
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

// least returns the confidence of the least sure character, held down where the spacing tells of a character left out.
func (c *candidate) least() float32 {
	if c.doubtful {
		return lostTrust * c.seen()
	}
	return c.seen()
}

// seen returns the same without regard to what lies beside it.
func (c *candidate) seen() float32 {
	if len(c.classes) == 0 {
		return 0
	}
	return min(slices.Min(c.confidence), 1) * c.trust
}

// piece reads one line of the card, and returns how often it was looked at. The first area is looked at as it is, then the others. If that is not sure, every area is
// looked at through every tone, and the probabilities are averaged step by step, so that the tones that see a character there
// outvote those that see a stamp. Known are spellings that are weighed as well, whether a look proposes them or not.
func (w *worker) piece(c *card, areas []box, stamped bool, want *kind, known ...[]int) (found []candidate, times int, err error) {
	e := ensemble{
		worker: w, card: c, areas: areas[:min(len(areas), maxAreas)], stamped: stamped,
		pool: pool{alphabet: w.alphabet, want: want, spellings: known},
	}
	done, err := e.plainly()
	if err == nil && !done {
		err = e.thoroughly()
	}
	if err != nil {
		return nil, e.times, err
	}
	found = e.weigh()
	if want.whole && !e.clear {
		for i := range min(len(found), 4) {
			found[i].doubtful = e.hides(&found[i])
		}
	}
	return found, e.times, nil
}

// ensemble is what several looks at one line come to.
type ensemble struct {
	*worker
	pool
	card    *card
	areas   []box
	stamped bool
	cut     int                // the area that is in strip, from 1; 0 for none
	scene   scene              // of that area
	sums    [maxAreas][2]steps // of the tones, and of those that are apart
	first   [maxAreas][]int    // the best reading of each area's plain look
	clear   bool               // no print beside the best reading
	times   int                // looks so far
}

// plainly looks at each area as it is until a reading needs no further look. Under a stamp one never does.
func (e *ensemble) plainly() (done bool, err error) {
	if e.stamped {
		return false, nil
	}
	for k := range e.areas {
		e.prepare(k)
		s, err := e.glance(&tones[0], &e.strip, &e.scene)
		if err != nil {
			return false, err
		}
		e.take(k, 0, &s)
		if k == 0 {
			e.looks = append(e.looks, placed{s, e.areas[k]})
			if e.ends(sure) || e.want.accept == nil && len(e.alphabet.greedy(s)) == 0 {
				return true, nil
			}
			continue
		}
		e.gather()
		if e.agreed(k) && e.ends(settled) {
			return true, nil
		}
	}
	return false, nil
}

// thoroughly looks at the areas through the other tones, one area after another, until a reading is settled. Idle workers
// help.
func (e *ensemble) thoroughly() error {
	var list []int
	for i := range tones {
		if (i > 0 || e.stamped) && (!tones[i].apart || e.stamped) {
			list = append(list, i)
		}
	}
	for k := range e.areas {
		e.prepare(k)
		e.scene.measure(&e.strip) // before several workers look at it
		if e.stamped {
			e.scene.measureStamp(&e.strip)
		}
		for rest := list; len(rest) > 0; {
			n, err := e.several(k, rest)
			if err != nil {
				return err
			}
			rest = rest[n:]
		}
		e.gather()
		if e.ends(settled) {
			break
		}
	}
	return nil
}

// several looks at an area through the first of a list of tones, and through the next ones as far as workers are idle. It returns
// how many it looked through, whose results it takes in their order.
func (e *ensemble) several(k int, list []int) (n int, err error) {
	var asked []*request
	defer func() {
		for _, q := range asked {
			q.release()
		}
	}()
	for _, i := range list[1:] {
		q := &request{tone: &tones[i], strip: &e.strip, scene: &e.scene}
		if !e.ask(q) {
			break
		}
		asked = append(asked, q)
	}
	s, err := e.glance(&tones[list[0]], &e.strip, &e.scene)
	for n = 1; err == nil; n++ {
		e.take(k, list[n-1], &s)
		if n > len(asked) {
			return n, nil
		}
		s, err = asked[n-1].wait()
	}
	return n, err
}

// prepare makes an area the strip.
func (e *ensemble) prepare(k int) {
	if e.cut != k+1 {
		e.card.cut(&e.strip, &e.areas[k])
		e.cut, e.scene = k+1, scene{card: e.card, area: &e.areas[k]}
	}
}

// glance reads a strip through a tone. The result is valid until the worker's next run.
func (w *worker) glance(t *tone, strip *vision.Image, s *scene) (steps, error) {
	t.apply(&w.toned, strip, s)
	return w.probabilities(&w.toned)
}

// take adds a look at an area through a tone to what is known.
func (e *ensemble) take(k, i int, s *steps) {
	e.times++
	e.fold(*s, e.want.captions)
	best := e.propose(*s)
	if i == 0 {
		e.first[k] = best
	}
	group, weight := 0, tones[i].clean
	if e.stamped {
		weight = tones[i].weight
	}
	if tones[i].apart {
		group = 1
	}
	sum := &e.sums[k][group]
	if sum.classes == 0 {
		sum.values = e.slots[k][group][:0]
	}
	sum.add(s, weight)
}

// gather makes the sums what readings are weighed by.
func (e *ensemble) gather() {
	e.looks = e.looks[:0]
	for k := range e.areas {
		for g := range e.sums[k] {
			if e.sums[k][g].count > 0 {
				e.propose(e.sums[k][g])
				e.looks = append(e.looks, placed{e.sums[k][g], e.areas[k]})
			}
		}
	}
}

// agreed reports whether the plain looks at the areas up to k read the same.
func (e *ensemble) agreed(k int) bool {
	for i := range k {
		if !slices.Equal(e.first[i], e.first[k]) {
			return false
		}
	}
	return true
}

// ends reports whether the best reading is as confident as that, is what it may be, and has no print beside it.
func (e *ensemble) ends(enough float32) bool {
	found := e.weigh()
	if len(found) == 0 || found[0].least() < enough {
		return false
	}
	if text := e.spell(found[0].classes); e.want.accept != nil && !e.want.accept(text) && !(e.want.twice != nil && len(e.looks) > 1 && e.want.twice(text)) {
		return false
	}
	e.clear = e.want.whole && !e.hides(&found[0])
	return e.clear || !e.want.whole
}

// hides reports whether there is, or may be, print that a reading does not account for. The last area is the widest: print
// beyond what was detected shows there.
func (e *ensemble) hides(found *candidate) bool {
	widest := &e.areas[len(e.areas)-1]
	return e.unread(e.card, widest, found) || e.stamped && e.card.hidden(widest, found)
}

// placed is a look at an area of the card.
type placed struct {
	steps
	area box
}

// pool collects ways to read a piece and weighs them against all looks at it.
type pool struct {
	alphabet  *alphabet
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

// propose adds what one look reads, and returns the most probable of it.
func (p *pool) propose(s steps) (best []int) {
	if p.want.allowed != nil {
		for i, found := range search(s, p.want.allowed, 4) {
			p.add(found.classes)
			if i == 0 {
				best = found.classes
			}
		}
		return best
	}
	for _, w := range p.want.words {
		p.add(w)
	}
	// What is printed may be none of the words.
	best = p.alphabet.classes(p.alphabet.greedy(s))
	p.add(best)
	return best
}

// weigh returns the ways to read the piece, the most probable first.
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
			c.trust = p.want.gap(p.alphabet, &c)
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

// classes returns the classes of glyphs.
func (a *alphabet) classes(glyphs []glyph) []int {
	out := make([]int, len(glyphs))
	for i, g := range glyphs {
		out[i] = a.class[g.char]
	}
	return out
}

// spell returns the text of classes.
func (a *alphabet) spell(classes []int) string {
	out := make([]rune, len(classes))
	for i, c := range classes {
		out[i] = a.runes[c]
	}
	return string(out)
}

// word returns the classes of a text. It reports whether all its characters are among the model's.
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
