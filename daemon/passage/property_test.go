package passage

import (
	"errors"
	"maps"
	"math"
	"testing"
	"time"

	"umbral/config/policy"

	"pgregory.net/rapid"
)

// draw makes observations that often lead somewhere: few tracks, few people, scores on both sides of the thresholds.
type draw struct {
	t   *rapid.T
	seq uint64
}

func (d *draw) face(track uint32) Face {
	t := d.t
	face := Face{
		Track: track, Box: tall(rapid.SampledFrom([]int16{4000, 4000, 4000, 2500, 1000}).Draw(t, "height")),
		Live:  Live{rapid.IntRange(0, 9).Draw(t, "live known") > 0, rapid.SampledFrom([]Score{970000, 990000, 800000, 600000, 20000}).Draw(t, "live")},
		Match: Match{rapid.IntRange(0, 9).Draw(t, "match known") > 0, "ann", rapid.SampledFrom([]Score{740000, 740000, 700000, 580000, 579999, 100000}).Draw(t, "match"), rapid.SampledFrom([]Score{0, 200000, 700000}).Draw(t, "second"), rapid.IntRange(0, 3).Draw(t, "claimed") == 0, rapid.SampledFrom([]uint32{0, 0, 1000}).Draw(t, "references"), rapid.SampledFrom([]Score{0, 0, 0, 0, 100000, 600000}).Draw(t, "barred")},
	}
	if rapid.IntRange(0, 9).Draw(t, "other person") == 0 {
		face.Match.Person = rapid.SampledFrom([]string{"bob", "cyd", ""}).Draw(t, "person")
	}
	if rapid.IntRange(0, 5).Draw(t, "bad") == 0 {
		face.Problems = Problems(rapid.IntRange(0, 1<<problemCount-1).Draw(t, "problems"))
	}
	return face
}

func (d *draw) observation() Observation {
	t := d.t
	o := Observation{Kind: ObserveFrame}
	d.seq += uint64(rapid.IntRange(1, 3).Draw(t, "drop"))
	o.Frame.Sequence = d.seq
	switch n := rapid.IntRange(0, 99).Draw(t, "kind"); {
	case n < 3 || n >= 21:
		track := uint32(rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 2}).Draw(t, "track"))
		if rapid.IntRange(0, 29).Draw(t, "nobody") > 0 {
			o.Frame.Add(d.face(track))
		}
		if rapid.IntRange(0, 29).Draw(t, "second") == 0 {
			o.Frame.Add(d.face(track + 1))
		}
	case n < 5:
		o.Kind = ObserveTick
	case n < 11:
		o.Kind = ObserveEvidence
		o.Evidence = Evidence{
			Kind:      rapid.SampledFrom([]policy.Kind{policy.Remote, policy.Credential, policy.Card, policy.Remote, policy.Credential, policy.Speech, policy.Finger, policy.Finger, policy.Face, policy.Kinds}).Draw(t, "evidence"),
			Outcome:   Outcome(rapid.SampledFrom([]int{3, 1, 1, 3, 1, 1, 2, 0}).Draw(t, "outcome")),
			Subject:   rapid.SampledFrom([]string{"", "ann", "ann", "bob"}).Draw(t, "subject"),
			Score:     rapid.SampledFrom([]Score{700000, 5 * One, 30 * One, 70 * One}).Draw(t, "score"),
			Reference: rapid.IntRange(0, 2).Draw(t, "reference") == 0,
		}
	case n < 13:
		o.Kind = ObserveClock
		o.Clock = Clock{policy.Trust(rapid.IntRange(0, 4).Draw(t, "trust")), rapid.Int64().Draw(t, "wall"), rapid.SampledFrom([]int16{0, 0, 60, -300}).Draw(t, "offset")}
	case n < 14:
		o.Kind, o.Up = ObserveCamera, rapid.Bool().Draw(t, "up")
	case n < 16:
		o.Kind = ObserveDoor
		o.Door = Door{Contact(rapid.IntRange(0, 2).Draw(t, "contact")), rapid.Bool().Draw(t, "relay"), rapid.Bool().Draw(t, "fault"), rapid.Bool().Draw(t, "tamper")}
	case n < 17:
		o.Kind = ObserveExit
	case n < 18:
		o.Kind = ObserveCommand
		o.Command = Command{CommandOpen, rapid.SampledFrom([]string{"c1", "c2", ""}).Draw(t, "id"), "ops"}
	case n < 19:
		switch rapid.IntRange(0, 4).Draw(t, "rare") {
		case 4:
			o.Kind = ObserveChange
		case 0:
			o.Kind, o.Up = ObserveInterlock, rapid.IntRange(0, 2).Draw(t, "other door") == 0
		case 1:
			o.Kind, o.Standing = ObserveStanding, d.standing("ann")
		default:
			o.Kind = ObserveReviewed
			o.Reviewed = Reviewed{ID{1, rapid.Uint64Range(1, 4).Draw(t, "reviewed")}, rapid.Bool().Draw(t, "approve"), "rita"}
		}
	case n < 20:
		o.Kind, o.Commit = ObserveCommitted, rapid.Uint64Range(0, 30).Draw(t, "stale commit")
	default:
		o.Kind, o.Commit = ObserveCommitFailed, rapid.Uint64Range(0, 30).Draw(t, "stale failure")
	}
	return o
}

