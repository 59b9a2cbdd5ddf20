package passage

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write testdata anew, after a change of RecordSchema")

// Records that were journalled once replay to the same bytes, on every processor and in every later version.
func TestRecordsOfOldReplay(t *testing.T) {
	for name, play := range map[string]func(*gate){
		"grant": func(g *gate) { g.frames(10, known(1, "ann")) },
		"deny": func(g *gate) {
			g.frames(20, with(stranger(3), func(f *Face) { f.Live.Score = ScoreOf(1.0 / 3) }), with(known(4, "bob"), func(f *Face) { f.Box = tall(1000) }))
		},
		"several": func(g *gate) { g.frames(130, known(1, "ann"), known(2, "bob")) },
		"command": func(g *gate) {
			g.see(Observation{Kind: ObserveCommand, Command: Command{Name: CommandOpen, ID: "c1", Key: "ops"}})
		},
	} {
		file := filepath.Join("testdata", name+"-1.json")
		if *update {
			g := newGate(t, testRules())
			play(g)
			if err := os.WriteFile(file, g.entries[0].Record, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		record, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(record); err != nil {
			t.Errorf("%s: %v", file, err)
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
