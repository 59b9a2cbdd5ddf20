package passage

import (
	"time"

	"umbral/config/policy"
)

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
	Failures policy.Set `json:"failures,omitempty"`
}

// on reports whether anybody is asked.
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
	approved  bool // by enough reviewers

	// The person was recognised, and is looked at again once a second.
	compare  bool
	claimed  bool    // with a document's reference
	live     bool    // and has to be alive
	compared Instant // when last
	matched  Instant // when last as the same person
	looked   bool    // since then the person was always seen, alone
	missed   int     // times since
	unlike   Reason  // why it missed last

	confirming bool    // what is on file was asked for, for the opening
	confirm    Instant // when
	standing   Standing
}

// maxMissed is the number of comparisons in a row that have to miss before somebody else is taken to stand there.
const maxMissed = 3

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
	m.await(now, m.now.track, m.subject(), m.now.claim != "")
	m.shown.until = m.review.deadline
	m.effects = append(m.effects, Effect{
		Kind: EffectReview, Passage: o.id, Person: m.review.person, Reasons: reasons, Pulse: m.rules.Review.Timeout,
		Results: m.results(),
	})
}

// await begins a review.
func (m *Machine) await(now Instant, track uint32, person string, claimed bool) {
	m.review = pending{
		active: true, track: track, person: person, seen: now, deadline: now.Add(m.rules.Review.Timeout),
		compare: person != "" && m.policy.Needs().Has(policy.Face), claimed: claimed, compared: now, matched: now, looked: true,
	}
	if r := &m.review; m.rules.Fresh > 0 && m.policy.Needs().Has(policy.Face) {
		// Nothing that was seen before the review counts in it. Somebody who is not known may still be known to be blocked.
		r.compare, r.looked, r.compared = true, false, now.Add(-lookAgain)
		r.live = person != "" && m.policy.Needs().Has(policy.Live)
	}
}

// EvidenceResult is what came of one piece of evidence that a policy names.
type EvidenceResult struct {
	Kind    policy.Kind
	Outcome Outcome
	Detail  string // code of what was found wrong
}

