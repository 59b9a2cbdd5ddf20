package passage

import (
	"fmt"
	"time"
)

// remedies says, for each reason for which nobody passes, what would have had to be different. Where the record holds
// figures, nearMiss says it better.
var remedies = map[Reason]string{
	ReasonNotEnrolled: "The person is enrolled, from photographs like what the camera sees.",
	ReasonAmbiguous: "The two people's references are further apart: enrol both again from good " +
		"photographs.",
	ReasonNotLive:         "The living person stands before the camera, without glare on the face.",
	ReasonLowQuality:      "The face is well lit, sharp, uncovered and turned to the camera.",
	ReasonIdentityChanged: "The same person stays before the camera until the end.",
	ReasonSeveralPeople:   "The person stands before the gate alone.",
	ReasonTimeOut:         "What was missing comes within the time of one passage.",
	ReasonLingering:       "The person waits until a second time is allowed.",
	ReasonLeft:            "The person stays in view until the verdict.",
	ReasonRefused:         "The evidence that was refused is accepted.",
	ReasonSubjectMismatch: "All evidence is of the person at the gate.",
	ReasonNeedsReview:     "A reviewer approves the passage.",
	ReasonClockUntrusted: "The clock is set by a source that is trusted more: NTP, the broker, or a " +
		"battery clock that works.",
	ReasonCameraLost:        "The camera gives pictures.",
	ReasonJournal:           "The storage takes an entry in time: see the store's conditions.",
	ReasonRecordFull:        "The passage is shorter.",
	ReasonBusy:              "The opening before is recorded first.",
	ReasonUnknownCommand:    "The command is one that the gate decides.",
	ReasonCommandUnreadable: "The command has an identifier, and names of a length that is allowed.",
	ReasonEvidencePending:   "The missing evidence is presented.",
	ReasonStandingUnknown:   "The store answers what is on file.",
	ReasonBlocked:           "The operator lifts the block.",
	ReasonRevoked:           "The credential or the right to pass is not on the revocation list.",
	ReasonRevocationStale:   "A current revocation list is installed.",
	ReasonIncomplete:        "The open items of the enrolment's checklist are done.",
	ReasonNotYetValid:       "The date from which the person may pass has come.",
	ReasonExpired:           "The person's right to pass is renewed.",
	ReasonOutsideHours:      "The person comes within the hours that are on file.",
	ReasonAgeUnknown:        "The person's birth date is on file or in the document.",
	ReasonUnderAge:          "A guardian who is on file comes along.",
	ReasonBirthUnreadable:   "The birth date is on file in a form that can be read.",
	ReasonBlockedFace: "The operator lifts the block of the person whom the face resembles, if it is " +
		"not the same person.",
	ReasonGuardian:             "A guardian who is on file, and may pass, stands beside the minor.",
	ReasonPassback:             "The person has gone out before going in again.",
	ReasonInterlock:            "The other door is closed.",
	ReasonWeak:                 "The comparisons are closer, or another one is added.",
	ReasonCredentialUntrusted:  "The code is signed by somebody whom this gate trusts.",
	ReasonCredentialInvalid:    "The code is whole, and its signature right.",
	ReasonCredentialEarly:      "The code's validity has begun.",
	ReasonCredentialExpired:    "The code has not expired.",
	ReasonCredentialStale:      "The code is shown at once after it was made.",
	ReasonCredentialReplayed:   "The code is a new one.",
	ReasonCredentialUnbound:    "The code carries the fresh signature of its holder's phone.",
	ReasonCredentialElsewhere:  "The code is made for this gate.",
	ReasonCredentialNoPortrait: "The code carries a portrait, or the person is enrolled.",
	ReasonOneTimeCode:          "The number in the bar code is the one that is due.",
	ReasonCardUnreadable:       "The card lies flat, in the outline, without glare.",
	ReasonCardNumber:           "The number on the card is a valid one.",
	ReasonCardContradiction:    "What is printed on the card agrees with its code.",
	ReasonCardExpired:          "The card has not expired.",
	ReasonCardNoPortrait:       "The card shows its portrait.",
	ReasonSpeech:               "The person reads aloud what is shown, when it is shown.",
	ReasonSpeechUnclear:        "The lips are well lit and uncovered.",
	ReasonFingerNoMatch:        "The enrolled finger is pressed flat on the sensor.",
	ReasonFingerUnreadable:     "The finger is clean and dry, and lies flat.",
	ReasonFingerNotEnrolled:    "A finger of the person is enrolled.",
	ReasonFingerSensor:         "The fingerprint sensor answers.",
	ReasonRemoteNoMatch:        "The authority's picture is of the person at the gate.",
	ReasonRemoteNoAnswer:       "The authority answers in time.",
	ReasonReviewDenied:         "A reviewer approves the passage.",
	ReasonReviewTimeout:        "Enough reviewers answer in time.",
}

