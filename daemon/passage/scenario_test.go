package passage

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"

	"github.com/google/go-cmp/cmp"
)

func withRules(change func(*Rules)) Rules {
	r := testRules()
	change(&r)
	return r
}

// all makes every kind of evidence available under a policy.
func all(rule string) Rules {
	return withRules(func(r *Rules) { r.Policy, r.Available = policy.MustParse(rule), 1<<policy.Kinds-1 })
}

func accepted(k policy.Kind, subject string) Observation {
	return Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: k, Outcome: Accepted, Score: One, Subject: subject}}
}

func TestScenarios(t *testing.T) {
	ann, bob := known(1, "ann"), known(2, "bob")
	blurred := with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) })
	far := with(ann, func(f *Face) { f.Box, f.Problems = tall(900), f.Problems.With(TooSmall) })
	cut := with(ann, func(f *Face) { f.Problems = f.Problems.With(CutOff) })
	photo := with(ann, func(f *Face) { f.Live.Score = ScoreOf(0.02) })
	second := with(stranger(9), func(f *Face) { f.Box = tall(3000) })
	background := with(stranger(9), func(f *Face) { f.Box = tall(1500) })
	playAll(t, []playCase{
		{"an enrolled person", testRules(), func(g *gate) { g.frames(20, ann) }, []string{"grant matched ann"}, 1},
		{"a stranger", testRules(), func(g *gate) { g.frames(20, stranger(1)) }, []string{"deny not-enrolled"}, 0},
		{"a stranger is not denied on few frames", testRules(), func(g *gate) { g.frames(8, stranger(1)) }, []string{}, 0},
		{"somebody passing by at the edge", testRules(), func(g *gate) { g.frames(100, cut) }, []string{}, 0},
		{"too far away", testRules(), func(g *gate) { g.frames(100, far); g.frames(20); g.wait(time.Minute) }, []string{}, 0},
		{"comes closer", testRules(), func(g *gate) { g.frames(30, far); g.frames(10, ann) }, []string{"grant matched ann"}, 1},
		{"nobody", testRules(), func(g *gate) { g.frames(100); g.wait(time.Minute) }, []string{}, 0},
		{"a photograph", testRules(), func(g *gate) { g.frames(20, photo) }, []string{"deny not-live ann"}, 0},
		{"a screen that flickers between dead and alive", testRules(), func(g *gate) {
			for range 8 {
				g.frames(1, with(ann, func(f *Face) { f.Live.Score = ScoreOf(0.15) }))
				g.frames(1, ann)
			}
		}, []string{"deny not-live ann"}, 0},
		{"one poor frame of a living person", testRules(), func(g *gate) {
			g.frames(2, ann)
			g.frames(1, with(ann, func(f *Face) { f.Live.Score = ScoreOf(0.3) }))
			g.frames(5, ann)
		}, []string{"grant matched ann"}, 1},
		{"a screen that looks alive on most frames", testRules(), func(g *gate) {
			for range 6 {
				g.frames(1, photo)
				g.frames(3, ann)
			}
		}, []string{"deny not-live ann"}, 0},
		{"no good picture", testRules(), func(g *gate) { g.frames(during(9*time.Second), blurred) },
			[]string{"deny time-out low-quality"}, 0},
		{"bad frames do not count against anybody", testRules(), func(g *gate) {
			g.frames(2, ann)
			g.frames(20, with(stranger(1), func(f *Face) { f.Problems = f.Problems.With(TooDark) }))
			g.frames(5, ann)
		}, []string{"grant matched ann"}, 1},
		{"leaves", testRules(), func(g *gate) { g.frames(4, ann); g.frames(30) }, []string{"abandoned left ann"}, 0},
		{"leaves while the camera stands still", testRules(), func(g *gate) { g.frames(4, ann); g.wait(2 * time.Second) },
			[]string{"abandoned left ann"}, 0},
		{"two people", testRules(), func(g *gate) { g.frames(during(7*time.Second), ann, second) },
			[]string{"deny several-people"}, 0},
		{"the second person leaves in time", testRules(), func(g *gate) { g.frames(40, ann, second); g.frames(25, ann) },
			[]string{"grant matched ann"}, 1},
		{"a second person who flickers still stands there", testRules(), func(g *gate) {
			for range 20 {
				g.frames(2, ann, second)
				g.frames(8, ann)
			}
		}, []string{"deny several-people"}, 0},
		{"a second person who is cut off can still follow", testRules(), func(g *gate) {
			g.frames(40, ann, with(second, func(f *Face) { f.Problems = f.Problems.With(CutOff) }))
		}, []string{}, 0},
		{"a face far in the background", testRules(), func(g *gate) { g.frames(20, ann, background) }, []string{"grant matched ann"}, 1},
		{"the gate is left to another on the same track", testRules(), func(g *gate) {
			g.frames(4, ann)
			g.frames(5, known(1, "bob"))
			g.frames(5, known(1, "bob"))
		}, []string{"grant matched bob"}, 1},
		{"one's picture, another's life", testRules(), func(g *gate) {
			for range 45 {
				g.frames(2, photo)
				g.frames(2, known(1, "bob"))
			}
		}, []string{"deny time-out identity-changed low-quality"}, 0},
		{"the living stranger does not lend life to a photograph", testRules(), func(g *gate) {
			g.frames(6, stranger(1))
			g.frames(20, photo)
		}, []string{"deny not-live"}, 0},
		{"two who look alike", testRules(), func(g *gate) {
			g.frames(20, with(ann, func(f *Face) { f.Match.Second = ScoreOf(0.72) }))
		}, []string{"deny ambiguous"}, 0},
		{"a match a little below the threshold", testRules(), func(g *gate) {
			g.frames(20, with(ann, func(f *Face) { f.Match.Score = testRules().Threshold - 1 }))
		}, []string{"deny not-enrolled"}, 0},
		{"a match at the threshold", testRules(), func(g *gate) {
			g.frames(20, with(ann, func(f *Face) { f.Match.Score = testRules().Threshold }))
		}, []string{"grant matched ann"}, 1},
		{"lingers before the camera", testRules(), func(g *gate) { g.frames(during(15*time.Second), ann) },
			[]string{"grant matched ann"}, 1},
		{"comes back at once", testRules(), func(g *gate) {
			g.frames(10, ann)
			g.frames(during(5 * time.Second))
			g.frames(during(10*time.Second), known(4, "ann"))
		}, []string{"grant matched ann", "deny lingering ann"}, 1},
		{"comes back later", testRules(), func(g *gate) {
			g.frames(10, ann)
			g.wait(25 * time.Second)
			g.frames(10, known(4, "ann"))
		}, []string{"grant matched ann", "grant matched ann"}, 2},
		{"one after the other", testRules(), func(g *gate) {
			g.frames(10, ann)
			g.frames(during(4 * time.Second))
			g.frames(10, bob)
		}, []string{"grant matched ann", "grant matched bob"}, 2},
		{"a refused person is tried again only after the cool-down", testRules(), func(g *gate) {
			g.frames(during(10*time.Second), stranger(1))
		}, []string{"deny not-enrolled", "deny not-enrolled"}, 0},
		{"the camera is lost", testRules(), func(g *gate) {
			g.frames(4, ann)
			g.see(Observation{Kind: ObserveCamera})
			g.wait(10 * time.Second)
			g.frames(10, known(3, "ann"))
		}, []string{"alert camera-lost", "deny camera-lost ann", "alert camera-back", "grant matched ann"}, 1},
		{"the camera is missing from the start", testRules(), func(g *gate) {
			g.m.cameraUp = false
			g.see(Observation{Kind: ObserveCamera})
			g.see(Observation{Kind: ObserveCamera})
			g.wait(10 * time.Second)
			g.frames(10, ann)
		}, []string{"alert camera-lost", "alert camera-back", "grant matched ann"}, 1},
		{"the clock is not trusted", withRules(func(r *Rules) { r.GrantTrust = policy.TrustNTP }), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustRTC, Wall: 5}})
			g.frames(10, ann)
		}, []string{"deny clock-untrusted ann"}, 0},
		{"the clock becomes trusted in time", withRules(func(r *Rules) { r.GrantTrust = policy.TrustNTP }), func(g *gate) {
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustRTC, Wall: 5}})
			g.frames(4, ann)
			g.see(Observation{Kind: ObserveClock, Clock: Clock{Trust: policy.TrustNTP, Wall: 5}})
			g.frames(4, ann)
		}, []string{"grant matched ann"}, 1},
		{"the journal fails", testRules(), func(g *gate) { g.disk = diskFails; g.frames(10, ann) },
			[]string{"grant matched ann", "deny journal-unavailable ann"}, 0},
		{"the journal does not answer", testRules(), func(g *gate) {
			g.disk = diskSilent
			g.frames(10, ann)
			g.wait(6 * time.Second)
			g.see(Observation{Kind: ObserveCommitted, Commit: g.entries[0].Commit})
		}, []string{"grant matched ann", "deny journal-unavailable ann"}, 0},
		{"a credential is missing", all("credential and face and live"), func(g *gate) { g.frames(during(9*time.Second), ann) },
			[]string{"deny time-out evidence-missing ann"}, 0},
		{"a credential comes", all("credential and face and live"), func(g *gate) {
			g.frames(10, ann)
			g.see(accepted(policy.Credential, "ann"))
			g.frames(1, ann)
		}, []string{"grant matched ann"}, 1},
		{"a credential alone does not open to an empty place", all("credential and face and live"), func(g *gate) {
			g.frames(10, ann)
			g.see(accepted(policy.Credential, "ann"))
		}, []string{}, 0},
		{"somebody else's credential", all("credential and face and live"), func(g *gate) {
			g.frames(10, ann)
			g.see(accepted(policy.Credential, "bob"))
		}, []string{"deny subject-mismatch ann"}, 0},
		{"a credential that names nobody stays with whom it was shown by", all("credential and face and live"), func(g *gate) {
			g.frames(4, ann)
			g.see(accepted(policy.Credential, ""))
			g.frames(during(9*time.Second), known(1, "bob"))
		}, []string{"deny time-out identity-changed evidence-missing bob"}, 0},
		{"what spoke against the first does not speak against the second", testRules(), func(g *gate) {
			g.frames(3, ann)
			g.frames(6, stranger(1))
			g.frames(5, known(1, "bob"))
		}, []string{"grant matched bob"}, 1},
		{"a refused card", all("(credential or card) and face"), func(g *gate) {
			g.frames(10, ann)
			g.see(Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: policy.Card, Outcome: Refused, Detail: "check-digit"}})
			g.see(Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: policy.Credential, Outcome: Refused, Detail: "expired"}})
		}, []string{"deny evidence-refused expired ann"}, 0},
		{"a doubtful comparison goes to a reviewer", all("remote and face"), func(g *gate) {
			g.frames(10, ann)
			g.see(Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: policy.Remote, Outcome: Doubtful}})
		}, []string{"refer needs-review ann"}, 0},
		{"a doubtful comparison of a stranger does not", all("remote and face"), func(g *gate) {
			g.frames(5, stranger(1))
			g.see(Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: policy.Remote, Outcome: Doubtful}})
			g.frames(5, stranger(1))
		}, []string{"deny not-enrolled needs-review"}, 0},
		{"liveness alone", withRules(func(r *Rules) { r.Policy = policy.MustParse("live") }), func(g *gate) { g.frames(10, stranger(1)) },
			[]string{"grant evidence-accepted"}, 1},
	})
}

