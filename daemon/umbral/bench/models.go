// Package bench measures how fast the inference core is: against the processor's own limits, and beside onnxruntime in
// one run in which the two take turns.
package bench

import (
	"cmp"
	"context"
	"slices"
	"time"

	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
)

// Models measures every subject.
func Models(ctx context.Context, o Opts) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	set, err := kernel.Choose(o.Tier)
	if err != nil {
		return nil, err
	}
	defer o.done()
	o.progress("what the processor can do")
	r := &Report{Tier: set.Name, Peak: peakOf(set, 1), Bandwidth: newReader(set).bandwidth()}
	for i := range o.Subjects {
		o.progress("%s (%d of %d)", o.Subjects[i].Name, i+1, len(o.Subjects))
		results, err := r.measure(ctx, set, &o, &o.Subjects[i])
		if err != nil {
			return nil, err
		}
		r.Results = append(r.Results, results...)
	}
	// By numbers of threads, as they were asked for.
	slices.SortStableFunc(r.Results, func(a, b Result) int {
		return cmp.Compare(slices.Index(o.Threads, a.Threads), slices.Index(o.Threads, b.Threads))
	})
	if o.Child != nil {
		o.progress("memory")
		if err := r.footprints(ctx, &o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// settle is a rest before each turn.
const settle = 15 * time.Millisecond

// measure lets Umbral, onnxruntime and the processor's peak take turns, with each number of threads in every round: what
// else goes on in the machine meets all of them alike.
func (r *Report) measure(ctx context.Context, set *kernel.Set, o *Opts, s *Subject) ([]Result, error) {
	var all []*measurement
	defer func() {
		for _, m := range all {
			m.close()
		}
	}()
	for _, threads := range o.Threads {
		m := &measurement{
			threads: threads, pool: nn.NewPool(threads),
			peak: func() float64 { return peakOf(set, threads) }, miss: func(err error) error { return r.miss(ctx, err) },
		}
		all = append(all, m)
		if err := r.prepare(ctx, o, s, m); err != nil {
			return nil, err
		}
	}
	for round := range o.Rounds {
		for _, m := range all {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := m.round(round%2 == 1); err != nil {
				return nil, err
			}
		}
	}
	var results []Result
	for _, m := range all {
		if m.threads == 1 {
			r.Peak = max(r.Peak, median(m.peaks))
		}
		results = append(results, *m.result(s.Name))
	}
	return results, nil
}

// prepare makes both sides ready.
func (r *Report) prepare(ctx context.Context, o *Opts, s *Subject, m *measurement) (err error) {
	if m.program, err = s.compile(nn.Options{Pool: m.pool, Tier: o.Tier}); err != nil {
		return err
	}
	m.profile = newProfile(m.program.Layers())
	if m.own, err = newSide(func(n int) ([]time.Duration, error) { return timed(m.program, n) }, o.Turn); err != nil {
		return err
	}
	if m.rival, err = r.rival(ctx, o, s, m.threads); err != nil || m.rival == nil {
		return err
	}
	m.other, err = newSide(m.rival.run, o.Turn)
	return m.miss(err)
}

// rival starts onnxruntime with a subject, nil where it is not wanted or can't be had.
func (r *Report) rival(ctx context.Context, o *Opts, s *Subject, threads int) (*peer, error) {
	if o.Runtime == "" || r.Missing != "" {
		return nil, nil
	}
	p, err := startRuntime(ctx, o.Runtime)
	if err != nil {
		return nil, r.miss(ctx, err)
	}
	if err := r.show(p, s, threads); err != nil {
		p.close()
		return nil, r.miss(ctx, err)
	}
	return p, nil
}

// show lets onnxruntime load a subject.
func (r *Report) show(p *peer, s *Subject, threads int) error {
	_, shape, err := s.open()
	if err != nil {
		return err
	}
	r.Runtime, err = p.load(s.Path, shape, threads)
	return err
}

// miss remembers why there is nothing to compare with: our own figures are wanted all the same. It returns the context's
// error, for whoever interrupts the measurement ends onnxruntime with it.
func (r *Report) miss(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil && r.Missing == "" {
		r.Missing = err.Error()
	}
	return ctx.Err()
}

// side is one of those that take turns.
type side struct {
	run  func(n int) ([]time.Duration, error)
	runs int       // in a turn
	ms   []float64 // the turns' medians
}

func newSide(run func(int) ([]time.Duration, error), turn time.Duration) (*side, error) {
	runs, err := enough(run, turn)
	if err != nil {
		return nil, err
	}
	return &side{run: run, runs: runs}, nil
}

func (s *side) turn() error {
	time.Sleep(settle) // the other's threads may still be spinning
	ms, err := medianOf(s.run, s.runs)
	if err == nil {
		s.ms = append(s.ms, ms)
	}
	return err
}

// measurement is of one model with one number of threads.
type measurement struct {
	threads    int
	pool       *nn.Pool
	program    *nn.Program
	rival      *peer // nil where there is no onnxruntime
	own, other *side // other is nil where there is no onnxruntime
	miss       func(error) error
	peak       func() float64
	peaks      []float64
	profile    *profile
}

// close ends the threads and processes of both sides.
func (m *measurement) close() {
	m.pool.Close()
	if m.rival != nil {
		m.rival.close()
	}
}

// round gives each side a turn, onnxruntime first if it is its turn to be.
func (m *measurement) round(otherFirst bool) error {
	sides := []*side{m.own}
	if m.other != nil {
		sides = append(sides, m.other)
	}
	if otherFirst {
		slices.Reverse(sides)
	}
	for _, s := range sides {
		err := s.turn()
		if err != nil && s == m.other {
			m.other = nil
			err = m.miss(err)
		}
		if err != nil {
			return err
		}
	}
	m.peaks = append(m.peaks, m.peak())
	m.profile.add(m.program.Profile())
	return nil
}

func (m *measurement) result(name string) *Result {
	peak := median(m.peaks)
	r := &Result{Model: name, Threads: m.threads, Tier: m.program.Kernels(), Layers: m.profile.layers(peak), Peak: peak}
	for _, l := range r.Layers {
		r.MACs += l.MACs
	}
	var shares, ratios []float64
	for i, ms := range m.own.ms {
		shares = append(shares, 2*float64(r.MACs)/(ms*1e6)/m.peaks[i])
		if m.other != nil {
			ratios = append(ratios, ms/m.other.ms[i])
		}
	}
	r.Millis, r.Low, r.High = median(m.own.ms), slices.Min(m.own.ms), slices.Max(m.own.ms)
	r.GFLOPS = 2 * float64(r.MACs) / (r.Millis * 1e6)
	r.OfPeak = median(shares)
	if m.other != nil {
		r.RuntimeMillis, r.RuntimeLow, r.RuntimeHigh = median(m.other.ms), slices.Min(m.other.ms), slices.Max(m.other.ms)
		r.Ratio, r.RatioLow, r.RatioHigh = median(ratios), slices.Min(ratios), slices.Max(ratios)
	}
	return r
}