// otherwise returns what would have had to be different: for each reason a line, with figures where there are any.
func (e *explainer) otherwise() (lines []string) {
	for _, code := range e.r.Reasons {
		if code == ReasonRefused && len(e.r.Reasons) > 1 {
			continue // what was wrong with it follows
		}
		line := e.nearMiss(code)
		if line == "" {
			line = remedies[code]
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// nearMiss returns how much was missing, for reasons that are a matter of figures.
func (e *explainer) nearMiss(code Reason) string {
	f, l, r := e.x.Face, e.x.Live, e.r
	switch {
	case code == ReasonNotEnrolled && f != nil && f.Best < f.Threshold:
		return fmt.Sprintf("%d frames reach the similarity %.3f with one person: the best lacked %.3f.",
			f.Needed, f.Threshold, f.Threshold-f.Best)
	case code == ReasonNotEnrolled && f != nil:
		return fmt.Sprintf("%d frames match one person, and more than do not: %d did, and %d did not.",
			f.Needed, f.Matched, f.Unmatched)
	case code == ReasonAmbiguous && e.tied.Known:
		margin, apart := r.Rules.Margin.Float(), (e.tied.Score - e.tied.Second).Float()
		return fmt.Sprintf("The two people are %.3f apart on %d frames: they were %.3f.",
			margin, r.Rules.MatchFrames, apart)
	case code == ReasonNotLive && l != nil && !e.m.now.guardian.active:
		return e.liveMiss(l)
	case code == ReasonWeak && e.x.Fusion != nil:
		return fmt.Sprintf("The comparisons prove a false match rate %.1f times lower.",
			e.x.Fusion.FMR/e.x.Fusion.Asked)
	case code == ReasonFingerNoMatch && e.finger() > 0:
		return fmt.Sprintf("The finger's comparison reaches %.1f: it lacked %.1f.",
			r.Rules.FingerThreshold.Float(), r.Rules.FingerThreshold.Float()-e.finger())
	case code == ReasonLingering && r.Start.Regrant > 0:
		left := time.Duration(r.Start.Regrant) - r.Duration
		return fmt.Sprintf("The person comes %s later.", seconds(max(0, left)))
	case code == ReasonClockUntrusted && e.trustNeeded() > e.trust:
		return fmt.Sprintf("The clock's trust is %v at least: set it by NTP, the broker, or a battery clock "+
			"that works.",
			e.trustNeeded())
	}
	return ""
}

// finger returns the score of a finger that was refused for it, or 0.
func (e *explainer) finger() float64 {
	for i := range e.x.Evidence {
		if o := &e.x.Evidence[i]; o.Kind == "finger" && o.Score < o.Threshold {
			return o.Score
		}
	}
	return 0
}

func (e *explainer) liveMiss(l *ExplainedLive) string {
	switch {
	case l.Min < l.Lowest:
		return fmt.Sprintf("No frame's liveness is below %.3f: the lowest lacked %.3f.", l.Lowest, l.Lowest-l.Min)
	case l.Mean < l.Threshold:
		return fmt.Sprintf("The mean liveness reaches %.3f: it lacked %.3f.", l.Threshold, l.Threshold-l.Mean)
	case l.Spread > l.Widest:
		return fmt.Sprintf("Liveness spreads by %.3f at most: it was %.3f more.", l.Widest, l.Spread-l.Widest)
	}
	return remedies[ReasonNotLive]
}
