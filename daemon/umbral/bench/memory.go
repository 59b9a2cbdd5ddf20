package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"umbral/pipeline/nn"
)

// Footprint is what a set of models takes in a process of its own.
type Footprint struct {
	Set          string  `json:"set"`
	PeakBytes    int64   `json:"peak_bytes"`                   // resident at most (proc(5), VmHWM)
	BudgetBytes  int64   `json:"budget_bytes"`                 // what the programs say that they hold
	StartUp      float64 `json:"start_up_ms"`                  // reading, folding and packing on one core
	RuntimeBytes int64   `json:"runtime_peak_bytes,omitempty"` // of onnxruntime, 0 where it is not compared
}

// Load is what a process does whose memory is measured: on one core, with collector and arena as a terminal has them, it
// loads models and runs each twice.
func Load(subjects []Subject, set, tier string) (*Footprint, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(eager))
	if set != faceModels && set != allModels {
		return nil, fmt.Errorf("bench: no set %q, known are %q and %q", set, faceModels, allModels)
	}
	f := &Footprint{Set: set}
	begin := time.Now()
	arena, err := nn.NewArena(nn.DefaultLimits().Arena)
	if err != nil {
		return nil, err
	}
	var programs []*nn.Program
	for _, s := range Of(subjects, set) {
		p, err := s.compile(nn.Options{Arena: arena, Tier: tier})
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
		f.BudgetBytes += p.Budget().Sum()
	}
	f.StartUp = float64(time.Since(begin)) / float64(time.Millisecond)
	debug.FreeOSMemory()
	for range 2 {
		for _, p := range programs {
			if err := p.Run(); err != nil {
				return nil, err
			}
		}
	}
	f.PeakBytes, err = peakMemory(os.Getpid())
	return f, err
}

// eager is the collector's percentage while models are loaded, as terminal.New has it (debug.SetGCPercent).
const eager = 10

// childFootprint runs this program again, as a child that only calls Load and prints its result as JSON.
func childFootprint(ctx context.Context, args []string) (*Footprint, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, loadDeadline)
	defer cancel()
	var said tail
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr, cmd.WaitDelay = &said, lastWords
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("bench: umbral %s: %w: %s", strings.Join(args, " "), err, said.line())
	}
	f := new(Footprint)
	if err := json.Unmarshal(out, f); err != nil || f.PeakBytes <= 0 {
		return nil, fmt.Errorf("bench: umbral %s said %.80q, wanted a footprint", strings.Join(args, " "), out)
	}
	return f, nil
}

// Sets that memory is measured for.
const faceModels, allModels = "face models", "all models"

// footprints measures the memory of the face models, and of all.
func (r *Report) footprints(ctx context.Context, o *Opts) error {
	for _, set := range []string{faceModels, allModels} {
		f, err := childFootprint(ctx, append(slices.Clone(o.Child), set))
		if err != nil {
			return err
		}
		if f.RuntimeBytes, err = r.runtimeFootprint(ctx, o, Of(o.Subjects, set)); err != nil {
			return err
		}
		r.Memory = append(r.Memory, *f)
	}
	return nil
}

// runtimeFootprint is what onnxruntime takes with the same models, 0 where it can't be had.
func (r *Report) runtimeFootprint(ctx context.Context, o *Opts, subjects []Subject) (int64, error) {
	if len(subjects) == 0 {
		return 0, nil
	}
	p, err := r.rival(ctx, o, &subjects[0], 1)
	if p == nil || err != nil {
		return 0, err
	}
	defer p.close()
	for i := range subjects {
		if i > 0 {
			if err := r.show(p, &subjects[i], 1); err != nil {
				return 0, r.miss(ctx, err)
			}
		}
		if _, err := p.run(2); err != nil {
			return 0, r.miss(ctx, err)
		}
	}
	return p.peakMemory()
}