// standing is mostly in good order.
func (d *draw) standing(person string) Standing {
	t := d.t
	s := Standing{Person: person, BornKnown: true, Born: 3000}
	if rapid.IntRange(0, 3).Draw(t, "minor") == 0 {
		s.Born, s.Guardians[0] = 19_000, "bob"
	}
	if rapid.IntRange(0, 4).Draw(t, "marked") == 0 {
		s.Marks = Marks(rapid.IntRange(0, 255).Draw(t, "marks"))
	}
	return s
}

func drawRules(t *rapid.T) Rules {
	r := testRules()
	r.Policy = policy.MustParse(rapid.SampledFrom([]string{"face and live", "remote and face", "remote", "face", "live", "credential and face and live", "(credential or card) and face", "card or face and live", "card", "credential and speech and face and live", "face and finger and fmr = 1e-4", "face and live and fmr = 5e-4"}).Draw(t, "policy"))
	r.Available = 1<<policy.Kinds - 1
	r.FaceCalibration = Calibration{{-One, -2 * One, 1}, {ScoreOf(0.5), 3 * One, 1e-2}, {ScoreOf(0.7), 8 * One, 1e-4}, {ScoreOf(0.8), 9 * One, 1e-5}}
	r.FingerCalibration = Calibration{{-One, -One, 1}, {20 * One, 2 * One, 0.05}, {60 * One, 7 * One, 1e-3}}
	r.FingerThreshold = 10 * One
	if rapid.IntRange(0, 2).Draw(t, "eligibility") == 0 {
		r.Eligibility = Eligibility{Ask: true, MinAge: 16, GuardianTimeout: 2 * time.Second, Passback: rapid.Bool().Draw(t, "passback")}
	}
	if rapid.Bool().Draw(t, "reviews") {
		r.Review = Review{Timeout: 3 * time.Second, Leave: time.Second, Approvals: rapid.IntRange(1, 2).Draw(t, "approvals"), Failures: 1 << policy.Remote}
	}
	r.StartFrames = rapid.IntRange(1, 3).Draw(t, "start")
	r.MatchFrames = rapid.IntRange(1, 4).Draw(t, "match frames")
	r.NoMatchFrames = rapid.IntRange(2, 6).Draw(t, "no match frames")
	r.LiveFrames = rapid.IntRange(2, 4).Draw(t, "live frames")
	r.NotLiveFrames = r.LiveFrames + rapid.IntRange(0, 4).Draw(t, "not live frames")
	r.GrantTrust = policy.Trust(rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "grant trust"))
	r.CrowdClear = time.Duration(rapid.IntRange(0, 300).Draw(t, "clear")) * time.Millisecond
	r.Cooldown = time.Duration(rapid.IntRange(0, 2000).Draw(t, "cooldown")) * time.Millisecond
	r.ShowVerdict = time.Duration(rapid.IntRange(0, 500).Draw(t, "show")) * time.Millisecond
	r.RegrantAfter = time.Duration(rapid.IntRange(0, 5000).Draw(t, "regrant")) * time.Millisecond
	r.DecideTimeout = time.Duration(rapid.IntRange(500, 8000).Draw(t, "decide")) * time.Millisecond
	return r
}

