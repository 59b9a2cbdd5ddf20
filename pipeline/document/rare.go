package document

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"umbral/pipeline/document/ideograph"
	"umbral/pipeline/vision"
)

// Unread stands in a name for a character that is printed and was not read (U+3013, which printers set for a type they lack).
const Unread = '〓'

// Rare is a character of a name that the recogniser may never have learned.
type Rare struct {
	// Place is its index among the name's characters.
	Place int `json:"place"`
	// Box is where it stands, in millimetres on the card: left, top, right, bottom.
	Box [4]float32 `json:"box"`
	// Candidates are the characters that it resembles most, the likeliest first, of those that the recogniser does not know. They
	// are for a person to choose from, or for a name from elsewhere to be among.
	Candidates []string `json:"candidates"`
}

const (
	// rareCandidates is how many candidates a rare character has.
	rareCandidates = 5
	// maxRare bounds the rare characters of a name.
	maxRare = 4
	// cellHalf is half the height of a name's characters with the paper around them, in mm, and cellScale the resolution at which
	// they are looked at, in pixels a millimetre.
	cellHalf, cellScale = 2.1, 15
	// cellCore is how far beside its middle strokes are certainly a character's own, in mm, and cellEdge how far from halfway
	// between two characters the paper between them may be.
	cellCore, cellEdge = 1.7, 0.7
	// cellLeast is the least width of a character that was not read, in mm, cellMost the greatest, and cellGap the paper that may
	// be within one.
	cellLeast, cellMost, cellGap = 0.9, 4.6, 0.5
	// impostor is how much print must resemble a character that the recogniser does not know, and more so than the one that it
	// read, for this to be a doubt. Of 123 characters that it knew, printed at 22 to 35 pixels, none did; all 14 that it took for
	// another did.
	impostor = 0.89
	// comparable is the height of a printed character, in pixels, from which shapes are compared.
	comparable = 22
)

// rareTables are the shapes of characters: those that the recogniser does not know, and those that it does.
type rareTables struct{ unknown, known *ideograph.Table }

// loadRare draws the characters of a font.
func (r *Reader) loadRare(font string) error {
	if font == "" {
		return nil
	}
	tables := []**ideograph.Table{&r.rare.unknown, &r.rare.known}
	return r.each(len(tables), func(_ *worker, i int) (err error) {
		*tables[i], err = ideograph.Load(font, func(c rune) bool {
			_, known := r.alphabet.class[c]
			return known == (i == 1)
		})
		return err
	})
}

// nameCell is the place of a character in a line of a name.
type nameCell struct {
	x, x0, x1 float64 // its middle and edges
	letter    rune
	weak      bool // not read, or not surely
}

// rareOf looks for characters of a name that were not read, or not surely, where the name is in doubt, and for those that
// resemble one which the recogniser does not know more than what it read. It returns the name with Unread in the place of the
// first kind. Under a stamp it finds nothing.
func (r *Reader) rareOf(c *card, lines []lineReading, doubt bool) (name string, list []Rare) {
	fine := c.pixels()*glyphHeight >= comparable
	for i := range lines {
		l := &lines[i]
		if l.Stamped {
			return "", nil
		}
		n := newNameStrip(c, l, len(lines) > 1)
		for _, one := range n.cells(r.alphabet, l, doubt) {
			place := len([]rune(name))
			name += string(one.letter)
			if !one.weak && (!fine || !unicode.Is(unicode.Han, one.letter)) || len(list) == maxRare {
				continue
			}
			grey, w := n.cut(&one)
			if !one.weak && !r.rare.doubts(grey, w, n.height, one.letter) {
				continue
			}
			box := [4]float32{float32(one.x0), float32(n.y0), float32(one.x1), float32(n.y0 + float64(n.height)/cellScale)}
			found := Rare{Place: place, Box: box}
			if t := r.rare.unknown; t != nil {
				for _, m := range t.Match(grey, w, n.height, rareCandidates) {
					found.Candidates = append(found.Candidates, string(m.Rune))
				}
			}
			list = append(list, found)
		}
	}
	return name, list
}

// doubts reports whether a character resembles one that the recogniser does not know more than the one that it read.
func (t *rareTables) doubts(grey []byte, w, h int, read rune) bool {
	if t.unknown == nil {
		return false
	}
	own, known := t.known.Score(grey, w, h, read)
	if !known {
		return false
	}
	best := t.unknown.Match(grey, w, h, 1)
	return len(best) == 1 && best[0].Score >= impostor && best[0].Score > own
}

// nameStrip is a line of a name, level, at cellScale.
type nameStrip struct {
	grey          []byte
	width, height int
	x0, y0        float64 // its upper left corner on the card
	ink           []int   // dark pixels of each column
}

