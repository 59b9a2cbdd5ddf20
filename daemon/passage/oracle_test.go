package passage

import (
	"fmt"
	"math"
	"slices"
	"time"

	"umbral/config/policy"
)

// oracle judges openings by the rule of the package's documentation. It keeps what was observed, and works out from
// that alone, in the plainest way, who stood where and what was on file. It knows nothing of the machine but the entry
// that an opening belongs to.
type oracle struct {
	rules   Rules
	past    []event
	file    map[string]Standing // what is on file, as last told by a change
	granted map[uint64]entry    // grants by the number of their commit
	refers  map[ID]entry
}

// event is something that the machine observed.
type event struct {
	at Instant
	Observation
}

// entry is a journalled decision, and how many events had been observed when it was made.
type entry struct {
	record *Record
	index  int
	at     Instant
}

func (o *oracle) observe(at Instant, obs Observation) { o.past = append(o.past, event{at, obs}) }

func (o *oracle) journal(at Instant, e Effect) error {
	if e.Entry == EntryAlert {
		return nil
	}
	r, err := DecodeRecord(e.Record)
	if err != nil {
		return err
	}
	switch e.Verdict {
	case Grant:
		o.granted[e.Commit] = entry{r, len(o.past), at}
	case Refer:
		o.refers[e.Passage] = entry{r, len(o.past), at}
	}
	return nil
}

// open returns what is wrong with an opening, which the last event has brought.
func (o *oracle) open(now Instant, e Effect) error {
	last := o.past[len(o.past)-1]
	g, granted := o.granted[last.Commit]
	if last.Kind != ObserveCommitted || !granted || g.record.Passage != e.Passage {
		return fmt.Errorf("no commit of a grant brings it, but %v", last.Kind)
	}
	delete(o.granted, last.Commit)
	switch g.record.Start.Cause {
	case EntryPassage:
		return o.passage(now, g)
	case EntryReview:
		return o.review(now, g)
	}
	return nil
}

func (o *oracle) passage(now Instant, g entry) error {
	r := g.record
	began := g.at - Instant(r.Duration)
	s := o.subject(r, g.at, g.index)
	if err := o.general(now, g); err != nil {
		return err
	}
	if r.Guardian != "" {
		if err := o.guarded(now, g, began); err != nil {
			return fmt.Errorf("guardian %s: %w", r.Guardian, err)
		}
	} else if !s.good || g.at.Sub(s.goodAt) > confirmWithin {
		return fmt.Errorf("the last frame with the subject, %v before the grant, is no good one", g.at.Sub(s.goodAt))
	}
	have := o.evidence(s, r.Person, r.Guardian != "")
	if o.rules.Policy.Decide(&have, proven) != policy.Satisfied {
		return fmt.Errorf("the policy is not satisfied by %v (%+v)", have, s)
	}
	if o.rules.Policy.Needs().Has(policy.Face) && r.Guardian == "" {
		switch {
		case s.person == "" || r.Person != "" && s.person != r.Person:
			return fmt.Errorf("%q stands there", s.person)
		case now.Sub(s.matchedAt) > o.rules.Fresh:
			return fmt.Errorf("the last comparison is %v old", now.Sub(s.matchedAt))
		case s.barred >= o.rules.MatchFrames:
			return fmt.Errorf("the face was that of somebody who is blocked %d times", s.barred)
		}
	}
	without := have
	without[policy.Live] = policy.Impossible
	if r.Guardian == "" && o.rules.Policy.Decide(&without, proven) != policy.Satisfied && now.Sub(s.aliveAt) > o.rules.Fresh {
		return fmt.Errorf("the last sign of life is %v old", now.Sub(s.aliveAt))
	}
	return o.stayed(g)
}

// general judges what holds for whoever is named: what is on file, the clock, the other door.
func (o *oracle) general(now Instant, g entry) error {
	clock, up := o.clock(), false
	for _, e := range o.past {
		if e.Kind == ObserveInterlock {
			up = e.Up
		}
	}
	r, rules := g.record, &o.rules
	switch {
	case up:
		return fmt.Errorf("the other door is open")
	case clock.Clock.Trust < rules.GrantTrust:
		return fmt.Errorf("the clock is %v", clock.Clock.Trust)
	case !rules.Eligibility.Ask || r.Person == "":
		return nil
	}
	for _, person := range []string{r.Person, r.Guardian} {
		if person == "" {
			continue
		}
		asked := slices.ContainsFunc(o.past, func(e event) bool {
			return e.Kind == ObserveStanding && e.Standing.Person == person && g.at.Sub(e.at) <= confirmWithin
		})
		if !asked {
			return fmt.Errorf("nobody has looked up %s immediately before", person)
		}
		young, err := o.standing(now, person, clock)
		if err != nil {
			return err
		}
		named := rules.Eligibility.GuardianNamed && o.file[person].Marks.Has(GuardianNamed)
		if young && !named && (person == r.Guardian || r.Guardian == "") {
			return fmt.Errorf("%s is too young", person)
		}
	}
	return nil
}

