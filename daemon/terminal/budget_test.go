package terminal

import (
	"log/slog"
	"math"
	"runtime"
	"slices"
	"testing"

	"umbral/config/policy"
)

// liveHeap is what the heap holds after everything that nobody uses is gone.
func liveHeap() int64 {
	var m runtime.MemStats
	for range 3 { // one cycle frees, the next ones drop what finalizers held
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What the budget states for a terminal's parts is what they take, within a tenth; the program itself is a constant.
func TestBudgetIsWhatATerminalTakes(t *testing.T) {
	cfg := loneConfig(t, gateScene)
	before := liveHeap()
	gate, err := New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer gate.close()
	took := liveHeap() - before + gate.models.Set.Arena.Bytes()
	stated := int64(0)
	for _, l := range gate.budget.Lines {
		if l.Part != "program" {
			stated += l.Bytes
		}
	}
	if off := math.Abs(float64(took - stated)); off > 0.1*float64(gate.budget.Sum) {
		t.Errorf("the parts take %.1f MiB, the budget says %.1f of %.1f:\n%s", mib(took), mib(stated), mib(gate.budget.Sum), gate.budget)
	}
	t.Logf("the parts take %.1f MiB, the budget says %.1f", mib(took), mib(stated))
	runtime.KeepAlive(gate)
}

// What a policy needs beside the face is in the sum.
func TestBudgetOfEvidence(t *testing.T) {
	cfg := loneConfig(t, gateScene)
	for rule, want := range map[string][]string{
		"face and live":            nil,
		"credential and face":      {"credential"},
		"face and live and speech": {"speech"},
	} {
		cfg.Passage.Policy = policy.MustParse(rule)
		b, err := BudgetOf(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"credential", "card", "speech"} {
			found := slices.ContainsFunc(b.Lines, func(l BudgetLine) bool { return l.Part == part && l.Bytes > 0 })
			if found != slices.Contains(want, part) {
				t.Errorf("policy %q: %s in the budget: %v", rule, part, found)
			}
		}
	}
}
