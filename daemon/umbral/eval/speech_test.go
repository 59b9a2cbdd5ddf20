package eval

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/models"
)

func TestParseAlignment(t *testing.T) {
	words, err := parseAlignment([]byte("0 12500 sil\n12500 25000 bin\n\n25000 25500 sp\n25500 50000 two\n50000 74500 sil\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Word{{0.5, 1, "bin"}, {1.02, 2, "two"}}, words); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		"0 100":                    "2 fields",
		"0 100 a b":                "4 fields",
		"x 100 a":                  "invalid syntax",
		"-1 100 a":                 "invalid syntax",
		"100 100 a":                "rise",
		"0 100 a\n50 200 b":        "line 2",
		"0 2147483647 a":           "rise",
		"0 99999999999 a":          "out of range",
		strings.Repeat("a", 70000): "too long",
	} {
		if words, err := parseAlignment([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, %v, wanted %q", text, words, err, want)
		}
	}
}

// Whatever the bytes are, words rise in time and lie within the limit.
func FuzzParseAlignment(f *testing.F) {
	f.Add([]byte("0 12500 sil\n12500 25000 bin\n"))
	f.Add([]byte("1 2"))
	f.Fuzz(func(t *testing.T, text []byte) {
		words, err := parseAlignment(text)
		last := 0.0
		for _, w := range words {
			if err != nil || w.Start < last || w.End <= w.Start || w.End > maxSeconds || w.Text == "" {
				t.Fatalf("%+v, %v", words, err)
			}
			last = w.End
		}
	})
}

func TestReadSpeechClips(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("b.align", "0 12500 sil\n12500 25000 one\n")
	list := write("clips.csv", "file,note,speech_start_s,speech_end_s\na.mpg,x,0.5,1.25\nb.mpg,,,\nc.mpg,,,\n")
	clips, err := ReadSpeechClips(list)
	if err != nil {
		t.Fatal(err)
	}
	want := []SpeechClip{
		{File: filepath.Join(dir, "a.mpg"), Start: 0.5, End: 1.25, Labelled: true},
		{File: filepath.Join(dir, "b.mpg"), Start: 0.5, End: 1, Labelled: true, Words: []Word{{0.5, 1, "one"}}},
		{File: filepath.Join(dir, "c.mpg")},
	}
	if diff := cmp.Diff(want, clips); diff != "" {
		t.Error(diff)
	}
	write("d.align", "0 12500\n")
	const header = "file,speech_start_s,speech_end_s\n"
	for text, want := range map[string]string{
		header:                      "no line follows",
		header + "a.mpg,1,\n":       "one of the two is empty",
		header + "a.mpg,2,1\n":      "rising seconds",
		header + "a.mpg,NaN,1\n":    "rising seconds",
		header + "a.mpg,0,Inf\n":    "rising seconds",
		header + "a.mpg,x,1\n":      "rising seconds",
		header + ",0,1\n":           "file is empty",
		header + "d.mpg,0,1\n":      "wanted begin, end and word",
		"file,speech_start_s\nx,\n": "speech_end_s",
	} {
		if clips, err := ReadSpeechClips(write("bad.csv", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, wanted %q", text, clips, err, want)
		}
	}
}

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		yes, no []float64
		want    float64
	}{
		{[]float64{2, 3}, []float64{0, 1}, 1},
		{[]float64{0, 1}, []float64{2, 3}, 0},
		{[]float64{1, 1}, []float64{1, 1, 1}, 0.5},
		{[]float64{1, 2, 3}, []float64{2}, 0.5},
		{[]float64{1, 4}, []float64{2, 3, 0}, 4. / 6},
		{nil, []float64{1}, 0.5},
	} {
		if got := auc(c.yes, c.no); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("auc(%v, %v) = %v, wanted %v", c.yes, c.no, got, c.want)
		}
	}
	same := scored{[]float64{1, 2}, []float64{0}}
	if v, low, high := pooledAUC([]scored{same, same, same}); v != 1 || low != 1 || high != 1 {
		t.Errorf("separated clips: %v (%v to %v)", v, low, high)
	}
	if _, low, high := pooledAUC([]scored{same}); low != 0 || high != 1 {
		t.Errorf("one clip bounds its AUC by %v and %v", low, high)
	}
	// The worse clip decides the lower bound.
	if v, low, high := pooledAUC([]scored{same, same, same, {[]float64{0, 0}, []float64{1}}}); !(low < v && v < high) {
		t.Errorf("%v (%v to %v)", v, low, high)
	}
}

