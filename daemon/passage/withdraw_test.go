package passage

import (
	"testing"
	"time"

	"umbral/config/policy"

	"github.com/google/go-cmp/cmp"
)

// commit tells that the last journal entry is on the disk.
func (g *gate) commit() {
	g.t.Helper()
	g.see(Observation{Kind: ObserveCommitted, Commit: g.entries[len(g.entries)-1].Commit})
}

// play runs cases that say what the journal has to hold, and how often the door has to open.
type playCase struct {
	name  string
	rules Rules
	play  func(*gate)
	want  []string
	opens int
}

func playAll(t *testing.T, cases []playCase) {
	for _, c := range cases {
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

// What takes a grant back while its entry is on its way to the journal, each cause alone.
func TestWithdraw(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	good := on(func(*Standing) {})
	child := on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" })
	adult := Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob", BornKnown: true, Born: days(1980, 1, 1)}}
	face := eligible("face and live", nil)
	trusted := withRules(func(r *Rules) { *r = eligible("face and live", nil); r.GrantTrust = policy.TrustRTC })
	// granted lets ann's grant wait for the journal.
	granted := func(g *gate) {
		g.see(good)
		g.disk = diskSilent
		g.frames(7, ann)
	}
	together := func(g *gate) {
		g.see(child)
		g.see(adult)
		g.frames(8, ann)
		g.disk = diskSilent
		g.frames(6, ann, bob)
	}
	// file changes what is on file, of which the machine is told.
	file := func(g *gate, person string, change func(*Standing)) {
		s := g.file[person]
		change(&s)
		g.file[person] = s
		g.see(Observation{Kind: ObserveChange})
	}
	block := func(s *Standing) { s.Marks = s.Marks.With(Blocked) }
	const grant, both = "grant matched ann", "grant matched guardian-present ann"
	playAll(t, []playCase{
		{"nothing happens", face, func(g *gate) { granted(g); g.frames(4, ann); g.commit() }, []string{grant}, 1},
		{"the journal takes as long as it may", face, func(g *gate) { granted(g); g.frames(during(1900*time.Millisecond), ann); g.commit() }, []string{grant}, 1},
		{"the journal is slow", face, func(g *gate) { granted(g); g.frames(during(2*time.Second), ann); g.commit() },
			[]string{grant, "deny journal-unavailable ann"}, 0},
		{"the clock is lost", trusted, func(g *gate) {
			granted(g)
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Wall: 1_770_000_000_000}})
			g.commit()
		}, []string{grant, "deny clock-untrusted ann"}, 0},
		{"the other door opens", face, func(g *gate) { granted(g); g.see(Observation{Kind: ObserveInterlock, Up: true}); g.commit() },
			[]string{grant, "deny other-door-open ann"}, 0},
		{"the other door opens and closes", face, func(g *gate) {
			granted(g)
			g.see(Observation{Kind: ObserveInterlock, Up: true})
			g.see(Observation{Kind: ObserveInterlock})
			g.commit()
		}, []string{grant, "deny other-door-open ann"}, 0},
		{"the validity ends", face, func(g *gate) {
			g.see(on(func(s *Standing) { s.Until = 1_770_000_000_000 + 1000 }))
			g.disk = diskSilent
			g.frames(7, ann)
			g.frames(during(700*time.Millisecond), ann)
			g.commit()
		}, []string{grant, "deny expired ann"}, 0},
		{"she turns out to be a child", face, func(g *gate) { granted(g); file(g, "ann", func(s *Standing) { *s = child.Standing }) },
			[]string{grant, "deny under-age ann"}, 0},
		{"the answer to a change is not there yet", face, func(g *gate) {
			granted(g)
			delete(g.file, "ann")
			g.see(Observation{Kind: ObserveChange})
			g.commit()
		}, []string{grant, "deny standing-unknown ann"}, 0},
		{"two changes, and one answer", face, func(g *gate) {
			granted(g)
			delete(g.file, "ann")
			g.see(Observation{Kind: ObserveChange})
			g.see(Observation{Kind: ObserveChange})
			g.see(good)
			g.commit()
		}, []string{grant, "deny standing-unknown ann"}, 0},
		{"nobody asks what is on file", all("face and live"), func(g *gate) {
			g.disk = diskSilent
			g.frames(7, ann)
			g.see(Observation{Kind: ObserveChange})
			g.commit()
		}, []string{grant}, 1},

		{"she leaves", face, func(g *gate) { granted(g); g.frames(2); g.commit() }, []string{grant, "deny left ann"}, 0},
		{"she is not seen on single frames", face, func(g *gate) {
			granted(g)
			g.frames(1)
			g.frames(1, ann)
			g.frames(1)
			g.commit()
		}, []string{grant}, 1},
		{"somebody else takes her place", face, func(g *gate) {
			granted(g)
			g.frames(during(confirmWithin), ann)
			g.frames(3, known(1, "bob"))
			g.commit()
		}, []string{grant, "deny identity-changed ann"}, 0},
		{"she is not recognised on two frames", face, func(g *gate) {
			granted(g)
			g.frames(during(confirmWithin), ann)
			g.frames(2, stranger(1))
			g.frames(1, ann)
			g.frames(2, stranger(1))
			g.commit()
		}, []string{grant}, 1},
		{"a face that cannot be used says nothing", face, func(g *gate) {
			granted(g)
			g.frames(during(confirmWithin), ann)
			g.frames(5, with(stranger(1), func(f *Face) { f.Problems = f.Problems.With(TurnedAway) }))
			g.commit()
		}, []string{grant}, 1},
		{"her face is blocked by now", face, func(g *gate) {
			granted(g)
			g.frames(during(confirmWithin)+3, with(ann, func(f *Face) { f.Match.Barred = ScoreOf(0.7) }))
			g.commit()
		}, []string{grant, "deny blocked-by-face ann"}, 0},

		{"both stay", face, func(g *gate) { together(g); g.frames(8, ann, bob); g.commit() }, []string{both}, 1},
		{"the guardian leaves", face, func(g *gate) { together(g); g.frames(2, ann); g.commit() }, []string{both, "deny left ann"}, 0},
		{"the child leaves", face, func(g *gate) { together(g); g.frames(2, bob); g.commit() }, []string{both, "deny left ann"}, 0},
		{"somebody else takes the guardian's place", face, func(g *gate) {
			together(g)
			g.frames(during(confirmWithin)+3, ann, stranger(2))
			g.commit()
		}, []string{both, "deny identity-changed ann"}, 0},
		{"the guardian is blocked", face, func(g *gate) { together(g); file(g, "bob", block); g.commit() },
			[]string{both, "deny guardian-missing blocked ann"}, 0},
		{"the guardian is no guardian any more", face, func(g *gate) {
			together(g)
			file(g, "ann", func(s *Standing) { s.Guardians[0] = "cyd" })
			g.commit()
		}, []string{both, "deny guardian-missing ann"}, 0},
		{"the guardian turns out to be a child", face, func(g *gate) {
			together(g)
			file(g, "bob", func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "cyd" })
			g.commit()
		}, []string{both, "deny guardian-missing ann"}, 0},
		{"the child is blocked", face, func(g *gate) { together(g); file(g, "ann", block); g.commit() },
			[]string{both, "deny blocked under-age ann"}, 0},
	})
}

