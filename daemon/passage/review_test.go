package passage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"

	"github.com/google/go-cmp/cmp"
)

// What ends a review, and what opens in one, each cause alone.
func TestReview(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	one, two := reviewed("face and live and remote", 1), reviewed("face and live and remote", 2)
	document := reviewed("credential and face and live and remote", 1)
	refer := func(g *gate) { g.frames(8, ann); g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch)) }
	looked := func(g *gate) { refer(g); g.frames(1, ann) }
	claim := func(g *gate) {
		g.frames(2, ann)
		g.see(brings(policy.Credential, "did:1"))
		g.frames(8, claimed(1, "did:1", 0.7))
		g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
	}
	says := func(g *gate, v Reviewed) { g.see(Observation{Kind: ObserveReviewed, Reviewed: v}) }
	id := ID{7, 1}
	const referred, approved = "refer needs-review remote-no-match ann", "passage-review grant review-approved ann"
	playAll(t, []playCase{
		{"an approval", one, func(g *gate) { looked(g); says(g, Reviewed{id, true, "rita"}) }, []string{referred, approved}, 1},
		{"a denial", one, func(g *gate) { looked(g); says(g, Reviewed{id, false, "rita"}) },
			[]string{referred, "passage-review deny review-denied ann"}, 0},
		{"a denial after one approval of two", two, func(g *gate) {
			looked(g)
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, false, "rosa"})
		}, []string{referred, "passage-review deny review-denied ann"}, 0},
		{"a reviewer who changes their mind", two, func(g *gate) {
			looked(g)
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, false, "rita"})
		}, []string{referred, "passage-review deny review-denied ann"}, 0},
		{"the same reviewer twice", two, func(g *gate) {
			looked(g)
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred}, 0},
		{"two reviewers", two, func(g *gate) {
			looked(g)
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, true, "rosa"})
		}, []string{referred, approved}, 1},
		{"about another passage", one, func(g *gate) { looked(g); says(g, Reviewed{ID{7, 2}, true, "rita"}) }, []string{referred}, 0},
		{"about a passage of another boot", one, func(g *gate) { looked(g); says(g, Reviewed{ID{6, 1}, true, "rita"}) }, []string{referred}, 0},
		{"a reviewer without a name", one, func(g *gate) { looked(g); says(g, Reviewed{id, true, ""}) }, []string{referred}, 0},
		{"a reviewer with too long a name", one, func(g *gate) { looked(g); says(g, Reviewed{id, true, strings.Repeat("r", MaxName+1)}) }, []string{referred}, 0},
		{"a reviewer with the longest name", one, func(g *gate) { looked(g); says(g, Reviewed{id, true, strings.Repeat("r", MaxName)}) }, []string{referred, approved}, 1},
		{"an answer before the referral", one, func(g *gate) { g.frames(8, ann); says(g, Reviewed{id, true, "rita"}); looked(g) }, []string{referred}, 0},
		{"a denial while the grant is journalled", one, func(g *gate) {
			looked(g)
			g.disk = diskSilent
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, false, "rosa"})
			g.commit()
		}, []string{referred, approved}, 1},
		{"another approval than enough changes nothing", one, func(g *gate) {
			refer(g)
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, true, "rosa"})
			g.frames(1, ann)
		}, []string{referred, approved}, 1},
		{"a denial after enough approvals", one, func(g *gate) {
			refer(g)
			says(g, Reviewed{id, true, "rita"})
			says(g, Reviewed{id, false, "rosa"})
			g.frames(1, ann)
		}, []string{referred, "passage-review deny review-denied ann"}, 0},

		{"the other door is open", one, func(g *gate) {
			looked(g)
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred, "passage-review deny other-door-open ann"}, 0},
		{"the other door was open", one, func(g *gate) {
			looked(g)
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			g.see(Observation{Kind: ObserveInterlock})
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred, approved}, 1},

		{"somebody else near on every look", one, func(g *gate) {
			refer(g)
			g.frames(during(2*time.Second), ann, bob)
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred}, 0},
		{"a blurred face on every look", one, func(g *gate) {
			refer(g)
			g.frames(during(2*time.Second), with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) }))
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred}, 0},
		{"the same name by the gallery, where a document was compared", document, func(g *gate) {
			claim(g)
			g.frames(during(1500*time.Millisecond), known(1, "did:1"))
			says(g, Reviewed{id, true, "rita"})
		}, []string{"refer needs-review remote-no-match did:1"}, 0},
		{"the document's photograph again", document, func(g *gate) {
			claim(g)
			g.frames(1, claimed(1, "did:1", 0.5))
			says(g, Reviewed{id, true, "rita"})
		}, []string{"refer needs-review remote-no-match did:1", "passage-review grant review-approved did:1"}, 1},
		{"not quite the document's photograph", document, func(g *gate) {
			claim(g)
			g.frames(1, with(claimed(1, "did:1", 0.5), func(f *Face) { f.Match.Score-- }))
			says(g, Reviewed{id, true, "rita"})
		}, []string{"refer needs-review remote-no-match did:1"}, 0},
		{"just alike enough", one, func(g *gate) {
			refer(g)
			g.frames(1, with(ann, func(f *Face) { f.Match.Score, f.Match.Second = ScoreOf(0.58), ScoreOf(0.53) }))
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred, approved}, 1},
		{"not quite alike", one, func(g *gate) {
			refer(g)
			g.frames(1, with(ann, func(f *Face) { f.Match.Score = ScoreOf(0.58) - 1 }))
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred}, 0},
		{"too near the next person", one, func(g *gate) {
			refer(g)
			g.frames(1, with(ann, func(f *Face) { f.Match.Second = f.Match.Score - ScoreOf(0.05) + 1 }))
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred}, 0},
		{"alive enough", one, func(g *gate) {
			refer(g)
			g.frames(1, with(ann, func(f *Face) { f.Live.Score = ScoreOf(0.5) }))
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred, approved}, 1},
		{"two looks that miss, and one that doesn't", one, func(g *gate) {
			refer(g)
			g.frames(during(time.Second)+1, stranger(1))
			g.frames(during(time.Second), ann)
			g.frames(during(2*time.Second), stranger(1))
			g.frames(during(time.Second), ann)
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred, approved}, 1},
		{"three looks that miss", one, func(g *gate) { refer(g); g.frames(2*during(time.Second)+1, stranger(1)) },
			[]string{referred, "passage-review deny identity-changed ann"}, 0},
		{"a look that misses after an approval", one, func(g *gate) {
			refer(g)
			g.frames(1, stranger(1))
			says(g, Reviewed{id, true, "rita"})
		}, []string{referred}, 0},

		{"away for as long as is allowed", one, func(g *gate) { looked(g); g.wait(2950 * time.Millisecond); g.frames(1, ann) }, []string{referred}, 0},
		{"away for longer", one, func(g *gate) { looked(g); g.wait(3*time.Second + 100*time.Millisecond) },
			[]string{referred, "passage-review deny left ann"}, 0},
		{"the time is over", one, func(g *gate) { refer(g); g.frames(during(30*time.Second), ann) },
			[]string{referred, "passage-review deny review-timeout ann"}, 0},
		{"the time is almost over", one, func(g *gate) { refer(g); g.frames(during(30*time.Second)-1, ann); says(g, Reviewed{id, true, "rita"}) },
			[]string{referred, approved}, 1},
		{"approved and not let in again at once", one, func(g *gate) {
			looked(g)
			says(g, Reviewed{id, true, "rita"})
			g.frames(during(4 * time.Second))
			g.frames(8, known(5, "ann"))
			g.see(accepted(policy.Remote, "ann"))
			g.frames(1, known(5, "ann"))
		}, []string{referred, approved, "deny lingering ann"}, 1},
		{"denied and tried again on the same track", one, func(g *gate) {
			looked(g)
			says(g, Reviewed{id, false, "rita"})
			g.frames(during(4900*time.Millisecond), ann)
		}, []string{referred, "passage-review deny review-denied ann"}, 0},
	})
}