func (o *oracle) clock() (clock event) {
	for _, e := range o.past {
		if e.Kind == ObserveClock {
			clock = e
		}
	}
	return clock
}

// standing returns what on file stands against a person, and whether they are too young.
func (o *oracle) standing(now Instant, person string, clock event) (young bool, err error) {
	s, rules := o.file[person], o.rules.Eligibility
	wall := time.UnixMilli(clock.Clock.Wall).Add(now.Sub(clock.at)).UTC()
	for _, mark := range []Mark{Blocked, Revoked, RevocationStale, Incomplete} {
		if s.Marks.Has(mark) {
			return false, fmt.Errorf("%s is %v", person, mark)
		}
	}
	if s.Marks.Has(Inside) && rules.Passback {
		return false, fmt.Errorf("%s is inside", person)
	}
	if s.Until != 0 && wall.UnixMilli() >= s.Until+1000 { // a second for corrections of the clock that change nothing
		return false, fmt.Errorf("%s has expired", person)
	}
	if (s.Until != 0 || s.BornKnown && rules.MinAge > 0) && clock.Clock.Trust < rules.Trust {
		return false, fmt.Errorf("dates of %s by a clock that is %v", person, clock.Clock.Trust)
	}
	if rules.MinAge == 0 || !s.BornKnown {
		return false, nil
	}
	grown := time.Unix(int64(s.Born)*86400, 0).UTC().AddDate(rules.MinAge, 0, 0)
	return wall.Before(grown), nil
}

// sight is what the camera and the evidence have shown of somebody on a track.
type sight struct {
	good      bool // the last frame with them is one that counts
	goodAt    Instant
	person    string // whom the last comparisons show, since the last gap
	last      string // whom they showed, since the last document with a reference
	matched   int    // since the last gap
	unmatched int
	matchedAt Instant
	barred    int
	alive     []Score // on frames that show person, or on all where no face is compared
	aliveAt   Instant
	outcomes  [policy.Kinds]Evidence
	claim     string
}

// subject follows whom a record is about from the passage's begin to an event.
func (o *oracle) subject(r *Record, decided Instant, until int) (s sight) {
	track, began := r.Start.Track, decided-Instant(r.Duration)
	rules, compared := &o.rules, o.rules.Policy.Needs().Has(policy.Face)
	trust, absent, crowd := policy.TrustUnknown, 0, Instant(-1<<60)
	s.goodAt, s.matchedAt, s.aliveAt = -1<<60, -1<<60, -1<<60
	for _, e := range o.past[:until] {
		if e.Kind == ObserveClock {
			trust = e.Clock.Trust
		}
		if e.at < began {
			continue
		}
		if e.Kind == ObserveEvidence && (e.Evidence.Passage.IsZero() || e.Evidence.Passage == r.Passage) {
			s.take(rules, e.Evidence, trust)
		}
		if e.Kind != ObserveFrame {
			continue
		}
		face := e.Frame.track(track)
		if face == nil {
			s.good = false
			absent++
			continue
		}
		if absent > 1 { // somebody else may have taken the track over
			s.person, s.matched, s.alive = "", 0, nil
			if !compared {
				s.outcomes[policy.Speech] = Evidence{}
			}
		}
		absent, s.good = 0, false
		if beside(&e.Frame, face, rules.CrowdRatio) {
			crowd = e.at
		}
		if face.Problems != 0 || e.at.Sub(crowd) < rules.CrowdClear || crowd == e.at {
			continue
		}
		if compared {
			c := &face.Match
			if !c.Known || c.Claimed != (s.claim != "") || c.Claimed && c.Person != s.claim {
				continue
			}
			if c.Barred >= rules.Threshold {
				s.barred++
				continue
			}
			if !shows(rules, c) {
				s.unmatched++
				continue
			}
			if c.Person != s.person {
				s.matched, s.alive = 0, nil
			}
			if s.last != "" && c.Person != s.last { // what was done before was done by somebody else
				s.outcomes, s.unmatched = [policy.Kinds]Evidence{}, 0
			}
			s.person, s.last, s.matchedAt = c.Person, c.Person, e.at
			s.matched++
		}
		s.good, s.goodAt = true, e.at
		if face.Live.Known {
			s.alive = append(s.alive, face.Live.Score)
			if face.Live.Score >= rules.LiveThreshold {
				s.aliveAt = e.at
			}
		}
	}
	return s
}

