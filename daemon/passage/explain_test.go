package passage

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"

	"github.com/google/go-cmp/cmp"
)

// explained plays something and explains the last decision in the journal.
func explained(t *testing.T, rules Rules, play func(*gate)) *Explanation {
	t.Helper()
	g := newGate(t, rules)
	play(g)
	for i := len(g.entries) - 1; i >= 0; i-- {
		if g.entries[i].Entry != EntryAlert {
			x, err := Explain(g.entries[i].Record)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
	}
	t.Errorf("nothing was decided: %v", g.m.Screen())
	return &Explanation{}
}

// notDecisions are reasons of alerts and of answers, which no record holds: their sentence is their text.
var notDecisions = []Reason{
	ReasonBusy, ReasonUnknownCommand, ReasonCommandUnreadable, ReasonDoorForced, ReasonDoorHeld, ReasonDoorClosed, ReasonDoorFault,
	ReasonDoorRecovered, ReasonCameraBack, ReasonTamper, ReasonTamperClosed, ReasonExitChatters, ReasonInterlockChatters,
}

// explainCase is a decision for a reason: the sentence that explains it, and what would have had to be different.
type explainCase struct {
	code      Reason
	rules     Rules
	play      func(*gate)
	why       string
	otherwise []string // nil for a grant
}

func explainCases() []explainCase {
	ann := known(1, "ann")
	like := func(score, second float64) Face {
		return with(ann, func(f *Face) { f.Match.Score, f.Match.Second = ScoreOf(score), ScoreOf(second) })
	}
	face, file := testRules(), eligible("face and live", nil)
	onFile := func(change func(*Standing)) func(*gate) {
		return func(g *gate) { g.see(on(change)); g.frames(8, ann) }
	}
	marked := func(k Mark) func(*gate) { return onFile(func(s *Standing) { s.Marks = s.Marks.With(k) }) }
	review := reviewed("face and live and remote", 1)
	refer := func(g *gate) { g.frames(8, ann); g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch)) }
	short := withRules(func(r *Rules) { *r = all("face and live and speech"); r.DecideTimeout = time.Second })
	clockless := Observation{Kind: ObserveClock, Clock: Clock{Wall: 1_770_000_000_000}}
	return []explainCase{
		{ReasonMatched, face, func(g *gate) { g.frames(8, ann) },
			"The face matched ann on 5 of 5 compared frames (best similarity 0.740, 0.580 needed), and everything that the policy asks for was there.", nil},
		{ReasonEvidence, all("card"), func(g *gate) { g.frames(3, ann); g.see(accepted(policy.Card, "did:1")); g.frames(2, ann) },
			ReasonEvidence.Text(), nil},
		{ReasonNotEnrolled, face, func(g *gate) { g.frames(9, like(0.57, 0.2)) },
			"The face matched nobody who is enrolled on 8 frames: the most alike reached 0.570, and 0.580 is needed.",
			[]string{"3 frames reach the similarity 0.580 with one person: the best lacked 0.010."}},
		{ReasonNotEnrolled, all("credential and face"), func(g *gate) {
			g.frames(3, ann)
			g.see(brings(policy.Credential, "did:1"))
			g.frames(9, claimed(1, "did:1", 0.31))
		}, "The face did not match the photograph that came with did:1 on 8 frames: the most alike reached 0.310, and 0.500 is needed.",
			[]string{"3 frames reach the similarity 0.500 with one person: the best lacked 0.190."}},
		{ReasonNotEnrolled, face, func(g *gate) { g.frames(3, ann); g.frames(8, like(0.3, 0.2)) },
			"The face matched nobody on 8 frames and somebody on 2: more frames have to match one person than do not.",
			[]string{"3 frames match one person, and more than do not: 2 did, and 8 did not."}},
		{ReasonAmbiguous, face, func(g *gate) { g.frames(9, like(0.74, 0.72)) },
			"The face resembled two enrolled people too closely to tell them apart: 0.740 and 0.720, and 0.050 between them is needed.",
			[]string{"The two people are 0.050 apart on 3 frames: they were 0.020."}},
		{ReasonNotLive, face, func(g *gate) { g.frames(8, with(ann, func(f *Face) { f.Live.Score = ScoreOf(0.05) })) },
			"The face did not look like a living person's: over 5 frames liveness had the mean 0.050 (0.500 needed), the lowest value 0.050 (0.100 allowed) and the spread 0.000 (0.350 allowed).",
			[]string{"No frame's liveness is below 0.100: the lowest lacked 0.050."}},
		{ReasonNotLive, face, func(g *gate) { g.frames(14, with(ann, func(f *Face) { f.Live.Score = ScoreOf(0.45) })) },
			"The face did not look like a living person's: over 12 frames liveness had the mean 0.450 (0.500 needed), the lowest value 0.450 (0.100 allowed) and the spread 0.000 (0.350 allowed).",
			[]string{"The mean liveness reaches 0.500: it lacked 0.050."}},
		{ReasonNotLive, face, func(g *gate) {
			for i := range 14 {
				g.frames(1, with(ann, func(f *Face) { f.Live.Score = ScoreOf([]float64{0.1, 1}[i%2]) }))
			}
		}, "The face did not look like a living person's: over 12 frames liveness had the mean 0.550 (0.500 needed), the lowest value 0.100 (0.100 allowed) and the spread 0.450 (0.350 allowed).",
			[]string{"Liveness spreads by 0.350 at most: it was 0.100 more."}},
		{ReasonTimeOut, short, func(g *gate) { g.frames(during(1200*time.Millisecond), ann) },
			"The evidence was not complete after 1.0 s: missing was speech.",
			[]string{remedies[ReasonTimeOut], remedies[ReasonEvidencePending]}},
		{ReasonTimeOut, withRules(func(r *Rules) { r.DecideTimeout = time.Second }), func(g *gate) {
			g.frames(4, ann)
			g.frames(20, with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) }))
		}, "The evidence was not complete after 1.0 s: missing was live.", []string{remedies[ReasonTimeOut], remedies[ReasonLowQuality]}},
		{ReasonIdentityChanged, review, func(g *gate) { refer(g); g.frames(during(4*time.Second), stranger(1)) },
			ReasonIdentityChanged.Text(), []string{remedies[ReasonIdentityChanged]}},
		{ReasonSeveralPeople, face, func(g *gate) { g.frames(130, ann, known(2, "bob")) },
			"Somebody else stood near the person for 6s, the longest that is waited.", []string{remedies[ReasonSeveralPeople]}},
		{ReasonLingering, face, func(g *gate) { g.frames(8, ann); g.frames(70); g.frames(8, known(2, "ann")) },
			"ann was let through a moment ago; a second time is allowed 20s after that.", []string{"The person comes 16.1 s later."}},
		{ReasonLeft, face, func(g *gate) { g.frames(3, ann); g.wait(2 * time.Second) },
			"The person was not seen any more before there was a verdict, 1.1 s after the beginning.", []string{remedies[ReasonLeft]}},
		{ReasonLeft, face, func(g *gate) { g.disk = diskSilent; g.frames(7, ann); g.frames(2) },
			"The person was not seen any more before the door opened, 0.3 s after the beginning.", []string{remedies[ReasonLeft]}},
		{ReasonRefused, all("card and face"), func(g *gate) { g.frames(6, ann); g.see(refusedFor(policy.Card, "no reason")) },
			"What the policy needs was refused: card (refused).", []string{remedies[ReasonRefused]}},
		{ReasonSubjectMismatch, all("card and face"), func(g *gate) { g.frames(6, ann); g.see(accepted(policy.Card, "bob")) },
			"Two pieces of evidence belong to different people: the face is of ann and card is of bob.", []string{remedies[ReasonSubjectMismatch]}},
		{ReasonNeedsReview, review, refer, "The machine is unsure of remote (refused), so a human reviewer has to decide.",
			[]string{remedies[ReasonNeedsReview], remedies[ReasonRemoteNoMatch]}},
		{ReasonClockUntrusted, withRules(func(r *Rules) { r.GrantTrust = policy.TrustRTC }), func(g *gate) { g.see(clockless); g.frames(8, ann) },
			"The clock was trusted as unknown, and this needs rtc at least.",
			[]string{"The clock's trust is rtc at least: set it by NTP, the broker, or a battery clock that works."}},
		{ReasonClockUntrusted, face, func(g *gate) {
			g.see(clockless)
			g.see(Observation{Kind: ObserveCommand, Command: Command{Name: CommandOpen, ID: "c1", Key: "ops"}})
		}, "The clock was trusted as unknown, and this needs rtc at least.",
			[]string{"The clock's trust is rtc at least: set it by NTP, the broker, or a battery clock that works."}},
		{ReasonClockUntrusted, withRules(func(r *Rules) { *r = all("credential and face"); r.CredentialTrust = policy.TrustBroker }), func(g *gate) {
			g.see(clockless)
			g.frames(6, ann)
			g.see(accepted(policy.Credential, "ann"))
		}, "The clock was trusted as unknown, and this needs broker at least.",
			[]string{"The clock's trust is broker at least: set it by NTP, the broker, or a battery clock that works."}},
		{ReasonCameraLost, face, func(g *gate) { g.frames(4, ann); g.see(Observation{Kind: ObserveCamera}) },
			ReasonCameraLost.Text(), []string{remedies[ReasonCameraLost]}},
		{ReasonJournal, face, func(g *gate) { g.disk = diskSilent; g.frames(7, ann); g.frames(during(3*time.Second), ann) },
			"The journal did not take the entry within the time that a decision holds, 2s at most.", []string{remedies[ReasonJournal]}},
		{ReasonJournal, face, func(g *gate) { g.disk = diskFails; g.frames(7, ann) }, ReasonJournal.Text(), []string{remedies[ReasonJournal]}},
		{ReasonRecordFull, withRules(func(r *Rules) { r.DecideTimeout = 2 * time.Minute }), func(g *gate) {
			g.frames(2000, with(ann, func(f *Face) { f.Match = Match{} }))
		}, "The passage gave 1323 observations, more than one record can hold.", []string{remedies[ReasonRecordFull]}},
		{ReasonCommand, face, func(g *gate) {
			g.see(Observation{Kind: ObserveCommand, Command: Command{Name: CommandOpen, ID: "c1", Key: "ops"}})
		}, "An operator opened the door by the signed command c1.", nil},
		{ReasonExit, face, func(g *gate) { g.see(Observation{Kind: ObserveExit}) }, ReasonExit.Text(), nil},

		{ReasonStandingUnknown, file, func(g *gate) {
			g.see(on(func(*Standing) {}))
			g.disk = diskSilent
			g.frames(7, ann)
			delete(g.file, "ann")
			g.see(Observation{Kind: ObserveChange})
			g.commit()
		}, ReasonStandingUnknown.Text(), []string{remedies[ReasonStandingUnknown]}},
		{ReasonBlocked, file, marked(Blocked), ReasonBlocked.Text(), []string{remedies[ReasonBlocked]}},
		{ReasonRevoked, file, marked(Revoked), ReasonRevoked.Text(), []string{remedies[ReasonRevoked]}},
		{ReasonRevocationStale, file, marked(RevocationStale), ReasonRevocationStale.Text(), []string{remedies[ReasonRevocationStale]}},
		{ReasonIncomplete, file, marked(Incomplete), ReasonIncomplete.Text(), []string{remedies[ReasonIncomplete]}},
		{ReasonBirthUnreadable, file, marked(BirthUnreadable), ReasonBirthUnreadable.Text(), []string{remedies[ReasonBirthUnreadable]}},
		{ReasonPassback, eligible("face and live", func(e *Eligibility) { e.Passback = true }), marked(Inside),
			ReasonPassback.Text(), []string{remedies[ReasonPassback]}},
		{ReasonNotYetValid, file, onFile(func(s *Standing) { s.From = 1_770_001_000_000 }),
			"ann may pass only from 2026-02-02 02:56 UTC.", []string{remedies[ReasonNotYetValid]}},
		{ReasonExpired, file, onFile(func(s *Standing) { s.Until = 1_769_000_000_000 }),
			"ann might pass only until 2026-01-21 12:53 UTC.", []string{remedies[ReasonExpired]}},
		{ReasonExpired, withRules(func(r *Rules) { *r = eligible("face and live and remote", nil); r.Review = review.Review }), func(g *gate) {
			g.see(on(func(s *Standing) { s.Until = 1_770_000_002_000 }))
			refer(g)
			g.frames(during(3*time.Second), ann)
			answer(g, true, "rita")
		}, "ann might pass only until 2026-02-02 02:40 UTC.", []string{remedies[ReasonExpired]}},
		{ReasonOutsideHours, file, onFile(func(s *Standing) {
			s.Windows[0], s.WindowCount = policy.Window{Days: 1 << time.Monday, From: 8 * 60, Until: 18 * 60}, 1
		}), "ann may pass only at other hours than Monday 02:40.", []string{remedies[ReasonOutsideHours]}},
		{ReasonAgeUnknown, eligible("face and live", func(e *Eligibility) { e.AgeRequired = true }),
			onFile(func(s *Standing) { s.BornKnown = false }), ReasonAgeUnknown.Text(), []string{remedies[ReasonAgeUnknown]}},
		{ReasonUnderAge, file, onFile(func(s *Standing) { s.Born = days(2015, 5, 5) }),
			"ann is 10 years old, too young to pass alone: the gate asks for 16 years or a guardian.", []string{remedies[ReasonUnderAge]}},
		{ReasonBlockedFace, face, func(g *gate) { g.frames(8, with(ann, func(f *Face) { f.Match.Barred = ScoreOf(0.7) })) },
			"The face fits somebody who is blocked on 3 frames, whatever the document or the gallery says.", []string{remedies[ReasonBlockedFace]}},
		{ReasonGuardian, file, func(g *gate) {
			g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" }))
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob", Marks: Marks(0).With(Blocked)}})
			g.frames(8, ann)
			g.frames(8, ann, known(2, "bob"))
		}, "The guardian bob may not pass: the operator has blocked the person.", []string{remedies[ReasonGuardian], remedies[ReasonBlocked]}},
		{ReasonGuardianPresent, file, func(g *gate) {
			g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" }))
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
			g.frames(8, ann)
			g.frames(8, ann, known(2, "bob"))
		}, "The face matched ann on 5 of 5 compared frames (best similarity 0.740, 0.580 needed), and everything that the policy asks for was there.", nil},
		{ReasonInterlock, face, func(g *gate) { g.see(Observation{Kind: ObserveInterlock, Up: true}); g.frames(8, ann) },
			ReasonInterlock.Text(), []string{remedies[ReasonInterlock]}},
		{ReasonWeak, fused("face and fmr = 1e-3"), func(g *gate) {
			g.frames(5, with(ann, func(f *Face) { f.Match.Score = ScoreOf(0.65) }))
		}, "The comparisons together prove a false match rate of 1.0e-02, and the policy asks for 1.0e-03.",
			[]string{"The comparisons prove a false match rate 10.0 times lower."}},
		{ReasonFingerNoMatch, withRules(func(r *Rules) { *r = all("face and finger"); r.FingerThreshold = 20 * One }), func(g *gate) {
			g.frames(6, ann)
			o := accepted(policy.Finger, "ann")
			o.Evidence.Score = 19*One + One/2
			g.see(o)
		}, "The finger is not the enrolled one: the comparison reached 19.5, and 20.0 is needed.",
			[]string{"The finger's comparison reaches 20.0: it lacked 0.5."}},
		{ReasonRemoteNoMatch, all("face and remote"), func(g *gate) {
			g.frames(6, ann)
			o := refusedFor(policy.Remote, ReasonRemoteNoMatch)
			o.Evidence.Score = ScoreOf(0.31)
			g.see(o)
		}, "The authority's picture of the person is another face: its comparison reached 0.310.", []string{remedies[ReasonRemoteNoMatch]}},

		{ReasonReviewApproved, review, func(g *gate) { refer(g); g.frames(1, ann); answer(g, true, "rita") }, "rita approved the passage.", nil},
		{ReasonReviewDenied, review, func(g *gate) { refer(g); answer(g, false, "rita") },
			"rita denied the passage.", []string{remedies[ReasonReviewDenied]}},
		{ReasonReviewTimeout, reviewed("face and live and remote", 2), func(g *gate) { refer(g); answer(g, true, "rita"); g.frames(during(31*time.Second), ann) },
			"The reviewers did not settle it within 30s: 1 of 2 approvals came.", []string{remedies[ReasonReviewTimeout]}},
	}
}