// What is on file is asked for when the reviewers have approved, and the answer has to come at once.
func TestReviewLooksUp(t *testing.T) {
	ann := known(1, "ann")
	rules := eligible("face and live and remote", nil)
	rules.Review = reviewed("face and live and remote", 1).Review
	good := on(func(*Standing) {})
	approve := func(g *gate) {
		g.see(good)
		g.frames(8, ann)
		g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
		g.frames(1, ann)
		g.file = map[string]Standing{}
		answer(g, true, "rita")
	}
	const referred, approved = "refer needs-review remote-no-match ann", "passage-review grant review-approved ann"
	playAll(t, []playCase{
		{"at once", rules, func(g *gate) { approve(g); g.see(good) }, []string{referred, approved}, 1},
		{"in time", rules, func(g *gate) { approve(g); g.wait(confirmWithin); g.see(good) }, []string{referred, approved}, 1},
		{"too late", rules, func(g *gate) { approve(g); g.wait(confirmWithin + time.Millisecond); g.see(good) }, []string{referred}, 0},
		{"too late, and asked again by the next look", rules, func(g *gate) {
			approve(g)
			g.wait(confirmWithin + time.Millisecond)
			g.see(good)
			g.frames(during(time.Second), ann)
		}, []string{referred, approved}, 1},
		{"about somebody else", rules, func(g *gate) {
			approve(g)
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
		}, []string{referred}, 0},
		{"nobody has asked", rules, func(g *gate) {
			g.see(good)
			g.frames(8, ann)
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
			g.see(good)
			g.frames(1, ann)
		}, []string{referred}, 0},
		{"blocked, before anybody has asked", rules, func(g *gate) {
			g.see(good)
			g.frames(8, ann)
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
			g.see(on(func(s *Standing) { s.Marks = s.Marks.With(Blocked) }))
		}, []string{referred, "passage-review deny blocked ann"}, 0},
		{"a child", rules, func(g *gate) {
			approve(g)
			g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 1, 1), "bob" }))
		},
			[]string{referred, "passage-review deny under-age ann"}, 0},
		{"the person has left meanwhile", rules, func(g *gate) { approve(g); g.frames(1); g.see(good) }, []string{referred}, 0},
		{"the other door has opened meanwhile", rules, func(g *gate) {
			approve(g)
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			g.see(good)
		}, []string{referred}, 0},
		{"the clock is lost meanwhile", func() Rules { r := rules; r.GrantTrust = policy.TrustRTC; return r }(), func(g *gate) {
			approve(g)
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Wall: 1_770_000_000_000}})
			g.see(good)
		}, []string{referred}, 0},
	})
}

