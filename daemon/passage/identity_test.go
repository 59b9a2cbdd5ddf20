package passage

import (
	"testing"
	"time"

	"umbral/config/policy"

	"github.com/google/go-cmp/cmp"
)

// claimed is a face compared with the reference that a document brought.
func claimed(track uint32, person string, score float64) Face {
	return with(known(track, person), func(f *Face) {
		f.Match = Match{Known: true, Person: person, Score: ScoreOf(score), Second: -MaxScore, Claimed: true}
	})
}

// brings is an accepted document with a reference of the subject's face.
func brings(k policy.Kind, subject string) Observation {
	o := accepted(k, subject)
	o.Evidence.Reference = true
	return o
}

func refusedFor(k policy.Kind, detail Reason) Observation {
	return Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: k, Outcome: Refused, Detail: string(detail)}}
}

// eligible are rules under which standing is asked for.
func eligible(rule string, change func(*Eligibility)) Rules {
	r := all(rule)
	r.Eligibility = Eligibility{Ask: true, MinAge: 16, GuardianTimeout: 10 * time.Second}
	if change != nil {
		change(&r.Eligibility)
	}
	return r
}

// reviewed are rules with reviewers.
func reviewed(rule string, approvals int) Rules {
	r := all(rule)
	r.Review = Review{Timeout: 30 * time.Second, Leave: 3 * time.Second, Approvals: approvals, Failures: 1 << policy.Remote}
	return r
}