// take takes evidence from elsewhere.
func (s *sight) take(rules *Rules, e Evidence, trust policy.Trust) {
	if e.Kind >= policy.Kinds || policy.Camera.Has(e.Kind) || e.Outcome == 0 {
		return
	}
	if e.Kind == policy.Finger && e.Score < rules.FingerThreshold || e.Kind == policy.Credential && trust < rules.CredentialTrust {
		e.Outcome = Refused
	}
	if e.Outcome == Accepted && e.Reference && e.Subject != "" {
		s.claim, s.person, s.last, s.matched, s.unmatched, s.alive = e.Subject, "", "", 0, 0, nil
		for k := range s.outcomes {
			if s.outcomes[k].Subject == "" && !documents.Has(policy.Kind(k)) {
				s.outcomes[k] = Evidence{}
			}
		}
	}
	s.outcomes[e.Kind] = e
}

// shows reports whether a comparison shows the person whom it names.
func shows(rules *Rules, c *Match) bool {
	if c.Claimed {
		return c.Score >= rules.VerifyThreshold
	}
	return c.Person != "" && c.Score >= rules.Threshold && c.Score-c.Second >= rules.Margin
}

func beside(f *Frame, face *Face, ratio Score) bool {
	for i := range f.Count {
		if other := &f.Faces[i]; other != face && float64(other.Box.Height()) >= ratio.Float()*float64(face.Box.Height()) {
			return true
		}
	}
	return false
}

// living reports whether scores are a living person's.
func living(rules *Rules, scores []Score) bool {
	mean, spread := 0.0, 0.0
	for _, s := range scores {
		mean += s.Float() / float64(len(scores))
	}
	for _, s := range scores {
		if s < rules.LiveMin {
			return false
		}
		spread += (s.Float() - mean) * (s.Float() - mean) / float64(len(scores))
	}
	return len(scores) >= rules.LiveFrames && mean >= rules.LiveThreshold.Float()-1e-9 && math.Sqrt(spread) <= rules.LiveSpread.Float()+1e-9
}

// evidence returns what there is for a person. With a guardian the minor's face and life are judged by themselves.
func (o *oracle) evidence(s sight, person string, guarded bool) (e policy.States) {
	for k := range policy.Kinds {
		e[k] = policy.Impossible
		out := &s.outcomes[k]
		if out.Outcome == Accepted && (out.Subject == "" || person == "" || out.Subject == person) {
			e[k] = policy.Satisfied
		}
	}
	if guarded || s.matched >= o.rules.MatchFrames && s.matched > s.unmatched {
		e[policy.Face] = policy.Satisfied
	}
	if guarded || living(&o.rules, s.alive) {
		e[policy.Live] = policy.Satisfied
	}
	return e
}