// Every reason that exists is explained by one sentence, and every refusal says what would have had to be different.
func TestExplain(t *testing.T) {
	seen := map[Reason]bool{}
	for _, c := range explainCases() {
		x := explained(t, c.rules, c.play)
		if x.Why != c.why {
			t.Errorf("%s (%v): why is\n%q, want\n%q", c.code, x.Reasons, x.Why, c.why)
		}
		if d := cmp.Diff(c.otherwise, x.Otherwise); d != "" {
			t.Errorf("%s (%v): otherwise (-want +got):\n%s", c.code, x.Reasons, d)
		}
		for _, r := range x.Reasons {
			seen[r] = true
		}
	}
	for _, detail := range details() {
		x := explained(t, all("credential and face"), func(g *gate) {
			g.frames(6, known(1, "ann"))
			g.see(refusedFor(policy.Credential, detail))
		})
		if want := []string{remedies[detail]}; x.Why != detail.Text() || !slices.Equal(x.Otherwise, want) {
			t.Errorf("%s: why is %q, otherwise %q", detail, x.Why, x.Otherwise)
		}
		seen[detail] = true
	}
	for _, r := range Reasons {
		if !seen[r.Code] && !slices.Contains(notDecisions, r.Code) {
			t.Errorf("no decision for the reason %s is explained", r.Code)
		}
		if !strings.HasSuffix(r.Text, ".") || strings.Contains(strings.TrimSuffix(r.Text, "."), ". ") {
			t.Errorf("%s: %q is not one sentence", r.Code, r.Text)
		}
	}
	for code, text := range remedies {
		if !code.known() || !strings.HasSuffix(text, ".") {
			t.Errorf("remedy of %s: %q", code, text)
		}
	}
}

