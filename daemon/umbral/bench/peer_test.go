package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
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
	switch behaviour {
	case "weighs":
		fmt.Printf(`{"set": %q, "peak_bytes": 2097152, "budget_bytes": 1048576, "start_up_ms": 12.5}`, os.Args[len(os.Args)-1])
		return
	case "weighs nothing":
		fmt.Println(`{}`)
		return
	case "can't weigh":
		fmt.Fprintln(os.Stderr, "Error: no such file\nUsage: none")
		os.Exit(1)
	}
	for s := bufio.NewScanner(os.Stdin); s.Scan(); {
		var request struct {
			Load string
			Run  int
		}
		json.Unmarshal(s.Bytes(), &request)
		switch {
		case behaviour == "dies":
			fmt.Fprintln(os.Stderr, "Error: out of memory")
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
		case behaviour == "lies":
			fmt.Println(`{"milliseconds": [-1]}`)
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
		"dies": "exit status 3: Error: out of memory", "garbles": "Segmentation fault", "floods": "token too long", "refuses": "no such model", "hangs": "did not answer within",
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
	p = child(t, "lies")
	if _, err := p.run(1); err == nil || !strings.Contains(err.Error(), "took -1 ms") {
		t.Errorf("a run of negative time: %v", err)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	for said, want := range map[string]string{
		"":                                     "",
		"\n\n":                                 "",
		"one\ntwo\n":                           "two",
		"at x.js:1\nRangeError: bad\n  at y\n": "RangeError: bad",
		strings.Repeat("x", 5000):              strings.Repeat("x", 300),
	} {
		var all tail
		for part := range slices.Chunk([]byte(said), 7) {
			if n, err := all.Write(part); n != len(part) || err != nil {
				t.Fatalf("%d of %d written, %v", n, len(part), err)
			}
		}
		if got := all.line(); got != want || len(all.text) > maxTail {
			t.Errorf("%.40q: line %.40q of %d bytes kept, want %.40q", said, got, len(all.text), want)
		}
	}
}

func TestRuntimeIsMissing(t *testing.T) {
	_, err := startRuntime(t.Context(), t.TempDir())
	if !errors.Is(err, errNoPeer) || !strings.Contains(err.Error(), "scripts/oracle/install") {
		t.Errorf("error %v does not say where it comes from", err)
	}
}
