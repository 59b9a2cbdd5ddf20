package bench

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the report as tables.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "kernels %s; one core multiplies and adds %.1f GFLOP/s, reads %.1f GB/s\n", r.Tier, r.Peak, r.Bandwidth)
	switch {
	case r.Runtime != "":
		fmt.Fprintf(w, "beside onnxruntime %s, the two taking turns; medians\n", r.Runtime)
	case r.Missing != "":
		fmt.Fprintln(w, r.Missing)
	}
	fmt.Fprintf(w, "\n%-12s %7s %9s %17s %8s %7s", "model", "threads", "ms", "turns", "GFLOP/s", "of peak")
	if r.Runtime != "" {
		fmt.Fprintf(w, " %12s %6s", "onnxruntime", "ratio")
	}
	fmt.Fprintln(w)
	for _, m := range r.Results {
		turns := fmt.Sprintf("%.2f to %.2f", m.Low, m.High)
		fmt.Fprintf(w, "%-12s %7d %9.3f %17s %8.1f %5.0f %%", m.Model, m.Threads, m.Millis, turns, m.GFLOPS, 100*m.OfPeak)
		if m.Ratio > 0 {
			fmt.Fprintf(w, " %9.3f ms %6.2f", m.RuntimeMillis, m.Ratio)
		}
		fmt.Fprintln(w)
	}
	r.printScaling(w)
	for i, f := range r.Memory {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%-12s %.1f MiB at most in a process of its own, %.1f of them the models'; ready after %.0f ms", f.Set, mib(f.PeakBytes), mib(f.BudgetBytes), f.StartUp)
		if f.RuntimeBytes > 0 {
			fmt.Fprintf(w, "; onnxruntime %.1f MiB", mib(f.RuntimeBytes))
		}
		fmt.Fprintln(w)
	}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// printScaling says what more threads gain, where a model was measured with one and with several.
func (r *Report) printScaling(w io.Writer) {
	one := map[string]float64{}
	for _, m := range r.Results {
		if m.Threads == 1 {
			one[m.Model] = m.Millis
		}
	}
	var gains []string
	for _, m := range r.Results {
		if t := one[m.Model]; m.Threads > 1 && t > 0 {
			gains = append(gains, fmt.Sprintf("%s %.2f (%d)", m.Model, t/m.Millis, m.Threads))
		}
	}
	if len(gains) > 0 {
		fmt.Fprintf(w, "\ntimes as fast as one thread: %s\n", strings.Join(gains, ", "))
	}
}

// PrintLayers writes each model's layers in the order in which they run.
func (r *Report) PrintLayers(w io.Writer) {
	for _, m := range r.Results {
		fmt.Fprintf(w, "\n%s, %d thread(s), %.3f ms\n%9s %6s %8s %7s  %-22s %-16s %s\n", m.Model, m.Threads, m.Millis,
			"us", "share", "GFLOP/s", "of peak", "what", "algorithm", "output")
		for _, l := range m.Layers {
			speed := fmt.Sprintf("%8.1f %5.0f %%", l.GFLOPS, 100*l.OfPeak)
			if l.MACs == 0 {
				speed = fmt.Sprintf("%8s %7s", "–", "–")
			}
			fmt.Fprintf(w, "%9.1f %4.1f %% %s  %-22s %-16s %s\n", l.Micros, 100*l.Share, speed, l.Op, l.Algorithm, strings.Trim(fmt.Sprint(l.Shape), "[]"))
		}
	}
}