// days is a birth date in days since 1970.
func days(year int, month time.Month, day int) int32 {
	return int32(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// The tests' clock stands at 2026-02-02 02:40 UTC, a Monday.
func on(change func(*Standing)) Observation {
	s := Standing{Person: "ann", BornKnown: true, Born: days(1990, 1, 1)}
	change(&s)
	return Observation{Kind: ObserveStanding, Standing: s}
}

func answer(g *gate, approve bool, reviewer string) {
	g.see(Observation{Kind: ObserveReviewed, Reviewed: Reviewed{ID{7, 1}, approve, reviewer}})
}

func doubt(g *gate) {
	g.frames(10, known(1, "ann"))
	g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
}

func TestIdentityScenarios(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	born := func(year int, month time.Month, day int, guardians ...string) Observation {
		return on(func(s *Standing) { s.Born = days(year, month, day); copy(s.Guardians[:], guardians) })
	}
	bobsStanding := Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}}
	for _, c := range []struct {
		name  string
		rules Rules
		play  func(*gate)
		want  []string
		opens int
	}{
		{"nobody enrolled: the face is compared with the code's photograph", all("credential and face and live"), func(g *gate) {
			g.frames(12, stranger(1)) // more than would deny a stranger who shows no code
			g.see(brings(policy.Credential, "did:1"))
			g.frames(8, claimed(1, "did:1", 0.6))
		}, []string{"grant matched did:1"}, 1},
		{"the code's photograph shows somebody else", all("credential and face and live"), func(g *gate) {
			g.see(Observation{})
			g.frames(3, stranger(1))
			g.see(brings(policy.Credential, "did:1"))
			g.frames(12, claimed(1, "did:1", 0.31))
		}, []string{"deny not-enrolled"}, 0},
		{"what the gallery says no longer counts once a photograph is there", all("credential and face and live"), func(g *gate) {
			g.frames(4, ann)
			g.see(brings(policy.Credential, "ann"))
			g.frames(during(9*time.Second), ann)
		}, []string{"deny time-out low-quality"}, 0},
		{"code and card of two people", all("credential and card and face and live"), func(g *gate) {
			g.frames(3, stranger(1))
			g.see(brings(policy.Credential, "did:1"))
			g.see(brings(policy.Card, "did:2"))
			g.frames(8, claimed(1, "did:2", 0.7))
		}, []string{"deny subject-mismatch"}, 0},
		{"a code's time stamp needs a clock", withRules(func(r *Rules) { *r = all("credential and face and live"); r.CredentialTrust = policy.TrustRTC }), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustUnknown, Wall: 5}})
			g.frames(6, ann)
			g.see(accepted(policy.Credential, "ann"))
		}, []string{"deny evidence-refused clock-untrusted ann"}, 0},
		{"a code of the passage before", all("credential and face and live"), func(g *gate) {
			g.frames(3, stranger(1))
			o := brings(policy.Credential, "did:1")
			o.Evidence.Passage = ID{7, 2}
			g.see(o)
			g.frames(during(9*time.Second), claimed(1, "did:1", 0.7))
		}, []string{"deny time-out low-quality evidence-missing"}, 0},
		{"an expired code", all("credential and face and live"), func(g *gate) {
			g.frames(10, ann)
			g.see(refusedFor(policy.Credential, ReasonCredentialExpired))
		}, []string{"deny evidence-refused credential-expired ann"}, 0},
		{"a long passage with a challenge fits into its record", withRules(func(r *Rules) {
			*r = all("face and live and speech")
			r.DecideTimeout = 3 * time.Minute
		}), func(g *gate) {
			g.frames(6, ann)
			g.frames(during(150*time.Second), ann)
			g.see(accepted(policy.Speech, ""))
			g.frames(1, ann)
		}, []string{"grant matched ann"}, 1},
		{"somebody else takes over during the challenge", all("face and live and speech"), func(g *gate) {
			g.frames(6, ann)
			g.frames(during(2*time.Second), known(1, "bob"))
			g.see(accepted(policy.Speech, "ann"))
			g.frames(3, known(1, "bob"))
		}, []string{"deny subject-mismatch bob"}, 0},
		{"a stranger does the challenge of somebody else", all("face and live and speech"), func(g *gate) {
			g.frames(6, ann)
			g.frames(during(4*time.Second), stranger(1))
			g.see(accepted(policy.Speech, ""))
			g.frames(3, ann)
		}, []string{"deny evidence-refused identity-changed ann"}, 0},
		{"another face than the code's photograph does the challenge", all("credential and face and live and speech"), func(g *gate) {
			g.frames(3, stranger(1))
			g.see(brings(policy.Credential, "did:1"))
			g.frames(8, claimed(1, "did:1", 0.7))
			g.frames(during(4*time.Second), claimed(1, "did:1", 0.2))
			g.see(accepted(policy.Speech, ""))
			g.frames(3, claimed(1, "did:1", 0.7))
		}, []string{"deny evidence-refused identity-changed did:1"}, 0},
		{"nobody was compared during the challenge", all("face and live and speech"), func(g *gate) {
			g.frames(6, ann)
			g.frames(20, with(ann, func(f *Face) { f.Match, f.Live = Match{}, Live{} }))
			g.see(accepted(policy.Speech, ""))
			g.frames(3, ann)
		}, []string{"deny evidence-refused identity-changed ann"}, 0},
		{"one look of several misses during the challenge", all("face and live and speech"), func(g *gate) {
			g.frames(6, ann)
			g.frames(during(4*time.Second), ann)
			g.frames(during(time.Second), stranger(1))
			g.frames(during(time.Second), ann)
			g.see(accepted(policy.Speech, ""))
			g.frames(3, ann)
		}, []string{"grant matched ann"}, 1},
		{"a second photograph is compared from the start", all("credential and card and face and live"), func(g *gate) {
			g.frames(3, stranger(1))
			g.see(brings(policy.Credential, "did:1"))
			g.frames(8, claimed(1, "did:1", 0.7))
			g.see(brings(policy.Card, "did:1"))
			g.frames(1, claimed(1, "did:1", 0.7))
			g.frames(9, claimed(1, "did:1", 0.2))
		}, []string{"deny not-enrolled"}, 0},
		{"the finger's threshold is the rules'", withRules(func(r *Rules) { *r = all("face and finger"); r.FingerThreshold = 20 * One }), func(g *gate) {
			g.frames(6, ann)
			o := accepted(policy.Finger, "ann")
			o.Evidence.Score = 19 * One
			g.see(o)
		}, []string{"deny evidence-refused finger-no-match ann"}, 0},

		{"an adult", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2010, 2, 2))
			g.frames(6, ann)
		}, []string{"grant matched ann"}, 1},
		{"on the day before the sixteenth birthday", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2010, 2, 3))
			g.frames(6, ann)
		}, []string{"deny under-age ann"}, 0},
		{"the zone decides on the birthday", eligible("face and live", nil), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustNTP, Wall: 1_770_000_000_000, Offset: -180}})
			g.frames(4, ann)
			g.see(born(2010, 2, 2))
			g.frames(6, ann)
		}, []string{"deny under-age ann"}, 0},
		{"what is on file does not come", eligible("face and live", nil), func(g *gate) { g.frames(during(9*time.Second), ann) },
			[]string{"deny time-out standing-unknown ann"}, 0},
		{"what is on file about another is no answer", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(bobsStanding)
			g.frames(during(9*time.Second), ann)
		}, []string{"deny time-out standing-unknown ann"}, 0},
		{"blocked and expired", eligible("face and live", nil), func(g *gate) {
			g.frames(6, ann)
			g.see(on(func(s *Standing) { s.Marks, s.Until = s.Marks.With(Blocked), 1_769_999_999_999 }))
			g.frames(6, ann)
		}, []string{"deny blocked expired ann"}, 0},
		{"not yet", eligible("face and live", nil), func(g *gate) {
			g.frames(6, ann)
			g.see(on(func(s *Standing) { s.From = 1_770_000_100_000 }))
			g.frames(6, ann)
		}, []string{"deny not-yet-valid ann"}, 0},
		{"dates need a clock", eligible("face and live", func(e *Eligibility) { e.Trust = policy.TrustNTP }), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustRTC, Wall: 1_770_000_000_000}})
			g.frames(6, ann)
			g.see(on(func(*Standing) {}))
			g.frames(6, ann)
		}, []string{"deny clock-untrusted ann"}, 0},
		{"outside the hours", eligible("face and live", nil), func(g *gate) {
			g.frames(6, ann)
			g.see(on(func(s *Standing) {
				s.Windows[0], s.WindowCount = policy.Window{Days: 1 << time.Monday, From: 8 * 60, Until: 18 * 60}, 1
			}))
			g.frames(6, ann)
		}, []string{"deny outside-hours ann"}, 0},
		{"the night shift that began on Sunday", eligible("face and live", nil), func(g *gate) {
			g.frames(6, ann)
			g.see(on(func(s *Standing) {
				s.Windows[0], s.WindowCount = policy.Window{Days: 1 << time.Sunday, From: 22 * 60, Until: 6 * 60}, 1
			}))
			g.frames(6, ann)
		}, []string{"grant matched ann"}, 1},
		{"already inside", eligible("face and live", func(e *Eligibility) { e.Passback = true }), func(g *gate) {
			g.frames(6, ann)
			g.see(on(func(s *Standing) { s.Marks = s.Marks.With(Inside) }))
			g.frames(6, ann)
		}, []string{"deny already-inside ann"}, 0},
		{"a child and the guardian", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2015, 5, 5, "bob"))
			g.frames(4, ann)
			g.frames(5, ann, bob)
			g.see(bobsStanding)
			g.frames(3, ann, bob)
		}, []string{"grant matched guardian-present ann"}, 1},
		{"a child and a stranger", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2015, 5, 5, "bob"))
			g.frames(2, ann)
			g.frames(during(12*time.Second), ann, stranger(2))
		}, []string{"deny under-age guardian-missing time-out ann"}, 0},
		{"a guardian who is a photograph", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2015, 5, 5, "bob"))
			g.frames(2, ann)
			g.frames(12, ann, with(bob, func(f *Face) { f.Live.Score = ScoreOf(0.02) }))
		}, []string{"deny guardian-missing not-live ann"}, 0},
		{"a guardian who is blocked", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2015, 5, 5, "bob"))
			g.frames(2, ann)
			g.frames(8, ann, bob)
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob", Marks: Marks(0).With(Blocked)}})
			g.frames(3, ann, bob)
		}, []string{"deny guardian-missing blocked ann"}, 0},
		{"a child who does not stay beside the guardian", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2015, 5, 5, "bob"))
			g.frames(4, ann)
			g.frames(2, ann, bob)
			g.see(bobsStanding)
			g.frames(during(1200*time.Millisecond), bob)
		}, []string{"abandoned left ann"}, 0},
		{"somebody else follows the child and the guardian", eligible("face and live", nil), func(g *gate) {
			g.frames(4, ann)
			g.see(born(2015, 5, 5, "bob"))
			g.frames(4, ann)
			g.frames(8, ann, bob, stranger(3))
			g.see(bobsStanding)
			g.frames(during(12*time.Second), ann, bob, stranger(3))
		}, []string{"deny under-age guardian-missing time-out ann"}, 0},
		{"one look at a face does not hide who the code is about", eligible("face or credential", nil), func(g *gate) {
			g.frames(1, stranger(1))
			g.see(Observation{})
			g.frames(1, ann)
			g.see(accepted(policy.Credential, "ann"))
			g.frames(1, ann)
			g.see(on(func(s *Standing) { s.Marks = s.Marks.With(Blocked) }))
			g.frames(5, ann)
		}, []string{"deny blocked ann"}, 0},
		{"a guardian named in the code", eligible("face and live", func(e *Eligibility) { e.GuardianNamed = true }), func(g *gate) {
			g.frames(4, ann)
			g.see(on(func(s *Standing) { s.Born, s.Marks = days(2015, 5, 5), s.Marks.With(GuardianNamed) }))
			g.frames(4, ann)
		}, []string{"grant matched ann"}, 1},

		{"another door is open", testRules(), func(g *gate) {
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			g.frames(6, ann)
		}, []string{"deny other-door-open ann"}, 0},
		{"the other door closes in time", testRules(), func(g *gate) {
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			g.frames(3, ann)
			g.see(Observation{Kind: ObserveInterlock})
			g.frames(4, ann)
		}, []string{"grant matched ann"}, 1},

		{"a reviewer approves", reviewed("remote and face", 1), func(g *gate) {
			doubt(g)
			g.frames(40, ann)
			answer(g, true, "rita")
		}, []string{"refer needs-review remote-no-match ann", "passage-review grant review-approved ann"}, 1},
		{"a challenge that fails before the authority is asked", withRules(func(r *Rules) {
			*r = reviewed("face and speech and remote", 1)
			r.Review.Failures = r.Review.Failures.With(policy.Speech)
		}), func(g *gate) {
			g.frames(10, ann)
			g.see(refusedFor(policy.Speech, ReasonSpeech))
			g.frames(1, ann)
			answer(g, true, "rita")
		}, []string{"refer needs-review speech-does-not-match ann", "passage-review grant review-approved ann"}, 1},
		{"a doubt does not end the passage before the rest is there", withRules(func(r *Rules) {
			*r = reviewed("face and speech and finger", 1)
			r.Review.Failures = r.Review.Failures.With(policy.Speech)
		}), func(g *gate) {
			g.frames(6, ann)
			g.frames(during(2*time.Second), ann)
			g.see(refusedFor(policy.Speech, ReasonSpeech))
			if s := g.m.Screen(); s.Code != ScreenAsk || s.Ask != 1<<policy.Finger || g.m.wanting.Subject != "ann" {
				g.t.Errorf("after the doubt the screen is %+v, the demand %+v", s, g.m.wanting)
			}
			g.see(accepted(policy.Finger, "ann"))
		}, []string{"refer needs-review speech-does-not-match ann"}, 0},
		{"a doubt and a refusal that nobody may judge", reviewed("face and credential and remote", 1), func(g *gate) {
			g.frames(6, ann)
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
			g.see(refusedFor(policy.Credential, ReasonCredentialExpired))
		}, []string{"deny evidence-refused credential-expired needs-review remote-no-match ann"}, 0},
		{"nobody is asked to review who is blocked", withRules(func(r *Rules) {
			*r = reviewed("remote and face", 1)
			r.Eligibility = Eligibility{Ask: true, GuardianTimeout: time.Second}
		}), func(g *gate) {
			doubt(g)
			g.see(on(func(s *Standing) { s.Marks = s.Marks.With(Blocked) }))
		}, []string{"deny blocked ann"}, 0},
		{"a review asks first what is on file", withRules(func(r *Rules) {
			*r = reviewed("remote and face", 1)
			r.Eligibility = Eligibility{Ask: true, GuardianTimeout: time.Second}
		}), func(g *gate) {
			doubt(g)
			g.see(on(func(s *Standing) {}))
		}, []string{"refer needs-review remote-no-match ann"}, 0},
		{"a child is no case for reviewers", withRules(func(r *Rules) {
			*r = reviewed("remote and face", 1)
			r.Eligibility = Eligibility{Ask: true, MinAge: 16, GuardianTimeout: time.Second}
		}), func(g *gate) {
			doubt(g)
			g.see(born(2015, 5, 5, "bob"))
		}, []string{"deny under-age ann"}, 0},
		{"a review needs the clock that a grant needs", withRules(func(r *Rules) {
			*r = reviewed("remote and face", 1)
			r.GrantTrust = policy.TrustNTP
		}), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustRTC, Wall: 1_770_000_000_000}})
			doubt(g)
		}, []string{"deny clock-untrusted ann"}, 0},
		{"somebody else takes the place of whom the review is about", reviewed("remote and face", 1), func(g *gate) {
			doubt(g)
			g.frames(during(3*time.Second), ann)
			g.frames(during(4*time.Second), stranger(1))
			answer(g, true, "rita")
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny identity-changed ann"}, 0},
		{"the answer waits until the person looks up", reviewed("remote and face", 1), func(g *gate) {
			doubt(g)
			g.frames(during(3*time.Second), ann)
			g.frames(during(4*time.Second), with(ann, func(f *Face) { f.Problems = f.Problems.With(TurnedAway) }))
			answer(g, true, "rita")
			if len(g.opens) != 0 {
				g.t.Error("the door opened for a face that was not compared")
			}
			g.frames(during(2*time.Second), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review grant review-approved ann"}, 1},
		{"a reviewer denies", reviewed("remote and face", 1), func(g *gate) { doubt(g); answer(g, false, "rita"); answer(g, true, "rosa") },
			[]string{"refer needs-review remote-no-match ann", "passage-review deny review-denied ann"}, 0},
		{"no reviewer answers", reviewed("remote and face", 1), func(g *gate) { doubt(g); g.frames(during(31*time.Second), ann); answer(g, true, "rita") },
			[]string{"refer needs-review remote-no-match ann", "passage-review deny review-timeout ann"}, 0},
		{"the person does not wait", reviewed("remote and face", 1), func(g *gate) { doubt(g); g.wait(4 * time.Second); answer(g, true, "rita") },
			[]string{"refer needs-review remote-no-match ann", "passage-review deny left ann"}, 0},
		{"somebody else stands there when the answer comes", reviewed("remote and face", 1), func(g *gate) {
			doubt(g)
			g.frames(during(4*time.Second), bob)
			answer(g, true, "rita")
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny left ann"}, 0},
		{"one reviewer of two, twice", reviewed("remote and face", 2), func(g *gate) {
			doubt(g)
			answer(g, true, "rita")
			answer(g, true, "rita")
			g.frames(during(31*time.Second), ann)
		}, []string{"refer needs-review remote-no-match ann", "passage-review deny review-timeout ann"}, 0},
		{"two reviewers of two", reviewed("remote and face", 2), func(g *gate) { doubt(g); g.frames(1, ann); answer(g, true, "rita"); answer(g, true, "rosa") },
			[]string{"refer needs-review remote-no-match ann", "passage-review grant review-approved ann"}, 1},
		{"an answer about another passage", reviewed("remote and face", 1), func(g *gate) {
			doubt(g)
			g.see(Observation{Kind: ObserveReviewed, Reviewed: Reviewed{ID{6, 1}, true, "rita"}})
			g.wait(time.Second)
		}, []string{"refer needs-review remote-no-match ann"}, 0},
		{"the journal fails on a review", reviewed("remote and face", 1), func(g *gate) { doubt(g); g.frames(1, ann); g.disk = diskFails; answer(g, true, "rita") },
			[]string{"refer needs-review remote-no-match ann", "passage-review grant review-approved ann", "passage-review deny journal-unavailable ann"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(t, c.rules)
			c.play(g)
			if d := cmp.Diff(c.want, g.verdicts()); d != "" {
				t.Errorf("journal (-want +got):\n%s", d)
			}
			if len(g.opens) != c.opens {
				t.Errorf("the door opened %d times, want %d", len(g.opens), c.opens)
			}
		})
	}
}

// fused are rules whose tables can be reckoned with by hand.
func fused(rule string) Rules {
	r := all(rule)
	r.FaceCalibration = Calibration{{-One, -4 * One, 1}, {ScoreOf(0.6), 4 * One, 1e-2}, {ScoreOf(0.7), 6 * One, 1e-3}, {ScoreOf(0.8), 9 * One, 1e-5}}
	r.FingerCalibration = Calibration{{-One, -2 * One, 1}, {20 * One, 3 * One, 2e-2}, {60 * One, 6 * One, 1e-3}}
	r.FingerThreshold = One
	return r
}

func TestTotalFMR(t *testing.T) {
	alike := func(score float64, references uint32) Face {
		return with(known(1, "ann"), func(f *Face) { f.Match.Score, f.Match.References = ScoreOf(score), references })
	}
	finger := func(score Score) Observation {
		o := accepted(policy.Finger, "ann")
		o.Evidence.Score = score
		return o
	}
	for _, c := range []struct {
		name  string
		rules Rules
		play  func(*gate)
		want  []string
	}{
		{"just not enough", fused("face and fmr = 1e-3"), func(g *gate) { g.frames(5, alike(0.699, 1)) }, []string{"deny comparison-too-weak ann"}},
		{"just enough", fused("face and fmr = 1e-3"), func(g *gate) { g.frames(5, alike(0.7, 1)) }, []string{"grant matched ann"}},
		{"a search among two proves half", fused("face and fmr = 1e-3"), func(g *gate) { g.frames(5, alike(0.7, 2)) }, []string{"deny comparison-too-weak ann"}},
		{"the best step among a hundred", fused("face and fmr = 1e-3"), func(g *gate) { g.frames(5, alike(0.8, 100)) }, []string{"grant matched ann"}},
		{"among a hundred and one", fused("face and fmr = 1e-3"), func(g *gate) { g.frames(5, alike(0.8, 101)) }, []string{"deny comparison-too-weak ann"}},
		// Face 6 and finger 3 are 9. Strangers get there on the steps (6,3), (6,6), (9,3), (9,6) and (4,6), and not on
		// (9,-2): 1e-3·2e-2 + 9e-3·1e-3 = 2.9e-5.
		{"the finger helps", fused("face and finger and fmr = 3e-5"), func(g *gate) {
			g.frames(5, alike(0.7, 1))
			g.see(finger(20 * One))
			g.frames(1, alike(0.7, 1))
		}, []string{"grant matched ann"}},
		{"the finger does not help enough", fused("face and finger and fmr = 2.8e-5"), func(g *gate) {
			g.frames(5, alike(0.7, 1))
			g.see(finger(20 * One))
		}, []string{"deny comparison-too-weak ann"}},
		{"the authority's comparison is of the same face: the weaker one counts", fused("face and remote and fmr = 1e-3"), func(g *gate) {
			g.frames(5, alike(0.9, 1))
			o := accepted(policy.Remote, "ann")
			o.Evidence.Score = ScoreOf(0.65)
			g.see(o)
		}, []string{"deny comparison-too-weak ann"}},
		{"a reviewer may judge what is too weak", withRules(func(r *Rules) {
			*r = fused("face and fmr = 1e-3")
			r.Review = Review{Timeout: time.Second, Leave: time.Second, Approvals: 1}
		}), func(g *gate) { g.frames(5, alike(0.65, 1)) }, []string{"refer needs-review comparison-too-weak ann"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(t, c.rules)
			c.play(g)
			if d := cmp.Diff(c.want, g.verdicts()[:min(1, len(g.verdicts()))]); d != "" {
				t.Errorf("journal (-want +got):\n%s", d)
			}
		})
	}
	if _, err := New(all("face and fmr = 1e-3"), ID{1, 1}); err == nil {
		t.Error("a total false match rate without calibration is accepted")
	}
}

// What the person is asked for, in turn.
func TestAsked(t *testing.T) {
	ann := known(1, "ann")
	g := newGate(t, all("(credential or card) and face and live and speech and remote"))
	asks := func(want policy.Set) {
		t.Helper()
		if s := g.m.Screen(); s.Ask != want || (want != 0) != (s.Code == ScreenAsk) {
			t.Fatalf("the screen is %+v, want it to ask for %v", s, want)
		}
	}
	g.frames(3, stranger(1))
	asks(documents)
	g.see(brings(policy.Card, "did:1"))
	asks(0) // look at the camera
	g.frames(6, claimed(1, "did:1", 0.7))
	asks(1 << policy.Speech)
	g.frames(during(1100*time.Millisecond), claimed(1, "did:1", 0.7))
	var requests int
	for _, e := range g.m.Step(g.now, accepted(policy.Speech, "")) {
		if d := e.Demand; e.Kind == EffectDemand && d.Ask == 1<<policy.Remote && d.Subject == "did:1" && !d.Passage.IsZero() {
			requests++
		}
	}
	asks(1 << policy.Remote)
	if requests != 1 {
		t.Errorf("the authority was wanted %d times", requests)
	}
	g.see(accepted(policy.Remote, "did:1"))
	g.frames(1, ann)
	g.frames(1, claimed(1, "did:1", 0.7))
	if d := cmp.Diff([]string{"grant matched did:1"}, g.verdicts()); d != "" {
		t.Error(d)
	}
}

// The screen says what was wrong with what was shown.
func TestScreenTellsTheDetail(t *testing.T) {
	g := newGate(t, all("credential and face and live"))
	g.frames(10, known(1, "ann"))
	g.see(refusedFor(policy.Credential, ReasonCredentialExpired))
	if s := g.m.Screen(); s.Code != ScreenDenied || s.Reason != ReasonCredentialExpired {
		t.Errorf("the screen is %+v", s)
	}
}
