package passage

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"
)

var update = flag.Bool("update", false, "write the records of today's program in testdata anew, after a change of RecordSchema")

// todays are passages whose last record is in testdata as today's program writes it.
var todays = map[string]func(*testing.T) *gate{
	"eligible": func(t *testing.T) *gate {
		g := newGate(t, eligible("face and live", nil))
		g.see(on(func(*Standing) {}))
		g.frames(10, known(1, "ann"))
		return g
	},
	"guardian": func(t *testing.T) *gate {
		g := newGate(t, eligible("face and live", nil))
		g.see(on(func(s *Standing) { s.Born, s.Guardians[0] = days(2015, 5, 5), "bob" }))
		g.see(Observation{Kind: ObserveStanding, Standing: Standing{Person: "bob"}})
		g.frames(8, known(1, "ann"))
		g.frames(8, known(1, "ann"), known(2, "bob"))
		return g
	},
	"review": func(t *testing.T) *gate {
		r := eligible("face and live and remote", nil)
		r.Review = Review{Timeout: 30 * time.Second, Leave: 3 * time.Second, Approvals: 1, Failures: 1 << policy.Remote}
		g := newGate(t, r)
		g.see(on(func(*Standing) {}))
		g.frames(8, known(1, "ann"))
		g.see(refusedFor(policy.Remote, ReasonRemoteNoMatch))
		g.frames(10, known(1, "ann"))
		g.frames(1)
		answer(g, true, "rita")
		g.frames(during(2*time.Second), known(1, "ann"))
		return g
	},
	"withdrawn": func(t *testing.T) *gate {
		g := newGate(t, eligible("face and live", nil))
		g.see(on(func(*Standing) {}))
		g.disk = diskSilent
		g.frames(8, known(1, "ann"))
		g.frames(1)
		g.frames(1, known(1, "ann"))
		g.see(Observation{Kind: ObserveChange})
		g.see(on(func(s *Standing) { s.Marks = s.Marks.With(Blocked) }))
		return g
	},
}

// Records that were journalled once replay to the same bytes, on every processor and in every later version. Those
// whose names end in -fresh-1 are by programs that look at match, life and standing again before an opening.
func TestRecordsOfOldReplay(t *testing.T) {
	if *update {
		for name, play := range todays {
			g := play(t)
			file := filepath.Join("testdata", name+"-fresh-1.json")
			if err := os.WriteFile(file, g.entries[len(g.entries)-1].Record, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob("testdata/*-1.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d records in testdata (%v), want at least 12", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(data); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		r, err := DecodeRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if (r.Rules.Fresh > 0) != strings.HasSuffix(file, "-fresh-1.json") {
			t.Errorf("%s: rule Fresh is %v", file, r.Rules.Fresh)
		}
	}
}

// Today's program still writes what is in testdata, so that the fixtures stay what they are named for.
func TestRecordsOfToday(t *testing.T) {
	for name, play := range todays {
		g := play(t)
		want, err := os.ReadFile(filepath.Join("testdata", name+"-fresh-1.json"))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.entries[len(g.entries)-1].Record; string(got) != string(want) {
			t.Errorf("%s: the record is now\n%s\nit was\n%s", name, got, want)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	m, err := New(testRules(), ID{1, 1})
	if err != nil {
		b.Fatal(err)
	}
	o := Observation{Kind: ObserveFrame}
	o.Frame.Add(with(known(1, "ann"), func(f *Face) { f.Problems = f.Problems.With(TooSmall) }))
	o.Frame.Add(known(2, "bob"))
	b.ReportAllocs()
	for i := range b.N {
		m.Step(Instant(i), o)
	}
}
