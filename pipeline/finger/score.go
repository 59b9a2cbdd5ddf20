package finger

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
