package passage

import (
	"testing"
	"time"

	"umbral/config/policy"
)

// minorWaits are rules and a gate at which ann, a minor, has been recognised and bob, her guardian, is awaited.
func minorWaits(rule string) (Rules, func(*gate)) {
	r := eligible(rule, nil)
	return r, func(g *gate) {
		g.see(on(func(s *Standing) { s.Born, s.Guardians[0], s.Guardians[3] = days(2015, 5, 5), "bob", "dan" }))
		for _, person := range []string{"bob", "cyd", "dan"} {
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: person}})
		}
		g.frames(8, known(1, "ann"))
		if s := g.m.Screen(); s.Code != ScreenGuardian {
			g.t.Fatalf("the screen is %+v", s)
		}
	}
}

// Who may vouch for a minor, and on which frames, each cause alone.
func TestGuardian(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	scored := func(score, second Score) Face {
		return with(bob, func(f *Face) { f.Match.Score, f.Match.Second = score, second })
	}
	far := func(f Face) Face {
		return with(f, func(f *Face) { f.Box, f.Problems = tall(900), f.Problems.With(TooSmall) })
	}
	rules := testRules()
	threshold, margin := rules.Threshold, rules.Margin
	for _, c := range []struct {
		name  string
		play  func(*gate)
		opens int
	}{
		{"the guardian", func(g *gate) { g.frames(4, ann, bob) }, 1},
		{"one frame too few", func(g *gate) { g.frames(3, ann, bob) }, 0},
		{"the other guardian", func(g *gate) { g.frames(4, ann, known(2, "dan")) }, 1},
		{"an enrolled adult who is no guardian", func(g *gate) { g.frames(20, ann, known(2, "cyd")) }, 0},
		{"two guardians in turn are two people", func(g *gate) { g.frames(2, ann, bob); g.frames(2, ann, known(2, "dan")) }, 0},
		{"just alike enough", func(g *gate) { g.frames(4, ann, scored(threshold, 0)) }, 1},
		{"not quite alike", func(g *gate) { g.frames(20, ann, scored(threshold-1, 0)) }, 0},
		{"just far enough from the next person", func(g *gate) { g.frames(4, ann, scored(700_000, 700_000-margin)) }, 1},
		{"too near the next person", func(g *gate) { g.frames(20, ann, scored(700_000, 700_000-margin+1)) }, 0},
		{"compared with a document", func(g *gate) { g.frames(20, ann, with(bob, func(f *Face) { f.Match.Claimed = true })) }, 0},
		{"not compared", func(g *gate) { g.frames(20, ann, with(bob, func(f *Face) { f.Match.Known = false })) }, 0},
		{"blurred", func(g *gate) { g.frames(20, ann, with(bob, func(f *Face) { f.Problems = f.Problems.With(Blurred) })) }, 0},
		{"too far away", func(g *gate) { g.frames(20, ann, far(bob)) }, 0},
		{"without a track", func(g *gate) { g.frames(20, ann, with(bob, func(f *Face) { f.Track = 0 })) }, 0},
		{"as many frames that do not match", func(g *gate) { g.frames(3, ann, scored(0, 0)); g.frames(3, ann, bob) }, 0},
		{"more frames that match", func(g *gate) { g.frames(3, ann, scored(0, 0)); g.frames(5, ann, bob) }, 1},
		{"on another track it begins again", func(g *gate) { g.frames(2, ann, bob); g.frames(2, ann, known(3, "bob")) }, 0},
		{"on another track from the beginning", func(g *gate) { g.frames(2, ann, bob); g.frames(4, ann, known(3, "bob")) }, 1},
		{"away on one frame", func(g *gate) { g.frames(2, ann, bob); g.frames(1, ann); g.frames(2, ann, bob) }, 1},
		{"away on one frame, twice", func(g *gate) {
			g.frames(1, ann, bob)
			g.frames(1, ann)
			g.frames(1, ann, bob)
			g.frames(1, ann)
			g.frames(2, ann, bob)
		}, 1},
		{"away on two frames", func(g *gate) { g.frames(2, ann, bob); g.frames(2, ann); g.frames(2, ann, bob) }, 0},
		{"away on two frames, and again from the beginning", func(g *gate) { g.frames(2, ann, bob); g.frames(2, ann); g.frames(4, ann, bob) }, 1},
		{"somebody else near", func(g *gate) { g.frames(20, ann, bob, with(stranger(3), func(f *Face) { f.Box = tall(2000) })) }, 0},
		{"somebody else in the background", func(g *gate) { g.frames(4, ann, bob, with(stranger(3), func(f *Face) { f.Box = tall(1999) })) }, 1},
		{"the tallest beside the minor is the guardian", func(g *gate) {
			g.frames(4, ann, with(stranger(3), func(f *Face) { f.Box = tall(1900) }), with(bob, func(f *Face) { f.Box = tall(1950) }))
		}, 1},

		{"the minor is not compared", func(g *gate) { g.frames(20, with(ann, func(f *Face) { f.Match.Known = false }), bob) }, 0},
		{"the minor is blurred", func(g *gate) {
			g.frames(20, with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) }), bob)
		}, 0},
		{"the minor is not recognised on two frames", func(g *gate) { g.frames(2, stranger(1), bob); g.frames(2, ann, bob) }, 1},
		{"the minor is not recognised on three", func(g *gate) { g.frames(3, stranger(1), bob); g.frames(5, ann, bob) }, 0},
		{"the minor is not recognised on two frames, and two again", func(g *gate) {
			g.frames(2, stranger(1), with(bob, func(f *Face) { f.Match.Known = false }))
			g.frames(1, ann, with(bob, func(f *Face) { f.Match.Known = false }))
			g.frames(2, stranger(1), bob)
			g.frames(2, ann, bob)
		}, 1},
		{"the minor is away on the last frame", func(g *gate) { g.frames(2, ann, bob); g.frames(1, bob) }, 0},
		{"the minor's face fits another one that is blocked", func(g *gate) {
			g.frames(2, with(ann, func(f *Face) { f.Match.Barred = threshold }), bob)
			g.frames(2, with(ann, func(f *Face) { f.Match.Barred = threshold - 1 }), bob)
		}, 1},
		{"the minor's face fits another one that is blocked on three frames", func(g *gate) {
			g.frames(3, with(ann, func(f *Face) { f.Match.Barred = threshold }), bob)
			g.frames(5, ann, bob)
		}, 0},
		{"the guardian's face fits another one that is blocked on two frames", func(g *gate) {
			g.frames(2, ann, with(bob, func(f *Face) { f.Match.Barred = threshold }))
			g.frames(4, ann, bob)
		}, 1},
		{"a frame that can't be used between the last look-up and its answer", func(g *gate) {
			file := g.file
			g.frames(3, ann, bob)
			g.file = map[string]Standing{}
			g.frames(1, ann, bob)
			g.frames(1, ann, with(bob, func(f *Face) { f.Problems = f.Problems.With(Blurred) }))
			for _, s := range file {
				g.see(Observation{Kind: ObserveStanding, Standing: s})
			}
		}, 0},
		{"a good frame between the last look-up and its answer", func(g *gate) {
			file := g.file
			g.frames(3, ann, bob)
			g.file = map[string]Standing{}
			g.frames(2, ann, bob)
			for _, s := range file {
				g.see(Observation{Kind: ObserveStanding, Standing: s})
			}
		}, 1},
		{"a guardian of whom nothing is known", func(g *gate) { delete(g.file, "bob"); g.frames(20, ann, bob) }, 0},
		{"a guardian who is a minor", func(g *gate) {
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob", BornKnown: true, Born: days(2014, 1, 1), Guardians: [MaxGuardians]string{"dan"}}})
			g.frames(20, ann, bob)
		}, 0},
		{"a guardian who may pass later", func(g *gate) {
			g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob", From: 1_780_000_000_000}})
			g.frames(20, ann, bob)
		}, 0},
		{"the other door is open", func(g *gate) { g.see(Observation{Kind: ObserveInterlock, Up: true}); g.frames(20, ann, bob) }, 0},
		{"the time is over", func(g *gate) { g.frames(during(10*time.Second), ann); g.frames(5, ann, bob) }, 0},
		{"the time is almost over", func(g *gate) { g.frames(during(9600*time.Millisecond), ann); g.frames(4, ann, bob) }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules, begin := minorWaits("face")
			g := newGate(t, rules)
			begin(g)
			c.play(g)
			if len(g.opens) != c.opens {
				t.Errorf("the door opened %d times, want %d: %v", len(g.opens), c.opens, g.verdicts())
			}
			if len(g.entries) > 0 && (g.entries[0].Verdict == Grant) != (c.opens > 0) {
				t.Errorf("the verdicts are %v", g.verdicts())
			}
		})
	}
}

