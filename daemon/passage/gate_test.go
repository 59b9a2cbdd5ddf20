package passage

import (
	"testing"
	"time"

	"umbral/config/policy"
)

// gate drives a machine as a terminal would, answering each journal effect as told, and keeps what it did.
type gate struct {
	t   *testing.T
	m   *Machine
	now Instant
	seq uint64

	disk    disk
	entries []Effect // journal effects, in order
	opens   []Effect
	answers []Effect
	reviews []Effect // that begin and end
	screens []Screen
	alarms  Alarms
	file    map[string]Standing // answers to look-ups, as last told
}

// disk is what becomes of journal entries.
type disk uint8

const (
	diskWorks disk = iota
	diskFails
	diskSilent
)

func testRules() Rules {
	r := DefaultRules()
	r.FMR, r.Population, r.Software, r.Models = "2e-6", "lfw", "test", []string{"feature sha256:87aa"}
	return r
}

func newGate(t *testing.T, rules Rules) *gate {
	t.Helper()
	m, err := New(rules, ID{7, 1})
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, m: m, file: map[string]Standing{}}
	g.see(Observation{Kind: ObserveCamera, Up: true})
	g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustNTP, Wall: 1_770_000_000_000}})
	return g
}

// see makes one observation, and those that follow from its effects.
func (g *gate) see(o Observation) {
	g.t.Helper()
	if o.Kind == ObserveStanding {
		g.file[o.Standing.Person] = o.Standing
	}
	effects := append([]Effect(nil), g.m.Step(g.now, o)...)
	for _, e := range effects {
		switch e.Kind {
		case EffectJournal:
			g.entries = append(g.entries, e)
			if len(e.Record) > MaxRecord {
				g.t.Fatalf("record of %d bytes, limit %d", len(e.Record), MaxRecord)
			}
			if e.Entry != EntryAlert {
				if err := Verify(e.Record); err != nil {
					g.t.Fatalf("%s %v: %v\n%s", e.Entry, e.Passage, err, e.Record)
				}
				if err := checkRename(e.Record); err != nil {
					g.t.Fatalf("%s %v: %v\n%s", e.Entry, e.Passage, err, e.Record)
				}
			}
		case EffectOpenDoor:
			g.opens = append(g.opens, e)
		case EffectScreen:
			g.screens = append(g.screens, e.Screen)
		case EffectAnswer:
			g.answers = append(g.answers, e)
		case EffectReview, EffectReviewed:
			g.reviews = append(g.reviews, e)
		case EffectAlarms:
			g.alarms = e.Alarms
		}
	}
	for _, e := range effects {
		switch {
		case e.Kind == EffectJournal && g.disk == diskWorks:
			g.see(Observation{Kind: ObserveCommitted, Commit: e.Commit})
		case e.Kind == EffectJournal && g.disk == diskFails:
			g.see(Observation{Kind: ObserveCommitFailed, Commit: e.Commit})
		case e.Kind == EffectLookUp:
			if s, known := g.file[e.Person]; known {
				g.see(Observation{Kind: ObserveStanding, Standing: s})
			}
		}
	}
}

const frameTime = 50 * time.Millisecond

// frames lets n frames pass at 20 a second, each with the faces given.
func (g *gate) frames(n int, faces ...Face) {
	g.t.Helper()
	for range n {
		g.now = g.now.Add(frameTime)
		g.seq++
		f := Frame{Sequence: g.seq}
		for _, face := range faces {
			f.Add(face)
		}
		g.see(Observation{Kind: ObserveFrame, Frame: f})
	}
}

// during is the number of frames in d.
func during(d time.Duration) int { return int(d / frameTime) }

// wait lets time pass with nothing but ticks.
func (g *gate) wait(d time.Duration) {
	g.t.Helper()
	for end := g.now.Add(d); g.now < end; {
		g.now = min(end, g.now.Add(100*time.Millisecond))
		g.see(Observation{Kind: ObserveTick})
	}
}

// verdicts are the journalled ends of passages, such as "grant matched ann".
func (g *gate) verdicts() []string {
	all := []string{}
	for _, e := range g.entries {
		s := e.Verdict.String()
		if e.Entry != EntryPassage {
			s = e.Entry
			if e.Verdict != Undecided {
				s += " " + e.Verdict.String()
			}
		}
		for _, r := range e.Reasons {
			s += " " + string(r)
		}
		if e.Person != "" {
			s += " " + e.Person
		}
		all = append(all, s)
	}
	return all
}

// tall is a box of a height in ten-thousandths of the frame's.
func tall(height int16) Box { return Box{3000, 2000, 3000 + height*3/4, 2000 + height} }

func known(track uint32, person string) Face {
	return Face{
		Track: track, Box: tall(4000), Pose: Pose{Yaw: -31, Pitch: 12},
		Live:  Live{true, ScoreOf(0.97)},
		Match: Match{Known: true, Person: person, Score: ScoreOf(0.74), Second: ScoreOf(0.21)},
	}
}

func stranger(track uint32) Face {
	f := known(track, "ann")
	f.Match.Score, f.Match.Second = ScoreOf(0.19), ScoreOf(0.15)
	return f
}

func with(f Face, change func(*Face)) Face {
	change(&f)
	return f
}
