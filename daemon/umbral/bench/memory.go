package bench

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"umbral/pipeline/nn"
)

// peakMemory reads a process's greatest resident size (proc(5), VmHWM) in bytes.
func peakMemory(pid int) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kib int64
		if text, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			_, err := fmt.Sscanf(strings.TrimSpace(text), "%d kB", &kib)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("bench: /proc/%d/status has no VmHWM", pid)
}

// Load is what a process does whose memory is measured: it loads models as a terminal does, with a collector that is
// eager while files and unpacked weights become garbage, the largest first, and runs each twice. It returns how long
// reading, folding and packing took.
func Load(subjects []Subject, threads int) (time.Duration, error) {
	pool := nn.NewPool(threads)
	defer pool.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(eager))
	subjects = slices.Clone(subjects)
	slices.SortStableFunc(subjects, func(a, b Subject) int { return cmp.Compare(size(b.Path), size(a.Path)) })
	begin := time.Now()
	var programs []*nn.Program
	for _, s := range subjects {
		p, _, err := s.compile(pool, "")
		if err != nil {
			return 0, err
		}
		programs = append(programs, p)
		debug.FreeOSMemory()
	}
	took := time.Since(begin)
	for range 2 {
		for _, p := range programs {
			if err := p.Run(); err != nil {
				return 0, err
			}
		}
	}
	return took, nil
}

// eager is the collector's percentage while models are loaded (debug.SetGCPercent).
const eager = 5

// size of a file, 0 for one that is not there.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Footprint is what a set of models takes in a process of its own.
type Footprint struct {
	Set          string  `json:"set"`
	PeakBytes    int64   `json:"peak_bytes"`
	StartUp      float64 `json:"start_up_ms"`        // reading, folding and packing
	RuntimeBytes int64   `json:"runtime_peak_bytes"` // of onnxruntime, 0 where it is not compared
	BudgetBytes  int64   `json:"budget_bytes"`       // what the programs say that they hold
}

// footprint runs this program again as a child that only loads models. args are those of the hidden command that calls
// Load and then prints the start-up in milliseconds and the peak in bytes.
func footprint(ctx context.Context, args []string) (startUp float64, peak int64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, loadDeadline)
	defer cancel()
	out, err := exec.CommandContext(ctx, self, args...).Output()
	if err != nil {
		return 0, 0, fmt.Errorf("bench: %s %s: %w", self, strings.Join(args, " "), err)
	}
	if _, err := fmt.Sscan(string(out), &startUp, &peak); err != nil {
		return 0, 0, fmt.Errorf("bench: the child said %.80q: %w", out, err)
	}
	return startUp, peak, nil
}

// OwnPeak is this process's greatest resident size in bytes.
func OwnPeak() (int64, error) { return peakMemory(os.Getpid()) }
