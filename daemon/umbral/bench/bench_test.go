package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
)

// childVariable makes this test binary play the other runtime.
const childVariable = "UMBRAL_BENCH_CHILD"

func TestMain(m *testing.M) {
	if behaviour := os.Getenv(childVariable); behaviour != "" {
		playRuntime(behaviour)
		return
	}
	goleak.VerifyTestMain(m)
}

// playRuntime answers as a runtime does, or fails to in the way named.
func playRuntime(behaviour string) {
	for s := bufio.NewScanner(os.Stdin); s.Scan(); {
		var request struct {
			Load string
			Run  int
		}
		json.Unmarshal(s.Bytes(), &request)
		switch {
		case behaviour == "dies":
			os.Exit(3)
		case behaviour == "hangs":
			time.Sleep(time.Minute)
		case behaviour == "garbles":
			fmt.Println("Segmentation fault")
		case behaviour == "floods":
			fmt.Println(strings.Repeat("x", 2*maxLine))
		case behaviour == "refuses":
			fmt.Println(`{"error": "no such model"}`)
		case request.Load != "":
			fmt.Println(`{"version": "9.9"}`)
		case behaviour == "miscounts":
			fmt.Println(`{"milliseconds": [1]}`)
		default:
			fmt.Println(`{"milliseconds": [` + strings.TrimSuffix(strings.Repeat("1.5,", request.Run), ",") + `]}`)
		}
	}
}

func child(t *testing.T, behaviour string) *peer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+behaviour)
	p, err := startPeer(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func TestPeerAnswers(t *testing.T) {
	p := child(t, "works")
	if version, err := p.load("m.onnx", []int{1, 2}, 1); err != nil || version != "9.9" {
		t.Fatalf("version %q, %v", version, err)
	}
	times, err := p.run(4)
	if err != nil || len(times) != 4 || times[3] != 1500*time.Microsecond {
		t.Fatalf("times %v, %v", times, err)
	}
	if bytes, err := p.peakMemory(); err != nil || bytes < 1<<20 {
		t.Errorf("peak memory %d, %v", bytes, err)
	}
}

// A peer that misbehaves is an error that says how, never a wait without end.
func TestPeerMisbehaves(t *testing.T) {
	for behaviour, want := range map[string]string{
		"dies": "ended", "garbles": "Segmentation fault", "floods": "ended", "refuses": "no such model", "hangs": "did not answer within",
	} {
		var answer struct{}
		if err := child(t, behaviour).ask(struct{}{}, &answer, 2*time.Second); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", behaviour, err, want)
		}
	}
	p := child(t, "miscounts")
	if _, err := p.load("m.onnx", nil, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := p.run(3); err == nil || !strings.Contains(err.Error(), "1 times for 3 runs") {
		t.Errorf("miscounted runs: %v", err)
	}
}

func TestRuntimeIsMissing(t *testing.T) {
	_, err := startRuntime(t.Context(), t.TempDir())
	if !errors.Is(err, errNoPeer) || !strings.Contains(err.Error(), "scripts/oracle/run") {
		t.Errorf("error %v does not say where it comes from", err)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 3}} {
		before := fmt.Sprint(c.values)
		if got := median(c.values); got != c.want || fmt.Sprint(c.values) != before {
			t.Errorf("median of %s is %v, want %v; afterwards %v", before, got, c.want, c.values)
		}
	}
}

func TestEnoughFillsATurn(t *testing.T) {
	for each, want := range map[time.Duration]int{time.Millisecond: 60, time.Second: 3, 0: 1000} {
		n, err := enough(func(n int) ([]time.Duration, error) {
			times := make([]time.Duration, n)
			for i := range times {
				times[i] = each
			}
			return times, nil
		}, 60*time.Millisecond)
		if err != nil || n != want {
			t.Errorf("runs of %v: %d of them, want %d; %v", each, n, want, err)
		}
	}
}

func TestProfileShares(t *testing.T) {
	p := newProfile([]nn.Layer{{Op: "Conv", MACs: 1e6, Bytes: 1000}, {Op: "Add"}})
	for _, us := range []time.Duration{40, 10, 30} {
		p.add([]time.Duration{us * time.Microsecond, 10 * time.Microsecond})
	}
	l := p.layers(100)
	if l[0].Micros != 30 || l[0].Share != 0.75 || l[1].Share != 0.25 {
		t.Errorf("times and shares: %+v", l)
	}
	if got := l[0].GFLOPS; got < 66.6 || got > 66.7 || l[0].OfPeak != got/100 || l[0].Intensity != 2000 {
		t.Errorf("speed: %+v", l[0])
	}
}

// One small model is measured for real: the report holds together and is what JSON gives back.
func TestModels(t *testing.T) {
	pathstest.Model(t, "fr_eye.onnx")
	all, err := Subjects(models.Default(), filepath.Dir(pathstest.Model(t, "fr_eye.onnx")))
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOpts()
	o.Rounds, o.Turn, o.Threads = 3, time.Millisecond, []int{1, 2}
	if o.Subjects, err = Pick(all, []string{"eye"}); err != nil {
		t.Fatal(err)
	}
	r, err := Models(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 2 || r.Peak <= 0 || r.Bandwidth <= 0 {
		t.Fatalf("report %+v", r)
	}
	for _, m := range r.Results {
		var macs int64
		for _, l := range m.Layers {
			macs += l.MACs
		}
		if m.Millis <= 0 || m.Low > m.Millis || m.Millis > m.High || m.MACs != macs || m.OfPeak <= 0 {
			t.Errorf("result %+v", m)
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil || len(back.Results[1].Layers) != len(r.Results[1].Layers) {
		t.Errorf("JSON gives back %+v, %v", back, err)
	}
	var text strings.Builder
	r.Print(&text)
	r.PrintLayers(&text)
	for _, want := range []string{"eye", "GFLOP/s", "times as fast as one thread: eye", "Conv"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, text.String())
		}
	}
	picture := filepath.Join(t.TempDir(), "roofline.png")
	if err := r.PlotRoofline(picture); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(picture); err != nil || info.Size() < 5000 {
		t.Errorf("the picture: %v, %v", info, err)
	}
}

func TestBadOptions(t *testing.T) {
	all, err := Subjects(models.Default(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pick(all, []string{"detective"}); err == nil || !strings.Contains(err.Error(), `"detective"`) || !strings.Contains(err.Error(), "feature") {
		t.Errorf("an unknown model: %v", err)
	}
	for _, change := range []func(*Opts){
		func(o *Opts) { o.Rounds = 0 },
		func(o *Opts) { o.Threads = []int{0} },
		func(o *Opts) { o.Threads = []int{1, 65} },
		func(o *Opts) { o.Tier = "mmx" },
	} {
		o := DefaultOpts()
		change(&o)
		if _, err := Models(t.Context(), o); err == nil {
			t.Errorf("options %+v are measured", o)
		}
	}
}

func TestSearch(t *testing.T) {
	r, err := Search(100, 3)
	if err != nil {
		t.Fatal(err)
	}
	if r.Millis <= 0 || r.Exact <= 0 || r.Rate <= 0 || r.OfBandwidth <= 0 || r.Same != 3 || r.Probes != 3 {
		t.Errorf("result %+v", r)
	}
}
