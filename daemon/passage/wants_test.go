package passage

import (
	"testing"
	"time"

	"umbral/config/policy"
)

// What is worth computing of the person's face in each state, each cause alone.
func TestWantsOfSubject(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	both := Wants{Match: true, Live: true}
	long := func(rule string) Rules {
		return withRules(func(r *Rules) { *r = all(rule); r.DecideTimeout = time.Minute })
	}
	card := long("face and live and card")
	for _, c := range []struct {
		name  string
		rules Rules
		play  func(*gate)
		after time.Duration
		faces []Face
		want  [MaxFaces]Wants
	}{
		{"the frame that begins a passage", testRules(), func(g *gate) { g.frames(1, ann) }, 0, []Face{ann}, [MaxFaces]Wants{both}},
		{"the frame before", testRules(), func(*gate) {}, 0, []Face{ann}, [MaxFaces]Wants{}},
		{"one frame is enough", withRules(func(r *Rules) { r.StartFrames = 1 }), func(*gate) {}, 0, []Face{ann}, [MaxFaces]Wants{both}},
		{"another track", testRules(), func(g *gate) { g.frames(1, ann) }, 0, []Face{bob}, [MaxFaces]Wants{}},
		{"too far", testRules(), func(g *gate) { g.frames(1, ann) }, 0,
			[]Face{with(ann, func(f *Face) { f.Problems = f.Problems.With(TooSmall) })}, [MaxFaces]Wants{}},
		{"only the face", all("face"), func(g *gate) { g.frames(1, ann) }, 0, []Face{ann}, [MaxFaces]Wants{{Match: true}}},
		{"only life", all("live"), func(g *gate) { g.frames(1, ann) }, 0, []Face{ann}, [MaxFaces]Wants{{Live: true}}},
		{"neither", all("card"), func(g *gate) { g.frames(1, ann) }, 0, []Face{ann}, [MaxFaces]Wants{}},
		{"the subject, not who is far behind", testRules(), func(g *gate) { g.frames(3, ann) }, 0,
			[]Face{with(bob, func(f *Face) { f.Box = tall(1000) }), ann}, [MaxFaces]Wants{1: both}},
		{"a moment after somebody else was near", testRules(), func(g *gate) { g.frames(3, ann); g.frames(1, ann, bob) },
			700*time.Millisecond - 1, []Face{ann}, [MaxFaces]Wants{}},
		{"later", testRules(), func(g *gate) { g.frames(3, ann); g.frames(1, ann, bob) }, 700 * time.Millisecond, []Face{ann}, [MaxFaces]Wants{both}},
		{"after a refusal", testRules(), func(g *gate) { g.frames(12, stranger(1)) }, 3 * time.Second, []Face{ann}, [MaxFaces]Wants{}},

		{"while the card is awaited, just compared", card, func(g *gate) { g.frames(8, ann) }, time.Second / 2, []Face{ann}, [MaxFaces]Wants{}},
		{"while the card is awaited, a second later", card, func(g *gate) {
			g.frames(8, ann)
			g.frames(during(900*time.Millisecond), with(ann, func(f *Face) { f.Match, f.Live = Match{}, Live{} }))
		}, time.Second / 2, []Face{ann}, [MaxFaces]Wants{{Match: true}}},
		{"when the card is there", card, func(g *gate) {
			g.frames(8, with(ann, func(f *Face) { f.Live.Known = false }))
			g.see(accepted(policy.Card, "ann"))
		},
			0, []Face{ann}, [MaxFaces]Wants{both}},
		{"while the card is awaited, and the face is not there yet", card, func(g *gate) { g.frames(3, ann) }, 0, []Face{ann}, [MaxFaces]Wants{both}},
		{"a stranger, until a document brings a reference", long("credential and face"), func(g *gate) { g.frames(12, stranger(1)) }, time.Second / 2,
			[]Face{ann}, [MaxFaces]Wants{}},
	} {
		g := newGate(t, c.rules)
		c.play(g)
		var f Frame
		for _, face := range c.faces {
			f.Add(face)
		}
		if w := g.m.Wants(g.now.Add(c.after), &f); w != c.want {
			t.Errorf("%s: %+v is wanted, want %+v", c.name, w, c.want)
		}
	}
}

// Asking changes nothing: neither the frame nor the machine.
func TestWantsAsksOnly(t *testing.T) {
	g := newGate(t, testRules())
	g.frames(3, known(1, "ann"))
	f := Frame{Count: 9, Faces: [MaxFaces]Face{known(1, "ann"), known(2, "bob")}}
	before, machine := f, g.m.now
	g.m.Wants(g.now.Add(time.Hour), &f)
	if f != before || g.m.now != machine {
		t.Error("the frame or the machine has changed")
	}
}