func TestRandomPassages(t *testing.T) {
	seen := map[Verdict]int{} // so that a generator that leads nowhere is noticed
	rapid.Check(t, func(t *rapid.T) {
		d := draw{t: t}
		rules := drawRules(t)
		m, err := New(rules, ID{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		m.Step(0, Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustNTP, Wall: 1_770_000_000_000}})
		var now Instant
		type waiting struct {
			Effect
			since Instant
		}
		granted := map[uint64]waiting{} // grants whose commit has not been answered
		var due *waiting                // the grant that this very step may bring to the door
		lastGrant := map[string]Instant{}
		ended := map[ID]Verdict{}
		var queue []Observation
		for range 20 * rapid.IntRange(1, 10).Draw(t, "twenties of steps") {
			var o Observation
			if len(queue) > 0 && rapid.IntRange(0, 4).Draw(t, "answer") > 0 {
				o, queue = queue[0], queue[1:]
			} else {
				o = d.observation()
				now = now.Add(time.Duration(rapid.SampledFrom([]int{33, 50, 100, 100, 700}).Draw(t, "ms")) * time.Millisecond)
			}
			due = nil
			if w, waits := granted[o.Commit]; waits && o.Kind == ObserveCommitted {
				due = &w
			}
			if o.Kind == ObserveCommitted || o.Kind == ObserveCommitFailed {
				delete(granted, o.Commit)
			}
			for _, e := range m.Step(now, o) {
				switch e.Kind {
				case EffectOpenDoor:
					if due == nil || due.Passage != e.Passage {
						t.Fatalf("the door opens for %v without a commit of its grant", e.Passage)
					}
					if at, before := lastGrant[due.Person]; before && due.Person != "" && now.Sub(at) < rules.RegrantAfter {
						t.Fatalf("%s was let through %v after the last time, limit %v", due.Person, now.Sub(at), rules.RegrantAfter)
					}
					lastGrant[due.Person] = now
					due = nil
				case EffectLookUp:
					queue = append(queue, Observation{Kind: ObserveStanding, Standing: d.standing(e.Person)})
				case EffectReview:
					for _, reviewer := range []string{"rita", "rosa"} {
						queue = append(queue, Observation{Kind: ObserveReviewed, Reviewed: Reviewed{e.Passage, rapid.IntRange(0, 3).Draw(t, "answer") > 0, reviewer}})
					}
				case EffectJournal:
					if o := rapid.IntRange(0, 5).Draw(t, "disk"); o > 0 {
						queue = append(queue, Observation{Kind: ObserveCommitted, Commit: e.Commit})
					} else {
						queue = append(queue, Observation{Kind: ObserveCommitFailed, Commit: e.Commit})
					}
					if e.Entry == EntryAlert {
						continue
					}
					seen[e.Verdict]++
					if err := errors.Join(Verify(e.Record), checkRename(e.Record)); err != nil {
						t.Fatalf("%v\n%s", err, e.Record)
					}
					before, again := ended[e.Passage]
					if again && (before != Grant || e.Verdict != Deny) && (before != Refer || e.Entry != EntryReview) {
						t.Fatalf("%v ended in %v, then in %v %v", e.Passage, before, e.Verdict, e.Reasons)
					}
					if e.Verdict == Deny { // a grant that was taken back
						maps.DeleteFunc(granted, func(_ uint64, w waiting) bool { return w.Passage == e.Passage })
						if due != nil && due.Passage == e.Passage {
							due = nil
						}
					}
					ended[e.Passage] = e.Verdict
					if e.Verdict != Grant {
						continue
					}
					granted[e.Commit] = waiting{e, now}
					if e.Entry == EntryPassage {
						checkGrant(t, e.Record)
					}
				}
			}
			if due != nil && now.Sub(due.since) < rules.CommitTimeout {
				t.Fatalf("the door stays shut although the grant of %v is committed", due.Passage)
			}
		}
		// Each ID but the current one has ended.
		for n := uint64(1); n < m.next.Number; n++ {
			id := ID{1, n}
			if _, over := ended[id]; !over && !(m.collecting && m.openings[forPassage].id == id) {
				t.Fatalf("%v was never journalled", id)
			}
		}
	})
	for _, v := range []Verdict{Grant, Deny, Abandoned} {
		if seen[v] == 0 {
			t.Errorf("no random passage ended in %v: %v", v, seen)
		}
	}
	t.Logf("verdicts: %v", seen)
}

