// Package bench measures how fast the inference core is: against the processor's own limits, and beside onnxruntime in
// one run in which the two take turns.
package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
)

// Subject is a model at the size in which it is measured.
type Subject struct {
	Name string // as it is called
	Path string
	// Shape of the input, nil for the model's own.
	Shape []int
	Face  bool // one of the models that every terminal loads
}

// Subjects are the models of a manifest; text models at the sizes of a card that fills the frame, and of its lines.
func Subjects(m models.Manifest, folder string) ([]Subject, error) {
	var list []Subject
	for _, role := range models.FaceRoles() {
		model, err := m.Of(role)
		if err != nil {
			return nil, err
		}
		list = append(list, Subject{Name: string(role), Path: filepath.Join(folder, model.File), Face: true})
	}
	for _, s := range []struct {
		role  models.Role
		name  string
		shape []int
	}{
		{models.TextDetect, "text detect", []int{1, 3, 608, 960}},
		{models.TextRecognise, "text read", []int{1, 3, 48, 320}},
		{models.TextDirection, "text turn", []int{1, 3, 48, 192}},
	} {
		model, err := m.Of(s.role)
		if err != nil {
			return nil, err
		}
		list = append(list, Subject{Name: s.name, Path: filepath.Join(folder, model.File), Shape: s.shape})
	}
	return list, nil
}

// Pick keeps the subjects named, all without names.
func Pick(all []Subject, names []string) ([]Subject, error) {
	if len(names) == 0 {
		return all, nil
	}
	var list []Subject
	for _, name := range names {
		i := slices.IndexFunc(all, func(s Subject) bool { return s.Name == name })
		if i < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.Name)
			}
			return nil, fmt.Errorf("bench: no model %q, known are %q", name, known)
		}
		list = append(list, all[i])
	}
	return list, nil
}

// check refuses what can't be measured.
func (o *Opts) check() error {
	if o.Rounds < 1 || o.Rounds > maxRounds {
		return fmt.Errorf("bench: %d rounds, allowed are 1 to %d", o.Rounds, maxRounds)
	}
	for _, n := range o.Threads {
		if n < 1 || n > maxThreads {
			return fmt.Errorf("bench: %d threads, allowed are 1 to %d", n, maxThreads)
		}
	}
	return nil
}

// Bounds of the options.
const maxRounds, maxThreads = 1000, 64

