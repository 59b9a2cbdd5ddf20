package passage

import (
	"testing"
	"time"

	"umbral/config/policy"
)

// What the camera has to show immediately before a grant, each cause alone.
func TestFresh(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	alive := func(f Face, score float64) Face { return with(f, func(f *Face) { f.Live.Score = ScoreOf(score) }) }
	unjudged := func(f Face) Face { return with(f, func(f *Face) { f.Live = Live{} }) }
	barred := func(f Face) Face { return with(f, func(f *Face) { f.Match.Barred = ScoreOf(0.7) }) }
	finger := all("face and live and finger")
	either := all("face and (live or finger)")
	review := reviewed("face and live and remote", 1)
	wait := during(1100 * time.Millisecond)
	fingerOf := func(g *gate) { g.see(accepted(policy.Finger, "ann")) }
	refer := func(g *gate) { g.frames(8, ann); g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch)) }
	approve := func(g *gate) { answer(g, true, "rita") }
	const grant, referred = "grant matched ann", "refer needs-review remote-no-match ann"
	const approved = "passage-review grant review-approved ann"
	playAll(t, []playCase{
		{"alive a second ago", finger, func(g *gate) {
			g.frames(8, ann)
			fingerOf(g)
			g.frames(1, unjudged(ann))
		}, []string{grant}, 1},
		{"alive longer ago", finger, func(g *gate) {
			g.frames(8, ann)
			g.frames(wait, unjudged(ann))
			fingerOf(g)
			g.frames(10, unjudged(ann))
		}, []string{}, 0},
		{"alive again", finger, func(g *gate) {
			g.frames(8, ann)
			g.frames(wait, unjudged(ann))
			fingerOf(g)
			g.frames(3, unjudged(ann))
			g.frames(1, ann)
		}, []string{grant}, 1},
		{"a doubtful sign of life is none", finger, func(g *gate) {
			g.frames(8, ann)
			g.frames(wait, unjudged(ann))
			fingerOf(g)
			g.frames(2, alive(ann, 0.49))
		}, []string{}, 0},
		{"a photograph while the finger is awaited", finger, func(g *gate) {
			g.frames(8, ann)
			g.frames(wait, unjudged(ann))
			fingerOf(g)
			g.frames(2, alive(ann, 0.02))
		}, []string{"deny not-live ann"}, 0},
		{"the policy doesn't rest on life", either, func(g *gate) {
			g.frames(3, alive(ann, 0.6))
			fingerOf(g)
			g.frames(1, unjudged(ann))
		}, []string{grant}, 1},

		{"three frames of a blocked face among many", testRules(), func(g *gate) {
			for range 4 {
				g.frames(1, barred(ann))
				g.frames(2, unjudged(ann))
			}
		}, []string{"deny blocked-by-face ann"}, 0},
		{"two frames of a blocked face", testRules(), func(g *gate) {
			g.frames(3, barred(ann))
			g.frames(6, ann)
		}, []string{grant}, 1},

		{"what somebody said before a document brought a reference", all("credential and face and speech"), func(g *gate) {
			g.frames(2, ann)
			g.see(brings(policy.Credential, "did:1"))
			g.frames(4, claimed(1, "did:1", 0.7))
			g.frames(wait, claimed(1, "did:1", 0.7))
			g.see(accepted(policy.Speech, ""))
			g.see(brings(policy.Credential, "did:2"))
			g.frames(6, claimed(1, "did:2", 0.7))
		}, []string{}, 0},
		{"a code that names nobody before a card brought a reference", all("credential and card and face"), func(g *gate) {
			g.frames(2, ann)
			g.see(accepted(policy.Credential, ""))
			g.see(brings(policy.Card, "did:1"))
			g.frames(6, claimed(1, "did:1", 0.7))
		}, []string{"grant matched did:1"}, 1},
		{"what somebody said before a gap, where no face is compared", all("live and speech"), func(g *gate) {
			g.frames(8, ann)
			g.see(accepted(policy.Speech, ""))
			g.frames(2)
			g.frames(8, ann)
		}, []string{}, 0},
		{"what somebody said before a missing frame, where no face is compared", all("live and speech"), func(g *gate) {
			g.frames(8, ann)
			g.see(accepted(policy.Speech, ""))
			g.frames(1)
			g.frames(8, ann)
		}, []string{"grant evidence-accepted"}, 1},

		{"nobody is looked at after the referral", review, func(g *gate) { refer(g); approve(g) }, []string{referred}, 0},
		{"looked at after the referral", review, func(g *gate) { refer(g); g.frames(1, ann); approve(g) }, []string{referred, approved}, 1},
		{"looked at after the approval", review, func(g *gate) { refer(g); approve(g); g.frames(1, ann) }, []string{referred, approved}, 1},
		{"not seen on a frame since", review, func(g *gate) { refer(g); g.frames(1, ann); g.frames(1); approve(g) }, []string{referred}, 0},
		{"not seen on a frame, and looked at again", review, func(g *gate) {
			refer(g)
			g.frames(1, ann)
			g.frames(1)
			approve(g)
			g.frames(during(time.Second), ann)
		}, []string{referred, approved}, 1},
		{"not alone since", review, func(g *gate) { refer(g); g.frames(1, ann); g.frames(1, ann, bob); approve(g) }, []string{referred}, 0},
		{"somebody in the background", review, func(g *gate) {
			refer(g)
			g.frames(1, ann)
			g.frames(1, ann, with(bob, func(f *Face) { f.Box = tall(1000) }))
			approve(g)
		}, []string{referred, approved}, 1},
		{"no sign of life on the look", review, func(g *gate) { refer(g); g.frames(1, unjudged(ann)); approve(g) }, []string{referred}, 0},
		{"a doubtful sign of life on the look", review, func(g *gate) { refer(g); g.frames(1, alive(ann, 0.49)); approve(g) }, []string{referred}, 0},
		{"the look is too old", review, func(g *gate) {
			refer(g)
			g.frames(1, ann)
			g.frames(during(1050*time.Millisecond), with(ann, func(f *Face) { f.Problems = f.Problems.With(TurnedAway) }))
			approve(g)
		}, []string{referred}, 0},
		{"a blocked face", review, func(g *gate) { refer(g); g.frames(during(3*time.Second), barred(ann)); approve(g) },
			[]string{referred, "passage-review deny blocked-by-face ann"}, 0},
		{"the blocked face of somebody who is not known", reviewed("face or remote", 1), func(g *gate) {
			g.frames(9, stranger(1))
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
			g.frames(during(3*time.Second), barred(stranger(1)))
			approve(g)
		}, []string{"refer needs-review remote-no-match", "passage-review deny blocked-by-face"}, 0},
		{"somebody who is not known", reviewed("face or remote", 1), func(g *gate) {
			g.frames(9, stranger(1))
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
			g.frames(1, stranger(1))
			approve(g)
		}, []string{"refer needs-review remote-no-match", "passage-review grant review-approved"}, 1},
		{"a review's journal is slow", review, func(g *gate) {
			refer(g)
			g.frames(1, ann)
			g.disk = diskSilent
			approve(g)
			g.frames(during(2*time.Second), ann)
			g.commit()
		}, []string{referred, approved, "passage-review deny journal-unavailable ann"}, 0},
		{"the person leaves while a review's grant is journalled", review, func(g *gate) {
			refer(g)
			g.frames(1, ann)
			g.disk = diskSilent
			approve(g)
			g.frames(2)
			g.commit()
		}, []string{referred, approved, "passage-review deny left ann"}, 0},
		{"the other door opens while a review's grant is journalled", review, func(g *gate) {
			refer(g)
			g.frames(1, ann)
			g.disk = diskSilent
			approve(g)
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			g.commit()
		}, []string{referred, approved, "passage-review deny other-door-open ann"}, 0},
		{"where no face is compared nobody is looked at", reviewed("remote", 1), func(g *gate) {
			g.frames(3, ann)
			o := accepted(policy.Remote, "ann")
			o.Evidence.Outcome = Doubtful
			g.see(o)
			approve(g)
		}, []string{"refer needs-review", "passage-review grant review-approved"}, 1},
	})
}