// newNameStrip cuts a line out, with what is above and below it unless that is another line.
func newNameStrip(c *card, l *lineReading, tight bool) *nameStrip {
	half := cellHalf
	if tight {
		half = min(half, float64(l.Box[3]-l.Box[1])/2)
	}
	middle := float64(l.Box[1]+l.Box[3]) / 2
	a := area{float64(l.Box[0]), middle - half, namePlace.right, middle + half}
	img := vision.NewImage(int((a.x1-a.x0)*cellScale), int(2*half*cellScale))
	step := 1. / cellScale
	from := affine(Point{a.x0 + step/2, a.y0 + step/2}, Point{X: step}, Point{Y: step})
	from = from.then(&c.toImage)
	warp(img, c.picture, &from)
	n := &nameStrip{grey: lightest(img), width: img.Width, height: img.Height, x0: a.x0, y0: a.y0, ink: make([]int, img.Width)}
	low, high := levels(n.grey)
	for y := range n.height {
		for x := range n.width {
			if int(n.grey[y*n.width+x]) < (low+high)/2 {
				n.ink[x]++
			}
		}
	}
	return n
}

// column returns the strip's column at a place on the card.
func (n *nameStrip) column(x float64) int {
	return int(clamp((x-n.x0)*cellScale, 0, float64(n.width-1)))
}

// cut returns the greys of a cell, and its width.
func (n *nameStrip) cut(c *nameCell) (grey []byte, width int) {
	from, to := n.column(c.x0), n.column(c.x1)+1
	for y := range n.height {
		grey = append(grey, n.grey[y*n.width+from:y*n.width+to]...)
	}
	return grey, to - from
}

// cells returns the characters of a line, those that were read and, where the line is in doubt, those whose strokes belong to
// none of them.
func (n *nameStrip) cells(a *alphabet, l *lineReading, doubt bool) (list []nameCell) {
	if len(l.found) > 0 {
		best := &l.found[l.best]
		for k, class := range best.classes {
			list = append(list, nameCell{x: best.at[k], letter: a.runes[class], weak: doubt && best.confidence[k] < DefaultSure})
		}
	}
	if doubt {
		list = append(list, n.unread(list)...)
	}
	slices.SortStableFunc(list, func(a, b nameCell) int { return cmp.Compare(a.x, b.x) })
	for i := range list {
		c := &list[i]
		c.x0, c.x1 = c.x-cellHalf, c.x+cellHalf
		if i > 0 {
			c.x0 = max(c.x0, list[i-1].x1)
		}
		if i+1 < len(list) {
			c.x1 = min(c.x1, n.between(c.x, list[i+1].x))
		}
	}
	return list
}

// between returns where there is least ink about halfway between two characters.
func (n *nameStrip) between(a, b float64) float64 {
	middle := (a + b) / 2
	best := n.column(middle)
	for x := n.column(middle - cellEdge); x <= n.column(middle+cellEdge); x++ {
		if n.ink[x] < n.ink[best] {
			best = x
		}
	}
	return n.x0 + (float64(best)+0.5)/cellScale
}

// unread returns cells for strokes that belong to none of the characters that were read.
func (n *nameStrip) unread(read []nameCell) (list []nameCell) {
	owned := func(x float64) bool {
		return slices.ContainsFunc(read, func(o nameCell) bool { return x > o.x-cellCore && x < o.x+cellCore })
	}
	from, to := 0.0, -1.0
	end := func() {
		if w := to - from; w >= cellLeast && w <= cellMost {
			list = append(list, nameCell{x: (from + to) / 2, letter: Unread, weak: true})
		}
	}
	for i, dark := range n.ink {
		x := n.x0 + float64(i)/cellScale
		if dark < 2 || owned(x) {
			continue
		}
		if to < 0 || x-to > cellGap {
			end()
			from = x
		}
		to = x + 1./cellScale
	}
	end()
	return list
}

// Pattern returns the name with the candidates of its rare characters in brackets, such as 陈〔赟贇贽〕明.
func (r *Reading) Pattern() string {
	var b strings.Builder
	for i, c := range []rune(r.Name.Text) {
		at := slices.IndexFunc(r.Rare, func(one Rare) bool { return one.Place == i })
		if at < 0 {
			b.WriteRune(c)
			continue
		}
		b.WriteRune('〔')
		if c != Unread {
			b.WriteRune(c)
		}
		b.WriteString(strings.Join(r.Rare[at].Candidates, "") + "〕")
	}
	return b.String()
}

// Admits reports whether a name from elsewhere may be the printed one: whether it is the same but for rare characters, and there
// one of the candidates or what was read.
func (r *Reading) Admits(name string) bool {
	printed, other := []rune(r.Name.Text), []rune(name)
	if len(printed) == 0 || len(printed) != len(other) {
		return false
	}
	for i, c := range other {
		if c == printed[i] && c != Unread {
			continue
		}
		at := slices.IndexFunc(r.Rare, func(one Rare) bool { return one.Place == i })
		if at < 0 || !slices.Contains(r.Rare[at].Candidates, string(c)) {
			return false
		}
	}
	return true
}