// results returns what came of the evidence of the passage; what did not come is left out.
func (m *Machine) results() (results []EvidenceResult) {
	e, _, mismatch := m.evidences()
	for k := range policy.Kinds {
		if !m.policy.Needs().Has(k) || e[k] == policy.Open {
			continue
		}
		c := EvidenceResult{k, Accepted, ""}
		switch o := &m.now.others[k]; {
		case mismatch.Has(k):
			c.Outcome, c.Detail = Refused, string(ReasonSubjectMismatch)
		case !policy.Camera.Has(k):
			c.Outcome, c.Detail = o.outcome, o.detail
		case e[k] == policy.Impossible:
			c.Outcome = Refused
		}
		results = append(results, c)
	}
	return results
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

// reviewOver reports whether a review that nobody has decided is at its end.
func (m *Machine) reviewOver(now Instant) bool {
	r := &m.review
	return !m.openings[forReview].active && (now >= r.deadline || now.Sub(r.seen) > m.rules.Review.Leave)
}

// wantsReviewed returns what is worth computing while reviewers are asked: once a second, whether it is still the same
// person.
func (m *Machine) wantsReviewed(now Instant, f *Frame) (w [MaxFaces]Wants) {
	r := &m.review
	face := f.track(r.track)
	if m.openings[forReview].active {
		return m.wantsNamed(now, f, forReview)
	}
	if !m.due(now, f, face) {
		return w
	}
	for i := range f.Count {
		w[i].Match = &f.Faces[i] == face
		w[i].Live = w[i].Match && r.live
	}
	return w
}

// due reports whether it is time to compare the face of the person under review, and whether it can be.
func (m *Machine) due(now Instant, f *Frame, face *Face) bool {
	r := &m.review
	return r.compare && face != nil && face.Problems == 0 && now.Sub(r.compared) >= lookAgain &&
		!f.rival(face, m.rules.CrowdRatio)
}

// watch looks whether the person under review still stands there. Only that is logged of a frame, four times a second,
// and what a comparison gave, once a second.
func (m *Machine) watch(now Instant, f *Frame) {
	r := &m.review
	face := f.track(r.track)
	if m.openings[forReview].active {
		m.stay(now, forReview, f)
		return
	}
	if r.looked && m.rules.Fresh > 0 && (face == nil || f.rival(face, m.rules.CrowdRatio)) {
		r.looked = false
		m.noteMeanwhile(now, &Observation{Kind: ObserveFrame, Frame: Frame{Sequence: f.Sequence}})
	}
	if face == nil || !r.active {
		return
	}
	look := face.Match.Known && m.due(now, f, face)
	if !look && now.Sub(r.seen) < watchEvery {
		return
	}
	seen := Observation{Kind: ObserveFrame, Frame: Frame{Sequence: f.Sequence}}
	seen.Frame.Add(Face{Track: face.Track})
	if look {
		seen.Frame.Faces[0].Match = face.Match
		if r.live {
			seen.Frame.Faces[0].Live = face.Live
		}
	}
	m.openings[forReview].note(now, &seen)
	r.seen = now
	if look {
		m.lookAgain(now, face)
	}
	if r.active && !m.openings[forReview].active && m.openings[forReview].log.full() {
		m.reviewed(now, Deny, ReasonRecordFull)
	}
}

// lookAgain takes a comparison made while reviewers are asked.
func (m *Machine) lookAgain(now Instant, face *Face) {
	r := &m.review
	r.compared = now
	switch {
	case m.barred(&face.Match), r.person != "" && !m.same(&face.Match, r.person, r.claimed):
		r.unlike = m.unlike(&face.Match)
	case r.live && (!face.Live.Known || face.Live.Score < m.rules.LiveThreshold):
		r.unlike = ReasonNotLive
	default:
		r.matched, r.looked, r.missed = now, true, 0
		m.settle(now)
		return
	}
	if r.missed++; r.missed == maxMissed {
		m.reviewed(now, Deny, r.unlike)
	}
}

// certain reports whether the person under review is still the same, alive, and alone.
func (m *Machine) certain(now Instant) bool {
	r := &m.review
	return !r.compare || r.looked && r.missed == 0 && now.Sub(r.matched) <= m.fresh()
}

// settle grants what enough reviewers have approved, as soon as it is certain that the person is still the same.
func (m *Machine) settle(now Instant) {
	r := &m.review
	switch {
	case !r.approved, !m.certain(now):
	case r.confirming && now.Sub(r.confirm) <= confirmWithin:
	case m.interlocked:
		m.reviewed(now, Deny, ReasonInterlock)
	case m.rules.Fresh > 0 && m.clock.trust < m.rules.GrantTrust:
		m.reviewed(now, Deny, ReasonClockUntrusted)
	case m.rules.Fresh > 0 && m.rules.Eligibility.Ask && r.person != "":
		r.confirming, r.confirm = true, now
		m.lookUp(forReview, r.person)
	default:
		m.reviewed(now, Grant, ReasonReviewApproved)
	}
}

// standingOfReview takes what is on file about the person under review. Reviewers do not overrule it, and the opening
// waits for it.
func (m *Machine) standingOfReview(now Instant, o *Observation) {
	r := &m.review
	if !r.active || m.rules.Fresh == 0 || r.person == "" || o.Standing.Person != r.person {
		return
	}
	opening := &m.openings[forReview]
	reasons := m.againstAlone(now, r.person, &o.Standing)
	switch {
	case opening.active:
		m.answered(now, forReview, &r.standing, o)
	case len(reasons) > 0:
		opening.note(now, o)
		m.reviewed(now, Deny, reasons...)
	case r.confirming:
		opening.note(now, o)
		r.confirming, r.standing = false, o.Standing
		if now.Sub(r.confirm) <= confirmWithin && len(m.against(now, forReview)) == 0 && m.certain(now) {
			m.reviewed(now, Grant, ReasonReviewApproved)
		}
	}
}

// fresh returns the greatest age of the last comparison at a grant. The journal has the rest of Rules.Fresh.
func (m *Machine) fresh() time.Duration {
	if m.rules.Fresh > 0 {
		return m.rules.Fresh / 2
	}
	return 2 * lookAgain
}

const watchEvery = 250 * time.Millisecond

// answerReview takes a reviewer's answer.
func (m *Machine) answerReview(now Instant, o *Observation) {
	r, a := &m.review, &o.Reviewed
	opening := &m.openings[forReview]
	if !r.active || opening.active || a.Passage != opening.id || a.Reviewer == "" || !validName(a.Reviewer) {
		return
	}
	if a.Approve && r.approved {
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
	r.approved = r.count >= m.rules.Review.Approvals
	m.settle(now)
}

// reviewed ends a review.
func (m *Machine) reviewed(now Instant, v Verdict, reasons ...Reason) {
	m.verdict(now, forReview, v, reasons)
	if v == Grant {
		return
	}
	m.concludeReview(now, v, reasons[0])
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
