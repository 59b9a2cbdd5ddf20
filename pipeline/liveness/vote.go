package liveness

import (
	"fmt"
	"math"

	"umbral/pipeline/models"
)

// Rule says when the scores of several frames make a living person.
//
// On a small set of clips with the default model, phone selfies had means from 0.86 to 1.00 and replays from 0.00 to
// 0.65; the replays with means of 0.59 and 0.65 had frames at 0.00. So the mean alone lets attacks pass, and the minimum
// and the spread catch them. Two of the living webcam clips had means of 0.30 and 0.49: with any rule that stops the
// attacks, poor cameras cost some BPCER.
type Rule struct {
	// MinFrames is how many frames are needed before anybody counts as living, 1 or more.
	MinFrames int
	// Threshold is what the mean has to reach, above 0 and below 1.
	Threshold float32
	// Floor is what no frame may stay below, 0 to Threshold.
	Floor float32
	// MaxSpread is the greatest standard deviation, 0 to 0.5; 0.5 is the greatest that scores can have.
	MaxSpread float32
}

// NewRule is the rule with the thresholds of a calibration: five frames, and a spread that a single bad frame among them
// does not reach.
func NewRule(p models.PAD) Rule {
	return Rule{MinFrames: 5, Threshold: p.Threshold, Floor: p.Floor, MaxSpread: 0.35}
}

// Validate tells what is wrong with the rule.
func (r Rule) Validate() error {
	switch {
	case r.MinFrames < 1:
		return fmt.Errorf("liveness: rule: %d frames, wanted 1 or more", r.MinFrames)
	case !(r.Threshold > 0 && r.Threshold < 1):
		return fmt.Errorf("liveness: rule: threshold %v, wanted above 0 and below 1", r.Threshold)
	case !(r.Floor >= 0 && r.Floor <= r.Threshold):
		return fmt.Errorf("liveness: rule: floor %v, wanted 0 to the threshold %v", r.Floor, r.Threshold)
	case !(r.MaxSpread >= 0 && r.MaxSpread <= 0.5):
		return fmt.Errorf("liveness: rule: spread %v, wanted 0 to 0.5", r.MaxSpread)
	}
	return nil
}

// Vote gathers the scores of one person. The zero value is ready.
type Vote struct {
	count        int
	lowest       float32
	mean, square float64 // of Welford's method: square is the sum of squared distances from the mean
}

// Add counts one frame. A score outside 0 to 1 counts as 0: what cannot be judged is no sign of life.
func (v *Vote) Add(score float32) {
	if !(score >= 0 && score <= 1) {
		score = 0
	}
	if v.count == 0 || score < v.lowest {
		v.lowest = score
	}
	v.count++
	step := float64(score) - v.mean
	v.mean += step / float64(v.count)
	v.square += step * (float64(score) - v.mean)
}

// Reset forgets all frames.
func (v *Vote) Reset() { *v = Vote{} }

// Count is the number of frames.
func (v *Vote) Count() int { return v.count }

// Mean of the scores, 0 to 1; 0 without frames.
func (v *Vote) Mean() float32 { return float32(v.mean) }

// Min is the lowest score; 0 without frames.
func (v *Vote) Min() float32 { return v.lowest }

// Spread is the standard deviation of the scores, 0 to 0.5; 0 without frames.
func (v *Vote) Spread() float32 {
	if v.count == 0 {
		return 0
	}
	return float32(math.Sqrt(max(0, v.square) / float64(v.count)))
}

// Decision is the outcome of a vote.
type Decision uint8

// The outcomes. Waiting may still become either of the others; with enough frames only more living ones can turn Attack
// into Live, and never where the floor was missed.
const (
	Waiting Decision = iota
	Live
	Attack
)

// String is the decision's name for journals and messages.
func (d Decision) String() string {
	switch d {
	case Live:
		return "live"
	case Attack:
		return "attack"
	}
	return "waiting"
}

// Decide applies a rule to the frames so far.
func (v *Vote) Decide(r Rule) Decision {
	switch {
	case v.count > 0 && v.lowest < r.Floor:
		return Attack
	case v.count < r.MinFrames:
		return Waiting
	case v.mean >= float64(r.Threshold) && v.Spread() <= r.MaxSpread:
		return Live
	}
	return Attack
}