func TestCommands(t *testing.T) {
	order := func(id string) Observation {
		return Observation{Kind: ObserveCommand, Command: Command{Name: CommandOpen, ID: id, Key: "ops"}}
	}
	for _, c := range []struct {
		name   string
		play   func(*gate)
		want   []string
		opens  int
		answer Reason
	}{
		{"opens", func(g *gate) { g.see(order("c1")) }, []string{"command grant door-open-command"}, 1, ReasonCommand},
		{"clock unknown", func(g *gate) {
			g.see(Observation{Kind: ObserveClock})
			g.see(order("c1"))
		}, []string{"command deny clock-untrusted"}, 0, ReasonClockUntrusted},
		{"journal fails", func(g *gate) { g.disk = diskFails; g.see(order("c1")) },
			[]string{"command grant door-open-command", "command deny journal-unavailable"}, 0, ReasonJournal},
		{"another waits", func(g *gate) { g.disk = diskSilent; g.see(order("c1")); g.see(order("c2")) },
			[]string{"command grant door-open-command"}, 0, ReasonBusy},
		{"unknown", func(g *gate) {
			g.see(Observation{Kind: ObserveCommand, Command: Command{Name: "door.weld", ID: "c1"}})
		}, []string{}, 0, ReasonUnknownCommand},
		{"without id", func(g *gate) { g.see(order("")) }, []string{}, 0, ReasonCommandUnreadable},
		{"during a passage", func(g *gate) {
			g.frames(4, known(1, "ann"))
			g.see(order("c1"))
			g.frames(4, known(1, "ann"))
		}, []string{"command grant door-open-command", "grant matched ann"}, 2, ReasonCommand},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(t, testRules())
			c.play(g)
			if d := cmp.Diff(c.want, g.verdicts()); d != "" {
				t.Errorf("journal (-want +got):\n%s", d)
			}
			if len(g.opens) != c.opens || len(g.answers) != 1 || g.answers[0].Reasons[0] != c.answer {
				t.Errorf("%d openings, answers %v; want %d and %s", len(g.opens), g.answers, c.opens, c.answer)
			}
		})
	}
}