// guarded judges a minor and the guardian: both are on one frame a moment before the opening, each matched and alive,
// and the guardian on enough frames before.
func (o *oracle) guarded(now Instant, g entry, began Instant) error {
	r, rules := g.record, &o.rules
	minor := o.file[r.Person]
	if r.Guardian == r.Person || !slices.Contains(minor.Guardians[:], r.Guardian) {
		return fmt.Errorf("is none of %s's", r.Person)
	}
	s := o.subject(r, g.at, g.index)
	fits := func(face *Face, person, claim string) bool {
		c := &face.Match
		return face.Problems == 0 && (!rules.Policy.Needs().Has(policy.Face) && claim != "-" || c.Known && c.Person == person &&
			c.Claimed == (claim != "" && claim != "-") && shows(rules, c) && c.Barred < rules.Threshold)
	}
	alive := func(face *Face) bool {
		return !rules.Policy.Needs().Has(policy.Live) || face.Live.Known && face.Live.Score >= rules.LiveThreshold
	}
	var why error = fmt.Errorf("is not seen")
	for track := range uint32(4) {
		if track == 0 || track == r.Start.Track {
			continue
		}
		together, matched, absent := Instant(-1<<60), 0, 0
		minors, guardians := []Score(nil), []Score(nil)
		for _, e := range o.past[:g.index] {
			if e.Kind != ObserveFrame || e.at < began {
				continue
			}
			first, second := e.Frame.track(r.Start.Track), e.Frame.track(track)
			if second == nil {
				absent++
			} else {
				if absent > 1 {
					matched, guardians = 0, nil
				}
				absent = 0
				if fits(second, r.Guardian, "-") {
					matched++
					if second.Live.Known {
						guardians = append(guardians, second.Live.Score)
					}
				}
			}
			if first != nil && first.Problems == 0 {
				if first.Match.Known && !fits(first, r.Person, s.claim) {
					minors = nil
				} else if first.Live.Known {
					minors = append(minors, first.Live.Score)
				}
			}
			if first != nil && second != nil && fits(first, r.Person, s.claim) && fits(second, r.Guardian, "-") && alive(first) && alive(second) {
				together = e.at
			}
		}
		switch {
		case now.Sub(together) > rules.Fresh:
			why = fmt.Errorf("was with %s %v before the opening", r.Person, now.Sub(together))
		case matched < rules.MatchFrames:
			why = fmt.Errorf("was recognised %d times", matched)
		case rules.Policy.Needs().Has(policy.Live) && (len(guardians) < rules.LiveFrames || len(minors) < rules.LiveFrames):
			why = fmt.Errorf("%d signs of life, %s %d", len(guardians), r.Person, len(minors))
		default:
			return nil
		}
	}
	return why
}

// review judges an opening that reviewers have approved.
func (o *oracle) review(now Instant, g entry) error {
	r, rules := g.record, &o.rules
	refer, referred := o.refers[r.Passage]
	if !referred {
		return fmt.Errorf("nobody was referred")
	}
	if err := o.general(now, g); err != nil {
		return err
	}
	reviewers := map[string]bool{}
	for _, e := range o.past[refer.index:g.index] {
		if v := e.Reviewed; e.Kind == ObserveReviewed && v.Passage == r.Passage {
			if !v.Approve {
				return fmt.Errorf("%s has denied it", v.Reviewer)
			}
			reviewers[v.Reviewer] = true
		}
	}
	if len(reviewers) < max(1, rules.Review.Approvals) {
		return fmt.Errorf("%d reviewers have approved, of %d", len(reviewers), rules.Review.Approvals)
	}
	if !rules.Policy.Needs().Has(policy.Face) {
		return o.stayed(g)
	}
	s := o.subject(refer.record, refer.at, refer.index)
	looked, good := Instant(-1<<60), false
	for _, e := range o.past[refer.index:g.index] {
		if e.Kind != ObserveFrame {
			continue
		}
		face := e.Frame.track(r.Start.Track)
		if face == nil || beside(&e.Frame, face, rules.CrowdRatio) {
			good = false
			continue
		}
		c := &face.Match
		if !c.Known || face.Problems != 0 {
			continue
		}
		good = c.Barred < rules.Threshold && (r.Person == "" || c.Person == r.Person && c.Claimed == (s.claim != "") && shows(rules, c))
		if r.Person != "" && rules.Policy.Needs().Has(policy.Live) && (!face.Live.Known || face.Live.Score < rules.LiveThreshold) {
			good = false
		}
		if good {
			looked = e.at
		}
	}
	if !good || now.Sub(looked) > rules.Fresh {
		return fmt.Errorf("the last look that showed %q was %v before the opening (or a later one did not)", r.Person, now.Sub(looked))
	}
	return o.stayed(g)
}

// stayed judges the frames between a grant and its commit: whom the grant names was there.
func (o *oracle) stayed(g entry) error {
	absent, missed := 0, 0
	for _, e := range o.past[g.index:] {
		if e.Kind != ObserveFrame {
			continue
		}
		face := e.Frame.track(g.record.Start.Track)
		if face == nil {
			if absent++; absent > 1 {
				return fmt.Errorf("the subject has left before the commit")
			}
			continue
		}
		absent = 0
		if c := &face.Match; c.Known && face.Problems == 0 && o.rules.Policy.Needs().Has(policy.Face) {
			missed++
			if shows(&o.rules, c) && c.Person == g.record.Person && c.Barred < o.rules.Threshold {
				missed = 0
			}
			if missed >= 3 {
				return fmt.Errorf("somebody else stands there before the commit")
			}
		}
	}
	return nil
}