// details are the reasons that are details of evidence without figures.
func details() (all []Reason) {
	from := slices.IndexFunc(Reasons, func(r struct {
		Code Reason
		Text string
	}) bool {
		return r.Code == ReasonCredentialUntrusted
	})
	for _, r := range Reasons[from:] {
		if !strings.HasPrefix(string(r.Code), "review-") {
			all = append(all, r.Code)
		}
	}
	return all
}

// The figures of a passage with everything in it.
func TestExplanationFigures(t *testing.T) {
	rules := fused("face and live and finger and fmr = 1e-3")
	rules.FingerThreshold = 10 * One
	x := explained(t, rules, func(g *gate) {
		g.frames(3, with(known(1, "ann"), func(f *Face) { f.Problems = f.Problems.With(Blurred).With(TooDark) }))
		g.frames(1)
		g.frames(2, known(1, "ann"), known(2, "bob"))
		g.frames(during(800*time.Millisecond), with(known(1, "ann"), func(f *Face) { f.Match, f.Live = Match{}, Live{} }))
		g.frames(5, known(1, "ann"))
		o := accepted(policy.Finger, "ann")
		o.Evidence.Score = 30 * One
		g.see(o)
		g.frames(1, known(1, "ann"))
	})
	if x.Verdict != Grant || x.Person != "ann" || x.Duration != 1300 || x.Clock.Trust != policy.TrustNTP {
		t.Errorf("%+v", x)
	}
	want := ExplainedFrames{All: 27, Counted: 6, Absent: 1, Crowded: 2, Problems: map[string]int{"blurred": 2, "too-dark": 2}}
	if d := cmp.Diff(want, x.Frames); d != "" {
		t.Errorf("frames (-want +got):\n%s", d)
	}
	runnerUp := 0.21
	face := &ExplainedFace{
		State: policy.Satisfied, Threshold: 0.58, Margin: 0.05, Matched: 6, Needed: 3, Best: 0.74, BestOf: "ann", RunnerUp: &runnerUp,
	}
	if d := cmp.Diff(face, x.Face); d != "" {
		t.Errorf("face (-want +got):\n%s", d)
	}
	live := &ExplainedLive{
		State: policy.Satisfied, Frames: 6, Needed: 5, Mean: 0.97, Threshold: 0.5, Min: 0.97, Lowest: 0.1, Widest: 0.35,
	}
	if d := cmp.Diff(live, x.Live); d != "" {
		t.Errorf("live (-want +got):\n%s", d)
	}
	finger := []ExplainedOutcome{{Kind: "finger", State: policy.Satisfied, Outcome: "accepted", Subject: "ann", Score: 30, Threshold: 10}}
	if d := cmp.Diff(finger, x.Evidence); d != "" {
		t.Errorf("evidence (-want +got):\n%s", d)
	}
	if x.Fusion == nil || x.Fusion.Asked != 1e-3 || x.Fusion.LLR != 9 || x.Fusion.FMR > 1e-3 {
		t.Errorf("fusion %+v", x.Fusion)
	}
	if d := cmp.Diff([]ExplainedStep{{1250, "evidence", "finger accepted for ann"}}, x.Steps); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if n := len(x.Samples); n != 10 || *x.Samples[n-1].Similarity != 0.74 || *x.Samples[n-1].Live != 0.97 || !x.Samples[n-1].Counted {
		t.Errorf("%d samples, the last %+v", n, x.Samples[len(x.Samples)-1])
	}
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var back Explanation
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(x.Evidence, back.Evidence); d != "" || back.Why != x.Why || !back.Policy.Equal(x.Policy) {
		t.Errorf("after JSON: %+v", back)
	}
}