func TestDoorAndExit(t *testing.T) {
	door := func(c Contact, relay bool) Observation {
		return Observation{Kind: ObserveDoor, Door: Door{Contact: c, Relay: relay}}
	}
	playAll(t, []playCase{
		{"used as it should be", testRules(), func(g *gate) {
			g.see(door(ContactClosed, false))
			g.frames(10, known(1, "ann"))
			g.wait(2 * time.Second)
			g.see(door(ContactOpen, true))
			g.wait(3 * time.Second)
			g.see(door(ContactClosed, false))
		}, []string{"grant matched ann"}, 1},
		{"forced", testRules(), func(g *gate) {
			g.see(door(ContactClosed, false))
			g.wait(10 * time.Second)
			g.see(door(ContactOpen, false))
			g.wait(time.Second)
			g.see(door(ContactClosed, false))
		}, []string{"alert door-forced", "alert door-closed"}, 0},
		{"a chattering contact is one alert", testRules(), func(g *gate) {
			for range 20 {
				g.see(door(ContactClosed, false))
				g.wait(100 * time.Millisecond)
				g.see(door(ContactOpen, false))
			}
		}, []string{"alert door-forced", "alert door-closed"}, 0},
		{"held open", testRules(), func(g *gate) {
			g.see(door(ContactOpen, true))
			g.wait(40 * time.Second)
			g.see(door(ContactClosed, false))
		}, []string{"alert door-held-open", "alert door-closed"}, 0},
		{"hardware away", testRules(), func(g *gate) {
			g.see(Observation{Kind: ObserveDoor, Door: Door{Fault: true}})
			g.see(door(ContactClosed, false))
		}, []string{"alert door-fault", "alert door-recovered"}, 0},
		{"exit", testRules(), func(g *gate) {
			for range 5 {
				g.see(Observation{Kind: ObserveExit})
				g.wait(200 * time.Millisecond)
			}
		}, []string{"exit grant exit-button"}, 1},
		{"exit that is only watched", withRules(func(r *Rules) { r.ExitOpens = false }), func(g *gate) {
			g.see(door(ContactClosed, false))
			g.wait(10 * time.Second)
			g.see(Observation{Kind: ObserveExit})
			g.wait(time.Second)
			g.see(door(ContactOpen, false))
		}, []string{}, 0},
		{"exit without journal", testRules(), func(g *gate) { g.disk = diskFails; g.see(Observation{Kind: ObserveExit}) },
			[]string{"exit grant exit-button", "exit deny journal-unavailable"}, 0},
	})
}

