package challenge

import (
	"math"
	"time"
)

// viseme is what a group of speech sounds does to the lips: how far they open and how wide they are drawn, each from −1 to
// 1, and how long it takes relative to a consonant.
//
// The groups follow the usual ones (C. G. Fisher, "Confusions among visually perceived consonants", JSHR 11, 1968, and
// the vowel triangle); their numbers are a plain reading of phonetics and fitted to nothing.
type viseme struct{ open, wide, length float64 }

// The groups by the letters that digits are spelt with below.
var visemes = map[byte]viseme{
	'B': {-1, 0, 1},      // lips closed: p b m
	'F': {-0.7, 0, 1},    // lip on teeth: f v
	'W': {-0.5, -1, 1},   // rounded and narrow: w
	'U': {-0.1, -1, 2},   // u
	'O': {0.5, -0.8, 2},  // o
	'A': {1, 0.2, 2},     // a
	'E': {0.6, 0.6, 2},   // e
	'I': {0, 0.8, 2},     // i
	'S': {-0.2, 0.3, 1},  // tongue at the teeth, and what the lips take no part in: s t d n l k and more
	'R': {-0.1, -0.5, 1}, // r
	'T': {0, 0.2, 1},     // th
}

// spelt is how the digits are said.
var spelt = map[string][10]string{
	"en": {"SIROU", "WAS", "SU", "TRI", "FO", "FAIF", "SISS", "SEFES", "EIS", "SAIS"},
	"es": {"SERO", "USO", "SOS", "SRES", "WASRO", "SISO", "SEIS", "SIESE", "OSO", "SUEBE"},
	"zh": {"SIS", "I", "ER", "SAS", "SI", "WU", "SIU", "SI", "BA", "SIU"},
}

// maxAnswerCells bounds how long an answer is looked at.
const maxAnswerCells = 40

// shape writes what a word's lips do in n cells: the channels open and wide.
func shape(word string, open, wide []float64) {
	var whole float64
	for i := range len(word) {
		whole += visemes[word[i]].length
	}
	for k := range open {
		at, i := (float64(k)+0.5)/float64(len(open))*whole, 0
		for i < len(word)-1 && at >= visemes[word[i]].length {
			at -= visemes[word[i]].length
			i++
		}
		v := visemes[word[i]]
		open[k], wide[k] = v.open, v.wide
	}
	blur(open)
	blur(wide)
}

// blur lets neighbours flow into each other, as sounds do.
func blur(v []float64) {
	before := v[0]
	for i := range v {
		after := v[min(i+1, len(v)-1)]
		here := v[i]
		v[i] = (before + 2*here + after) / 4
		before = here
	}
}

// moments are the sums that a correlation needs of a template t and what was measured.
type moments struct{ t, tt, tm float64 }

// mouthing compares what the mouth did in each answer with each digit.
type mouthing struct {
	of      [MaxPrompts][10][2]moments // by answer, digit and channel
	m, mm   [2]float64                 // sums of what was measured
	n       float64
	answers int
}

// add takes one answer: what the channels open and wide were in its cells. What is not known spoils it.
func (s *mouthing) add(words *[10]string, open, wide []float64) bool {
	n := len(open)
	if s.answers == len(s.of) || n < 2 || n > maxAnswerCells {
		return false
	}
	measured := [2][]float64{open, wide}
	for k := range n {
		if math.IsNaN(open[k]) || math.IsNaN(wide[k]) {
			return false
		}
	}
	var a, b [maxAnswerCells]float64
	template := [2][]float64{a[:n], b[:n]}
	of := &s.of[s.answers]
	*of = [10][2]moments{}
	for d, word := range words {
		shape(word, a[:n], b[:n])
		for c := range template {
			x := &of[d][c]
			for k, t := range template[c] {
				x.t, x.tt, x.tm = x.t+t, x.tt+t*t, x.tm+t*measured[c][k]
			}
		}
	}
	for c, values := range measured {
		for _, v := range values {
			s.m[c] += v
			s.mm[c] += v * v
		}
	}
	s.n += float64(n)
	s.answers++
	return true
}

// fit is how well the answers agree with digits, one for each: the correlation of the opening plus that of the width,
// over all cells of all answers.
func (s *mouthing) fit(digit func(answer int) uint8) (sum float64) {
	for c := range 2 {
		var x moments
		for i := range s.answers {
			y := &s.of[i][digit(i)][c]
			x.t, x.tt, x.tm = x.t+y.t, x.tt+y.tt, x.tm+y.tm
		}
		covariance := x.tm - x.t*s.m[c]/s.n
		spread := (x.tt - x.t*x.t/s.n) * (s.mm[c] - s.m[c]*s.m[c]/s.n)
		if spread > 1e-12 {
			sum += covariance / math.Sqrt(spread)
		}
	}
	return sum
}

// DigitFits is how well the mouth's movement between two instants agrees with each digit as it is said in a language, −2
// to 2. It is false where the samples, or the time, give nothing to compare, and for a language that is not known.
func DigitFits(samples []Sample, from, to time.Duration, lang string) (fits [10]float64, ok bool) {
	words, ok := spelt[lang]
	if !ok || from < 0 || to < from || to > maxSpeaking {
		return fits, false
	}
	first, last := int(from/cell), int(to/cell)
	n := last + 1
	open, wide, scratch := make(trace, n), make(trace, n), make(trace, n)
	open.lips(samples, scratch, func(s *Sample) float32 { return s.Height })
	wide.lips(samples, scratch, func(s *Sample) float32 { return s.Width })
	var m mouthing
	if !m.add(&words, open[first:last], wide[first:last]) {
		return fits, false
	}
	for d := range fits {
		fits[d] = m.fit(func(int) uint8 { return uint8(d) })
	}
	return fits, true
}

// lips fills t with a length between points of the lips, smoothed a little.
func (t trace) lips(samples []Sample, scratch trace, value func(*Sample) float32) {
	scratch.resample(samples, 0, value)
	t.smooth(scratch, 0.7)
}
