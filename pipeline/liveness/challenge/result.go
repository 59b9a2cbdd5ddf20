package challenge

import "time"

// Outcome is what a challenge established.
type Outcome uint8

// The outcomes. Inconclusive says that the frames allow no answer: the person may try again, and nothing is held against
// them.
const (
	Pending Outcome = iota
	Passed
	Failed
	Inconclusive
)

var outcomeNames = [...]string{Pending: "pending", Passed: "passed", Failed: "failed", Inconclusive: "inconclusive"}

// String is the outcome's code, for journals and messages.
func (o Outcome) String() string {
	if int(o) >= len(outcomeNames) {
		return "unknown"
	}
	return outcomeNames[o]
}

// Reason is why a challenge was not passed.
type Reason uint8

// The reasons: first those why the frames allow no answer, then those why the answer is no.
const (
	// TooSlow: fewer frames a second than Opts.MinRate.
	TooSlow Reason = iota + 1
	// TooFewFrames: the face could be judged for too little of the time.
	TooFewFrames
	// FaceLost: it could not be judged for too long at once.
	FaceLost
	// NotCompared: nothing shows that the face was the same one all along.
	NotCompared
	// OtherFace: the face is not the person's, in two comparisons in a row.
	OtherFace
	// NoMovement: the mouth, or the head, hardly moved.
	NoMovement
	// NotSilent: it moved most of the time.
	NotSilent
	// OffRhythm: it did not move when it was asked to.
	OffRhythm
	// Missed: it mostly did, but too many prompts have no answer.
	Missed
	reasons
)

var reasonNames = [reasons]string{
	TooSlow: "too_slow", TooFewFrames: "too_few_frames", FaceLost: "face_lost", NotCompared: "not_compared",
	OtherFace: "other_face", NoMovement: "no_movement", NotSilent: "not_silent", OffRhythm: "off_rhythm",
	Missed: "missed",
}

// String is the reason's code, for journals and messages.
func (r Reason) String() string {
	if r == 0 || r >= reasons {
		return "unknown"
	}
	return reasonNames[r]
}

// Result is what a challenge established so far.
type Result struct {
	Outcome Outcome
	// Reasons are why it was not passed. They are the challenge's own and valid until the next call.
	Reasons []Reason

	// PValue is how often somebody who does not know the schedule follows it this well; 1 while it is unknown.
	PValue float64
	// Lag is how long after its prompt an answer began, at the lag that fits all of them best, and Spread the standard
	// deviation of the single answers' onsets: some 0.1 s for people who read.
	Lag, Spread time.Duration
	// Answered is how many of the prompts have an answer, Of how many.
	Answered, Of int
	// Inside and Outside are the mean activity in the answers and between them, 0 to 1.
	Inside, Outside float64
	// Rate is the frames a second, Coverage the share of the time in which the face could be judged.
	Rate, Coverage float64
	// StringPValue is the share of digit strings that fit the shapes of the mouth as well as the prompted one, itself
	// included; 1 while it is unknown. It decides nothing: see the package's documentation.
	StringPValue float64
}