func TestScreens(t *testing.T) {
	g := newGate(t, testRules())
	ann := known(1, "ann")
	far := with(ann, func(f *Face) { f.Problems = f.Problems.With(TooSmall) })
	g.frames(2, far)
	g.frames(2, ann)
	g.frames(1, ann, with(known(2, "bob"), func(f *Face) { f.Box = tall(3900) }))
	g.frames(20, ann)
	g.frames(during(4*time.Second), ann)
	g.frames(1)
	var codes []string
	for _, s := range g.screens {
		if code := s.Code.String(); len(codes) == 0 || codes[len(codes)-1] != code {
			codes = append(codes, code)
		}
	}
	want := []string{"idle", "guide", "look", "one-at-a-time", "look", "wait", "granted", "lingering", "idle"}
	if d := cmp.Diff(want, codes); d != "" {
		t.Errorf("screens (-want +got):\n%s", d)
	}
	i := slices.IndexFunc(g.screens, func(s Screen) bool { return s.Code == ScreenGranted })
	if s := g.screens[i]; s.Person != "ann" || s.Passage != (ID{7, 1}) {
		t.Errorf("granted screen %+v", s)
	}
}

// The machine says what is worth computing; a terminal that computes nothing else gets the same verdict.
func TestWants(t *testing.T) {
	g := newGate(t, testRules())
	ann := known(1, "ann")
	ask := func(faces ...Face) [MaxFaces]Wants {
		f := Frame{}
		for _, face := range faces {
			f.Add(face)
		}
		return g.m.Wants(g.now, &f)
	}
	both, none := Wants{Match: true, Live: true}, Wants{}
	if w := ask(ann); w[0] != none {
		t.Errorf("first sight wants %v: a passage begins only on the second frame", w[0])
	}
	g.frames(1, ann)
	if w := ask(with(ann, func(f *Face) { f.Problems = f.Problems.With(Blurred) })); w[0] != none {
		t.Errorf("a blurred face wants %v", w[0])
	}
	if w := ask(with(stranger(5), func(f *Face) { f.Box = tall(800) }), ann); w[0] != none || w[1] != both {
		t.Errorf("background and subject want %v", w)
	}
	if w := ask(ann, known(2, "bob")); w[0] != none || w[1] != none {
		t.Errorf("two people want %v", w)
	}
	g.frames(10, ann)
	if len(g.opens) != 1 {
		t.Fatal("not granted")
	}
	if w := ask(ann); w[0] != none {
		t.Errorf("after the verdict %v is wanted", w[0])
	}
}

