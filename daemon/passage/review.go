package passage

import "time"

// maxApprovals bounds how many reviewers a grant may need.
const maxApprovals = 2

// Review is how a passage that the machine is unsure of is settled by people. With the zero value nobody is asked: the
// screen sends the person to the staff, and the door stays closed.
type Review struct {
	// Timeout is how long reviewers have; without their answer the passage is denied.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Leave is how long the person may be out of sight meanwhile. The door never opens for a place where nobody, or
	// somebody else, stands by now.
	Leave time.Duration `json:"leave,omitempty"`
	// Approvals is how many different reviewers have to approve (two-person rule: 2). One denial is enough.
	Approvals int `json:"approvals,omitempty"`
	// Failures are the kinds of evidence whose refusal is for a reviewer to judge, instead of ending the passage.
	Failures EvidenceSet `json:"failures,omitempty"`
}

// on says whether anybody is asked.
func (r *Review) on() bool { return r.Timeout > 0 }

// pending is the review under way. The person of the passage stands at the gate and waits.
type pending struct {
	active    bool
	track     uint32
	person    string
	seen      Instant
	deadline  Instant
	approvals [maxApprovals]string
	count     int
}

// Reviewed is a reviewer's answer whose signature and freshness the fleet link has found right.
type Reviewed struct {
	Passage  ID
	Approve  bool
	Reviewer string // name of the key that signed it
}

// refer hands a passage to the reviewers; its record is already on the way to the journal.
func (m *Machine) refer(now Instant, reasons []Reason) {
	if !m.rules.Review.on() {
		return
	}
	id := m.openings[forPassage].id
	o := m.openAs(now, forReview, id)
	m.review = pending{active: true, track: m.now.track, person: m.subject(), seen: now, deadline: now.Add(m.rules.Review.Timeout)}
	m.shown.until = m.review.deadline
	m.effects = append(m.effects, Effect{
		Kind: EffectReview, Passage: o.id, Person: m.review.person, Reasons: reasons, Pulse: m.rules.Review.Timeout,
	})
}

// reviewTime ends a review that took too long or whose person has gone.
func (m *Machine) reviewTime(now Instant) {
	if !m.review.active || !m.reviewOver(now) {
		return
	}
	m.openings[forReview].note(now, &Observation{Kind: ObserveTick})
	reason := ReasonLeft
	if now >= m.review.deadline {
		reason = ReasonReviewTimeout
	}
	m.reviewed(now, Deny, reason)
}

// reviewOver says whether a review that nobody has decided is at its end.
func (m *Machine) reviewOver(now Instant) bool {
	r := &m.review
	return !m.openings[forReview].active && (now >= r.deadline || now.Sub(r.seen) > m.rules.Review.Leave)
}

// watch looks whether the person under review still stands there. Only that is logged of a frame, four times a second.
func (m *Machine) watch(now Instant, f *Frame) {
	r := &m.review
	if !r.active || m.openings[forReview].active || now.Sub(r.seen) < watchEvery {
		return
	}
	face := f.track(r.track)
	if face == nil {
		return
	}
	seen := Observation{Kind: ObserveFrame, Frame: Frame{Sequence: f.Sequence, Count: 1, Faces: [MaxFaces]Face{{Track: face.Track}}}}
	m.openings[forReview].note(now, &seen)
	r.seen = now
	if m.openings[forReview].log.full() {
		m.reviewed(now, Deny, ReasonRecordFull)
	}
}

const watchEvery = 250 * time.Millisecond

// answerReview takes a reviewer's answer.
func (m *Machine) answerReview(now Instant, o *Observation) {
	r, a := &m.review, &o.Reviewed
	opening := &m.openings[forReview]
	if !r.active || opening.active || a.Passage != opening.id || a.Reviewer == "" || !validName(a.Reviewer) {
		return
	}
	for i := range r.count {
		if r.approvals[i] == a.Reviewer && a.Approve {
			return // two answers of one person are one
		}
	}
	opening.note(now, o)
	if !a.Approve {
		m.reviewed(now, Deny, ReasonReviewDenied)
		return
	}
	r.approvals[r.count] = a.Reviewer
	r.count++
	switch {
	case r.count < m.rules.Review.Approvals:
	case m.interlocked:
		m.reviewed(now, Deny, ReasonInterlock)
	default:
		m.reviewed(now, Grant, ReasonReviewApproved)
	}
}

// reviewed ends a review.
func (m *Machine) reviewed(now Instant, v Verdict, reason Reason) {
	m.verdict(now, forReview, v, []Reason{reason})
	if v == Grant {
		return
	}
	m.concludeReview(now, v, reason)
}

// concludeReview shows the result and tells whoever keeps the reviews.
func (m *Machine) concludeReview(now Instant, v Verdict, reason Reason) {
	id := m.openings[forReview].id
	s := Screen{Code: ScreenDenied, Passage: id, Reason: reason}
	until := now.Add(m.rules.Cooldown)
	if v == Grant {
		s = Screen{Code: ScreenGranted, Passage: id, Person: m.review.person}
		until = now.Add(m.rules.RegrantAfter)
		m.remember(m.review.person, until)
	}
	m.hold(m.review.track, until)
	m.shown = shown{s, now.Add(m.rules.ShowVerdict), true}
	if reason == ReasonLeft {
		m.shown = shown{}
	}
	m.effects = append(m.effects, Effect{Kind: EffectReviewed, Passage: id, Verdict: v, Reasons: []Reason{reason}})
	m.review = pending{}
}