// While a grant is being journalled, faces are compared only when that takes long, and each with what it was compared
// with before.
func TestWantsWhileJournalling(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	g := newGate(t, eligible("face and live", nil))
	g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" }))
	g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
	g.frames(8, ann)
	g.disk = diskSilent
	g.frames(6, ann, bob)
	var f Frame
	f.Add(ann)
	f.Add(bob)
	f.Add(known(3, "cyd"))
	if w := g.m.Wants(g.now.Add(confirmWithin/2), &f); w != [MaxFaces]Wants{} {
		t.Errorf("a moment after the grant %+v is wanted", w)
	}
	if w := g.m.Wants(g.now.Add(confirmWithin), &f); w != [MaxFaces]Wants{{Match: true}, {Match: true, Gallery: true}} {
		t.Errorf("when the journal is slow %+v is wanted", w)
	}
	f.Faces[0].Problems = f.Faces[0].Problems.With(Blurred)
	if w := g.m.Wants(g.now.Add(confirmWithin), &f); w != [MaxFaces]Wants{1: {Match: true, Gallery: true}} {
		t.Errorf("with a blurred face %+v is wanted", w)
	}
}

// A change while a passage collects is looked up, but not more often than once a second: a list of people that is
// loaded meanwhile must not fill the log.
func TestChangesAreBounded(t *testing.T) {
	g := newGate(t, eligible("face and live and finger", nil))
	g.see(on(func(*Standing) {}))
	g.frames(8, known(1, "ann"))
	lookUps := 0
	for range 60 {
		g.frames(1, known(1, "ann"))
		for range 20 {
			for _, e := range g.m.Step(g.now, Observation{Kind: ObserveChange}) {
				if e.Kind == EffectLookUp {
					lookUps++
				}
			}
		}
	}
	if lookUps != 3 {
		t.Errorf("%d look-ups in three seconds of changes, want 3", lookUps)
	}
	g.frames(during(1100*time.Millisecond), known(1, "ann"))
	g.file["ann"] = on(func(s *Standing) { s.Marks = s.Marks.With(Blocked) }).Standing
	g.see(Observation{Kind: ObserveChange})
	g.see(accepted(policy.Finger, "ann"))
	g.frames(1, known(1, "ann"))
	if d := cmp.Diff([]string{"deny blocked ann"}, g.verdicts()); d != "" {
		t.Error(d)
	}
}

// A clock or a door that chatters while a log waits for its end fills it, and takes the grant back; the record stays
// within its bounds.
func TestLogOfWaitingIsBounded(t *testing.T) {
	for name, play := range map[string]func(*gate){
		"a grant": func(g *gate) {
			g.disk = diskSilent
			g.frames(7, known(1, "ann"))
		},
		"a review": func(g *gate) {
			g.frames(7, known(1, "ann"))
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
		},
		"a review's grant": func(g *gate) {
			g.frames(7, known(1, "ann"))
			g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
			g.frames(1, known(1, "ann"))
			g.disk = diskSilent
			answer(g, true, "rita")
		},
	} {
		rule := "face and live and remote"
		if name == "a grant" {
			rule = "face and live"
		}
		g := newGate(t, reviewed(rule, 1))
		play(g)
		before := len(g.entries)
		for i := range 4000 {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustNTP, Wall: int64(i) * 1_000_000_000, Offset: int16(i % 600)}})
		}
		if len(g.entries) != before+1 || g.entries[before].Reasons[0] != ReasonRecordFull || len(g.opens) != 0 {
			t.Errorf("%s: %v", name, g.verdicts())
		}
	}
}
