package document

import (
	"cmp"
	"math"
	"slices"
)

// logLikelihood is the natural logarithm of the probability that the steps spell classes: the sum over all alignments
// with blanks and repetitions (the forward variable of CTC, Graves et al. 2006, 4.1).
func logLikelihood(s steps, classes []int) float64 {
	n := 2*len(classes) + 1
	symbol := func(i int) int {
		if i%2 == 0 {
			return blank
		}
		return classes[i/2]
	}
	if s.count == 0 {
		return math.Inf(-1)
	}
	alpha, next := make([]float64, n), make([]float64, n)
	p, scale := s.at(0), float64(s.scale(0))
	alpha[0] = scale * float64(p[blank])
	if n > 1 {
		alpha[1] = scale * float64(p[symbol(1)])
	}
	total := 0.0
	for t := 1; t < s.count; t++ {
		p, scale = s.at(t), float64(s.scale(t))
		sum := 0.0
		for i := range n {
			v := alpha[i]
			if i > 0 {
				v += alpha[i-1]
			}
			if i > 1 && i%2 == 1 && symbol(i) != symbol(i-2) {
				v += alpha[i-2]
			}
			next[i] = v * scale * float64(p[symbol(i)])
			sum += next[i]
		}
		if sum == 0 {
			return math.Inf(-1)
		}
		for i := range next {
			next[i] /= sum
		}
		total += math.Log(sum)
		alpha, next = next, alpha
	}
	end := alpha[n-1]
	if n > 1 {
		end += alpha[n-2]
	}
	return total + math.Log(end)
}

// spans finds for each class of a spelling its largest probability along the best alignment (Viterbi), and the step where
// that is.
func spans(s steps, classes []int) (confidence []float32, at []int) {
	n := 2*len(classes) + 1
	symbol := func(i int) int {
		if i%2 == 0 {
			return blank
		}
		return classes[i/2]
	}
	confidence, at = make([]float32, len(classes)), make([]int, len(classes))
	if s.count == 0 || len(classes) == 0 {
		return confidence, at
	}
	logOf := func(v float32) float64 { return math.Log(max(float64(v), 1e-30)) }
	score := make([]float64, n)
	from := make([]int8, s.count*n)
	for i := range score {
		score[i] = math.Inf(-1)
	}
	score[0], score[1] = logOf(s.at(0)[blank]*s.scale(0)), logOf(s.at(0)[symbol(1)]*s.scale(0))
	next := make([]float64, n)
	for t := 1; t < s.count; t++ {
		p, scale := s.at(t), s.scale(t)
		for i := range n {
			best, step := score[i], int8(0)
			if i > 0 && score[i-1] > best {
				best, step = score[i-1], 1
			}
			if i > 1 && i%2 == 1 && symbol(i) != symbol(i-2) && score[i-2] > best {
				best, step = score[i-2], 2
			}
			next[i] = best + logOf(scale*p[symbol(i)])
			from[t*n+i] = step
		}
		score, next = next, score
	}
	i := n - 1
	if score[n-2] > score[n-1] {
		i = n - 2
	}
	for t := s.count - 1; t >= 0; t-- {
		if i%2 == 1 {
			if v := s.at(t)[symbol(i)] * s.scale(t); v >= confidence[i/2] {
				confidence[i/2], at[i/2] = v, t
			}
		}
		i -= int(from[t*n+i])
		if i < 0 {
			break
		}
	}
	return confidence, at
}

// spelling is a sequence of classes with its probability.
type spelling struct {
	classes     []int
	probability float64
}

// beamWidth is how many beginnings a search keeps.
const beamWidth = 12

// search finds the most probable spellings that use only the allowed classes (prefix beam search, Hannun et al. 2014,
// arXiv:1408.2873). Probabilities are those that the model gave, not shared out again among the allowed: a spelling that
// only the restriction makes the best has a low one.
func search(s steps, allowed []int, limit int) []spelling {
	type beam struct {
		classes          []int
		inBlank, inClass float64
	}
	key := func(classes []int) string {
		b := make([]byte, 0, 3*len(classes))
		for _, c := range classes {
			b = append(b, byte(c), byte(c>>8), byte(c>>16))
		}
		return string(b)
	}
	beams := []beam{{inBlank: 1}}
	for t := range s.count {
		p, scale := s.at(t), float64(s.scale(t))
		grown := map[string]*beam{}
		at := func(classes []int) *beam {
			k := key(classes)
			b := grown[k]
			if b == nil {
				b = &beam{classes: classes}
				grown[k] = b
			}
			return b
		}
		for i := range beams {
			b := &beams[i]
			both := b.inBlank + b.inClass
			same := at(b.classes)
			same.inBlank += both * scale * float64(p[blank])
			last := -1
			if n := len(b.classes); n > 0 {
				last = b.classes[n-1]
				same.inClass += b.inClass * scale * float64(p[last])
			}
			for _, c := range allowed {
				v := scale * float64(p[c])
				if v < 1e-6 {
					continue
				}
				longer := at(append(slices.Clip(b.classes), c))
				if c == last {
					longer.inClass += b.inBlank * v
				} else {
					longer.inClass += both * v
				}
			}
		}
		beams = beams[:0]
		for _, b := range grown {
			beams = append(beams, *b)
		}
		slices.SortFunc(beams, func(a, b beam) int {
			if c := cmp.Compare(b.inBlank+b.inClass, a.inBlank+a.inClass); c != 0 {
				return c
			}
			return slices.Compare(a.classes, b.classes)
		})
		beams = beams[:min(len(beams), beamWidth)]
	}
	var out []spelling
	for _, b := range beams[:min(len(beams), limit)] {
		out = append(out, spelling{b.classes, b.inBlank + b.inClass})
	}
	return out
}