// checkGrant proves a grant from its record alone, in the plainest way: which frames counted, whose they were, and
// whether the policy holds for what they show.
func checkGrant(t *rapid.T, record []byte) {
	r, err := DecodeRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	rule := r.Rules.Policy
	needFace := rule.Needs().Has(policy.Face)
	type shot struct {
		face  Face
		match bool
		gone  bool // before a gap in the track
	}
	var shots []shot
	outcomes := map[policy.Kind]Evidence{}
	trust := r.Clock.Trust
	claim := ""
	crowd := Instant(-1)
	counted, countedAt, absent := false, Instant(0), 0
	for at, o := range r.Observations() {
		counted = counted && (o.Kind == ObserveStanding && at.Sub(countedAt) <= confirmWithin)
		switch o.Kind {
		case ObserveClock:
			trust = o.Clock.Trust
		case ObserveEvidence:
			outcomes[o.Evidence.Kind] = o.Evidence
			if o.Evidence.Reference && o.Evidence.Subject != claim {
				claim, shots = o.Evidence.Subject, nil
			}
		case ObserveFrame:
			subject := o.Frame.track(r.Start.Track)
			if subject == nil {
				absent++
				continue
			}
			if absent > 1 { // another head may have taken the track over
				for i := range shots {
					shots[i].gone = true
				}
			}
			absent = 0
			for i := range o.Frame.Count {
				f := &o.Frame.Faces[i]
				if f != subject && float64(f.Box.Height()) >= r.Rules.CrowdRatio.Float()*float64(subject.Box.Height()) {
					crowd = at
				}
			}
			if subject.Problems != 0 || crowd == at || crowd >= 0 && at.Sub(crowd) < r.Rules.CrowdClear {
				continue
			}
			c := subject.Match
			s := shot{face: *subject, match: c.Known && c.Person != "" && c.Score >= r.Rules.Threshold && c.Score-c.Second >= r.Rules.Margin}
			if claim != "" {
				s.match = c.Known && c.Score >= r.Rules.VerifyThreshold
			}
			if needFace && (!c.Known || c.Claimed != (claim != "") || claim != "" && c.Person != claim) {
				continue
			}
			if needFace && c.Barred >= r.Rules.Threshold {
				continue // the face of somebody who is blocked
			}
			counted, countedAt = s.match || !needFace, at
			if n := len(shots); needFace && s.match {
				for i := n - 1; i >= 0; i-- {
					if shots[i].match && shots[i].face.Match.Person != s.face.Match.Person {
						shots, outcomes = nil, map[policy.Kind]Evidence{}
						break
					}
				}
			}
			shots = append(shots, s)
		}
	}
	if !counted {
		t.Fatalf("granted on an observation that is no good frame")
	}
	if trust < r.Rules.GrantTrust {
		t.Fatalf("granted with the clock %v, rule %v", trust, r.Rules.GrantTrust)
	}
	matched, unmatched, person := 0, 0, ""
	sum, searched := 0.0, uint32(0)
	var scores []Score
	for _, s := range shots {
		if s.gone && s.match {
			continue
		}
		if s.match {
			matched++
			sum += s.face.Match.Score.Float()
			searched = max(searched, s.face.Match.References)
			person = s.face.Match.Person
		} else {
			unmatched++
		}
		if s.face.Live.Known && !s.gone && (s.match || !needFace) {
			scores = append(scores, s.face.Live.Score)
		}
	}
	var have policy.Set
	if matched >= r.Rules.MatchFrames && matched > unmatched && needFace {
		have = have.With(policy.Face)
	}
	mean, low, spread := 0.0, math.Inf(1), 0.0
	for _, s := range scores {
		mean += s.Float() / float64(len(scores))
		low = min(low, s.Float())
	}
	for _, s := range scores {
		spread += (s.Float() - mean) * (s.Float() - mean) / float64(len(scores))
	}
	spread = math.Sqrt(spread)
	if len(scores) >= r.Rules.LiveFrames && mean >= r.Rules.LiveThreshold.Float()-1e-9 &&
		low >= r.Rules.LiveMin.Float() && spread <= r.Rules.LiveSpread.Float()+1e-9 {
		have = have.With(policy.Live)
	}
	subjects := map[string]bool{}
	if needFace && person != "" {
		subjects[person] = true
	}
	for k, e := range outcomes {
		if e.Outcome == Accepted && (k != policy.Finger || e.Score >= r.Rules.FingerThreshold) && (e.Subject == "" || len(subjects) == 0 || subjects[e.Subject]) {
			have = have.With(k)
		}
	}
	var e policy.States
	for k := range policy.Kinds {
		e[k] = policy.Impossible
		if have.Has(k) {
			e[k] = policy.Satisfied
		}
	}
	if fmr, asked := rule.TotalFMR(); asked {
		llr, total := plainStrength(&r.Rules, have, sum/float64(max(1, matched)), outcomes[policy.Finger].Score.Float(), searched)
		if math.Abs(llr-r.LLR.Float()) > 1e-9 || math.Abs(total-r.TotalFMR) > 1e-12 {
			t.Fatalf("the record says %v and %g, it is %v and %g", r.LLR, r.TotalFMR, llr, total)
		}
		if total > fmr {
			t.Fatalf("granted with a total false match rate of %g, the policy asks for %g", total, fmr)
		}
	}
	if rule.Decide(&e, proven) != policy.Satisfied {
		t.Fatalf("granted under %q with only %v", r.Rules.Policy, have)
	}
	checkStanding(t, r)
}

