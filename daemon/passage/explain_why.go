package passage

import (
	"fmt"
	"strings"
	"time"

	"umbral/config/policy"
)

// why returns the sentence for a decision: for the reason that tells most, with the figures behind it.
func (e *explainer) why() string {
	reasons := e.r.Reasons
	if reasons[0] == ReasonGuardian && len(reasons) > 1 {
		return fmt.Sprintf("The guardian %s may not pass: %s", e.m.now.guardian.person, lower(reasons[1].Text()))
	}
	return e.sentence(telling(reasons))
}

// lower returns a sentence as it stands after a colon.
func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// sentence returns what a reason means in this decision. Where the record has no figures for it, that is the reason's text.
func (e *explainer) sentence(code Reason) string {
	if s := e.sentenceOfCamera(code); s != "" {
		return s
	}
	if s := e.sentenceOfFile(code); s != "" {
		return s
	}
	if s := e.sentenceOfEvidence(code); s != "" {
		return s
	}
	r := e.r
	switch code {
	case ReasonClockUntrusted:
		if need := e.trustNeeded(); need > e.trust {
			return fmt.Sprintf("The clock was trusted as %v, and this needs %v at least.", e.trust, need)
		}
	case ReasonLingering:
		return fmt.Sprintf("%s was let through a moment ago; a second time is allowed %v after that.",
			who(r.Person), r.Rules.RegrantAfter)
	case ReasonLeft:
		before := "there was a verdict"
		if r.Verdict == Deny {
			before = "the door opened"
		}
		return fmt.Sprintf("The person was not seen any more before %s, %s after the beginning.",
			before, seconds(r.Duration))
	case ReasonJournal:
		if !e.failed {
			return fmt.Sprintf("The journal did not take the entry within the time that a decision holds, %v at most.",
				e.journalTime())
		}
	case ReasonRecordFull:
		return fmt.Sprintf("The passage gave %d observations, more than one record can hold.", r.Count)
	case ReasonCommand:
		return fmt.Sprintf("An operator opened the door by the signed command %s.", r.Command)
	case ReasonReviewApproved:
		return fmt.Sprintf("%s approved the passage.", listed(e.approved))
	case ReasonReviewDenied:
		return fmt.Sprintf("%s denied the passage.", listed(e.denied))
	case ReasonReviewTimeout:
		return fmt.Sprintf("The reviewers did not settle it within %v: %d of %d approvals came.",
			r.Rules.Review.Timeout, len(e.approved), max(1, r.Rules.Review.Approvals))
	}
	return code.Text()
}

// sentenceOfCamera speaks of what the camera has shown.
func (e *explainer) sentenceOfCamera(code Reason) string {
	f, l, r := e.x.Face, e.x.Live, e.r
	switch {
	case code == ReasonMatched && f != nil:
		return fmt.Sprintf("The face matched %s on %d of %d compared frames (best similarity %.3f, %.3f "+
			"needed), and everything that the policy asks for was there.",
			who(r.Person), f.Matched, f.Matched+f.Unmatched, e.m.now.best.Float(), f.Threshold)
	case code == ReasonNotEnrolled && f != nil && f.Best >= f.Threshold:
		return fmt.Sprintf("The face matched nobody on %d frames and somebody on %d: more frames have to match "+
			"one person than do not.",
			f.Unmatched, f.Matched)
	case code == ReasonNotEnrolled && f != nil && f.Claimed:
		return fmt.Sprintf("The face did not match the photograph that came with %s on %d frames: the most "+
			"alike reached %.3f, and %.3f is needed.",
			e.m.now.claim, f.Unmatched, f.Best, f.Threshold)
	case code == ReasonNotEnrolled && f != nil:
		return fmt.Sprintf("The face matched nobody who is enrolled on %d frames: the most alike reached %.3f, "+
			"and %.3f is needed.",
			f.Unmatched, f.Best, f.Threshold)
	case code == ReasonAmbiguous && e.tied.Known:
		return fmt.Sprintf("The face resembled two enrolled people too closely to tell them apart: %.3f and "+
			"%.3f, and %.3f between them is needed.",
			e.tied.Score.Float(), e.tied.Second.Float(), e.r.Rules.Margin.Float())
	case code == ReasonNotLive && l != nil && !e.m.now.guardian.active:
		return fmt.Sprintf("The face did not look like a living person's: over %d frames liveness had the mean "+
			"%.3f (%.3f needed), the lowest value %.3f (%.3f allowed) and the spread %.3f (%.3f allowed).",
			l.Frames, l.Mean, l.Threshold, l.Min, l.Lowest, l.Spread, l.Widest)
	case code == ReasonLowQuality:
		return fmt.Sprintf("Too few pictures of the face could be used: of %d frames %d counted%s.",
			e.x.Frames.All, e.x.Frames.Counted, e.costs())
	case code == ReasonSeveralPeople:
		return fmt.Sprintf("Somebody else stood near the person for %v, the longest that is waited.",
			r.Rules.CrowdTimeout)
	case code == ReasonBlockedFace && f != nil && f.Barred > 0:
		return fmt.Sprintf("The face fits somebody who is blocked on %d frames, whatever the document or the "+
			"gallery says.",
			f.Barred)
	case code == ReasonTimeOut:
		return fmt.Sprintf("The evidence was not complete after %s: missing was %s.", seconds(r.Duration), e.missing())
	case code == ReasonWeak && e.x.Fusion != nil:
		return fmt.Sprintf("The comparisons together prove a false match rate of %.1e, and the policy asks for %.1e.",
			e.x.Fusion.FMR, e.x.Fusion.Asked)
	}
	return ""
}