// A child and the guardian need the policy satisfied when they go in, not only when the child was recognised.
func TestGuardianDoesNotReplaceEvidence(t *testing.T) {
	ann, bob := claimed(1, "ann", 0.7), known(2, "bob")
	for _, c := range []struct {
		name  string
		again Observation
		opens int
	}{
		{"the code is shown again", accepted(policy.Credential, "ann"), 1},
		{"another code is refused", refusedFor(policy.Credential, ReasonCredentialExpired), 0},
	} {
		g := newGate(t, eligible("(credential or card) and face", nil))
		g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" }))
		g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
		g.frames(2, ann)
		g.see(brings(policy.Credential, "ann"))
		g.frames(5, ann)
		if s := g.m.Screen(); s.Code != ScreenGuardian {
			t.Fatalf("the screen is %+v", s)
		}
		g.see(c.again)
		g.frames(8, ann, bob)
		if len(g.opens) != c.opens {
			t.Errorf("%s: the door opened %d times, want %d: %v", c.name, len(g.opens), c.opens, g.verdicts())
		}
	}
}

// The answers to the last look-up are about the frame before: what comes between the two makes them worthless.
func TestConfirmation(t *testing.T) {
	ann := known(1, "ann")
	good := on(func(*Standing) {})
	// asked leaves a look-up open, the last before a grant.
	asked := func(g *gate) {
		g.frames(6, ann)
		g.see(good)
		g.file = map[string]Standing{}
		g.frames(1, ann)
	}
	play := func(between func(*gate)) func(*gate) {
		return func(g *gate) { asked(g); between(g); g.see(good) }
	}
	r := eligible("face and live", nil)
	playAll(t, []playCase{
		{"at once", r, play(func(*gate) {}), []string{"grant matched ann"}, 1},
		{"in time", r, play(func(g *gate) { g.wait(confirmWithin) }), []string{"grant matched ann"}, 1},
		{"too late", r, play(func(g *gate) { g.wait(confirmWithin + time.Millisecond) }), []string{}, 0},
		{"another good frame", r, play(func(g *gate) { g.frames(1, ann) }), []string{"grant matched ann"}, 1},
		{"a frame that doesn't count", r, play(func(g *gate) { g.frames(1, stranger(1)) }), []string{}, 0},
		{"a frame without anybody", r, play(func(g *gate) { g.frames(1) }), []string{}, 0},
		{"evidence", r, play(func(g *gate) { g.see(accepted(policy.Card, "ann")) }), []string{}, 0},
		{"of somebody else", r, play(func(g *gate) {
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
			g.wait(confirmWithin + time.Millisecond)
		}), []string{}, 0},
	})
}