// compile makes a program of the subject, its input filled, and returns the input's shape.
func (s *Subject) compile(pool *nn.Pool, tier string) (*nn.Program, []int, error) {
	model, err := nn.Open(s.Path, nn.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	in := model.Inputs()[0]
	shape := slices.Clone(in.Shape)
	o := nn.Options{Pool: pool, Tier: tier}
	if s.Shape != nil {
		shape = s.Shape
		o.Shapes = map[string][]int{in.Name: s.Shape}
	}
	program, err := model.Compile(o)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	floats, err := program.Input(in.Name)
	if err != nil {
		return nil, nil, err
	}
	fill(floats)
	shape[0] = 1
	return program, shape, nil
}

// fill makes noise from −1 to 1, as a picture's edges are to a network: with a flat input, runtimes that look at values
// seem quicker than they are. The generator is that of Numerical Recipes, since runtime.mjs has to have the same.
func fill(floats []float32) {
	state := uint32(1)
	for i := range floats {
		state = state*1664525 + 1013904223
		floats[i] = float32(float64(state)/(1<<31) - 1)
	}
}

// Opts says what to measure.
type Opts struct {
	Subjects []Subject
	Threads  []int
	Tier     string // of kernels; empty for the best
	Runtime  string // folder of onnxruntime-node; empty for none
	Rounds   int    // turns of each side
	Turn     time.Duration
	// Child is the command line of this program that calls Load for a set: the set's name is added. Nil measures no memory.
	Child    []string
	Progress io.Writer
}

// DefaultOpts are nine turns of at least 60 ms.
func DefaultOpts() Opts { return Opts{Threads: []int{1}, Rounds: 9, Turn: 60 * time.Millisecond} }

// Result is one model's speed with one number of threads.
type Result struct {
	Model   string  `json:"model"`
	Threads int     `json:"threads"`
	Tier    string  `json:"tier"`
	MACs    int64   `json:"macs"`
	Millis  float64 `json:"ms"`      // median of the turns' medians
	Low     float64 `json:"ms_low"`  // the fastest turn
	High    float64 `json:"ms_high"` // the slowest
	GFLOPS  float64 `json:"gflops"`
	OfPeak  float64 `json:"of_peak"` // of the peak of as many cores, measured in the same turns
	// Of onnxruntime in the same run; 0 where it is not compared.
	RuntimeMillis float64 `json:"runtime_ms,omitempty"`
	Ratio         float64 `json:"ratio,omitempty"` // time of Umbral ÷ time of onnxruntime: median over the turns
	Layers        []Layer `json:"layers,omitempty"`
}

// Report is everything that was measured.
type Report struct {
	Tier      string      `json:"tier"`
	Peak      float64     `json:"peak_gflops"`       // of one core
	Bandwidth float64     `json:"bandwidth_gb_s"`    // one core reading memory
	Runtime   string      `json:"runtime,omitempty"` // version of onnxruntime
	Missing   string      `json:"missing,omitempty"` // why there is none
	Results   []Result    `json:"results"`
	Memory    []Footprint `json:"memory,omitempty"`
}

// Models measures every subject.
func Models(ctx context.Context, o Opts) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	set, err := kernel.Choose(o.Tier)
	if err != nil {
		return nil, err
	}
	r := &Report{Tier: set.Name, Bandwidth: bandwidth(set)}
	for _, threads := range o.Threads {
		for i := range o.Subjects {
			if o.Progress != nil {
				fmt.Fprintf(o.Progress, "\r%-13s %d thread(s), %d of %d   ", o.Subjects[i].Name, threads, i+1, len(o.Subjects))
			}
			result, err := r.measure(ctx, set, &o, &o.Subjects[i], threads)
			if err != nil {
				return nil, err
			}
			r.Results = append(r.Results, *result)
		}
	}
	if o.Progress != nil {
		fmt.Fprintln(o.Progress)
	}
	if o.Child != nil {
		if err := r.footprints(ctx, &o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// settle is a rest before each turn.
const settle = 15 * time.Millisecond

// measure lets Umbral, onnxruntime and the processor's peak take turns.
func (r *Report) measure(ctx context.Context, set *kernel.Set, o *Opts, s *Subject, threads int) (*Result, error) {
	pool := nn.NewPool(threads)
	defer pool.Close()
	program, shape, err := s.compile(pool, o.Tier)
	if err != nil {
		return nil, err
	}
	result := &Result{Model: s.Name, Threads: threads, Tier: program.Kernels()}
	layers := program.Layers()
	for _, l := range layers {
		result.MACs += l.MACs
	}
	other, err := r.peer(ctx, o, s.Path, shape, threads)
	if err != nil {
		return nil, err
	}
	if other != nil {
		defer other.close()
	}
	own := func(n int) ([]time.Duration, error) { return timed(program, n) }
	runs, err := enough(own, o.Turn)
	if err != nil {
		return nil, err
	}
	theirRuns := 0
	if other != nil {
		if theirRuns, err = enough(other.run, o.Turn); err != nil {
			return nil, err
		}
	}
	var ours, theirs, ratios, peaks, shares []float64
	profile := newProfile(layers)
	for round := range o.Rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var a, b float64
		turns := []func() error{
			func() (err error) { a, err = medianOf(own, runs); return err },
			func() (err error) {
				if other != nil {
					b, err = medianOf(other.run, theirRuns)
				}
				return err
			},
		}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		for _, turn := range turns {
			time.Sleep(settle) // the other's threads may still be spinning
			if err := turn(); err != nil {
				return nil, err
			}
		}
		peak := peakOf(set)
		profile.add(program.Profile())
		ours, peaks = append(ours, a), append(peaks, peak)
		shares = append(shares, 2*float64(result.MACs)/(a*1e6)/(peak*float64(threads)))
		if other != nil {
			theirs, ratios = append(theirs, b), append(ratios, a/b)
		}
	}
	result.Millis, result.Low, result.High = median(ours), slices.Min(ours), slices.Max(ours)
	result.GFLOPS = 2 * float64(result.MACs) / (result.Millis * 1e6)
	result.OfPeak = median(shares)
	r.Peak = max(r.Peak, median(peaks))
	if other != nil {
		result.RuntimeMillis, result.Ratio = median(theirs), median(ratios)
	}
	result.Layers = profile.layers(median(peaks) * float64(threads))
	return result, nil
}

// peer starts onnxruntime with a model, nil where it is not wanted or not there.
func (r *Report) peer(ctx context.Context, o *Opts, path string, shape []int, threads int) (*peer, error) {
	if o.Runtime == "" || r.Missing != "" {
		return nil, nil
	}
	p, err := startRuntime(ctx, o.Runtime)
	if err != nil {
		r.Missing = err.Error()
		return nil, nil
	}
	if r.Runtime, err = p.load(path, shape, threads); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// footprints measures the memory of the face models, and of all.
func (r *Report) footprints(ctx context.Context, o *Opts) error {
	for _, set := range []string{"face models", "all models"} {
		f := Footprint{Set: set}
		var err error
		if f.StartUp, f.PeakBytes, err = footprint(ctx, append(slices.Clone(o.Child), set)); err != nil {
			return err
		}
		subjects := Of(o.Subjects, set)
		for i := range subjects {
			program, _, err := subjects[i].compile(nil, o.Tier)
			if err != nil {
				return err
			}
			f.BudgetBytes += program.Budget().Sum()
		}
		if f.RuntimeBytes, err = r.runtimeFootprint(ctx, o, subjects); err != nil {
			return err
		}
		r.Memory = append(r.Memory, f)
	}
	return nil
}

func (r *Report) runtimeFootprint(ctx context.Context, o *Opts, subjects []Subject) (int64, error) {
	var p *peer
	for _, s := range subjects {
		_, shape, err := s.compile(nil, o.Tier)
		if err != nil {
			return 0, err
		}
		if p == nil {
			if p, err = r.peer(ctx, o, s.Path, shape, 1); p == nil || err != nil {
				return 0, err
			}
			defer p.close()
		} else if _, err := p.load(s.Path, shape, 1); err != nil {
			return 0, err
		}
		if _, err := p.run(2); err != nil {
			return 0, err
		}
	}
	return p.peakMemory()
}

// Of is the subjects of a set that memory is measured for.
func Of(subjects []Subject, set string) []Subject {
	if set == "all models" {
		return subjects
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s Subject) bool { return !s.Face })
}