// Nobody is looked up for standing beside a minor.
func TestGuardianIsLookedUpAlone(t *testing.T) {
	rules, begin := minorWaits("face")
	g := newGate(t, rules)
	begin(g)
	g.frames(5, known(1, "ann"), known(2, "cyd"))
	if a := &g.m.now; a.asked != [2]string{"ann"} || a.guardian.person != "" {
		t.Errorf("%v are looked up, %q is to vouch", a.asked, a.guardian.person)
	}
}

// Both have to be alive on the frame that lets them in, and on enough frames before.
func TestGuardianAlive(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	alive := func(f Face, score float64) Face { return with(f, func(f *Face) { f.Live.Score = ScoreOf(score) }) }
	unjudged := func(f Face) Face { return with(f, func(f *Face) { f.Live = Live{} }) }
	for _, c := range []struct {
		name  string
		play  func(*gate)
		opens int
		ends  bool
	}{
		{"both", func(g *gate) { g.frames(6, ann, bob) }, 1, true},
		{"one frame too few", func(g *gate) { g.frames(5, ann, bob) }, 0, false},
		{"the guardian is judged too seldom", func(g *gate) { g.frames(1, ann, unjudged(bob)); g.frames(4, ann, bob) }, 0, false},
		{"the minor is judged too seldom", func(g *gate) { g.frames(1, unjudged(ann), bob); g.frames(4, ann, bob) }, 0, false},
		{"the guardian is not judged on the last frame", func(g *gate) { g.frames(5, ann, bob); g.frames(2, ann, unjudged(bob)) }, 0, false},
		{"the minor is not judged on the last frame", func(g *gate) { g.frames(5, ann, bob); g.frames(1, unjudged(ann), bob) }, 0, false},
		{"a doubtful guardian on the last frame", func(g *gate) { g.frames(5, ann, bob); g.frames(1, ann, alive(bob, 0.49)) }, 0, false},
		{"a doubtful minor on the last frame", func(g *gate) { g.frames(5, ann, bob); g.frames(1, alive(ann, 0.49), bob) }, 0, false},
		{"just enough on the last frame", func(g *gate) { g.frames(5, ann, bob); g.frames(1, alive(ann, 0.5), alive(bob, 0.5)) }, 1, true},
		{"a picture of the guardian", func(g *gate) { g.frames(5, ann, alive(bob, 0.05)) }, 0, true},
		{"a picture of the minor", func(g *gate) { g.frames(5, alive(ann, 0.05), bob) }, 0, true},
		{"two guardians in turn", func(g *gate) { g.frames(4, ann, bob); g.frames(4, ann, known(2, "dan")) }, 0, false},
		{"the minor is gone on two frames", func(g *gate) { g.frames(4, ann, bob); g.frames(2, bob); g.frames(4, ann, bob) }, 0, false},
		{"the minor is gone on one frame", func(g *gate) { g.frames(4, ann, bob); g.frames(1, bob); g.frames(2, ann, bob) }, 1, true},
		{"the minor was somebody else for a frame", func(g *gate) { g.frames(4, ann, bob); g.frames(1, stranger(1), bob); g.frames(4, ann, bob) }, 0, false},
		{"the guardian is gone on two frames", func(g *gate) { g.frames(4, ann, bob); g.frames(2, ann); g.frames(4, ann, bob) }, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules, begin := minorWaits("face and live")
			g := newGate(t, rules)
			begin(g)
			c.play(g)
			if len(g.opens) != c.opens || (len(g.entries) > 0) != c.ends {
				t.Errorf("the door opened %d times, want %d: %v", len(g.opens), c.opens, g.verdicts())
			}
		})
	}
}

