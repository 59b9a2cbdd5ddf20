package terminal

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"umbral/config"
	"umbral/daemon/frames"
)

// FrameTimes is how long the frame loop and its stages took.
type FrameTimes struct {
	Stages []StageTime `json:"stages"` // in the order in which they run; the whole frame last
	Frames uint64      `json:"frames"`
	// Possible is how many frames a second the loop could analyse: one over the median.
	Possible    float64 `json:"possible_fps"`
	Camera      float64 `json:"camera_fps"`
	Allocations float64 `json:"allocations_per_frame"` // on the heap, of the whole process, once it runs
	Resident    int64   `json:"resident_bytes"`
	Budget      int64   `json:"budget_bytes"` // what the configuration was said to take, with gallery and store full
}

// StageTime is one stage's time over the newest frames in which it ran.
type StageTime struct {
	Stage string  `json:"stage"`
	Runs  uint64  `json:"runs"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
}

// MeasureFrames runs a terminal with the configured camera and models until ctx ends and says how long frames took. Its
// state is thrown away; it has no door, no fleet and no page.
func MeasureFrames(ctx context.Context, cfg config.Config) (*FrameTimes, error) {
	dir, err := os.MkdirTemp("", "umbral-frames-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cfg.Terminal.StateDir, cfg.Store.KeyFile = filepath.Join(dir, "state"), ""
	cfg.Fleet.Enabled = false
	cfg.Local.HTTP, cfg.Local.Socket = "", ""
	cfg.Door.Kind = "simulated"
	t, err := New(cfg, "", slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := t.Run(ctx); err != nil {
		return nil, err
	}
	runtime.ReadMemStats(&after)
	r := &FrameTimes{Camera: t.camera.Stats().FPS, Resident: residentBytes(), Budget: t.budget.Sum}
	for s := range frames.Stages {
		p50, p95, runs := t.watch.Percentiles(s)
		if runs > 0 {
			r.Stages = append(r.Stages, StageTime{frames.StageNames[s], runs, milliseconds(p50), milliseconds(p95)})
		}
		if s == frames.WholeFrame {
			r.Frames = runs
			if p50 > 0 {
				r.Possible = 1000 / milliseconds(p50)
			}
		}
	}
	if r.Frames == 0 {
		return nil, fmt.Errorf("terminal: no frame came from %s", cfg.Camera.Source)
	}
	r.Allocations = float64(after.Mallocs-before.Mallocs) / float64(r.Frames)
	return r, nil
}

// String is a table.
func (r *FrameTimes) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%-10s %7s %9s %9s\n", "stage", "runs", "p50 ms", "p95 ms")
	for _, st := range r.Stages {
		fmt.Fprintf(&s, "%-10s %7d %9.2f %9.2f\n", st.Stage, st.Runs, st.P50, st.P95)
	}
	fmt.Fprintf(&s, "%d frames, %.0f a second possible; %.2f heap allocations a frame in the whole process; %.1f MiB resident, budget %.1f\n",
		r.Frames, r.Possible, r.Allocations, mib(r.Resident), mib(r.Budget))
	return s.String()
}