// checkStanding proves that nothing on file stands against a grant.
func checkStanding(t *rapid.T, r *Record) {
	if !r.Rules.Eligibility.Ask || r.Person == "" {
		return
	}
	var found *Standing
	reset := false
	for _, o := range r.Observations() {
		reset = reset || o.Kind == ObserveClock
		if o.Kind == ObserveStanding && o.Standing.Person == r.Person {
			s := o.Standing
			found = &s
		}
	}
	switch {
	case found == nil:
		t.Fatalf("%s was let through although nobody looked them up", r.Person)
	case found.Marks.Has(Blocked) || found.Marks.Has(Revoked) || found.Marks.Has(RevocationStale) || found.Marks.Has(Incomplete),
		found.Marks.Has(Inside) && r.Rules.Eligibility.Passback:
		t.Fatalf("%s was let through with marks %b", r.Person, found.Marks)
	case found.Born > 15_000 && r.Guardian == "" && !reset && r.Clock.Wall < 1_800_000_000_000_000:
		t.Fatalf("%s, a minor, was let through alone", r.Person)
	}
}

// plainStrength counts over all pairs of steps.
func plainStrength(r *Rules, have policy.Set, face, finger float64, searched uint32) (llr, total float64) {
	step := func(c Calibration, score float64) int {
		at := 0
		for i := range c {
			if score >= c[i].Score.Float()-1e-6 {
				at = i
			}
		}
		return at
	}
	mass := func(c Calibration, i int) float64 {
		if i+1 < len(c) {
			return c[i].FMR - c[i+1].FMR
		}
		return c[i].FMR
	}
	nothing := Calibration{{0, 0, 1}}
	a, b := nothing, nothing
	if have.Has(policy.Face) {
		a = r.FaceCalibration
	}
	if have.Has(policy.Finger) {
		b = r.FingerCalibration
	}
	llr = a[step(a, face)].LLR.Float() + b[step(b, finger)].LLR.Float()
	for i := range a {
		for j := range b {
			if (a[i].LLR + b[j].LLR).Float() >= llr-1e-9 {
				total += mass(a, i) * mass(b, j)
			}
		}
	}
	return llr, min(1, total*float64(max(1, searched)))
}

