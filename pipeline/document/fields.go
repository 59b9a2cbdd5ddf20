package document

import "strings"

// lineReading is what was read of one line of a field.
type lineReading struct {
	Field
	found []candidate // the most probable first
	best  int         // the one that Text is
	grows bool        // the field may have a further line below
	times int         // how often it was looked at
}

// candidates reads a line of a row.
func (w *worker) candidates(c *card, p place, want *kind, known ...[]int) (lineReading, error) {
	areas, stamped := c.areas(p)
	found, times, err := w.piece(c, areas, stamped, want, known...)
	return lineReading{Field: Field{Stamped: stamped, Box: areas[0].bounds()}, found: found, times: times}, err
}

// take makes a candidate what was read.
func (l *lineReading) take(w *worker, i int) {
	l.best = i
	l.Text, l.Confidence = w.spell(l.found[i].classes), l.found[i].least()
}

// line reads a line of text.
func (w *worker) line(c *card, p place, want *kind) (lineReading, error) {
	l, err := w.candidates(c, p, want)
	l.grows = true
	if len(l.found) > 0 {
		l.take(w, 0)
		l.Text = strings.TrimSpace(l.Text)
	}
	return l, err
}

// validity reads the term. Of readings between which the picture hardly decides it takes one whose days exist; where none is,
// the term is in doubt.
func (w *worker) validity(c *card, want *kind) (lineReading, error) {
	l, err := w.candidates(c, validityPlace, want)
	if err != nil || len(l.found) == 0 {
		return l, err
	}
	best := 0
	for i := range l.found {
		if isTerm(w.spell(l.found[i].classes)) {
			if l.found[i].likelihood >= against*l.found[0].likelihood {
				best = i
			}
			break
		}
	}
	l.take(w, best)
	if !isTerm(l.Text) {
		l.doubt()
	}
	return l, nil
}

// isTerm reports whether a text is a term of validity from a day that exists to a later one, or without end.
func isTerm(text string) bool {
	from, to, ok := ParseValidity(text)
	return ok && from.Exists() && (to == Date{} || to.Exists() && from.Before(to))
}

const (
	// wordShare is how much less probable than the free reading a known word may be and still be what is printed. Its
	// confidence then is as low as the model found it.
	wordShare = 0.01
	// freely is how probable something that is no known word must be.
	freely = 0.5
)

// oneOf reads one of a few words in the row of sex and ethnicity, together with its caption, which helps to see it. What is no
// known word is in doubt.
func (w *worker) oneOf(c *card, p place, want *kind) (lineReading, error) {
	l, err := w.candidates(c, p, want)
	if err != nil || len(l.found) == 0 {
		return l, err
	}
	free := &l.found[0]
	best := 0
	for i := range l.found {
		// The most probable word, unless something else is printed for all that can be seen; and even then a word of which what
		// was read is all but one character.
		text := w.spell(l.found[i].classes)
		if !want.accept(text) {
			continue
		}
		if free.likelihood < freely || l.found[i].likelihood >= wordShare*free.likelihood || lacksOne(w.spell(free.classes), text) {
			best = i
			break
		}
	}
	l.take(w, best)
	if !want.accept(l.Text) {
		l.doubt()
	}
	return l, nil
}

// lacksOne reports whether text is word without one of its characters.
func lacksOne(text, word string) bool {
	a, b := []rune(text), []rune(word)
	if len(a) == 0 || len(a)+1 != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return string(a[i:]) == string(b[i+1:])
}
