package finger

import (
	"context"
	"errors"
	"math"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/drivers/fingerprint"
	"umbral/pipeline/finger"
)

// serve answers one question of the decision.
func (s *Source) serve(ctx context.Context, q question, observe func(passage.Evidence)) {
	views, err := s.refs.of(q.person)
	if err != nil {
		s.opts.Log.Error("a person's fingers could not be read", "passage", q.passage, "error", err)
	}
	switch {
	case err != nil && len(views) == 0:
		s.settle(q, evidence.Doubtful(passage.ReasonFingerUnreadable), observe)
	case q.person == "" && !s.opts.Search: // the policy lets nobody pass by a finger alone
	case q.person != "" && len(views) == 0:
		s.settle(q, evidence.Refused(passage.ReasonFingerNotEnrolled), observe)
	default:
		s.light(ctx, fingerprint.Blue, fingerprint.Breathing)
		if e, answered := s.try(ctx, q, views); answered {
			s.settle(q, e, observe)
		}
		s.dark(ctx)
	}
}

// try takes as many presses as a passage has and returns what came of them. It reports whether the question stood as
// long.
func (s *Source) try(ctx context.Context, q question, views []*finger.Template) (e passage.Evidence, answered bool) {
	wanted := func() bool { return s.stands(q) }
	compared, readable, hint := 0, false, ""
	for range s.opts.Presses {
		t, err := s.patiently(ctx, wanted, hint)
		if errors.Is(err, errUnwanted) {
			return e, false
		}
		if err != nil {
			return evidence.Doubtful(passage.ReasonFingerSensor), true
		}
		if t != nil && t.Quality >= s.opts.LeastQuality {
			readable = true
			person, score := s.compare(q.person, t, views, &compared)
			if score >= s.least {
				return passage.Evidence{Outcome: passage.Accepted, Subject: person, Score: passage.ScoreOf(float64(score))}, true
			}
		}
		hint = HintAgain
		s.light(ctx, fingerprint.Red, fingerprint.Steady)
	}
	if readable {
		return evidence.Refused(passage.ReasonFingerNoMatch), true
	}
	return evidence.Doubtful(passage.ReasonFingerUnreadable), true
}

// compare returns whose finger a press is and how much speaks for that. compared counts the comparisons of the passage:
// with n of them a stranger is up to n times as likely to reach a score. Scores are logarithms of likelihood ratios,
// which strangers reach at least n times more seldom when they are n times as high, so the score counts less by
// log10(n).
func (s *Source) compare(
	person string, t *finger.Template, views []*finger.Template, compared *int,
) (string, finger.Score) {
	score, rival := finger.Least, finger.Least
	if person != "" {
		*compared += len(views)
		score = s.matcher.CompareViews(t, views)
	} else {
		var n int
		person, score, rival, n = s.refs.search(t)
		*compared += n
	}
	less := finger.Score(math.Log10(float64(max(1, *compared))))
	switch {
	case score-less < s.least:
		return person, score - less
	case rival-less >= s.least:
		return "", finger.Least // two people's: nobody's
	case s.suspended(person):
		return "", finger.Least
	}
	return person, score - less
}

// suspended reports whether a person's finger lets nobody in; it is so where that can't be found out.
func (s *Source) suspended(id string) bool {
	suspended, err := s.opts.Records.Suspended(id)
	if err != nil {
		s.opts.Log.Error("whether a person is suspended could not be read: their finger does not count", "error", err)
	}
	return suspended || err != nil
}

// settle reports the outcome of a question, once, and not after it was withdrawn.
func (s *Source) settle(q question, e passage.Evidence, observe func(passage.Evidence)) {
	if !s.stands(q) {
		return
	}
	s.settled = q
	if e.Outcome == passage.Accepted {
		s.mu.Lock()
		s.matched++
		s.mu.Unlock()
	}
	e.Kind, e.Passage = policy.Finger, q.passage
	observe(e)
}
