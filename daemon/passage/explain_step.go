package passage

import (
	"fmt"
	"strings"
	"time"
)

// step puts an observation beside the frames into words; one that says nothing to people has no text.
func (e *explainer) step(o *Observation) ExplainedStep {
	switch o.Kind {
	case ObserveEvidence:
		return ExplainedStep{What: "evidence", Text: e.evidenceText(&o.Evidence)}
	case ObserveStanding:
		if o.Standing.Person == e.r.Person {
			e.standing = o.Standing
		}
		return ExplainedStep{What: "standing", Text: standingText(&o.Standing)}
	case ObserveReviewed:
		v := &o.Reviewed
		if v.Approve {
			e.approved = append(e.approved, v.Reviewer)
			return ExplainedStep{What: "review", Text: v.Reviewer + " approved"}
		}
		e.denied = append(e.denied, v.Reviewer)
		return ExplainedStep{What: "review", Text: v.Reviewer + " denied"}
	case ObserveClock:
		e.trust = o.Clock.Trust
		at := time.UnixMilli(o.Clock.Wall).UTC().Format(time.RFC3339)
		return ExplainedStep{What: "clock", Text: fmt.Sprintf("the clock says %s, trusted as %v", at, o.Clock.Trust)}
	case ObserveInterlock:
		if o.Up {
			return ExplainedStep{What: "interlock", Text: "another door opened"}
		}
		return ExplainedStep{What: "interlock", Text: "the other door closed"}
	case ObserveCamera:
		if !o.Up {
			return ExplainedStep{What: "camera", Text: "the camera gave no more pictures"}
		}
	case ObserveCommand:
		c := &o.Command
		return ExplainedStep{What: "command", Text: fmt.Sprintf("%s %s, signed by %s", c.Name, c.ID, c.Key)}
	case ObserveExit:
		return ExplainedStep{What: "exit", Text: "the exit button was pressed"}
	case ObserveCommitFailed:
		e.failed = true
		return ExplainedStep{What: "journal", Text: "the journal could not be written"}
	case ObserveChange:
		return ExplainedStep{What: "standing", Text: "what is on file changed"}
	}
	return ExplainedStep{}
}

func (e *explainer) evidenceText(v *Evidence) string {
	// As the machine took it: a finger that is accepted below the threshold was refused.
	o := &e.m.now.others[v.Kind]
	text := fmt.Sprintf("%v %v", v.Kind, o.outcome)
	if v.Subject != "" {
		text += " for " + v.Subject
	}
	if o.detail != "" {
		text += ": " + o.detail
	}
	if v.Reference {
		text += ", with a photograph"
	}
	return text
}

func standingText(s *Standing) string {
	var parts []string
	for k := range markCount {
		if s.Marks.Has(k) {
			parts = append(parts, k.String())
		}
	}
	if s.BornKnown {
		parts = append(parts, "born "+time.Unix(int64(s.Born)*86_400, 0).UTC().Format(time.DateOnly))
	}
	if s.From != 0 {
		parts = append(parts, "from "+time.UnixMilli(s.From).UTC().Format(time.RFC3339))
	}
	if s.Until != 0 {
		parts = append(parts, "until "+time.UnixMilli(s.Until).UTC().Format(time.RFC3339))
	}
	if s.WindowCount > 0 {
		parts = append(parts, fmt.Sprintf("%d windows of hours", s.WindowCount))
	}
	if len(parts) == 0 {
		return s.Person + ": nothing on file stands against them"
	}
	return s.Person + ": " + strings.Join(parts, ", ")
}