// What else happened in a passage, in words.
func TestExplanationSteps(t *testing.T) {
	r := eligible("credential and face and live and remote", nil)
	r.Review = Review{Timeout: 30 * time.Second, Leave: 3 * time.Second, Approvals: 2, Failures: 1 << policy.Remote}
	ann := claimed(1, "ann", 0.7)
	g := newGate(t, r)
	g.see(on(func(s *Standing) { s.From, s.Until = 1_000, 1_780_000_000_000 }))
	g.frames(2, ann)
	g.see(brings(policy.Credential, "ann"))
	g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustRTC, Wall: 1_770_000_000_000}})
	g.see(Observation{Kind: ObserveInterlock, Up: true})
	g.see(Observation{Kind: ObserveInterlock})
	g.frames(6, ann)
	g.see(refusedFor(policy.Remote, ReasonRemoteNoAnswer))
	answer(g, true, "rita")
	answer(g, false, "rosa")
	var got []string
	for _, e := range g.entries {
		x, err := Explain(e.Record)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range x.Steps {
			got = append(got, s.What+": "+s.Text)
		}
	}
	want := []string{
		"evidence: credential accepted for ann, with a photograph",
		"clock: the clock says 2026-02-02T02:40:00Z, trusted as rtc",
		"interlock: another door opened",
		"interlock: the other door closed",
		"standing: ann: born 1990-01-01, from 1970-01-01T00:00:01Z, until 2026-05-28T20:26:40Z",
		"evidence: remote refused: remote-no-answer",
		"review: rita approved",
		"review: rosa denied",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
}

// Every record in testdata can be explained, and hostile ones are refused as a replay refuses them.
func TestExplainRefuses(t *testing.T) {
	for _, text := range []string{"", "{}", `{"schema":1}`} {
		if x, err := Explain([]byte(text)); err == nil {
			t.Errorf("%q is explained as %+v", text, x)
		}
	}
}
