package passage

import (
	"testing"
	"time"

	"umbral/config/policy"
)

// What is looked at again immediately before the door opens, each cause alone.
func TestBeforeOpening(t *testing.T) {
	ann, bob, eve := known(1, "ann"), known(2, "bob"), stranger(1)
	marked := func(k Mark) Observation { return on(func(s *Standing) { s.Marks = s.Marks.With(k) }) }
	good := on(func(*Standing) {})
	minor := on(func(s *Standing) { s.Born = days(2015, 5, 5); s.Guardians[0] = "bob" })
	adult := Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob", BornKnown: true, Born: days(1980, 1, 1)}}
	face := eligible("face and live", nil)
	finger := eligible("face and live and finger", nil)
	finger.DecideTimeout = 10 * time.Second
	review := eligible("face and live and remote", nil)
	review.Review = Review{Timeout: 5 * time.Minute, Leave: 3 * time.Second, Approvals: 1, Failures: 1 << policy.Remote}
	approve := func(g *gate) { answer(g, true, "rita") }
	referred := func(g *gate) {
		g.see(good)
		g.frames(8, ann)
		g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
		g.frames(4, ann)
	}
	changed := Observation{Kind: ObserveChange}
	// silently changes what a look-up will answer, as a command does of which the machine is not told.
	silently := func(g *gate, o Observation) { g.file[o.Standing.Person] = o.Standing }
	withGuardian := func(g *gate, minors Face) {
		g.see(minor)
		g.see(adult)
		g.frames(8, ann)
		g.frames(6, minors, bob)
	}
	dead := func(f Face) Face { return with(f, func(f *Face) { f.Live.Score = ScoreOf(0.02) }) }
	playAll(t, []playCase{
		{"blocked after the first look-up", finger, func(g *gate) {
			g.see(good)
			g.frames(during(3*time.Second), ann)
			silently(g, marked(Blocked))
			g.see(accepted(policy.Finger, "ann"))
			g.frames(during(3*time.Second), ann)
		}, []string{"deny blocked ann"}, 0},
		{"revoked after the first look-up", finger, func(g *gate) {
			g.see(good)
			g.frames(during(3*time.Second), ann)
			silently(g, marked(Revoked))
			g.see(accepted(policy.Finger, "ann"))
			g.frames(during(3*time.Second), ann)
		}, []string{"deny revoked ann"}, 0},
		{"nothing changed", finger, func(g *gate) {
			g.see(good)
			g.frames(during(3*time.Second), ann)
			g.see(accepted(policy.Finger, "ann"))
			g.frames(during(3*time.Second), ann)
		}, []string{"grant matched ann"}, 1},
		{"the second look-up is never answered", finger, func(g *gate) {
			g.see(good)
			g.frames(during(3*time.Second), ann)
			delete(g.file, "ann")
			g.see(accepted(policy.Finger, "ann"))
			g.frames(during(10*time.Second), ann)
		}, []string{"deny time-out standing-unknown ann"}, 0},
		{"blocked while the grant is being journalled", face, func(g *gate) {
			g.see(good)
			g.disk = diskSilent
			g.frames(8, ann)
			silently(g, marked(Blocked))
			g.see(changed)
			g.disk = diskWorks
			g.see(Observation{Kind: ObserveCommitted, Commit: g.entries[0].Commit})
			g.frames(8, ann)
		}, []string{"grant matched ann", "deny blocked ann"}, 0},
		{"changed for the better while the grant is being journalled", face, func(g *gate) {
			g.see(good)
			g.disk = diskSilent
			g.frames(8, ann)
			g.see(changed)
			g.see(Observation{Kind: ObserveCommitted, Commit: g.entries[0].Commit})
		}, []string{"grant matched ann"}, 1},

		{"blocked while reviewers decide", review, func(g *gate) {
			referred(g)
			silently(g, marked(Blocked))
			approve(g)
			g.frames(during(3*time.Second), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny blocked ann"}, 0},
		{"blocked, and told of, before the reviewers answer", review, func(g *gate) {
			referred(g)
			silently(g, marked(Blocked))
			g.see(changed)
			approve(g)
			g.frames(during(3*time.Second), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny blocked ann"}, 0},
		{"blocked while the review's grant is being journalled", review, func(g *gate) {
			referred(g)
			g.disk = diskSilent
			approve(g)
			g.frames(during(1500*time.Millisecond), ann)
			silently(g, marked(Blocked))
			g.see(changed)
			g.see(Observation{Kind: ObserveCommitted, Commit: 2})
		}, []string{"refer needs-review remote-no-match ann", "passage-review grant review-approved ann", "passage-review deny blocked ann"}, 0},
		{"the review's look-up is never answered", review, func(g *gate) {
			referred(g)
			delete(g.file, "ann")
			approve(g)
			g.frames(during(5*time.Minute), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny review-timeout ann"}, 0},
		{"a photograph while reviewers decide", review, func(g *gate) {
			referred(g)
			g.frames(during(4*time.Second), dead(ann))
			approve(g)
			g.frames(during(3*time.Second), dead(ann))
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny not-live ann"}, 0},
		{"another face while reviewers decide", review, func(g *gate) {
			referred(g)
			g.frames(during(4*time.Second), eve)
			approve(g)
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny identity-changed ann"}, 0},
		{"the clock is lost while reviewers decide", func() Rules { r := review; r.GrantTrust = policy.TrustRTC; return r }(), func(g *gate) {
			referred(g)
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustUnknown, Wall: 1_770_000_000_000}})
			approve(g)
			g.frames(during(2*time.Second), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny clock-untrusted ann"}, 0},
		{"in order while reviewers decide", review, func(g *gate) {
			referred(g)
			approve(g)
			g.frames(during(2*time.Second), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review grant review-approved ann"}, 1},

		{"the minor stays", face, func(g *gate) { withGuardian(g, ann) }, []string{"grant matched guardian-present ann"}, 1},
		{"another face on the minor's track", face, func(g *gate) { withGuardian(g, eve) },
			[]string{"deny identity-changed ann"}, 0},
		{"a photograph on the minor's track", face, func(g *gate) { withGuardian(g, dead(ann)) },
			[]string{"deny not-live ann"}, 0},
		{"the minor is never compared again", face, func(g *gate) {
			withGuardian(g, with(ann, func(f *Face) { f.Match, f.Live = Match{}, Live{} }))
			g.frames(during(11*time.Second), with(ann, func(f *Face) { f.Match, f.Live = Match{}, Live{} }), bob)
		}, []string{"deny under-age guardian-missing time-out ann"}, 0},
		{"the minor's face cannot be used", face, func(g *gate) {
			covered := with(ann, func(f *Face) { f.Problems = f.Problems.With(Covered) })
			withGuardian(g, covered)
			g.frames(during(11*time.Second), covered, bob)
		}, []string{"deny under-age guardian-missing time-out ann"}, 0},
		{"the minor is blocked while the guardian comes", face, func(g *gate) {
			g.see(minor)
			g.see(adult)
			g.frames(8, ann)
			blocked := minor
			blocked.Standing.Marks = blocked.Standing.Marks.With(Blocked)
			silently(g, blocked)
			g.frames(8, ann, bob)
		}, []string{"deny blocked under-age ann"}, 0},
		{"the guardian is blocked at the last moment", face, func(g *gate) {
			g.see(minor)
			g.see(adult)
			g.frames(8, ann)
			g.frames(4, ann, bob)
			blocked := adult
			blocked.Standing.Marks = blocked.Standing.Marks.With(Blocked)
			silently(g, blocked)
			g.frames(4, ann, bob)
		}, []string{"deny guardian-missing blocked ann"}, 0},
		{"the guardian's own face is blocked under another name", face, func(g *gate) {
			g.see(minor)
			g.see(adult)
			g.frames(8, ann)
			g.frames(3, ann, with(bob, func(f *Face) { f.Match.Barred = ScoreOf(0.7) }))
		}, []string{"deny guardian-missing blocked-by-face ann"}, 0},

		{"alive before a gap, a photograph after it", face, func(g *gate) {
			g.see(good)
			g.frames(4, ann)
			g.frames(2)
			g.frames(12, dead(ann))
		}, []string{"deny not-live ann"}, 0},
		{"one frame without the face is no gap", face, func(g *gate) {
			g.see(good)
			g.frames(4, ann)
			g.frames(1)
			g.frames(3, ann)
		}, []string{"grant matched ann"}, 1},
		{"after a gap all is counted anew", face, func(g *gate) {
			g.see(good)
			g.frames(4, ann)
			g.frames(2)
			g.frames(4, ann)
		}, []string{}, 0},
		{"what somebody else did before a gap is theirs", func() Rules { r := eligible("face and speech", nil); return r }(), func(g *gate) {
			g.see(good)
			g.see(adult)
			g.frames(6, ann)
			g.frames(during(2*time.Second), ann)
			g.see(accepted(policy.Speech, ""))
			g.frames(2)
			g.frames(6, known(1, "bob"))
		}, []string{}, 0},

		{"a document names a blocked person otherwise", eligible("credential and face", nil), func(g *gate) {
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "doc-1", BornKnown: true}})
			g.frames(2, ann)
			g.see(brings(policy.Credential, "doc-1"))
			g.frames(8, with(claimed(1, "doc-1", 0.7), func(f *Face) { f.Match.Barred = ScoreOf(0.58) }))
		}, []string{"deny blocked-by-face"}, 0},
		{"a document, and a little like somebody who is blocked", eligible("credential and face", nil), func(g *gate) {
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "doc-1", BornKnown: true}})
			g.frames(2, ann)
			g.see(brings(policy.Credential, "doc-1"))
			g.frames(8, with(claimed(1, "doc-1", 0.7), func(f *Face) { f.Match.Barred = ScoreOf(0.57) }))
		}, []string{"grant matched doc-1"}, 1},

		{"a birth date that cannot be read", face, func(g *gate) {
			g.see(marked(BirthUnreadable))
			g.frames(8, ann)
		}, []string{"deny birth-date-unreadable ann"}, 0},
		{"a birth date that cannot be read where nobody asks for an age", eligible("face and live", func(e *Eligibility) { e.MinAge = 0 }), func(g *gate) {
			g.see(marked(BirthUnreadable))
			g.frames(8, ann)
		}, []string{"grant matched ann"}, 1},
		{"no date on file, and no clock", eligible("face and live", func(e *Eligibility) { e.MinAge, e.Trust, e.TrustAlways = 0, policy.TrustRTC, true }), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Wall: 5}})
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "ann"}})
			g.frames(8, ann)
		}, []string{"deny clock-untrusted ann"}, 0},
	})
}
