package passage

import (
	"fmt"
	"math/bits"
)

// Calibration turns the scores of one kind of comparison into log-likelihood ratios. Between two points the ratio is
// linear in the score; below the first point it is the first's, above the last one the last's: no comparison says more
// than was measured.
type Calibration []CalibrationPoint

// CalibrationPoint says what a score means: LLR is ln(p(score|same person)/p(score|strangers)), in millionths of a nat.
type CalibrationPoint struct {
	Score Score `json:"score"`
	LLR   Score `json:"llr"`
}

// maxCalibration bounds the points of a table, since the rules are journalled with each passage.
const maxCalibration = 16

func (c Calibration) check(name string) error {
	if len(c) > maxCalibration {
		return fmt.Errorf("passage: rule %s has %d points, limit %d", name, len(c), maxCalibration)
	}
	for i, p := range c {
		if p.Score < -MaxScore || p.Score > MaxScore || p.LLR < -MaxScore || p.LLR > MaxScore {
			return fmt.Errorf("passage: rule %s: point %d is %v, %v: allowed are -1000 to 1000", name, i, p.Score, p.LLR)
		}
		if i > 0 && (p.Score <= c[i-1].Score || p.LLR < c[i-1].LLR) {
			return fmt.Errorf("passage: rule %s: point %d is not above point %d: scores must rise, and ratios not fall", name, i, i-1)
		}
	}
	return nil
}

// llr is the log-likelihood ratio of a score; without points a comparison says nothing.
func (c Calibration) llr(s Score) Score {
	if len(c) == 0 {
		return 0
	}
	if s <= c[0].Score {
		return c[0].LLR
	}
	for i := 1; i < len(c); i++ {
		if a, b := c[i-1], c[i]; s <= b.Score {
			return a.LLR + Score(int64(b.LLR-a.LLR)*int64(s-a.Score)/int64(b.Score-a.Score))
		}
	}
	return c[len(c)-1].LLR
}

// ln2 is ln 2 in millionths, rounded up.
const ln2 = Score(693_148)

// among is what a search takes off its best comparison's ratio: ln of how many references it had to choose from, rounded
// up to a power of two, so that it never takes off too little.
func among(references uint32) Score {
	if references < 2 {
		return 0
	}
	return Score(bits.Len32(references-1)) * ln2
}

// strength sums up the comparisons of the passage. Comparisons of the same trait (the live face with the enrolled one,
// with the document's photograph, with the authority's) are not independent, so only the weakest of them counts; the
// finger is a trait of its own.
func (m *Machine) strength(e *Evidences) Strength {
	a := &m.now
	s := Strength{Final: true}
	for _, k := range []EvidenceKind{EvidenceFace, EvidenceFinger, EvidenceRemote} {
		if m.policy.Needs().Has(k) && e[k] == Open {
			s.Final = false
		}
	}
	need := m.policy.Needs()
	if need.Has(EvidenceFace) && e[EvidenceFace] == Satisfied {
		s.LLR = m.rules.FaceCalibration.llr(a.meanMatch()) - among(a.references)
		if o := a.others[EvidenceRemote]; need.Has(EvidenceRemote) && e[EvidenceRemote] == Satisfied && o.score > 0 {
			s.LLR = min(s.LLR, m.rules.FaceCalibration.llr(o.score))
		}
	}
	if need.Has(EvidenceFinger) && e[EvidenceFinger] == Satisfied {
		s.LLR += m.rules.FingerCalibration.llr(a.others[EvidenceFinger].score)
	}
	s.LLR = s.LLR.clamp()
	return s
}

// meanMatch is the mean similarity of the frames that matched, rounded down: single frames are luckier than their mean.
func (a *attempt) meanMatch() Score {
	if a.matched == 0 {
		return 0
	}
	return Score(a.sum / int64(a.matched))
}
