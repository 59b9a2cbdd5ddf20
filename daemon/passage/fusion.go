package passage

import (
	"fmt"

	"umbral/config/policy"
)

// Calibration says what the scores of one kind of comparison mean, as a staircase: a score has the meaning of the
// highest step that it reaches. No score means more than the last step, which is all that was measured.
type Calibration []CalibrationStep

// CalibrationStep is one step.
type CalibrationStep struct {
	Score Score `json:"score"` // from which on
	// LLR is ln(p(step|same person)/p(step|strangers)), in millionths of a nat.
	LLR Score `json:"llr"`
	// FMR is the share of comparisons between strangers that reach Score.
	FMR float64 `json:"fmr"`
}

// maxCalibration bounds the steps of a table, since the rules are journalled with each passage.
const maxCalibration = 16

func (c Calibration) check(name string) error {
	if len(c) > maxCalibration {
		return fmt.Errorf("passage: rule %s has %d steps, limit %d", name, len(c), maxCalibration)
	}
	for i, s := range c {
		switch {
		case s.Score < -MaxScore || s.Score > MaxScore || s.LLR < -MaxScore || s.LLR > MaxScore || !(s.FMR > 0 && s.FMR <= 1):
			return fmt.Errorf("passage: rule %s: step %d is %v, %v, %g: allowed are scores and ratios of -1000 to 1000, and rates above 0 up to 1", name, i, s.Score, s.LLR, s.FMR)
		case i == 0 && s.FMR != 1:
			return fmt.Errorf("passage: rule %s: all strangers reach the first step, so that its rate is 1, found %g", name, s.FMR)
		case i > 0 && (s.Score <= c[i-1].Score || s.LLR <= c[i-1].LLR || s.FMR >= c[i-1].FMR):
			return fmt.Errorf("passage: rule %s: step %d is not beyond step %d: scores and ratios must rise, and rates fall", name, i, i-1)
		}
	}
	return nil
}

// llr returns the log-likelihood ratio of a score: that of the step that it reaches.
func (c Calibration) llr(s Score) (llr Score) {
	for i := range c {
		if i == 0 || s >= c[i].Score {
			llr = c[i].LLR
		}
	}
	return llr
}

// reaching returns the share of strangers whose ratio is at least that.
func (c Calibration) reaching(llr Score) float64 {
	for i := range c {
		if c[i].LLR >= llr {
			return c[i].FMR
		}
	}
	return 0
}

// reachingWith returns the share of strangers whose two ratios, of independent traits, together are at least that: the
// sum over the steps of one table of how often a stranger gets there and the other table does the rest. The conversions
// keep each product and sum rounded by itself, so that every processor comes to the same.
func (c Calibration) reachingWith(other Calibration, llr Score) (share float64) {
	for i := range c {
		here := c[i].FMR
		if i+1 < len(c) {
			here = float64(here - c[i+1].FMR)
		}
		share = float64(share + float64(here*other.reaching(llr-c[i].LLR)))
	}
	return share
}

// Fusion is how much the biometric comparisons of a passage say together that probe and references are one person's.
type Fusion struct {
	// LLR is the sum of their log-likelihood ratios, in millionths of a nat.
	LLR Score
	// FMR is the share of strangers whose comparisons would together say as much, by the calibration (Neyman and Pearson's
	// test at the observed ratio).
	FMR   float64
	Final bool // no comparison that the policy asks for is still to come
}

// proven returns the state of a rate where nothing is to be proved.
func proven(float64) policy.State { return policy.Satisfied }

// state returns the state of a total false match rate.
func (s Fusion) state(rate float64) policy.State {
	switch {
	case s.FMR <= rate:
		return policy.Satisfied
	case s.Final:
		return policy.Impossible
	}
	return policy.Open
}

// fuse sums up the comparisons of the passage. Comparisons of the same trait (the live face with the enrolled one,
// with the document's photograph, with the authority's) are not independent, so only the weakest of them counts; the
// finger is a trait of its own.
func (m *Machine) fuse(e *policy.States) Fusion {
	a, need := &m.now, m.policy.Needs()
	s := Fusion{FMR: 1, Final: true}
	for _, k := range []policy.Kind{policy.Face, policy.Finger, policy.Remote} {
		if need.Has(k) && e[k] == policy.Open {
			s.Final = false
		}
	}
	face, finger := need.Has(policy.Face) && e[policy.Face] == policy.Satisfied, need.Has(policy.Finger) && e[policy.Finger] == policy.Satisfied
	faces, fingers := m.rules.FaceCalibration, m.rules.FingerCalibration
	var faceLLR, fingerLLR Score
	if face {
		faceLLR = faces.llr(a.meanMatch())
		if o := a.others[policy.Remote]; need.Has(policy.Remote) && e[policy.Remote] == policy.Satisfied && o.score > 0 {
			faceLLR = min(faceLLR, faces.llr(o.score))
		}
	}
	if finger {
		fingerLLR = fingers.llr(a.others[policy.Finger].score)
	}
	s.LLR = (faceLLR + fingerLLR).clamp()
	switch {
	case face && finger:
		s.FMR = faces.reachingWith(fingers, s.LLR)
	case face:
		s.FMR = faces.reaching(s.LLR)
	case finger:
		s.FMR = fingers.reaching(s.LLR)
	}
	// Of a search, each reference had its chance: at most their number times as many strangers get as far.
	s.FMR = min(1, float64(s.FMR*float64(max(1, a.references))))
	return s
}

// meanMatch returns the mean similarity of the frames that matched, rounded down: single frames are luckier than their
// mean.
func (a *attempt) meanMatch() Score {
	if a.matched == 0 {
		return 0
	}
	return Score(a.sum / int64(a.matched))
}