// sentenceOfFile speaks of what is on file.
func (e *explainer) sentenceOfFile(code Reason) string {
	s := &e.standing
	if s.Person == "" {
		return ""
	}
	person, day := who(s.Person), func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04 UTC") }
	now := e.m.clock.local(e.m.last)
	switch code {
	case ReasonNotYetValid:
		return fmt.Sprintf("%s may pass only from %s.", person, day(s.From))
	case ReasonExpired:
		return fmt.Sprintf("%s might pass only until %s.", person, day(s.Until))
	case ReasonOutsideHours:
		return fmt.Sprintf("%s may pass only at other hours than %s.", person, now.Format("Monday 15:04"))
	case ReasonUnderAge:
		if age, known := s.Age(now); known {
			return fmt.Sprintf("%s is %d years old, too young to pass alone: the gate asks for %d years or a guardian.",
				person, age, e.r.Rules.Eligibility.MinAge)
		}
	}
	return ""
}

// sentenceOfEvidence speaks of what came from elsewhere.
func (e *explainer) sentenceOfEvidence(code Reason) string {
	a := &e.m.now
	switch code {
	case ReasonRefused, ReasonNeedsReview:
		var kinds []string
		for k, o := range a.others {
			if o.outcome == Refused || o.outcome == Doubtful {
				kinds = append(kinds, fmt.Sprintf("%v (%v)", policy.Kind(k), o.outcome))
			}
		}
		switch {
		case len(kinds) == 0:
			return ""
		case code == ReasonNeedsReview:
			return fmt.Sprintf("The machine is unsure of %s, so a human reviewer has to decide.", listed(kinds))
		}
		return fmt.Sprintf("What the policy needs was refused: %s.", listed(kinds))
	case ReasonSubjectMismatch:
		var names []string
		if a.person != "" {
			names = append(names, "the face is of "+a.person)
		}
		for k, o := range a.others {
			if o.outcome == Accepted && o.subject != "" {
				names = append(names, fmt.Sprintf("%v is of %s", policy.Kind(k), o.subject))
			}
		}
		return fmt.Sprintf("Two pieces of evidence belong to different people: %s.", listed(names))
	case ReasonFingerNoMatch:
		if o := a.others[policy.Finger]; o.score != 0 && o.score < e.r.Rules.FingerThreshold {
			return fmt.Sprintf("The finger is not the enrolled one: the comparison reached %.1f, and %.1f is needed.",
				o.score.Float(), e.r.Rules.FingerThreshold.Float())
		}
	case ReasonRemoteNoMatch:
		if o := a.others[policy.Remote]; o.score != 0 {
			return fmt.Sprintf("The authority's picture of the person is another face: its comparison reached %.3f.",
				o.score.Float())
		}
	}
	return ""
}

// trustNeeded returns the trust in the clock that the decision asked for.
func (e *explainer) trustNeeded() policy.Trust {
	rules := &e.r.Rules
	if e.r.Start.Cause == EntryCommand {
		return rules.CommandTrust
	}
	need := max(rules.GrantTrust, rules.Eligibility.Trust)
	if e.m.now.others[policy.Credential].detail == string(ReasonClockUntrusted) {
		need = max(need, rules.CredentialTrust)
	}
	return need
}

// journalTime returns how long an entry may take.
func (e *explainer) journalTime() time.Duration {
	if rules := &e.r.Rules; rules.Fresh > 0 && e.r.Start.Cause != EntryCommand && e.r.Start.Cause != EntryExit {
		return min(rules.CommitTimeout, rules.Fresh)
	}
	return e.r.Rules.CommitTimeout
}

// missing returns what the policy still waited for.
func (e *explainer) missing() string {
	states, _, _ := e.m.evidences()
	var kinds []string
	for k := range policy.Kinds {
		if e.m.policy.Needs().Has(k) && states[k] != policy.Satisfied {
			kinds = append(kinds, k.String())
		}
	}
	if e.m.now.guardian.active {
		kinds = append(kinds, "a guardian")
	}
	if len(kinds) == 0 {
		return "a last look at the person, alone and in good light, or what is on file"
	}
	return listed(kinds)
}

// costs returns which problems cost frames, the costliest first.
func (e *explainer) costs() string {
	var parts []string
	for p := range problemCount {
		if n := e.x.Frames.Problems[p.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%v cost %d", p, n))
		}
	}
	if n := e.x.Frames.Crowded; n > 0 {
		parts = append(parts, fmt.Sprintf("somebody near cost %d", n))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + listed(parts)
}

func who(person string) string {
	if person == "" {
		return "The person"
	}
	return person
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// listed returns words with commas and an "and".
func listed(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}