// Where no face is compared, only the guardian is recognised; the minor has to be there, and alive where that is asked.
func TestGuardianWithoutFace(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	r := eligible("card and live", nil)
	g := newGate(t, r)
	g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" }))
	g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
	g.frames(3, ann)
	g.see(accepted(policy.Card, "ann"))
	g.frames(6, ann)
	if s := g.m.Screen(); s.Code != ScreenGuardian {
		t.Fatalf("the screen is %+v", s)
	}
	bare := with(ann, func(f *Face) { f.Match = Match{} })
	g.frames(4, bare, bob)
	g.frames(3, with(bare, func(f *Face) { f.Problems = f.Problems.With(Blurred) }), bob)
	if len(g.opens) != 0 {
		t.Error("the door opened for a minor who was not seen well enough")
	}
	g.frames(2, bare, bob)
	if len(g.opens) != 1 {
		t.Errorf("the door opened %d times, want 1: %v", len(g.opens), g.verdicts())
	}
}

// What is worth computing while the guardian is awaited: of the minor, and of the tallest other near face.
func TestWantsGuardian(t *testing.T) {
	ann, bob, cyd := known(1, "ann"), known(2, "bob"), known(3, "cyd")
	both, gallery := Wants{Match: true, Live: true}, Wants{Match: true, Live: true, Gallery: true}
	for _, c := range []struct {
		name  string
		rule  string
		faces []Face
		want  [MaxFaces]Wants
	}{
		{"both", "face and live", []Face{ann, bob}, [MaxFaces]Wants{both, gallery}},
		{"the tallest", "face and live", []Face{ann, bob, with(cyd, func(f *Face) { f.Box = tall(4100) })}, [MaxFaces]Wants{0: both, 2: gallery}},
		{"the first of two as tall", "face and live", []Face{ann, bob, cyd}, [MaxFaces]Wants{both, gallery}},
		{"a blurred guardian", "face and live", []Face{ann, with(bob, func(f *Face) { f.Problems = f.Problems.With(Blurred) })}, [MaxFaces]Wants{both}},
		{"a blurred minor", "face and live", []Face{with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) }), bob}, [MaxFaces]Wants{1: gallery}},
		{"no life", "face", []Face{ann, bob}, [MaxFaces]Wants{{Match: true}, {Match: true, Gallery: true}}},
	} {
		rules, begin := minorWaits(c.rule)
		g := newGate(t, rules)
		begin(g)
		var f Frame
		for _, face := range c.faces {
			f.Add(face)
		}
		if w := g.m.Wants(g.now, &f); w != c.want {
			t.Errorf("%s: %+v is wanted, want %+v", c.name, w, c.want)
		}
	}
}