// A terminal that computes only what is wanted comes to the same verdicts.
func TestWantsChangesNoVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw{t: t}
		rules := drawRules(t)
		full, err := New(rules, ID{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		lean, err := New(rules, ID{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		var now Instant
		for range 20 * rapid.IntRange(1, 5).Draw(t, "twenties of steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{33, 50, 400}).Draw(t, "ms")) * time.Millisecond)
			o := d.observation()
			p := o
			if o.Kind == ObserveFrame {
				for i, w := range lean.Wants(now, &o.Frame) {
					if !w.Match {
						p.Frame.Faces[i].Match = Match{}
					}
					if !w.Live {
						p.Frame.Faces[i].Live = Live{}
					}
				}
			}
			for answered := true; answered; {
				a, b := full.Step(now, o), lean.Step(now, p)
				answered = false
				if len(a) != len(b) {
					t.Fatalf("%d effects, %d with only what is wanted", len(a), len(b))
				}
				for i := range a {
					if a[i].Kind != b[i].Kind || a[i].Verdict != b[i].Verdict || a[i].Passage != b[i].Passage || a[i].Person != b[i].Person || a[i].Screen != b[i].Screen {
						t.Fatalf("%+v, with only what is wanted %+v", a[i], b[i])
					}
					if a[i].Kind == EffectJournal && a[i].Verdict == Grant {
						o = Observation{Kind: ObserveCommitted, Commit: a[i].Commit}
						p, answered = o, true
					}
				}
			}
		}
	})
}

// The longest passage fits into one record, whatever it holds.
func TestRecordBound(t *testing.T) {
	name := func(i int) string {
		b := make([]byte, MaxName)
		for j := range b {
			b[j] = byte(1 + i%7) // control characters are the longest in JSON
		}
		b[0] = byte('a' + i%26)
		b[1] = byte('a' + i/26%26)
		return string(b)
	}
	rules := testRules()
	rules.DecideTimeout, rules.CrowdTimeout, rules.LostAfter = time.Minute, time.Minute, time.Minute
	long := make([]byte, maxRuleText)
	for i := range long {
		long[i] = 1
	}
	rules.Software, rules.FMR, rules.Population = string(long), string(long), string(long)
	rules.Models = nil
	for range maxModels {
		rules.Models = append(rules.Models, string(long))
	}
	g := newGate(t, rules)
	for i := range 1000 {
		g.now = g.now.Add(time.Millisecond)
		f := Frame{Sequence: uint64(i) << 40}
		for j := range MaxFaces {
			f.Add(Face{
				Track: 1<<32 - 1 - uint32(j), Box: Box{-32768, -32768, 32767, 32767 - int16(j)}, Pose: Pose{-32768, 32767, -32768},
				Problems: 1<<Blurred | 1<<Covered, Live: Live{true, -MaxScore}, Match: Match{true, name(4*i + j), MaxScore, -MaxScore, true, 1<<32 - 1, -MaxScore},
			})
		}
		g.see(Observation{Kind: ObserveFrame, Frame: f})
	}
	if len(g.entries) == 0 || g.entries[0].Reasons[0] != ReasonRecordFull {
		t.Fatalf("journal: %v", g.verdicts())
	}
	if n := len(g.entries[0].Record); n > MaxRecord || n < MaxRecord/2 {
		t.Errorf("the largest record has %d bytes, limit %d", n, MaxRecord)
	}
	r := newRecorder(maxLog)
	before := len(r.buf)
	for i := range 100 {
		f := Frame{Sequence: uint64(i) << 62}
		for j := range MaxFaces {
			f.Faces[j] = Face{
				Track: 1<<32 - 1, Box: Box{-32768, -32768, -32768, -32768}, Pose: Pose{-32768, -32768, -32768},
				Problems: 1<<problemCount - 1, Live: Live{true, -MaxScore}, Match: Match{true, name(4*i + j), -MaxScore, -MaxScore, true, 1<<32 - 1, -MaxScore},
			}
		}
		f.Count = MaxFaces
		r.add(Instant(i)*(maxInstant/128), &Observation{Kind: ObserveFrame, Frame: f})
		if n := len(r.buf) - before; n > maxObservation {
			t.Fatalf("an observation of %d bytes, limit %d", n, maxObservation)
		}
		if before = len(r.buf); r.full() {
			break
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*Rules){
		"no policy":   func(r *Rules) { r.Policy = policy.Policy{} },
		"unavailable": func(r *Rules) { r.Policy = policy.MustParse("face and card") },
		"threshold":   func(r *Rules) { r.Threshold = 0 },
		"live frames": func(r *Rules) { r.NotLiveFrames = r.LiveFrames - 1 },
		"timeout":     func(r *Rules) { r.DecideTimeout = 0 },
		"pulse":       func(r *Rules) { r.Pulse = time.Hour },
		"models":      func(r *Rules) { r.Models = make([]string, maxModels+1) },
		"text":        func(r *Rules) { r.Software = "\xff" },
	} {
		if _, err := New(withRules(change), ID{1, 1}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (&Rules{}).Check(); err == nil {
		t.Error("the zero rules are accepted")
	}
	if _, _, err := Replay([]byte("{}")); err == nil || errors.Is(err, ErrNoVerdict) {
		t.Errorf("an empty object: %v", err)
	}
}