func TestInterval(t *testing.T) {
	nan := math.NaN()
	speaking := make([]float64, 100)
	fill := func(from, to int, v float64) {
		for i := from; i < to; i++ {
			speaking[i] = v
		}
	}
	if _, _, ok := interval(speaking); ok {
		t.Error("silence holds speech")
	}
	fill(5, 8, 0.9)   // too short, and far from the rest
	fill(20, 40, 0.8) // a short pause and an unknown cell do not end it
	fill(30, 33, 0.1)
	speaking[25] = nan
	fill(60, 70, 0.7)
	start, end, ok := interval(speaking)
	if !ok || math.Abs(start-0.8) > 1e-9 || math.Abs(end-1.6) > 1e-9 {
		t.Errorf("%v to %v, %v", start, end, ok)
	}
	e := timeError([]float64{-0.3, 0.1, 0.2}, 2)
	want := TimeError{N: 3, NotFound: 2, Median: 0.2, P90: 0.28, MedianBias: 0.1}
	if diff := cmp.Diff(want, e, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); diff != "" {
		t.Error(diff)
	}
	if e := timeError(nil, 1); e != (TimeError{NotFound: 1}) {
		t.Errorf("%+v", e)
	}
}

// Answers are made of the clip's speech where the schedule has one, and of its silence elsewhere.
func TestAnswersFollowTheSchedule(t *testing.T) {
	o := &observed{clip: SpeechClip{Start: 1, End: 2, Labelled: true}, rate: 25, length: 3 * time.Second}
	for k := range 75 {
		x := challenge.Sample{At: time.Duration(k) * 40 * time.Millisecond}
		x.Aperture = float32(k) // tells where it was taken from
		o.samples[0] = append(o.samples[0], x)
		if k%2 == 0 {
			o.samples[1] = append(o.samples[1], x)
		}
	}
	if from, to, ok := o.silence(); !ok || from != 0.1 && from != 2.2 || to-from < 0.69 {
		t.Fatalf("silence from %v to %v, %v", from, to, ok)
	}
	for which, step := range []time.Duration{40 * time.Millisecond, 80 * time.Millisecond} {
		quiet := o.quiet(which, 10*time.Second)
		for k, x := range quiet {
			if (x.At - time.Duration(k)*step).Abs() > time.Microsecond {
				t.Fatalf("sample %d at %v", k, x.At)
			}
			if at := x.Aperture / 25; at > 0.85 && at < 2.15 {
				t.Fatalf("silence shows speech of %v s", at)
			}
		}
	}
	for at, want := range map[float64]float64{0: 2, 0.5: 2.5, 1: 3, 1.5: 2.5, 2: 2, 3: 3} {
		if got := bounce(at, 2, 3); math.Abs(got-want) > 1e-9 {
			t.Errorf("bounce(%v) = %v, wanted %v", at, got, want)
		}
	}
	loop := repeated(o.samples[0], o.length, 7*time.Second)
	if n := len(loop); n != 175 || loop[150].At != 6*time.Second || loop[150].Aperture != 0 {
		t.Errorf("%d samples, the 151st %+v", n, loop[150])
	}
}

// On GRID clips speech is seen, and those who read are told from those who don't. Three of nine, so that it takes seconds.
func TestSpeechOnClips(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	list := pathstest.Data(t, "lips/clips.csv")
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip(err)
	}
	for _, role := range models.FaceRoles() {
		m, err := models.Default().Of(role)
		if err != nil {
			t.Fatal(err)
		}
		pathstest.Model(t, m.File)
	}
	clips, err := ReadSpeechClips(list)
	if err != nil {
		t.Fatal(err)
	}
	var some []SpeechClip
	for _, c := range clips {
		if c.Labelled && len(some) < 3 {
			some = append(some, c)
		}
	}
	report, traces, err := Speech(t.Context(), some, 0, Opts{Models: paths.Models(), Manifest: models.Default()})
	if err != nil {
		t.Fatal(err)
	}
	if len(traces) != 3 || report.FailedToAcquire != 0 || report.LowestSimilarity < float64(challenge.DefaultOpts().MinSimilarity) {
		t.Errorf("%d traces, %+v", len(traces), report)
	}
	for _, r := range []SpeechAtRate{report.SpeechAtRate, report.Half} {
		if r.AUC < 0.9 || r.Start.Median > 0.5 || r.End.Median > 0.5 || r.Start.NotFound != 0 {
			t.Errorf("at %v: AUC %.3f, %+v, %+v", r.FPS, r.AUC, r.Start, r.End)
		}
		if r.Rejected.Trials != 3*genuineTrials || r.Rejected.Value > 0.15 || r.Inconclusive != 0 {
			t.Errorf("at %v: readers are rejected: %+v", r.FPS, r.Rejected)
		}
		if r.Accepted.Low > report.MaxPValue || r.Accepted.Trials < 500 {
			t.Errorf("at %v: attacks are accepted more often than once in %v: %+v", r.FPS, 1/report.MaxPValue, r.Accepted)
		}
	}
	path := filepath.Join(t.TempDir(), "speech.svg")
	if err := PlotSpeech(path, traces); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), filepath.Base(some[2].File)) {
		t.Errorf("%d bytes of plot, %v", len(text), err)
	}
	if err := PlotSpeech(path, nil); err == nil {
		t.Error("a plot of nothing")
	}
}
