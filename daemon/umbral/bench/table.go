package bench

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the report as tables.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "kernels %s; one core multiplies and adds %.1f GFLOP/s, reads %.1f GB/s\n", r.Tier, r.Peak, r.Bandwidth)
	if r.Runtime != "" {
		fmt.Fprintf(w, "beside onnxruntime %s, the two taking turns; medians, in brackets the fastest and slowest turn\n", r.Runtime)
	}
	if r.Missing != "" {
		fmt.Fprintln(w, r.Missing)
	}
	fmt.Fprintf(w, "\n%-12s %7s %9s %-19s %8s %7s", "model", "threads", "ms", "", "GFLOP/s", "of peak")
	if r.Runtime != "" {
		fmt.Fprintf(w, " %14s %-19s %6s", "onnxruntime ms", "", "ratio")
	}
	fmt.Fprintln(w)
	for i := range r.Results {
		m := &r.Results[i]
		row := fmt.Sprintf("%-12s %7d %9.3f %-19s %8.1f %5.0f %%", m.Model, m.Threads, m.Millis, turns(m.Low, m.High), m.GFLOPS, 100*m.OfPeak)
		if m.Ratio > 0 {
			row += fmt.Sprintf(" %14.3f %-19s %6.2f %s", m.RuntimeMillis, turns(m.RuntimeLow, m.RuntimeHigh), m.Ratio, turns(m.RatioLow, m.RatioHigh))
		}
		fmt.Fprintln(w, strings.TrimRight(row, " "))
	}
	r.printRatios(w)
	r.printScaling(w)
	for i, f := range r.Memory {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%-12s %.1f MiB at most in a process of its own, %.1f of them the models'; ready after %.0f ms on one core", f.Set, mib(f.PeakBytes), mib(f.BudgetBytes), f.StartUp)
		if f.RuntimeBytes > 0 {
			fmt.Fprintf(w, "; onnxruntime %.1f MiB", mib(f.RuntimeBytes))
		}
		fmt.Fprintln(w)
	}
}

func turns(low, high float64) string { return fmt.Sprintf("(%.2f to %.2f)", low, high) }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// threads are the numbers of threads in the order in which they were measured.
func (r *Report) threads() (list []int) {
	for i := range r.Results {
		if n := r.Results[i].Threads; len(list) == 0 || list[len(list)-1] != n {
			list = append(list, n)
		}
	}
	return list
}

// printRatios sums up the comparison.
func (r *Report) printRatios(w io.Writer) {
	var means []string
	for _, threads := range r.threads() {
		if mean, models := r.MeanRatio(threads); models > 1 {
			means = append(means, fmt.Sprintf("%.2f of %d models with %s", mean, models, counted(threads, "thread")))
		}
	}
	if len(means) > 0 {
		fmt.Fprintf(w, "\nratio, geometric mean: %s\n", strings.Join(means, ", "))
	}
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// printScaling says what more threads gain, where a model was measured with one and with several.
func (r *Report) printScaling(w io.Writer) {
	one := map[string]float64{}
	for i := range r.Results {
		if m := &r.Results[i]; m.Threads == 1 {
			one[m.Model] = m.Millis
		}
	}
	for _, threads := range r.threads() {
		var gains []string
		for i := range r.Results {
			if m := &r.Results[i]; m.Threads == threads && threads > 1 && one[m.Model] > 0 {
				gains = append(gains, fmt.Sprintf("%s %.2f", m.Model, one[m.Model]/m.Millis))
			}
		}
		if len(gains) > 0 {
			fmt.Fprintf(w, "%d threads are so many times as fast as one: %s\n", threads, strings.Join(gains, ", "))
		}
	}
}

// PrintLayers writes each model's layers in the order in which they run, and the algorithms by their share.
func (r *Report) PrintLayers(w io.Writer) {
	for i := range r.Results {
		m := &r.Results[i]
		fmt.Fprintf(w, "\n%s, %s, %.3f ms\n%9s %6s %8s %8s %7s  %-18s %-16s %-16s %s\n", m.Model, counted(m.Threads, "thread"), m.Millis,
			"us", "share", "MMACs", "GFLOP/s", "of peak", "what", "algorithm", "output", "name")
		for _, l := range m.Layers {
			speed := fmt.Sprintf("%8.3f %8.1f %5.0f %%", float64(l.MACs)/1e6, l.GFLOPS, 100*l.OfPeak)
			if l.MACs == 0 {
				speed = fmt.Sprintf("%8s %8s %7s", "–", "–", "–")
			}
			fmt.Fprintf(w, "%9.1f %4.1f %% %s  %-18s %-16s %-16s %s\n", l.Micros, 100*l.Share, speed, l.Op, l.Algorithm, strings.Trim(fmt.Sprint(l.Shape), "[]"), l.Name)
		}
		var parts []string
		for _, a := range algorithms(m.Layers) {
			parts = append(parts, fmt.Sprintf("%s %.0f %%", a.name, 100*a.share))
		}
		fmt.Fprintf(w, "by algorithm: %s\n", strings.Join(parts, ", "))
	}
}
