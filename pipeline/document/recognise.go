package document

import (
	"errors"
	"fmt"
	"strings"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// lineHeight is the height that the recogniser takes lines of text in.
const lineHeight = 48

// stride is how many columns of a line stand for one step of the recogniser's output.
const stride = 8

// longestLine is the width of the recogniser's largest input. Longer lines are squeezed into it.
const longestLine = 640

// lineWidths are the inputs that the recogniser is planned for. A line is put at its natural width to the left of the
// smallest that holds it; the rest is the grey that normalises to zero, as in training. A column costs the same in each.
var lineWidths = func() (widths []int) {
	for w := 64; w <= longestLine; w += 32 {
		widths = append(widths, w)
	}
	return widths
}()

// blank is the class of CTC that stands for no character (Graves et al., ICML 2006).
const blank = 0

// alphabet gives the characters of the recogniser's classes.
type alphabet struct {
	runes []rune // by class; that of blank is 0
	class map[rune]int
	twins [][2]int // classes of full-width forms, and of what they are the full-width forms of
}

// maxKeys bounds a list of characters.
const maxKeys = 1 << 16

// newAlphabet reads a list of characters, one a line. The classes are blank, those of the list, and the space.
func newAlphabet(keys []byte) (*alphabet, error) {
	lines := strings.Split(strings.TrimRight(string(keys), "\r\n"), "\n")
	if len(lines) > maxKeys {
		return nil, fmt.Errorf("document: list of %d characters, limit %d", len(lines), maxKeys)
	}
	a := &alphabet{runes: []rune{0}, class: map[rune]int{}}
	for i, line := range lines {
		r := []rune(strings.TrimSuffix(line, "\r"))
		if len(r) != 1 {
			return nil, fmt.Errorf("document: list of characters, line %d: %q, wanted one character (a list of another model set?)", i+1, line)
		}
		a.class[r[0]] = len(a.runes)
		a.runes = append(a.runes, r[0])
	}
	a.class[' '] = len(a.runes)
	a.runes = append(a.runes, ' ')
	for _, r := range "0123456789X" {
		if _, known := a.class[r]; !known {
			return nil, fmt.Errorf("document: list of characters: %q is not among the %d (a list of another model set?)", r, len(lines))
		}
	}
	for r, class := range a.class {
		const first, last, shift = '！', '～', '！' - '!'
		if half, known := a.class[r-shift]; known && r >= first && r <= last {
			a.twins = append(a.twins, [2]int{class, half})
		}
	}
	return a, nil
}

// recogniser reads lines of text.
type recogniser struct {
	*alphabet
	stages []*models.Stage // one for each of lineWidths
	canvas []*vision.Image
}

// newRecognisers compiles the recogniser once for each of the arenas.
func newRecognisers(set *models.Set, a *alphabet, arenas []*nn.Arena, o *Opts) ([]*recogniser, error) {
	sizes := make([]models.Size, len(lineWidths))
	for i, w := range lineWidths {
		sizes[i] = models.Size{Width: w, Height: lineHeight}
	}
	copies, err := set.CompileCopies(models.TextRecognise, sizes, arenas, o.Limits, nil)
	if err != nil {
		return nil, err
	}
	list := make([]*recogniser, len(copies))
	for k, stages := range copies {
		r := &recogniser{alphabet: a, stages: stages}
		for i, s := range stages {
			out, err := s.Output("characters")
			if err != nil {
				return nil, err
			}
			if want := lineWidths[i] / stride * len(a.runes); len(out) != want {
				return nil, fmt.Errorf("document: the recogniser gives %d values for a line of %d pixels, want %d: %d steps of %d characters (list and model of different sets?)",
					len(out), lineWidths[i], want, lineWidths[i]/stride, len(a.runes))
			}
			r.canvas = append(r.canvas, vision.NewImage(lineWidths[i], lineHeight))
		}
		list[k] = r
	}
	return list, nil
}

var errWideLine = errors.New("document: line of text wider than the recogniser takes")

// probabilities runs the recogniser on a line of lineHeight rows. The rows of the result are valid until the next run.
func (r *recogniser) probabilities(line *vision.Image) (steps, error) {
	i := 0
	for i < len(lineWidths) && lineWidths[i] < line.Width {
		i++
	}
	if i == len(lineWidths) || line.Height != lineHeight {
		return steps{}, errWideLine
	}
	c := r.canvas[i]
	for y := range lineHeight {
		row := c.Row(y)
		n := copy(row, line.Row(y))
		for k := n; k < len(row); k++ {
			row[k] = 127 + byte(k&1) // 127.5 on average
		}
	}
	if err := r.stages[i].Look(c, c.Bounds()); err != nil {
		return steps{}, err
	}
	out, err := r.stages[i].Output("characters")
	if err != nil {
		return steps{}, err
	}
	n := (line.Width + stride - 1) / stride
	return steps{count: n, classes: len(r.runes), values: out[:n*len(r.runes)]}, nil
}

// steps are the probabilities of the classes in each step along a line.
type steps struct {
	count, classes int
	values         []float32
	total          []float32 // by which each step's values are too great; nil for by nothing
}

func (s *steps) at(t int) []float32 { return s.values[t*s.classes:][:s.classes] }

// scale returns what the values of a step are to be multiplied by.
func (s *steps) scale(t int) float32 {
	if s.total == nil || s.total[t] == 0 {
		return 1
	}
	return 1 / s.total[t]
}

// add adds other with a weight, the surer a step the more. An empty s takes other's shape and keeps its own memory.
func (s *steps) add(other *steps, weight float32) {
	if s.classes == 0 {
		s.count, s.classes = other.count, other.classes
		s.values = s.values[:len(other.values)]
		s.total = make([]float32, s.count)
		clear(s.values)
	}
	for t := range min(s.count, other.count) {
		p, q := s.at(t), other.at(t)
		_, m := peak(q)
		w := weight * m * m
		s.total[t] += w
		p = p[:len(q)]
		for i, v := range q {
			p[i] += w * v
		}
	}
}

// peak returns the most probable class, the first of several, and its probability.
func peak(p []float32) (class int, most float32) {
	// Blocks of eight are compared by their greatest, which needs no branch that is taken at random.
	const block = 8
	i := 0
	for ; i+block <= len(p); i += block {
		b := (*[block]float32)(p[i:])
		if m := max(max(max(b[0], b[1]), max(b[2], b[3])), max(max(b[4], b[5]), max(b[6], b[7]))); m > most {
			for k, v := range b {
				if v == m {
					class, most = i+k, m
					break
				}
			}
		}
	}
	for ; i < len(p); i++ {
		if p[i] > most {
			class, most = i, p[i]
		}
	}
	return class, most
}

// fold adds the probabilities of full-width forms to those of the ordinary ones, which are the same character in print, and
// those of captions to the blank.
func (a *alphabet) fold(s steps, captions []int) {
	for t := range s.count {
		p := s.at(t)
		for _, twin := range a.twins {
			p[twin[1]] += p[twin[0]]
			p[twin[0]] = 0
		}
		for _, c := range captions {
			p[blank] += p[c]
			p[c] = 0
		}
	}
}

// glyph is one character that was read.
type glyph struct {
	char       rune
	confidence float32 // the largest probability of its steps
	at         float64 // its middle along the line, in columns of the recogniser's input
}

// greedy takes the most probable class of each step, merges repetitions and drops blanks.
func (a *alphabet) greedy(s steps) []glyph {
	var out []glyph
	last := blank
	first := 0
	for t := range s.count {
		p := s.at(t)
		best, _ := peak(p)
		switch {
		case best == blank:
		case best == last:
			g := &out[len(out)-1]
			g.confidence = max(g.confidence, p[best]*s.scale(t))
			g.at = float64(stride) * (float64(first+t) + 1) / 2
		default:
			first = t
			out = append(out, glyph{char: a.runes[best], confidence: p[best] * s.scale(t), at: float64(stride) * (float64(t) + 0.5)})
		}
		last = best
	}
	return out
}
