package finger

import "fmt"

// Score is the common logarithm of a likelihood ratio: 2 says that what was seen is a hundred times as likely if both
// prints are of one finger than if they are of two. Above 0 it speaks for one finger. See Calibration for the error rates.
type Score float32

// scoreUnit is one of the whole numbers that evidence is weighed in, per unit of Score. Whole numbers come out equal on
// every processor.
const scoreUnit = 1024

// weights of evidence, in natural logarithms × 1024 for a whole unit of each. They come from one logistic regression
// over all pairs of 80 prints, each also noisy, dry, bent, turned, scaled and cut to a small sensor: four numbers, so
// that they suit more than those prints.
type weights struct {
	pairs    int64 // square root of the sum of fits, each at most 1
	share    int64 // of the minutiae that could have been paired, 0 to 1
	ridges   int64 // agreement of the ridges' directions, −1 to 1
	constant int64
}

var (
	withField    = weights{538, 27311, 5296, -14456}
	withoutField = weights{538, 27311, 0, -9400}
)

// weigh turns evidence into a score in scoreUnits.
func (ev *evidence) weigh(field bool) int32 {
	w := &withField
	if !field {
		w = &withoutField
	}
	// Four minutiae that were not paired stand beside those of the prints, so that few pairs alone are no full share.
	const doubt = 4
	share := 2 * int64(ev.pairs) / int64(max(ev.probe+ev.ref, 2*ev.count)+doubt) // × 256
	sum := w.constant +
		w.pairs*root(int64(ev.pairs)*256)/256 +
		w.share*share/256 +
		w.ridges*int64(ev.ridges)/256
	const log10e = 445 // × 1024
	return int32(sum * log10e / 1024)
}

// Compare returns how much the two prints speak for one finger. It allocates nothing.
func (m *Matcher) Compare(probe, ref *Template) Score {
	_, score := m.gather(probe, ref)
	return Score(score) / scoreUnit
}

// Least is below every score.
const Least Score = -100

// OperatingPoint is a threshold and how often two different fingers reached it.
type OperatingPoint struct {
	FMR     float64 // that the threshold stands for
	Score   Score   // at or above it is a match
	Matches int     // of different fingers, out of Trials
	Trials  int
}

// Calibration was measured over all pairs of different fingers in a set of 80 prints of ten fingers (one optical sensor,
// 500 dpi), taken as they are and made noisy, dry, bent, turned, scaled and cut to 192 × 192 pixels. The weights of
// evidence come from the same prints, and the trials share ten fingers, so the true rates are less certain than the
// numbers look: a site confirms them on its own sensor with "umbral eval fingers". Nothing is known below 1e-4.
var Calibration = []OperatingPoint{
	{1e-1, -0.9, 1804, 20160},
	{1e-2, 0.05, 166, 20160},
	{1e-3, 0.8, 14, 20160},
	{1e-4, 1.3, 1, 20160},
}

// Threshold is the score from which a match is rarer among different fingers than the false match rate. For a search among
// n views, or a reference of n views, ask for a rate n times smaller.
func Threshold(fmr float64) (Score, error) {
	for _, p := range Calibration {
		if p.FMR <= fmr*(1+1e-9) {
			return p.Score, nil
		}
	}
	least := Calibration[len(Calibration)-1].FMR
	return 0, fmt.Errorf("finger: no threshold is known for a false match rate of %g, the least is %g", fmr, least)
}