// What is worth computing while reviewers are asked: a look a second, at a face that can be used, alone.
func TestWantsReviewed(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	both := [MaxFaces]Wants{{Match: true, Live: true}}
	g := newGate(t, reviewed("face and live and remote", 1))
	g.frames(8, ann)
	g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
	wants := func(after time.Duration, faces ...Face) [MaxFaces]Wants {
		var f Frame
		for _, face := range faces {
			f.Add(face)
		}
		return g.m.Wants(g.now.Add(after), &f)
	}
	none := [MaxFaces]Wants{}
	blurred := with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) })
	for _, c := range []struct {
		name string
		got  [MaxFaces]Wants
		want [MaxFaces]Wants
	}{
		{"at once", wants(0, ann), both},
		{"the second face", wants(0, with(bob, func(f *Face) { f.Box = tall(1000) }), ann), [MaxFaces]Wants{1: both[0]}},
		{"a blurred face", wants(0, blurred), none},
		{"somebody near", wants(0, ann, bob), none},
		{"another track", wants(0, bob), none},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v is wanted, want %+v", c.name, c.got, c.want)
		}
	}
	g.frames(1, ann)
	if w := wants(time.Second-1, ann); w != none {
		t.Errorf("just before a second has passed %+v is wanted", w)
	}
	if w := wants(time.Second, ann); w != both {
		t.Errorf("a second later %+v is wanted", w)
	}
	if w := wants(31*time.Second, ann); w == both {
		t.Error("after the review's end the same is wanted")
	}
	live := newGate(t, reviewed("live and remote", 1))
	live.frames(8, ann)
	live.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
	if w := live.m.Wants(live.now, &Frame{Count: 1, Faces: [MaxFaces]Face{ann}}); w != none {
		t.Errorf("where no face is compared %+v is wanted", w)
	}
}

// What the reviewers are told came of the evidence.
func TestReviewResults(t *testing.T) {
	g := newGate(t, reviewed("face and live and (card or remote) and (speech or remote)", 1))
	g.frames(8, known(1, "ann"))
	g.see(accepted(policy.Card, "bob"))
	g.see(Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: policy.Remote, Outcome: Doubtful, Detail: "remote-no-match"}})
	i := slices.IndexFunc(g.reviews, func(e Effect) bool { return e.Kind == EffectReview })
	if i < 0 {
		t.Fatalf("nobody is asked: %v, %+v", g.verdicts(), g.m.Screen())
	}
	e := g.reviews[i]
	want := []EvidenceResult{
		{policy.Face, Accepted, ""}, {policy.Live, Accepted, ""}, {policy.Card, Refused, "subject-mismatch"}, {policy.Remote, Doubtful, "remote-no-match"},
	}
	if d := cmp.Diff(want, e.Results); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	if e.Person != "ann" || e.Pulse != 30*time.Second || e.Passage != (ID{7, 1}) {
		t.Errorf("%+v", e)
	}
	answer(g, false, "rita")
	last := g.reviews[len(g.reviews)-1]
	if last.Kind != EffectReviewed || last.Verdict != Deny || last.Reasons[0] != ReasonReviewDenied || last.Passage != e.Passage {
		t.Errorf("at the end %+v", last)
	}
}