func TestReasonsHaveTexts(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reasoncode.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []Reason
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Reason") && v.Names[0].Name != "Reasons" {
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Error(err)
			}
			codes = append(codes, Reason(code))
		}
		return true
	})
	var told []Reason
	for _, r := range Reasons {
		if !strings.HasSuffix(r.Text, ".") || r.Code.Text() != r.Text {
			t.Errorf("reason %q has the text %q", r.Code, r.Text)
		}
		told = append(told, r.Code)
	}
	if d := cmp.Diff(codes, told); d != "" {
		t.Errorf("constants and sentences differ:\n%s", d)
	}
}

func TestSteadyFramesDoNotAllocate(t *testing.T) {
	g := newGate(t, testRules())
	blurred := with(known(1, "ann"), func(f *Face) { f.Problems = f.Problems.With(Blurred) })
	g.frames(3, blurred)
	n := testing.AllocsPerRun(100, func() {
		g.now = g.now.Add(time.Millisecond)
		g.seq++
		o := Observation{Kind: ObserveFrame, Frame: Frame{Sequence: g.seq, Count: 1}}
		o.Frame.Faces[0] = blurred
		_ = g.m.Wants(g.now, &o.Frame)
		g.m.Step(g.now, o)
	})
	if n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func TestRecordIsReadable(t *testing.T) {
	g := newGate(t, testRules())
	g.frames(10, known(1, "ann"))
	r, err := DecodeRecord(g.entries[0].Record)
	if err != nil {
		t.Fatal(err)
	}
	want := &Record{
		Schema: 1, Passage: ID{7, 1}, Verdict: Grant, Reasons: []Reason{ReasonMatched}, Person: "ann",
		Clock: RecordClock{Trust: policy.TrustNTP, Wall: 1_770_000_000_100_000}, Duration: 4 * frameTime,
		Face: &RecordFace{Matched: 5, Best: ScoreOf(0.74)}, Live: &RecordLive{5, ScoreOf(0.97), ScoreOf(0.97), 0},
		Rules: testRules(), Start: Start{Cause: EntryPassage, Track: 1}, Count: 5, Log: r.Log,
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
	i := 0
	for at, o := range r.Observations() {
		if f := known(1, "ann"); at != Instant(frameTime)*Instant(i) || o.Kind != ObserveFrame || o.Frame.Sequence != uint64(i+2) || o.Frame.Faces[0] != f {
			t.Errorf("observation %d at %v: %+v", i, at, o)
		}
		i++
	}
	t.Logf("a grant takes %d bytes of journal, %d of them log", len(g.entries[0].Record), len(r.Log))
}

func TestVerifyFindsForgery(t *testing.T) {
	g := newGate(t, testRules())
	g.frames(20, stranger(1))
	var r Record
	if err := json.Unmarshal(g.entries[0].Record, &r); err != nil {
		t.Fatal(err)
	}
	r.Verdict, r.Reasons = Grant, []Reason{ReasonMatched}
	forged := r.encode()
	if err := Verify(forged); err == nil {
		t.Error("a denial made into a grant was not found")
	}
	if v, reasons, err := Replay(forged); v != Deny || len(reasons) != 1 || reasons[0] != ReasonNotEnrolled || err != nil {
		t.Errorf("replay gives %v %v %v", v, reasons, err)
	}
	r.Log, r.Count = r.Log[:0], 0
	if _, _, err := Replay(r.encode()); err == nil {
		t.Error("a record without observations gave a verdict")
	}
}
